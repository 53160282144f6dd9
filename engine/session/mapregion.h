// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"
#include "engine/values/mapregion.h"

#include <functional>

namespace engine {

// A picture at once: every element holds one true cell, that of its middle query and key. Costs as much as the picture
// has elements where the method's weights are pairwise, a row of the map per row of the picture otherwise. Takes memory
// for the picture and one tile. Throws Error{Request} for a region outside the map.
Grid sampleRegion(const Attended& attended, const LayerContext& context, HeadIndex head, const MapRegion& region,
                  DeviceContext* device, Job& job);

// The exact picture, band by band from the top: every element holds the largest of its cells (of largest magnitude,
// with its sign). `done` gets the first row of a band and its rows. Reads every cell of the region that can be; takes
// memory for one band and one tile, and stops at the next tile when the job is cancelled.
void refineRegion(const Attended& attended, const LayerContext& context, HeadIndex head, const MapRegion& region,
                  DeviceContext* device, Job& job, const std::function<void(int row, Grid rows)>& done);

} // namespace engine
