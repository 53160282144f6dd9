// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/method.h"

#include "engine/methods/registry.h"

#include <algorithm>

namespace engine {
namespace {

// A row that says nothing about a part runs it like the baseline, wholly: a method with an attention of its own and no
// kernels for it must not run the baseline's on the device unnoticed.
Method completed(Method method, const Method& exact)
{
    if (method.attention == nullptr) {
        method.mapRecords = exact.mapRecords;
        for (const ProbeSpec& probe : exact.info.probes)
            method.info.probes.push_back(probe);
        method.attention = exact.attention;
        method.weights = exact.weights;
        method.pairwise = exact.pairwise;
        method.deviceWeights = exact.deviceWeights;
        method.deviceAttention = exact.deviceAttention;
        method.kernel = exact.kernel;
        method.derive = exact.derive;
    }
    if (method.linear == nullptr) {
        method.linear = exact.linear;
        method.deviceLinear = exact.deviceLinear;
    }
    if (method.cost == nullptr)
        method.cost = exact.cost;
    return method;
}

std::vector<Method> completedRows()
{
    const auto rows = methodRows();
    const auto exact = std::ranges::find_if(rows, [](const Method* row) { return row->info.id == baseline; });
    if (exact == rows.end())
        throw Error(Fault::Internal, "no folder of engine/methods is the baseline '" + std::string(baseline) + "'");
    std::vector<Method> all;
    for (const Method* row : rows)
        all.push_back(completed(*row, **exact));
    std::ranges::stable_sort(all, {}, [](const Method& method) { return method.info.place; });
    return all;
}

void checkKnob(const Method& method, std::string_view id, const KnobValue& value)
{
    const auto& knobs = method.info.knobs;
    const auto knob = std::ranges::find(knobs, id, &Knob::id);
    if (knob == knobs.end()) {
        std::string known;
        for (const Knob& each : knobs)
            known += (known.empty() ? "" : ", ") + std::string(each.id);
        throw Error(Fault::Request, "knob " + std::string(id) + ": " + std::string(method.info.id) +
                                        " has no such knob; it has " + (known.empty() ? "none" : known));
    }
    if (value.index() != presetOf(*knob).index())
        throw Error(Fault::Request, "knob " + std::string(id) + ": a value of another type was given; one like '" +
                                        printKnob(*knob, presetOf(*knob)) + "' was expected");
    if (const auto* choice = std::get_if<Choice>(&knob->domain)) {
        const int place = std::get<int>(value);
        if (place < 0 || place >= int(choice->options.size()))
            throw Error(Fault::Request, "knob " + std::string(id) + ": choice " + std::to_string(place) +
                                            " was given; one of " + std::to_string(choice->options.size()) +
                                            " choices was expected");
    } else {
        parseKnob(*knob, printKnob(*knob, value)); // refuses what lies outside the range, and NaN
    }
}

void checkPart(const Part& part)
{
    const Method& method = findMethod(part.method);
    for (const auto& [id, value] : part.knobs)
        checkKnob(method, id, value);
}

} // namespace

std::span<const Method> methods()
{
    static const std::vector<Method> all = completedRows();
    return all;
}

const Method& findMethod(std::string_view id)
{
    const auto all = methods();
    const auto found = std::ranges::find_if(all, [&](const Method& method) { return method.info.id == id; });
    if (found != all.end())
        return *found;
    std::string known;
    for (const Method& method : all)
        known += (known.empty() ? "" : ", ") + std::string(method.info.id);
    throw Error(Fault::Request, "method '" + std::string(id) + "' is not known; one of " + known + " was expected");
}

// A row that leaves a part out was completed with the baseline's functions.
bool replacesAttention(const Method& method)
{
    return method.info.id == baseline || method.attention != findMethod(baseline).attention;
}

bool replacesLinear(const Method& method)
{
    return method.info.id != baseline && method.linear != findMethod(baseline).linear;
}

void place(LayerPlan& plan, const Part& part)
{
    const Method& method = findMethod(part.method);
    if (replacesAttention(method))
        plan.attention = part;
    if (replacesLinear(method))
        plan.linear = part;
}

SessionPlan nativePlan(const Checkpoint& checkpoint)
{
    SessionPlan plan = checkpoint.native;
    for (const auto& [layer, given] : checkpoint.nativeKnobs) {
        LayerPlan& own = plan.overrides[layer];
        for (const auto& [part, texts] :
             {std::pair(&own.attention, &given.attention), std::pair(&own.linear, &given.linear)}) {
            const std::vector<Knob>& knobs = findMethod(part->method).info.knobs;
            for (const auto& [id, text] : *texts) {
                const auto knob = std::ranges::find(knobs, id, &Knob::id);
                if (knob == knobs.end())
                    throw Error(Fault::Format, checkpoint.name + ": config.json gives " + part->method + " the knob " +
                                                   id + ", which it does not have");
                part->knobs[id] = parseKnob(*knob, text);
            }
        }
    }
    // What every layer has is the whole plan's, which readers call by it.
    if (int(plan.overrides.size()) != checkpoint.config.layers || plan.overrides.empty())
        return plan;
    for (Part LayerPlan::*part : {&LayerPlan::attention, &LayerPlan::linear}) {
        const Part& first = plan.overrides.begin()->second.*part;
        if (std::ranges::all_of(plan.overrides, [&](const auto& each) { return each.second.*part == first; }))
            plan.everywhere.*part = first;
    }
    return plan;
}

void checkPlan(const LayerContext& context)
{
    checkPart(context.plan.attention);
    checkPart(context.plan.linear);
    const Method& attention = findMethod(context.plan.attention.method);
    const Method& linear = findMethod(context.plan.linear.method);
    if (attention.check != nullptr)
        attention.check(context);
    if (linear.check != nullptr && &linear != &attention)
        linear.check(context);
}

} // namespace engine
