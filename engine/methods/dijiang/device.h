// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <memory>

namespace engine::dijiang {

// DiJiang on a device: a causal layer in chunks of 32 tokens over one state per key/value head, single tokens by the
// recurrence; a layer without mask in one sum over its keys. Records what the row's probes name.
std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens);

// A rectangle of the map from logarithms of features, whatever their size. Waits: its uploads are its own.
void deviceWeights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
                   const LayerContext& context, Buffer<float>& tile, DeviceContext& device);

} // namespace engine::dijiang
