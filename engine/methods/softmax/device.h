// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <memory>

namespace engine::softmax {

// Exact attention on a device: a cache of keys (after positions) and values, read block by block with an online
// softmax. Records `softmax.lse`, ln Σ e^score, and `softmax.entropy` of every row and head.
std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens);

// A rectangle of the map e^(scale·q·k − lse), from the recorded rows and lse. Waits: its uploads are its own.
void deviceWeights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
                   const LayerContext& context, Buffer<float>& tile, DeviceContext& device);

} // namespace engine::softmax
