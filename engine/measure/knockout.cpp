// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/knockout.h"

#include "engine/methods/method.h"
#include "engine/values/modelconfig.h"

#include <algorithm>

namespace engine {

const Knob* knobOf(const Part& part, std::string_view id)
{
    const auto& knobs = findMethod(part.method).info.knobs;
    const auto found = std::ranges::find(knobs, id, &Knob::id);
    return found == knobs.end() ? nullptr : &*found;
}

namespace {

// A method that keeps a memory has a knob of this name whose options knock it out.
constexpr std::string_view memoryKnob = "memory";
// And one of this name for the stretch of text that is attended to exactly.
constexpr std::string_view segmentKnob = "segment";

// Every plan of the model's layers, as they are in the whole plan.
std::vector<LayerPlan*> layersOf(SessionPlan& plan)
{
    std::vector<LayerPlan*> all{&plan.everywhere};
    for (auto& [layer, one] : plan.overrides)
        all.push_back(&one);
    return all;
}

} // namespace

std::vector<KnockOut> knockOuts(const SessionPlan& plan)
{
    SessionPlan base = plan;
    const Choice* choice = nullptr;
    for (const LayerPlan* layer : layersOf(base)) {
        if (const Knob* knob = knobOf(layer->attention, memoryKnob); knob != nullptr && choice == nullptr)
            choice = std::get_if<Choice>(&knob->domain);
    }
    if (choice == nullptr)
        return {{"-", plan}};
    std::vector<KnockOut> variants;
    for (int option = 0; option < int(choice->options.size()); ++option) {
        variants.push_back({std::string(choice->options[std::size_t(option)]), plan});
        for (LayerPlan* layer : layersOf(variants.back().plan)) {
            if (knobOf(layer->attention, memoryKnob) != nullptr)
                layer->attention.knobs[std::string(memoryKnob)] = option;
        }
    }
    return variants;
}

int exactSegment(const SessionPlan& plan, const ModelConfig& config)
{
    int longest = 0;
    for (int layer = 0; layer < config.layers; ++layer) {
        const LayerPlan& one = plan.of({layer});
        const Knob* knob = knobOf(one.attention, segmentKnob);
        if (knob == nullptr || !std::holds_alternative<IntRange>(knob->domain))
            return 0;
        const auto trained = one.parameters.find(segmentKnob);
        longest = std::max(longest,
                           trained != one.parameters.end() && !trained->second->empty()
                               ? int(trained->second->front())
                               : intOf(findMethod(one.attention.method).info.knobs, one.attention.knobs, segmentKnob));
    }
    return longest;
}

} // namespace engine
