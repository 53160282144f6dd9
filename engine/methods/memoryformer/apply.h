// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/source.h"

namespace engine::memoryformer {

// One Memory Layer on tensors from anywhere: `input` [N, d], `tables` [K, 2^tau, h], `bias` [h] (0), `thresholds` [d]
// (0) → `output` [N, h], `codes` [N, K], `scales` [N, K]; with several probes their columns lie side by side.
PlainTensors apply(const PlainTensors& in, const KnobValues& knobs, DeviceContext* device, Job& job);

} // namespace engine::memoryformer
