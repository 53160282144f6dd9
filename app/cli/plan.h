// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "engine/model/model.h"
#include "engine/values/plan.h"

namespace app::cli {

// The plan of --method and --layer on a model: a method takes the part of a layer it has a form of its own for. Without
// any, what the checkpoint itself names, else exact attention. Throws Error{Request} where a part is given twice or a
// layer is not there.
engine::SessionPlan planFrom(const PlanText& text, const engine::Model& model, engine::Backend backend);

// One method everywhere, the rest exact.
engine::SessionPlan planWith(const engine::Part& part, engine::Backend backend);

} // namespace app::cli
