// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/laneengine.h"
#include "app/results.h"
#include "engine/values/grid.h"

#include <vector>

namespace app {

// How much each key draws: of every key below `rows` the mean weight of those of the first `rows` queries that may look
// at it: from itself on where attention is causal, else all.
std::vector<float> keyMeans(const engine::Grid& map, int rows, bool causal);

// The same of a head, tile by tile where its picture is reduced: computes on the calling thread.
std::vector<float> keyMeans(const HeadLook& look, int rows, const Accelerator* accelerator, engine::Job& job);

} // namespace app
