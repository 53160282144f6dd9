// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/layererrors.h"

#include "engine/compare/metrics.h"
#include "engine/methods/method.h"

#include <limits>

namespace engine {
namespace {

Grid streamAfter(const Trace& trace, int layer)
{
    return trace.grid(probes::output, {LayerIndex{layer}, allHeads, {}});
}

double distanceAfter(const Trace& exact, const Trace& own, int layer)
{
    const Grid a = streamAfter(exact, layer), b = streamAfter(own, layer);
    const bool alike = !a.empty() && a.rows() == b.rows() && a.cols() == b.cols();
    return alike ? relativeDistance(a, b) : std::numeric_limits<double>::quiet_NaN();
}

} // namespace

std::vector<double> accumulatedErrors(const Trace& exact, const Trace& own, int layers)
{
    std::vector<double> errors;
    for (int layer = 0; layer < layers; ++layer)
        errors.push_back(distanceAfter(exact, own, layer));
    return errors;
}

std::vector<double> localErrors(const std::shared_ptr<const Model>& model, const SessionPlan& plan,
                                const PreparedLayers& prepared, const Trace& exact, std::span<const TokenId> tokens,
                                DeviceContext* device, const std::shared_ptr<const DeviceModel>& deviceModel, Job& job)
{
    const int layers = model->config().layers;
    const SessionPlan others = model->config().denseProjections ? SessionPlan() : nativePlan(model->checkpoint());
    std::vector<double> errors;
    for (int layer = 0; layer < layers; ++layer) {
        job.report(double(layer) / layers, "layer " + std::to_string(layer + 1) + " alone");
        const LayerPlan& own = plan.of({layer});
        if (own == others.of({layer})) {
            errors.push_back(0);
            continue;
        }
        SessionPlan alone = others;
        alone.backend = plan.backend;
        alone.overrides[{layer}] = own;
        PreparedLayers ready(prepared.empty() ? 0 : std::size_t(layers));
        if (!prepared.empty())
            ready[std::size_t(layer)] = prepared[std::size_t(layer)];
        TraceFilter filter;
        filter.probes.insert(std::string(probes::output));
        filter.layers.insert({layer});
        Recorder recorder(filter);
        makeSession(model, alone, ready, device, deviceModel, int(tokens.size()), job)->feed(tokens, recorder, job);
        errors.push_back(distanceAfter(exact, *recorder.take(), layer));
    }
    return errors;
}

} // namespace engine
