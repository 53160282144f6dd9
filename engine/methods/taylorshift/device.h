// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <memory>

namespace engine::taylorshift {

// TaylorShift on a device. The form is chosen for `expectedTokens` in a causal layer (direct keeps unit keys and
// values; chunked and, for single tokens, recurrent share one state of F·(d_v + 1) numbers per key/value head) and for
// the tokens fed in one without mask (direct or efficient). Records what the row's probes name.
std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens);

// A rectangle of the map p(q·k)/denominator, times the output scale where it is on. Waits: its uploads are its own.
void deviceWeights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
                   const LayerContext& context, Buffer<float>& tile, DeviceContext& device);

} // namespace engine::taylorshift
