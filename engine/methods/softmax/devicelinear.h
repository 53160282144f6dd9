// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <memory>
#include <span>

namespace engine::softmax {

// The dense projections of a group of weights on a device: what every transformer has, so the baseline's row carries
// it. Borrows the packed weights of `model`, which must outlive it.
std::unique_ptr<DeviceLinear> makeDenseLinear(std::span<const Weight> which, const LayerContext& context,
                                              const DeviceModel& model, DeviceContext& device);

// One dense projection of random numbers, which it owns.
std::unique_ptr<DeviceLinear> makeRandomLinear(int width, int outputs, const KnobValues& knobs, std::uint64_t seed,
                                               DeviceContext& device);

} // namespace engine::softmax
