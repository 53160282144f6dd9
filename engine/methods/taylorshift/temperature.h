// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <memory>
#include <vector>

namespace engine::taylorshift {

// τ of every query head: the checkpoint's trained ones (parameter `temperature`), else those fitted on the prompt, else
// the knob's. Throws Error{Request} where fitted ones are asked for and prepare() has not run.
std::vector<double> temperatures(const LayerContext& context);

// Fits τ per head as mean ‖q‖ · mean ‖k‖ / √d over the recorded tokens: the scale that q·k/√d has.
std::unique_ptr<const Prepared> prepare(const PrepareInput& input, Job& job);
bool needsPrepare(const LayerPlan& plan);

// Refuses a form that needs a causal layer on one that is not, and trained temperatures of another number of heads.
void check(const LayerContext& context);

} // namespace engine::taylorshift
