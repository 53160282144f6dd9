// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/plan.h"

#include <string>
#include <vector>

namespace app::cli {

// The knob of a part's method with that id; null where it has none.
const engine::Knob* knobOf(const engine::Part& part, std::string_view id);

// A plan with the memory of its methods in one state: "on", "off", "zeroed", …; "-" where none of them has one.
struct KnockOut
{
    std::string name;
    engine::SessionPlan plan;
};

// The plan in every state of the memory that its methods offer, as it is first.
std::vector<KnockOut> knockOuts(const engine::SessionPlan& plan);

} // namespace app::cli
