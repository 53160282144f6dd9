// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/grammar.h"
#include "app/cli/machine.h"
#include "app/cli/tensors.h"
#include "engine/export/json.h"
#include "engine/export/safetensors.h"
#include "engine/export/wholefile.h"
#include "engine/session/attend.h"

#include <algorithm>
#include <array>

using namespace engine;

namespace app::cli {
namespace {

// --set, sorted into what `apply` knows itself and the method's knobs.
struct Settings
{
    Part part;
    bool causal = true, weights = false;
};

const Knob causalKnob{"causal", "Causal", "A query sees the keys up to it.", Flag{true}};
const Knob weightsKnob{"weights", "Weights", "Write the map as well.", Flag{false}};

Settings settingsFrom(const ApplyOptions& options)
{
    Settings settings;
    std::string spec = options.method;
    bool causalGiven = false, weightsGiven = false;
    for (const std::string& item : options.settings) {
        const std::size_t equals = item.find('=');
        if (equals == std::string::npos)
            throw Error(Fault::Request, "--set '" + item + "': knob=value was expected");
        const std::string id = item.substr(0, equals), value = item.substr(equals + 1);
        if (id != causalKnob.id && id != weightsKnob.id) {
            spec += (spec.find(':') == std::string::npos ? ":" : ",") + item;
            continue;
        }
        const bool causal = id == causalKnob.id;
        if (std::exchange(causal ? causalGiven : weightsGiven, true))
            throw Error(Fault::Request, "--set " + id + " was given twice");
        (causal ? settings.causal : settings.weights) =
            std::get<bool>(parseKnob(causal ? causalKnob : weightsKnob, value));
    }
    settings.part = parseSpec(spec);
    if (findMethod(settings.part.method).apply != nullptr && (causalGiven || weightsGiven))
        throw Error(Fault::Request, "--set " + std::string(causalGiven ? "causal" : "weights") + ": " +
                                        settings.part.method + " replaces no attention and has neither");
    return settings;
}

// Parameters are tensors named like a knob, which they win over; anything else is said to be unused.
LayerContext contextFrom(const Settings& settings, ApplyInput& input, const std::string& path, std::ostream& log)
{
    LayerContext context;
    context.shape = input.shape;
    context.shape.causal = settings.causal;
    context.plan.attention = settings.part;
    const std::vector<Knob>& knobs = findMethod(settings.part.method).info.knobs;
    for (auto& [name, cells] : input.parameters) {
        if (std::ranges::find(knobs, name, &Knob::id) != knobs.end())
            context.plan.parameters.emplace(name, std::move(cells));
        else
            log << path << ": tensor '" << name << "' is not used by " << settings.part.method << '\n';
    }
    checkPlan(context);
    return context;
}

// What the method computes from this very input before it runs (fitted temperatures).
std::unique_ptr<const Prepared> preparedFor(const LayerContext& context, const HeadTensors& tensors, Job& job)
{
    const Method& method = findMethod(context.plan.attention.method);
    if (method.prepare == nullptr || method.needsPrepare == nullptr || !method.needsPrepare(context.plan))
        return nullptr;
    const auto record = [](std::string_view probe, const Grid& grid) {
        return Trace::Record{std::string(probe), {LayerIndex{0}, allHeads, {}}, Provenance::Computed, grid};
    };
    const auto trace = std::make_shared<const Trace>(std::vector<Trace::Record>{record(probes::queryRaw, tensors.query),
                                                                                record(probes::keyRaw, tensors.key),
                                                                                record(probes::value, tensors.value)},
                                                     false);
    return method.prepare({context, trace, tensors.tokens()}, job);
}

void checkWeights(const LayerContext& context, int tokens)
{
    const double bytes = 4.0 * context.shape.heads * double(tokens) * double(tokens);
    if (bytes > double(memoryLimit()))
        throw Error(Fault::Memory, "writing the weights of " + std::to_string(context.shape.heads) + " heads at " +
                                       std::to_string(tokens) + " tokens needs " + std::to_string(bytes / 1e9) +
                                       " GB; the limit is " + std::to_string(double(memoryLimit()) / 1e9) + " GB");
}

NamedTensor weightsOf(const Attended& attended, const LayerContext& context, int tokens, DeviceContext* device,
                      Job& job)
{
    std::vector<Grid> maps;
    for (int head = 0; head < context.shape.heads; ++head) {
        job.report(double(head) / context.shape.heads, "weights");
        maps.push_back(mapTile(attended, context, HeadIndex{head}, {0, tokens}, {0, tokens}, device));
    }
    return {"weights", {std::size_t(context.shape.heads), std::size_t(tokens), std::size_t(tokens)}, std::move(maps)};
}

// What follows the dot of a probe's name.
std::string_view wordOf(std::string_view probe)
{
    return probe.substr(probe.find('.') + 1);
}

// The probes of the method that are its states (explorer.md §5.5), by the word after the dot.
std::vector<std::string_view> stateProbes(const LayerContext& context)
{
    constexpr std::array<std::string_view, 2> states{"memory", "normaliser"};
    std::vector<std::string_view> found;
    for (const ProbeSpec& probe : findMethod(context.plan.attention.method).info.probes) {
        if (std::ranges::find(states, wordOf(probe.id)) != states.end())
            found.push_back(probe.id);
    }
    return found;
}

// The states that the method keeps, after each stretch of text that changed them, of every key/value head.
std::vector<NamedTensor> statesOf(const Attended& attended, const LayerContext& context)
{
    const LayerShape& shape = context.shape;
    std::vector<NamedTensor> tensors;
    for (const std::string_view probe : stateProbes(context)) {
        std::vector<std::vector<Trace::Record>> heads;
        for (int head = 0; head < shape.heads; ++head) {
            if (head == 0 || shape.keyHeadOf(head) != shape.keyHeadOf(head - 1))
                heads.push_back(attended.trace->snapshots(probe, context.layer, HeadIndex{head}));
        }
        if (heads.front().empty())
            continue; // this form has none
        const std::size_t count = heads.front().size();
        const Grid& first = heads.front().front().grid;
        std::vector<std::size_t> sizes{count, heads.size()};
        if (first.rows() > 1)
            sizes.push_back(std::size_t(first.rows()));
        sizes.push_back(std::size_t(first.cols()));
        std::vector<Grid> cells;
        for (std::size_t i = 0; i < count; ++i) {
            for (const auto& head : heads)
                cells.push_back(head.at(i).grid);
        }
        tensors.push_back({std::string(wordOf(probe)), std::move(sizes), std::move(cells)});
    }
    return tensors;
}

void write(const ApplyOptions& options, const Settings& settings, const LayerContext& context, const Attended& attended,
           int tokens, Machine& machine, Context& output)
{
    std::vector<NamedTensor> tensors{bySlots("output", attended.output(), context.shape.heads)};
    if (settings.weights)
        tensors.push_back(weightsOf(attended, context, tokens, machine.device(), output.job));
    for (NamedTensor& state : statesOf(attended, context))
        tensors.push_back(std::move(state));
    writeWhole(options.out, [&](std::ostream& file) {
        writeSafetensors(file, tensors, {{"method", printSpec(settings.part)}, {"form", attended.form}});
    });
    if (!output.json) {
        output.out << printSpec(settings.part) << " · " << attended.form << " · " << context.shape.heads << " heads, "
                   << tokens << " tokens, " << machine.deviceName() << "\n"
                   << attended.cost.reason << '\n';
        return;
    }
    JsonWriter json(output.out);
    json.object().field("method", settings.part.method).field("form", attended.form);
    json.field("causal", context.shape.causal).field("heads", context.shape.heads);
    json.field("key_heads", context.shape.keyHeads).field("head_dim", context.shape.keyWidth);
    json.field("value_dim", context.shape.valueWidth).field("tokens", tokens);
    json.field("backend", machine.backendName()).field("device", machine.deviceName());
    json.field("operations", attended.cost.operations).field("state_bytes", attended.stateBytes);
    json.field("reason", attended.cost.reason).key("outputs").array();
    for (const NamedTensor& tensor : tensors)
        json.object().field("name", tensor.name).key("shape").list(tensor.shape).end();
    json.end().end();
}

std::vector<NamedTensor> named(PlainTensors&& tensors)
{
    std::vector<NamedTensor> list;
    for (auto& [name, tensor] : tensors) {
        NamedTensor& one = list.emplace_back(NamedTensor{name, tensor.shape, {}});
        if (!tensor.whole.empty()) {
            one.cells = std::move(tensor.whole);
            continue;
        }
        const int cols = tensor.shape.empty() ? 1 : int(tensor.shape.back());
        const int rows = cols > 0 ? int(tensor.numbers.size() / std::size_t(cols)) : 0;
        one.cells = std::vector<Grid>{Grid(std::move(tensor.numbers), rows, cols)};
    }
    return list;
}

// A method that works on named tensors of its own.
int applyToTensors(const ApplyOptions& options, const Settings& settings, Context& context)
{
    const Method& method = findMethod(settings.part.method);
    const PlainTensors input = readPlainTensors(options.in);
    return onMachine(options.where, context, [&](Machine& machine) {
        const auto tensors = named(method.apply(input, settings.part.knobs, machine.device(), context.job));
        writeWhole(options.out, [&](std::ostream& file) {
            writeSafetensors(file, tensors, {{"method", printSpec(settings.part)}});
        });
        if (!context.json) {
            context.out << printSpec(settings.part) << " · " << machine.deviceName() << '\n';
            for (const NamedTensor& tensor : tensors) {
                context.out << tensor.name << " [";
                for (std::size_t i = 0; i < tensor.shape.size(); ++i)
                    context.out << (i > 0 ? ", " : "") << tensor.shape[i];
                context.out << "]\n";
            }
            return exitOk;
        }
        JsonWriter json(context.out);
        json.object().field("method", settings.part.method).field("backend", machine.backendName());
        json.field("device", machine.deviceName()).key("outputs").array();
        for (const NamedTensor& tensor : tensors)
            json.object().field("name", tensor.name).key("shape").list(tensor.shape).end();
        json.end().end();
        return exitOk;
    });
}

} // namespace

int apply(const ApplyOptions& options, Context& context)
{
    const Settings settings = settingsFrom(options);
    if (findMethod(settings.part.method).apply != nullptr)
        return applyToTensors(options, settings, context);
    ApplyInput input = readApplyInput(options.in);
    const int tokens = input.tensors.tokens();
    LayerContext layer = contextFrom(settings, input, options.in, context.log);
    if (settings.weights)
        checkWeights(layer, tokens);
    const auto prepared = preparedFor(layer, input.tensors, context.job);
    layer.prepared = prepared.get();
    return onMachine(options.where, context, [&](Machine& machine) {
        AttendOptions attending;
        attending.everyProbe = !stateProbes(layer).empty();
        const Attended attended = attend(input.tensors, layer, machine.device(), attending, context.job);
        write(options, settings, layer, attended, tokens, machine, context);
        return exitOk;
    });
}

} // namespace app::cli
