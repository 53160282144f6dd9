// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/projections.h"

#include <array>
#include <utility>

namespace engine {
namespace {

constexpr std::array read{
    std::pair{Weight::Query, probes::input},           std::pair{Weight::Key, probes::input},
    std::pair{Weight::Value, probes::input},           std::pair{Weight::Output, probes::mixed},
    std::pair{Weight::Gate, probes::feedForwardInput}, std::pair{Weight::Up, probes::feedForwardInput},
    std::pair{Weight::Down, probes::feedForwardHidden}};

} // namespace

std::vector<std::string_view> projectionInputs()
{
    return {probes::input, probes::mixed, probes::feedForwardInput, probes::feedForwardHidden};
}

std::vector<ProjectionError> projectionErrors(const Trace& exact, const LayerContext& context)
{
    const Method& method = findMethod(context.plan.linear.method);
    std::vector<ProjectionError> errors;
    if (!replacesLinear(method) || context.model == nullptr || !context.model->config().denseProjections)
        return errors;
    for (const auto& [projection, probe] : read) {
        const Grid grid = exact.grid(probe, {context.layer, allHeads, {}});
        if (grid.empty() || (projection == Weight::Output && !context.model->config().outputProjection))
            continue;
        Recorder nothing;
        const Matrix x = matrixOf(grid);
        const std::span which(&projection, 1);
        const Matrix dense = findMethod(baseline).linear(x, which, context, nothing).front();
        const Matrix other = method.linear(x, which, context, nothing).front();
        const double difference = (dense - other).norm();
        if (difference > 0)
            errors.push_back({projection, difference / dense.norm()});
    }
    return errors;
}

} // namespace engine
