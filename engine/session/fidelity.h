// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/model.h"
#include "engine/values/plan.h"

namespace engine {

// How honest a comparison of this layer's attention is (explorer.md §2.4): the baseline is the reference; TRAINED where
// the checkpoint itself asks for this method in this layer; CALIBRATED where the plan fits parameters here; DROP-IN
// otherwise.
Fidelity attentionFidelity(const Model& model, const SessionPlan& plan, LayerIndex layer);

} // namespace engine
