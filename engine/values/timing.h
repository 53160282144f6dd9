// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace engine {

// Repeated measurement of one thing, in nanoseconds. Times of the device's events are kept apart from wall time.
struct Timing
{
    std::vector<std::int64_t> samplesNs; // raw, in the order they were taken
    std::int64_t medianNs = 0, p20Ns = 0, p80Ns = 0;
    bool device = false;    // from device events; otherwise wall time around a finish
    bool disturbed = false; // something else ran on the machine's devices meanwhile
};

// Sorts a copy and fills in median, p20 and p80 (nearest rank, the lower middle for the median of an even count).
Timing summarise(std::vector<std::int64_t> samplesNs, bool device);

} // namespace engine
