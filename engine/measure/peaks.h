// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine {

// What the machine can do at its best, measured in the same round as what is compared with it.
struct Peaks
{
    double fmaFlops = 0; // multiply-adds on registers, two operations each; float32, on the reference float64
    double readBytesPerSecond = 0;
};

// Takes about a quarter of a second. On the device's own kernels (engine/measure/peaks.cl) where there is one, else on
// this thread of the host, which is what the reference back end uses. The best of several rounds: a peak is not a mean.
Peaks measurePeaks(DeviceContext* device, Job& job);

} // namespace engine
