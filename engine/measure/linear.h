// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/peaks.h"
#include "engine/methods/method.h"
#include "engine/values/timing.h"

#include <cstdint>
#include <vector>

namespace engine {

// One projection width → width of a method at one length.
struct LinearRow
{
    Part part;
    int tokens = 0;
    Timing timing;        // of one application
    double readBytes = 0; // weights or table rows, each as often as it is asked for; 0: its method does not say
};

struct LinearTimes
{
    Peaks peaks; // measured first
    std::vector<LinearRow> rows;
};

struct LinearRequest
{
    std::vector<Part> methods; // each replaces linear layers, or is the baseline
    int width = 512;
    std::vector<int> lengths;
    int repeats = 9;
    std::uint64_t seed = 1;
};

// Times a projection of random numbers by wall clock; methods take turns within a length, each warmed up first. Short
// inputs are applied several at a time, each to numbers of its own, before the queue is waited for, as a pass over a
// model's layers does; what is given is the share of one. Throws Error{Request} for a method without such kernels.
LinearTimes timeLinear(const LinearRequest& request, DeviceContext& device, Job& job);

} // namespace engine
