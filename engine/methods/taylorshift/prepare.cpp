// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/temperature.h"

#include <algorithm>
#include <cmath>

namespace engine::taylorshift {
namespace {

struct Fitted : Prepared
{
    std::vector<double> perHead;
};

const std::vector<float>* trained(const LayerPlan& plan)
{
    const auto found = plan.parameters.find("temperature");
    return found == plan.parameters.end() ? nullptr : &*found->second;
}

} // namespace

bool needsPrepare(const LayerPlan& plan)
{
    return optionsOf(plan.attention.knobs).fitted && trained(plan) == nullptr;
}

std::vector<double> temperatures(const LayerContext& context)
{
    if (const auto* given = trained(context.plan))
        return {given->begin(), given->end()};
    const auto heads = std::size_t(context.shape.heads);
    const Options options = optionsOf(context.plan.attention.knobs);
    if (!options.fitted) {
        std::vector<double> same(heads, options.temperature);
        return same;
    }
    const auto* fitted = dynamic_cast<const Fitted*>(context.prepared);
    if (fitted == nullptr)
        throw Error(Fault::Request, "knob temperature_from: prompt was asked for, and layer " +
                                        std::to_string(context.layer.value) + " was not fitted on one before the run");
    return fitted->perHead;
}

std::unique_ptr<const Prepared> prepare(const PrepareInput& input, Job& job)
{
    const LayerShape& shape = input.context.shape;
    const LayerTrace trace(input.exact, input.context.layer, shape, input.context.positions);
    const TokenRange all{0, input.tokens};
    auto fitted = std::make_unique<Fitted>();
    for (int head = 0; head < shape.heads; ++head) {
        job.report(double(head) / shape.heads, "fitting temperatures");
        const double queryNorm = trace.queriesRaw({head}, all).rowwise().norm().mean();
        const double keyNorm = trace.keysRaw({head}, all).rowwise().norm().mean();
        fitted->perHead.push_back(queryNorm * keyNorm / std::sqrt(double(shape.keyWidth)));
    }
    return fitted;
}

void check(const LayerContext& context)
{
    const Asked form = optionsOf(context.plan.attention.knobs).form;
    if (!context.shape.causal && (form == Asked::Recurrent || form == Asked::Chunked))
        throw Error(Fault::Request, std::string("knob form: ") + (form == Asked::Recurrent ? "recurrent" : "chunked") +
                                        " was given for a layer without causal mask; auto, direct or efficient was "
                                        "expected");
    const auto* given = trained(context.plan);
    if (given == nullptr)
        return;
    if (int(given->size()) != context.shape.heads)
        throw Error(Fault::Request, "parameter temperature of layer " + std::to_string(context.layer.value) + " has " +
                                        std::to_string(given->size()) + " numbers; " +
                                        std::to_string(context.shape.heads) + ", one per head, were expected");
    if (!std::ranges::all_of(*given, [](float value) { return std::isfinite(value); }))
        throw Error(Fault::Request, "parameter temperature of layer " + std::to_string(context.layer.value) +
                                        " has a number that is not finite");
}

} // namespace engine::taylorshift
