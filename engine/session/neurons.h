// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine {

// How a query and every key it may look at meet, dimension by dimension: q_d·k_d before and after positions. The sum of
// a row is q·k. Positions turn pairs of dimensions, so the sums differ unless query and key stand at the same place.
struct Neurons
{
    Grid queryRaw, query; // [1, d]
    Grid keysRaw, keys;   // [keys, d]
    Grid raw, turned;     // [keys, d] products
    std::vector<double> rawSums, turnedSums;
};

// Of one head and query; the keys are those up to the query in a causal layer, else all.
Neurons neuronsOf(const LayerTrace& trace, HeadIndex head, TokenPos query);

} // namespace engine
