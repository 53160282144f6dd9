// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/knobs.h"

namespace engine::memoryformer {

// One Memory Layer d → h and the dense layer in its place (reference, §6).
struct LayerCost
{
    std::int64_t tables = 0, rows = 0;               // K, and rows of all tables
    std::int64_t multiplyAdds = 0;                   // K·probes·h a token
    std::int64_t readNumbers = 0, storedNumbers = 0; // a token's rows; all rows
    std::int64_t denseNumbers = 0;                   // d·h: the dense layer's multiply-adds, numbers read and stored
};

LayerCost layerCost(const Chunks& chunks, int outputs, int probes);

// The block of the paper: query, key, value and two feed-forward layers by tables, τ + 2 bits in the second.
LinearCost blockCost(const BlockShape& shape, const KnobValues& knobs, int tokens);

} // namespace engine::memoryformer
