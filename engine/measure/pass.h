// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"
#include "engine/values/timeline.h"
#include "engine/values/timing.h"

#include <string>
#include <vector>

namespace engine {

// One method's pass over a layer's real q, k, v, taken apart: what the method itself takes, and what is paid around it.
struct PassTimes
{
    std::string form;
    Cost cost;
    int tokens = 0;
    Timing attention;        // the method, wall time around a finish; what is compared
    Timing upload, download; // q, k, v to the device and the mixed rows back; no samples on the reference
    Timing map;              // one head's map for the eye, which the method never makes; no samples where it has none
    // The last pass, nanoseconds from its begin: stages (upload, attention, download, map) on the host's clock, and the
    // launches of the attention from the device's events. No launches on the reference.
    std::vector<Span> stages, launches;
};

inline constexpr TrackIndex stageTrack{0}, launchTrack{1};

// Repeats upload, attention, download and the map of `head` in turn, after one warm-up. `attended` is an earlier run of
// the same method over `in` (its trace gives the map). Marks the times disturbed where other programs kept the
// processors busy. `device` null: the float64 reference.
PassTimes measurePass(const HeadTensors& in, const Attended& attended, const LayerContext& context, HeadIndex head,
                      DeviceContext* device, int repeats, Job& job);

} // namespace engine
