// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/reference.h"

namespace engine::memoryformer {
namespace {

void record(const Hashed& hashed, Weight first, LayerIndex layer, Recorder& recorder)
{
    if (recorder.wants(codesProbe(first), layer)) {
        const Eigen::Map<const Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> codes(
            hashed.codes.data(), hashed.scales.rows(), hashed.scales.cols());
        recorder.append(codesProbe(first), layer, Matrix(codes.cast<double>()));
    }
    recorder.append(scalesProbe(first), layer, hashed.scales);
}

} // namespace

std::string_view codesProbe(Weight first)
{
    switch (first) {
    case Weight::Output:
        return "memoryformer.codes.output";
    case Weight::Gate:
    case Weight::Up:
        return "memoryformer.codes.up";
    case Weight::Down:
        return "memoryformer.codes.down";
    default:
        return "memoryformer.codes.query";
    }
}

std::string_view scalesProbe(Weight first)
{
    switch (first) {
    case Weight::Output:
        return "memoryformer.scales.output";
    case Weight::Gate:
    case Weight::Up:
        return "memoryformer.scales.up";
    case Weight::Down:
        return "memoryformer.scales.down";
    default:
        return "memoryformer.scales.query";
    }
}

std::vector<Matrix> reference(const Matrix& x, std::span<const Weight> which, const LayerContext& context,
                              Recorder& recorder)
{
    const HashRule rule = ruleOf(context.plan.linear.knobs);
    std::vector<Matrix> out;
    std::optional<TableView> hashedFor;
    Hashed hashed;
    for (const Weight projection : which) {
        const std::optional<TableView> tables = tablesOf(context, projection);
        if (!tables) {
            out.push_back(findMethod(baseline).linear(x, std::span(&projection, 1), context, recorder).front());
            continue;
        }
        if (!hashedFor || !sameHash(*hashedFor, *tables)) {
            hashed = hash(x, tables->chunks, tables->thresholds, rule);
            if (!hashedFor)
                record(hashed, which.front(), context.layer, recorder);
            hashedFor = tables;
        }
        out.push_back(lookUp(hashed, *tables));
    }
    return out;
}

} // namespace engine::memoryformer
