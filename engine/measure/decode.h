// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/sweep.h"

namespace engine {

// sweep() of one token more after each length instead of a pass over it: the state is made anew before every timed run,
// and some tokens are taken together, as the layers of a model are, before the queue is waited for. No cost is
// predicted. Throws Error{Request} for a layer without causal mask, and what sweep() throws.
Sweep sweepDecode(const SweepRequest& request, DeviceContext& device, Job& job);

} // namespace engine
