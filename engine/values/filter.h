// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <cstddef>
#include <set>
#include <string>

namespace engine {

// Which probes and layers a run records, up to how many bytes.
struct TraceFilter
{
    bool everyProbe = false;
    std::set<std::string, std::less<>> probes;
    std::set<LayerIndex> layers; // empty: all
    std::size_t byteLimit = std::size_t(1) << 30;

    bool operator==(const TraceFilter&) const = default;

    static TraceFilter nothing() { return {}; }

    static TraceFilter everything()
    {
        TraceFilter filter;
        filter.everyProbe = true;
        return filter;
    }
};

} // namespace engine
