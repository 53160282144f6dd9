// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/records.h"

#include <Eigen/SVD>

#include <cmath>
#include <map>

namespace engine::infini {

namespace {

Matrix gateRow(const std::vector<double>& gates)
{
    return Eigen::Map<const Eigen::RowVectorXd>(gates.data(), Eigen::Index(gates.size()));
}

} // namespace

std::vector<ProbeSpec> probeSpecs()
{
    return {
        {"infini.memory", "Memory M", "The matrix of a key/value head after each segment, keys down, values across.",
         "", Look::Heatmap, Axis::Feature, Axis::Unit, Provenance::Computed, false},
        {"infini.normaliser", "Normaliser z", "The sum of the features σ(k) of all stored keys, after each segment.",
         "", Look::Bars, Axis::Unit, Axis::Feature, Provenance::Computed, false},
        {"infini.written", "Written", "What a segment added to M.", "", Look::Heatmap, Axis::Feature, Axis::Unit,
         Provenance::Computed, false},
        {"infini.singular_values", "Singular values", "Of M after each segment, falling.", "", Look::Bars, Axis::Unit,
         Axis::Feature, Provenance::Computed, false},
        {"infini.denominator", "Denominator σ(q)·z",
         "What a read-out is divided by; 0 while the memory is empty, raised to 1e-6 where it is less.", "",
         Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"infini.read", "Read-out", "What the memory returns for a query, before the gate.", "", Look::Heatmap,
         Axis::Token, Axis::Feature, Provenance::Computed, true},
        {"infini.local", "Local attention", "What attention inside the segment gives, before the gate.", "",
         Look::Heatmap, Axis::Token, Axis::Feature, Provenance::Computed, true},
        {"infini.share", "Share of the memory",
         "|g·A_mem| over the sum of the norms of both branches: a gate of 0.5 can still mean a local share of 10 : 1.",
         "", Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"infini.novelty", "Novelty",
         "|v − what the memory already returns for k|/|v|: what the delta rule writes of a value.", "", Look::Curve,
         Axis::Token, Axis::Head, Provenance::Computed, true},
        {"infini.lse", "Local log-sum-exp", "ln Σ e^score of a row inside its segment.", "", Look::Curve, Axis::Token,
         Axis::Head, Provenance::Computed, true},
        {"infini.gate", "Gate g", "The share of the sum that is taken from the memory, one per query head.", "",
         Look::Bars, Axis::Unit, Axis::Head, Provenance::Computed, false},
    };
}

std::string placeOf(const LayerContext& context, int keyHead)
{
    return "layer " + std::to_string(context.layer.value) + ", key/value head " + std::to_string(keyHead);
}

Series::Series(int tokens, const LayerShape& shape)
    : denominator(tokens, shape.heads)
    , lse(tokens, shape.heads)
    , share(tokens, shape.heads)
    , read(tokens, shape.heads * shape.valueWidth)
    , local(tokens, shape.heads * shape.valueWidth)
{
}

void Series::set(int head, int row, const Eigen::RowVectorXd& readOut, const Eigen::RowVectorXd& nearby, const Mix& mix)
{
    const Eigen::Index width = readOut.cols();
    read.row(row).segment(head * width, width) = readOut;
    local.row(row).segment(head * width, width) = nearby;
    const double memory = mix.memory * readOut.norm(), both = memory + mix.local * nearby.norm();
    share(row, head) = both > 0 ? memory / both : 0;
}

void Series::append(Recorder& recorder, LayerIndex layer) const
{
    recorder.append("infini.denominator", layer, denominator);
    recorder.append("infini.lse", layer, lse);
    recorder.append("infini.share", layer, share);
    recorder.append("infini.read", layer, read);
    recorder.append("infini.local", layer, local);
}

std::shared_ptr<const Trace> retold(const LayerTrace& recorded, const LayerContext& before, const LayerContext& now)
{
    const Where where{now.layer, allHeads, {}};
    const Grid read = recorded.trace().grid("infini.read", where),
               nearby = recorded.trace().grid("infini.local", where),
               denominators = recorded.trace().grid("infini.denominator", where);
    const int tokens = recorded.tokens(), width = now.shape.valueWidth;
    const bool known = read.rows() == tokens && nearby.rows() == tokens && denominators.rows() == tokens;
    if (!known || !sameBranches(before.plan, now.plan))
        return nullptr;
    const Matrix readOut = matrixOf(read), localRows = matrixOf(nearby);
    const std::vector<double> gate = gates(now);
    const Options options = optionsOf(now);
    Series series(tokens, now.shape);
    Matrix mixed(tokens, now.shape.heads * width);
    for (int row = 0; row < tokens; ++row) {
        for (int head = 0; head < now.shape.heads; ++head) {
            const Eigen::Index column = Eigen::Index(head) * width;
            const bool first = row < options.segment; // of the text: its memory is empty
            if (!first && denominators.at(row, head) == 0)
                return nullptr; // an empty memory, or a query whose features vanish: the records do not say which
            const Mix mix = mixOf(gate[std::size_t(head)], first, options);
            const auto a = readOut.row(row).segment(column, width), b = localRows.row(row).segment(column, width);
            mixed.row(row).segment(column, width) = mix.memory * a + mix.local * b;
            series.set(head, row, a, b, mix);
        }
    }
    const std::map<std::string_view, Grid> changed{
        {probes::mixed, gridOf(mixed)}, {"infini.share", gridOf(series.share)}, {"infini.gate", gridOf(gateRow(gate))}};
    std::vector<Trace::Record> records;
    for (const Trace::Record& record : recorded.trace().records()) {
        if (record.where.layer != now.layer)
            continue;
        const auto found = changed.find(record.probe);
        records.push_back(record);
        if (found != changed.end())
            records.back().grid = found->second;
    }
    return std::make_shared<const Trace>(std::move(records), recorded.trace().truncated());
}

void recordGates(Recorder& recorder, const LayerContext& context)
{
    recorder.keep("infini.gate", {context.layer, allHeads, {}}, gateRow(gates(context)));
}

void recordMemories(Recorder& recorder, const LayerContext& context, int head, int firstSegment,
                    const std::vector<Memory>& memories)
{
    const int segment = optionsOf(context).segment;
    for (std::size_t i = 1; i < memories.size(); ++i) {
        const int index = firstSegment + int(i) - 1;
        const Where where{context.layer, {head}, {(index + 1) * segment - 1}};
        recorder.keep("infini.memory", where, memories[i].m);
        recorder.keep("infini.normaliser", where, memories[i].z.transpose());
        recorder.keep("infini.written", where, memories[i].m - memories[i - 1].m);
        if (recorder.wants("infini.singular_values", context.layer))
            recorder.keep("infini.singular_values", where, singularValues(memories[i].m).transpose());
    }
}

void recordNovelty(Recorder& recorder, const LayerContext& context, int open,
                   const std::vector<std::vector<Memory>>& memories, const std::vector<Matrix>& keys,
                   const std::vector<Matrix>& values)
{
    if (!recorder.wants("infini.novelty", context.layer))
        return;
    const LayerShape& shape = context.shape;
    const int segment = optionsOf(context).segment;
    Matrix novelty(keys.front().rows(), shape.heads);
    for (int head = 0; head < shape.heads; ++head) {
        const auto shared = std::size_t(shape.keyHeadOf(head));
        for (Eigen::Index token = 0; token < novelty.rows(); ++token) {
            const Memory& before = memories[shared][std::size_t((open + int(token)) / segment)];
            const Eigen::RowVectorXd value = values[shared].row(token);
            const double size = value.norm();
            const Matrix known = readOut(before, features(keys[shared].row(token))).rows;
            novelty(token, head) = size > 0 ? (value - known).norm() / size : 0;
        }
    }
    recorder.append("infini.novelty", context.layer, novelty);
}

Vector singularValues(const Matrix& matrix)
{
    return Eigen::JacobiSVD<Eigen::MatrixXd>(matrix).singularValues();
}

double effectiveRankOf(const Vector& values)
{
    const double sum = values.sum();
    if (sum <= 0)
        return 0;
    double entropy = 0;
    for (const double value : values)
        entropy -= value > 0 ? value / sum * std::log(value / sum) : 0;
    return std::exp(entropy);
}

} // namespace engine::infini
