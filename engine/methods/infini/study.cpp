// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/study.h"

#include "engine/methods/infini/records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace engine::infini {
namespace {

constexpr int mostSegments = 64; // that the control counts; beyond them it begins again
constexpr int mostWidth = 256;
constexpr int recallSample = 256;

const std::vector<Knob>& controls()
{
    static const std::vector<Knob> all{
        {"segment", "Segment", "The memory after this segment; 0: the one that the picked query reads.",
         IntRange{0, mostSegments, 0, "auto"}},
        {"key_feature", "Row", "The picked row of M; 0: of its largest cell.", IntRange{0, mostWidth, 0, "auto"}},
        {"value_feature", "Column", "The picked column of M; 0: of its largest cell.",
         IntRange{0, mostWidth, 0, "auto"}},
        {"rule", "Write rule", "The rule that the memory is rebuilt with, whatever runs.",
         Choice{{"as run", "linear", "delta"}, 0, false}},
    };
    return all;
}

Options askedOptions(const StudyInput& input)
{
    Options options = optionsOf(input.context);
    const std::string_view rule = choiceOf(controls(), input.controls, "rule");
    if (rule != "as run")
        options.delta = rule == "delta";
    return options;
}

int shownSegment(const StudyInput& input, int segments, int querySegment)
{
    const int asked = intOf(controls(), input.controls, "segment");
    if (asked > 0)
        return (asked - 1) % segments + 1;
    return std::clamp(querySegment, 1, segments); // the query of segment s (from 0) reads the memory after s segments
}

double cosineOf(const Vector& a, const Vector& b)
{
    const double size = a.norm() * b.norm();
    return size > 0 ? a.dot(b) / size : 0;
}

double foundShare(const Matrix& read, const Matrix& values)
{
    const Eigen::Index step = (read.rows() + recallSample - 1) / recallSample;
    const Vector squares = values.rowwise().squaredNorm();
    int found = 0, asked = 0;
    for (Eigen::Index row = 0; row < read.rows(); row += step, ++asked) {
        Eigen::Index nearest = 0;
        (squares - 2 * values * read.row(row).transpose()).minCoeff(&nearest);
        found += nearest == row;
    }
    return asked > 0 ? double(found) / asked : 0;
}

void addSentence(Study& study, const StudiedHead& head)
{
    const double width = double(head.keys.cols()) + double(head.values.cols());
    const double memory = 4.0 * double(head.keys.cols()) * (double(head.values.cols()) + 1);
    const Recall recall =
        recallOf(head.memory(), head.features.topRows(head.stored()), head.values.topRows(head.stored()));
    study.sentence = {{std::to_string(head.stored()) + " tokens in ", false},
                      {bytesOf(memory), true},
                      {" instead of ", false},
                      {bytesOf(4 * width * head.stored()), true},
                      {" per head, but a value asked for by its own key comes back ", false},
                      {std::to_string(int(std::lround(100 * recall.error.mean()))) + " %", true},
                      {" wrong.", false}};
    study.second = "mean of |read − v|/|v| over the stored keys; raw cosine " + shortNumber(recall.cosine.mean(), 2) +
                   ", with the means removed " + shortNumber(recall.centred.mean(), 2) + ", √(d/(d + n)) gives " +
                   shortNumber(std::sqrt(double(head.keys.cols()) / (double(head.keys.cols()) + head.stored())), 2) +
                   "; the right value is the nearest for " + percentOf(recall.found) + " of the keys";
}

void addNotices(Study& study, const StudiedHead& head)
{
    const Matrix all = gatesOfLayers(head.input);
    int heads = 0, even = 0;
    for (const double gate : all.reshaped()) {
        heads += std::isfinite(gate);
        even += std::abs(gate - 0.5) <= 0.01;
    }
    if (heads > 0 && even >= 0.95 * heads)
        study.notices.push_back(
            {even == heads ? "The gate is 0.50 in all " + std::to_string(heads) + " heads."
                           : "The gate is 0.50 ± 0.01 in " + std::to_string(100 * even / heads) + " % of heads.",
             "This memory was never trained: the views show what the formula returns, not what a model learned to "
             "store."});
    if (head.tokens() <= head.options.segment)
        study.notices.push_back({"The text is not longer than a segment.",
                                 "Its " + std::to_string(head.tokens()) +
                                     " tokens never read the memory; shown is what the next segment would read."});
}

} // namespace

std::vector<TabSpec> tabs()
{
    return {{"memory", "Memory", controls(), "segment", true}};
}

StudiedHead studiedHead(const StudyInput& input)
{
    const TokenRange all{0, input.trace.tokens()};
    StudiedHead head{input,
                     askedOptions(input),
                     gates(input.context)[std::size_t(input.head.value)],
                     input.trace.queriesRaw(input.head, all),
                     input.trace.keysRaw(input.head, all),
                     input.trace.values(input.head, all),
                     {},
                     {}};
    head.features = features(head.keys);
    head.memories = memoriesOf(head.keys, head.values, head.options,
                               placeOf(input.context, input.context.shape.keyHeadOf(input.head.value)));
    head.shown = shownSegment(input, head.segments(), head.querySegment());
    Eigen::Index row = 0, col = 0;
    head.memory().m.cwiseAbs().maxCoeff(&row, &col);
    const int askedRow = intOf(controls(), input.controls, "key_feature");
    const int askedCol = intOf(controls(), input.controls, "value_feature");
    head.row = askedRow > 0 ? std::min(askedRow, int(head.keys.cols())) - 1 : int(row);
    head.col = askedCol > 0 ? std::min(askedCol, int(head.values.cols())) - 1 : int(col);
    return head;
}

Recall recallOf(const Memory& memory, const Matrix& features, const Matrix& values)
{
    const Eigen::Index count = features.rows();
    Recall recall{Vector(count), Vector(count), Vector(count), Vector(count)};
    const Matrix read = readOut(memory, features).rows;
    const Eigen::RowVectorXd meanRead = read.colwise().mean(), meanValue = values.colwise().mean();
    for (Eigen::Index row = 0; row < count; ++row) {
        const Vector r = read.row(row), v = values.row(row);
        const double size = std::max(v.norm(), std::numeric_limits<double>::min());
        recall.error(row) = (r - v).norm() / size;
        recall.cosine(row) = cosineOf(r, v);
        recall.centred(row) = cosineOf(r - meanRead.transpose(), v - meanValue.transpose());
        recall.normRatio(row) = r.norm() / size;
    }
    recall.found = foundShare(read, values);
    return recall;
}

Matrix gatesOfLayers(const StudyInput& input)
{
    const LayerContext& here = input.context;
    int layers = here.model != nullptr ? here.model->config().layers : here.layer.value + 1;
    Matrix all = Matrix::Constant(layers, here.shape.heads, std::numeric_limits<double>::quiet_NaN());
    for (int layer = 0; layer < layers; ++layer) {
        LayerContext context = here;
        if (layer != here.layer.value) {
            context.layer = {layer};
            context.plan = input.plan.of({layer});
        }
        if (context.plan.attention.method != here.plan.attention.method)
            continue;
        const std::vector<double> row = gates(context);
        for (std::size_t head = 0; head < row.size() && Eigen::Index(head) < all.cols(); ++head)
            all(layer, Eigen::Index(head)) = row[head];
    }
    return all;
}

Figure figure(double value, int digits, std::string unit)
{
    Figure result;
    result.number = value;
    result.digits = digits;
    result.unit = std::move(unit);
    return result;
}

std::string shortNumber(double value, int significant)
{
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.*g", significant, std::abs(value));
    return (value < 0 ? "−" : "") + std::string(buffer.data());
}

std::string percentOf(double share)
{
    const double percent = 100 * share;
    return (std::abs(percent) < 9.95 ? shortNumber(std::round(percent * 10) / 10, 2)
                                     : std::to_string(std::lround(percent))) +
           " %";
}

std::string bytesOf(double bytes)
{
    if (bytes < 1024)
        return shortNumber(bytes, 4) + " B";
    return bytes < 1024 * 1024 ? shortNumber(bytes / 1024, 3) + " KB" : shortNumber(bytes / 1024 / 1024, 3) + " MB";
}

Study study(std::string_view tab, const StudyInput& input, Job& job)
{
    if (tab != "memory")
        throw Error(Fault::Internal, "Infini-attention has no tab '" + std::string(tab) + "'");
    job.report(0, "the memory after each segment");
    const StudiedHead head = studiedHead(input);
    Study study;
    study.words = "layer " + std::to_string(input.context.layer.value + 1) + ", head " +
                  std::to_string(input.head.value + 1) + " · " + std::to_string(head.tokens()) + " tokens in " +
                  std::to_string(head.segments()) + (head.segments() == 1 ? " segment of " : " segments of ") +
                  std::to_string(head.options.segment) + (head.options.delta ? " · delta update" : " · linear update");
    addSentence(study, head);
    addNotices(study, head);
    addMemoryPanels(study, head, job);
    addDiagnosticPanels(study, head, job);
    addSidePanels(study, head);
    return study;
}

} // namespace engine::infini
