// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionview.h"
#include "app/laneengine.h"
#include "app/results.h"
#include "engine/values/grid.h"

#include <vector>

namespace app {

// How much each key draws: of every key below `rows` the mean weight of those of the first `rows` queries that may look
// at it: from itself on where attention is causal, else all.
std::vector<float> keyMeans(const engine::Grid& map, int rows, bool causal);

// The same of a head, or of all heads of its layer joined; tile by tile where its picture has not every weight:
// computes on the calling thread.
std::vector<float> keyMeans(const HeadLook& look, AttentionView::Heads heads, int rows, const Accelerator* accelerator,
                            engine::Job& job);

} // namespace app
