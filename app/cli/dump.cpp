// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/dump.h"

#include "app/cli/grammar.h"
#include "engine/export/safetensors.h"
#include "engine/export/wholefile.h"
#include "engine/session/attend.h"

#include <algorithm>

using namespace engine;

namespace app::cli {
namespace {

constexpr std::string_view weightsProbe = "weights";

std::vector<std::string_view> askedProbes(const std::string& list)
{
    return list.empty() ? std::vector<std::string_view>{} : splitAt(list, ',');
}

bool wantsWeights(const DumpRequest& request)
{
    const auto asked = askedProbes(request.asked);
    return std::ranges::find(asked, weightsProbe) != asked.end();
}

// The probes of every method in the plan.
std::vector<std::string_view> knownProbes(const SessionPlan& plan, int layers)
{
    std::vector<std::string_view> known{weightsProbe, probes::input};
    for (int layer = 0; layer < layers; ++layer) {
        const LayerPlan& parts = plan.of(LayerIndex{layer});
        for (const Part* part : {&parts.attention, &parts.linear}) {
            for (const ProbeSpec& probe : findMethod(part->method).info.probes) {
                if (std::ranges::find(known, probe.id) == known.end())
                    known.push_back(probe.id);
            }
        }
    }
    return known;
}

void checkProbes(const DumpRequest& request, int layers)
{
    const auto known = knownProbes(request.plan, layers);
    for (const std::string_view probe : askedProbes(request.asked)) {
        if (std::ranges::find(known, probe) != known.end())
            continue;
        std::string list;
        for (const std::string_view each : known)
            list += (list.empty() ? "" : ", ") + std::string(each);
        throw Error(Fault::Request, "probe '" + std::string(probe) + "': one of " + list + " was expected");
    }
}

NamedTensor heads(const std::string& name, int count, int tokens, const std::function<Grid(HeadIndex)>& grid)
{
    std::vector<Grid> parts;
    for (int head = 0; head < count; ++head)
        parts.push_back(grid(HeadIndex{head}));
    const auto width = std::size_t(parts.front().cols());
    return {name, {std::size_t(count), std::size_t(tokens), width}, std::move(parts)};
}

// Query and key as the scores see them, values and what came of them.
void addLayer(std::vector<NamedTensor>& tensors, const std::shared_ptr<const Trace>& trace, const LayerContext& context,
              int tokens)
{
    const std::string prefix = "layer." + std::to_string(context.layer.value) + ".";
    const LayerShape& shape = context.shape;
    const LayerTrace layer(trace, context.layer, shape, context.positions);
    const TokenRange all{0, tokens};
    tensors.push_back(
        heads(prefix + "query", shape.heads, tokens, [&](HeadIndex head) { return gridOf(layer.queries(head, all)); }));
    // A query head of each key/value head stands for it.
    tensors.push_back(heads(prefix + "key", shape.keyHeads, tokens, [&](HeadIndex head) {
        return gridOf(layer.keys(HeadIndex{head.value * (shape.heads / shape.keyHeads)}, all));
    }));
    const auto record = [&](std::string_view probe, int slots) {
        tensors.push_back(
            bySlots(prefix + std::string(probe), trace->grid(probe, {context.layer, allHeads, {}}), slots));
    };
    record(probes::queryRaw, shape.heads);
    record(probes::keyRaw, shape.keyHeads);
    record(probes::value, shape.keyHeads);
    record(probes::mixed, shape.heads);
    tensors.push_back(asTensor(prefix + "output", trace->grid(probes::output, {context.layer, allHeads, {}})));
}

void addWeights(std::vector<NamedTensor>& tensors, const std::shared_ptr<const Trace>& trace,
                const LayerContext& context, int tokens, DeviceContext* device, Job& job)
{
    Attended attended;
    attended.trace = trace;
    const TokenRange all{0, tokens};
    tensors.push_back(heads("layer." + std::to_string(context.layer.value) + ".weights", context.shape.heads, tokens,
                            [&](HeadIndex head) {
                                job.check();
                                return mapTile(attended, context, head, all, all, device);
                            }));
}

// Everything else that was recorded under a probe's name; a snapshot's token and head are part of its name.
void addProbe(std::vector<NamedTensor>& tensors, const Trace& trace, std::string_view probe)
{
    for (const Trace::Record& record : trace.records()) {
        if (record.probe != probe)
            continue;
        std::string name =
            record.where.layer == wholeModel ? "" : "layer." + std::to_string(record.where.layer.value) + ".";
        name += record.probe;
        if (record.where.head != allHeads)
            name += ".head." + std::to_string(record.where.head.value);
        if (record.where.token.value != 0)
            name += ".token." + std::to_string(record.where.token.value);
        tensors.push_back(asTensor(name, record.grid));
    }
}

} // namespace

TraceFilter DumpRequest::filter(const Model& model, std::size_t tokens) const
{
    if (file.empty())
        return TraceFilter::nothing();
    checkProbes(*this, model.config().layers);
    const double maps = 4.0 * model.config().layers * model.config().heads * double(tokens) * double(tokens);
    if (wantsWeights(*this) && maps > double(memoryLimit()))
        throw Error(Fault::Memory, "writing the weights of " +
                                       std::to_string(model.config().layers * model.config().heads) + " heads at " +
                                       std::to_string(tokens) + " tokens needs " + std::to_string(maps / 1e9) +
                                       " GB; the limit is " + std::to_string(double(memoryLimit()) / 1e9) + " GB");
    TraceFilter filter = mapFilter(plan);
    for (const std::string_view probe : askedProbes(asked))
        filter.probes.emplace(probe);
    filter.probes.emplace(probes::logits);
    filter.byteLimit = memoryLimit() / 4;
    return filter;
}

void writeDump(const DumpRequest& request, Runner& runner, std::span<const TokenId> tokens,
               const PreparedLayers& prepared, const std::shared_ptr<const Trace>& trace, Context& context)
{
    checkWhole(*trace);
    const Model& model = runner.model();
    std::vector<std::int32_t> ids;
    for (const TokenId id : tokens)
        ids.push_back(id.value);
    std::vector<NamedTensor> tensors{{"tokens", {ids.size()}, ids}};
    tensors.push_back(asTensor("logits", trace->grid(probes::logits, {})));
    for (int layer = 0; layer < model.config().layers; ++layer) {
        const LayerContext layerOf = layerContext(model, request.plan, LayerIndex{layer}, prepared);
        addLayer(tensors, trace, layerOf, int(ids.size()));
        if (wantsWeights(request))
            addWeights(tensors, trace, layerOf, int(ids.size()), runner.machine().device(), context.job);
    }
    for (const std::string_view probe : askedProbes(request.asked))
        addProbe(tensors, *trace, probe);
    writeWhole(request.file, [&](std::ostream& out) {
        writeSafetensors(out, tensors, {{"format", "subquad run"}, {"checkpoint", model.checkpoint().name}});
    });
    context.log << request.file << ": " << tensors.size() << " tensors\n";
}

} // namespace app::cli
