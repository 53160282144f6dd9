// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/session.h"

#include "engine/session/devicesession.h"
#include "engine/session/referencesession.h"

namespace engine {
namespace {

// Which parts of a layer ask for prepare().
struct Needs
{
    const Method* attention = nullptr;
    const Method* linear = nullptr;

    explicit operator bool() const { return attention != nullptr || linear != nullptr; }
};

bool needs(const Method& method, const LayerPlan& plan)
{
    return method.prepare != nullptr && method.needsPrepare != nullptr && method.needsPrepare(plan);
}

Needs needsOf(const LayerPlan& plan)
{
    const Method& attention = findMethod(plan.attention.method);
    const Method& linear = findMethod(plan.linear.method);
    return {needs(attention, plan) ? &attention : nullptr,
            &linear != &attention && needs(linear, plan) ? &linear : nullptr};
}

std::shared_ptr<const Trace> exactTrace(const std::shared_ptr<const Model>& model, const SessionPlan& plan,
                                        std::set<LayerIndex> layers, std::span<const TokenId> tokens,
                                        DeviceContext* device, const std::shared_ptr<const DeviceModel>& deviceModel,
                                        Job& job)
{
    TraceFilter filter;
    for (const std::string_view probe : {probes::queryRaw, probes::keyRaw, probes::value, probes::input})
        filter.probes.emplace(probe);
    filter.layers = std::move(layers);
    SessionPlan exact;
    exact.backend = plan.backend;
    Recorder recorder(filter);
    const auto session = makeSession(model, exact, {}, device, deviceModel, int(tokens.size()), job);
    session->feed(tokens, recorder, job);
    auto trace = recorder.take();
    if (trace->truncated())
        throw Error(Fault::Memory, "queries and keys of " + std::to_string(tokens.size()) +
                                       " calibration tokens take more than " + std::to_string(filter.byteLimit) +
                                       " bytes; a shorter text was expected");
    return trace;
}

void addProbes(TraceFilter& filter, const LayerPlan& plan)
{
    for (const std::string* id : {&plan.attention.method, &plan.linear.method}) {
        const Method& method = findMethod(*id);
        filter.probes.insert(method.mapRecords.begin(), method.mapRecords.end());
        filter.probes.insert(*id + ".sums");
    }
}

} // namespace

LayerContext layerContext(const Model& model, const SessionPlan& plan, LayerIndex layer, const PreparedLayers& prepared)
{
    const ModelConfig& config = model.config();
    LayerContext context;
    context.shape = {config.heads, config.keyHeads, config.headWidth, config.valueWidth, config.causal};
    context.layer = layer;
    context.positions = Positions::of(config);
    context.plan = plan.of(layer);
    context.model = &model;
    if (!prepared.empty()) {
        const PreparedLayer& fitted = prepared.at(std::size_t(layer.value));
        context.prepared = fitted.attention.get();
        context.preparedLinear = fitted.linear.get();
    }
    return context;
}

PreparedLayers prepareLayers(std::shared_ptr<const Model> model, const SessionPlan& plan,
                             std::span<const TokenId> calibration, DeviceContext* device,
                             const std::shared_ptr<const DeviceModel>& deviceModel, Job& job)
{
    std::set<LayerIndex> layers;
    for (int layer = 0; layer < model->config().layers; ++layer) {
        if (needsOf(plan.of({layer})))
            layers.insert({layer});
    }
    if (layers.empty())
        return {};
    if (calibration.empty())
        throw Error(Fault::Request, "this plan fits parameters on a text, and the text has no tokens");
    const auto exact = exactTrace(model, plan, layers, calibration, device, deviceModel, job);
    PreparedLayers prepared(std::size_t(model->config().layers));
    for (const LayerIndex layer : layers) {
        const LayerContext context = layerContext(*model, plan, layer, {});
        const PrepareInput input{context, exact, int(calibration.size())};
        const Needs parts = needsOf(context.plan);
        PreparedLayer& fitted = prepared[std::size_t(layer.value)];
        if (parts.attention != nullptr)
            fitted.attention = parts.attention->prepare(input, job);
        if (parts.linear != nullptr)
            fitted.linear = parts.linear->prepare(input, job);
    }
    return prepared;
}

std::unique_ptr<Session> makeSession(std::shared_ptr<const Model> model, const SessionPlan& plan,
                                     const PreparedLayers& prepared, DeviceContext* device,
                                     std::shared_ptr<const DeviceModel> deviceModel, int expectedTokens, Job& job)
{
    job.check();
    for (int layer = 0; layer < model->config().layers; ++layer)
        checkPlan(layerContext(*model, plan, {layer}, prepared));
    if (device == nullptr || plan.backend == Backend::Reference)
        return makeReferenceSession(std::move(model), plan, prepared);
    return makeDeviceSession(std::move(model), plan, prepared, *device, std::move(deviceModel), expectedTokens, job);
}

TraceFilter mapFilter(const SessionPlan& plan)
{
    TraceFilter filter;
    for (const std::string_view probe : {probes::queryRaw, probes::keyRaw, probes::value, probes::mixed, probes::input,
                                         probes::output, probes::logits})
        filter.probes.emplace(probe);
    addProbes(filter, plan.everywhere);
    for (const auto& [layer, layerPlan] : plan.overrides)
        addProbes(filter, layerPlan);
    return filter;
}

} // namespace engine
