// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/plan.h"

#include <string>
#include <vector>

namespace engine {

struct ModelConfig;

// The knob of a part's method with that id; null where it has none.
const Knob* knobOf(const Part& part, std::string_view id);

// A plan with the memory of its methods in one state: "on", "off", "zeroed", …; "-" where none of them has one.
struct KnockOut
{
    std::string name;
    SessionPlan plan;
};

// The plan in every state of the memory that its methods offer, as it is first.
std::vector<KnockOut> knockOuts(const SessionPlan& plan);

// The longest segment that exact attention has in the plan; 0: some layer has none, and sees everything.
int exactSegment(const SessionPlan& plan, const ModelConfig& config);

} // namespace engine
