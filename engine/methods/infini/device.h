// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::infini {

// Infini-attention on a device: keys and values of the open segment, one memory per key/value head in float32, and the
// sum that the open segment will add to it. Segments of one append are attended in parallel. Waits once after an append
// that closed a segment: a memory that is not finite is Error{Request}.
std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens);

} // namespace engine::infini
