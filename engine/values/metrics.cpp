// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/metrics.h"

#include <algorithm>

namespace engine {

Metric metricOf(const Metrics& metrics, const std::string& id)
{
    const auto found = std::ranges::find(metrics, id, &Metric::id);
    if (found != metrics.end())
        return *found;
    Metric missing;
    missing.id = id;
    missing.reason = "not computed";
    return missing;
}

} // namespace engine
