// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/source.h"

#include <algorithm>
#include <bit>

namespace engine::memoryformer {
namespace {

std::string partName(Weight projection, std::string_view part)
{
    return std::string(nameOf(projection)) + "." + std::string(part);
}

std::string shapeText(const std::vector<std::size_t>& shape)
{
    std::string text;
    for (const std::size_t side : shape)
        text += (text.empty() ? "" : ", ") + std::to_string(side);
    return "[" + text + "]";
}

[[noreturn]] void refuse(const LayerContext& context, const std::string& name, const Parameter& found,
                         const std::string& expected)
{
    throw Error(Fault::Shape, context.model->checkpoint().name + ": layer " + std::to_string(context.layer.value) +
                                  ", " + name + " is " + shapeText(found.shape) + "; " + expected + " was expected");
}

std::span<const float> numbers(const LayerContext& context, Weight projection, std::string_view part, int count)
{
    const std::string name = partName(projection, part);
    const Parameter* found = context.model->parameter(name, context.layer);
    if (found == nullptr)
        return {};
    if (found->values.size() != std::size_t(count))
        refuse(context, name, *found, "[" + std::to_string(count) + "]");
    return found->values;
}

std::optional<TableView> nativeTables(const LayerContext& context, Weight projection)
{
    const std::string name = partName(projection, "tables");
    const Parameter* found = context.model->parameter(name, context.layer);
    if (found == nullptr)
        return std::nullopt;
    const WeightShape wanted = context.model->shape(projection);
    const bool power = found->shape.size() == 3 && std::has_single_bit(found->shape[1]) && found->shape[1] > 1;
    if (!power)
        refuse(context, name, *found, "[K, 2^tau, " + std::to_string(wanted.rows) + "]");
    TableView tables;
    tables.chunks = {wanted.cols, int(std::bit_width(found->shape[1])) - 1};
    tables.outputs = wanted.rows;
    if (found->shape[0] != std::size_t(tables.chunks.count()) || found->shape[2] != std::size_t(wanted.rows))
        refuse(context, name, *found,
               "[" + std::to_string(tables.chunks.count()) + ", " + std::to_string(found->shape[1]) + ", " +
                   std::to_string(wanted.rows) + "], one table for every " + std::to_string(tables.chunks.bits) +
                   " of " + std::to_string(wanted.cols) + " entries,");
    tables.cells = found->values;
    tables.bias = numbers(context, projection, "bias", wanted.rows);
    tables.thresholds = numbers(context, projection, "thresholds", wanted.cols);
    return tables;
}

} // namespace

const Fitted* fittedOf(const LayerContext& context)
{
    const auto* fitted = dynamic_cast<const Fitted*>(context.preparedLinear);
    return fitted != nullptr ? fitted : dynamic_cast<const Fitted*>(context.prepared);
}

bool hasNative(const LayerPlan& plan)
{
    return std::ranges::any_of(
        projections(), [&](Weight projection) { return plan.parameters.contains(partName(projection, "bias")); });
}

std::optional<TableView> tablesOf(const LayerContext& context, Weight projection)
{
    if (hasNative(context.plan))
        return nativeTables(context, projection);
    if (!asksFor(projection, context.plan.linear.knobs))
        return std::nullopt;
    const Fitted* fitted = fittedOf(context);
    if (fitted == nullptr || !fitted->tables.contains(projection))
        throw Error(Fault::Request, "the tables of " + std::string(nameOf(projection)) + " in layer " +
                                        std::to_string(context.layer.value) +
                                        " were not fitted on a text before the run");
    return fitted->tables.at(projection).view();
}

std::string_view inputProbe(Weight projection)
{
    switch (projection) {
    case Weight::Output:
        return probes::mixed;
    case Weight::Gate:
    case Weight::Up:
        return probes::feedForwardInput;
    case Weight::Down:
        return probes::feedForwardHidden;
    default:
        return probes::input;
    }
}

bool sameHash(const TableView& a, const TableView& b)
{
    return a.chunks == b.chunks && std::ranges::equal(a.thresholds, b.thresholds);
}

} // namespace engine::memoryformer
