// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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
    Timing timing;
};

struct LinearRequest
{
    std::vector<Part> methods; // each replaces linear layers, or is the baseline
    int width = 512;
    std::vector<int> lengths;
    int repeats = 9;
    std::uint64_t seed = 1;
};

// Times a projection of random numbers by wall clock, every repeat finished; methods take turns within a length, each
// warmed up first. Throws Error{Request} for a method without such kernels.
std::vector<LinearRow> timeLinear(const LinearRequest& request, DeviceContext& device, Job& job);

} // namespace engine
