// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/session.h"

#include "engine/session/devicesession.h"
#include "engine/session/referencesession.h"

#include <algorithm>
#include <array>

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

// Floats that a run over the calibration text records, for all the layers that are fitted.
double recordedBytes(const ModelConfig& config, const TraceFilter& filter, std::size_t tokens)
{
    const auto& records = filter.probes;
    const double heads = config.heads, keyHeads = config.keyHeads;
    double width = config.width + heads * config.headWidth + keyHeads * (config.headWidth + config.valueWidth);
    width += records.contains(probes::mixed) ? heads * config.valueWidth : 0;
    width += records.contains(probes::feedForwardInput) ? config.width : 0;
    width += records.contains(probes::feedForwardHidden) ? config.feedForwardWidth : 0;
    return sizeof(float) * width * double(filter.layers.size()) * double(tokens);
}

// The exact model over the text, a window of the trained context after another; rows follow one another in the trace.
std::shared_ptr<const Trace> exactTrace(const std::shared_ptr<const Model>& model, const SessionPlan& plan,
                                        TraceFilter filter, std::span<const TokenId> tokens, DeviceContext* device,
                                        const std::shared_ptr<const DeviceModel>& deviceModel, Job& job)
{
    const double bytes = recordedBytes(model->config(), filter, tokens.size());
    if (bytes > double(memoryLimit()))
        throw Error(Fault::Memory, "the inputs of " + std::to_string(filter.layers.size()) + " layers over " +
                                       std::to_string(tokens.size()) + " calibration tokens take " +
                                       std::to_string(bytes / 1e9) + " GB; the limit is " +
                                       std::to_string(double(memoryLimit()) / 1e9) +
                                       " GB: a shorter text was expected");
    filter.byteLimit = std::size_t(bytes) + 1;
    SessionPlan exact;
    exact.backend = plan.backend;
    Recorder recorder(filter);
    const std::size_t window = std::max<std::size_t>(std::size_t(model->config().context), 1);
    const auto session = makeSession(model, exact, {}, device, deviceModel, int(std::min(window, tokens.size())), job);
    for (std::size_t first = 0; first < tokens.size(); first += window) {
        job.report(double(first) / double(tokens.size()), "reading the calibration text");
        session->reset();
        session->feed(tokens.subspan(first, std::min(window, tokens.size() - first)), recorder, job);
    }
    return recorder.take();
}

std::string hashOf(std::span<const TokenId> tokens, Job& job)
{
    std::vector<std::byte> bytes;
    bytes.reserve(4 * tokens.size());
    for (const TokenId id : tokens) {
        for (unsigned shift = 0; shift < 32; shift += 8)
            bytes.push_back(std::byte(std::uint32_t(id.value) >> shift & 0xFFU));
    }
    return sha256(bytes, job);
}

// What the layers that are fitted need of the exact run; no layers: nothing is fitted.
TraceFilter calibrationFilter(const Model& model, const SessionPlan& plan)
{
    TraceFilter filter;
    for (const std::string_view probe : {probes::queryRaw, probes::keyRaw, probes::value, probes::input})
        filter.probes.emplace(probe);
    for (LayerIndex layer{0}; layer.value < model.config().layers; ++layer.value) {
        const Needs parts = needsOf(plan.of(layer));
        if (!parts)
            continue;
        filter.layers.insert(layer);
        for (const Method* part : {parts.attention, parts.linear}) {
            if (part != nullptr)
                filter.probes.insert(part->prepareRecords.begin(), part->prepareRecords.end());
        }
    }
    return filter;
}

void addProbes(TraceFilter& filter, const LayerPlan& plan)
{
    for (const std::string* id : {&plan.attention.method, &plan.linear.method}) {
        const Method& method = findMethod(*id);
        filter.probes.insert(method.mapRecords.begin(), method.mapRecords.end());
        filter.probes.insert(*id + ".sums");
    }
    // What replaced projections read is looked at too.
    const Method& linear = findMethod(plan.linear.method);
    if (replacesLinear(linear))
        filter.probes.insert(linear.prepareRecords.begin(), linear.prepareRecords.end());
}

} // namespace

void refuseUnknownBlocks(const ModelConfig& config)
{
    const bool known = config.feedForward == FeedForwardKind::SwiGlu || config.feedForward == FeedForwardKind::Memory;
    if (config.norm != NormKind::Rms || !known)
        throw Error(Fault::Request, "this model's blocks have another norm or feed-forward layer; RMS norm and "
                                    "SwiGLU or two layers with a norm between were expected");
}

Grid embeddingOf(const Model& model, std::span<const TokenId> tokens)
{
    const std::span<const float> table = model.weight(Weight::Embedding);
    const auto width = std::size_t(model.config().width);
    std::vector<float> cells;
    cells.reserve(tokens.size() * width);
    for (const TokenId token : tokens) {
        const auto row = table.subspan(std::size_t(token.value) * width, width);
        cells.insert(cells.end(), row.begin(), row.end());
    }
    return {std::move(cells), int(tokens.size()), int(width)};
}

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

void putRecords(const Trace& retold, LayerIndex layer, Recorder& recorder)
{
    static constexpr std::array sessions{
        probes::input, probes::queryRaw, probes::keyRaw,           probes::value,
        probes::mixed, probes::output,   probes::feedForwardInput, probes::feedForwardHidden};
    for (const Trace::Record& record : retold.records())
        if (record.where.layer == layer && std::ranges::find(sessions, record.probe) == sessions.end())
            recorder.put(record);
}

double calibrationBytes(const Model& model, const SessionPlan& plan, std::size_t tokens)
{
    return recordedBytes(model.config(), calibrationFilter(model, plan), tokens);
}

PreparedLayers prepareLayers(std::shared_ptr<const Model> given, const SessionPlan& plan,
                             std::span<const TokenId> calibration, DeviceContext* device,
                             const std::shared_ptr<const DeviceModel>& deviceModel, Job& job)
{
    const std::shared_ptr<const Model> model = std::move(given); // of all layers' contexts
    TraceFilter filter = calibrationFilter(*model, plan);
    const std::set<LayerIndex> layers = filter.layers;
    if (layers.empty())
        return {};
    if (!model->config().denseProjections)
        throw Error(Fault::Request, model->checkpoint().name + " has no dense projections to fit anything to: it runs "
                                                               "with its own method only");
    if (calibration.empty())
        throw Error(Fault::Request, "this plan fits parameters on a text, and the text has no tokens");
    const auto exact = exactTrace(model, plan, std::move(filter), calibration, device, deviceModel, job);
    const std::string textHash = hashOf(calibration, job);
    PreparedLayers prepared(std::size_t(model->config().layers));
    for (const LayerIndex layer : layers) {
        const LayerContext context = layerContext(*model, plan, layer, {});
        const PrepareInput input{context, exact, int(calibration.size()), textHash};
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
