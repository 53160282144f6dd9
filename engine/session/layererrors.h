// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/session.h"

namespace engine {

// acc_l of explorer.md §2.2 for every layer: relative L2 distance of the residual streams after layer l of two recorded
// runs over the same tokens. Layers that either run did not record are NaN.
std::vector<double> accumulatedErrors(const Trace& exact, const Trace& own, int layers);

// local_l: the same distance where only layer l follows the plan and all others are exact, so that it is fed exact
// input; in a checkpoint without dense projections all others are its own. One pass per layer whose plan is not that of
// the others; a layer like them is 0 without one. `exact` has the recorded residual streams of the exact model over
// `tokens`, `prepared` what the plan's own run was prepared with.
std::vector<double> localErrors(const std::shared_ptr<const Model>& model, const SessionPlan& plan,
                                const PreparedLayers& prepared, const Trace& exact, std::span<const TokenId> tokens,
                                DeviceContext* device, const std::shared_ptr<const DeviceModel>& deviceModel, Job& job);

} // namespace engine
