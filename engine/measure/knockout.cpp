// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/knockout.h"

#include "engine/methods/method.h"

#include <algorithm>

using namespace engine;

namespace app::cli {

const Knob* knobOf(const Part& part, std::string_view id)
{
    const auto& knobs = findMethod(part.method).info.knobs;
    const auto found = std::ranges::find(knobs, id, &Knob::id);
    return found == knobs.end() ? nullptr : &*found;
}

namespace {

// A method that keeps a memory has a knob of this name whose options knock it out.
constexpr std::string_view memoryKnob = "memory";

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

} // namespace app::cli
