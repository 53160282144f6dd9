// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/metrics.h"

#include <cmath>
#include <string>
#include <utility>

namespace engine {

// A metric of a value, or n/a with the reason where one is given or where the value is not finite.
inline Metric metricFrom(std::string id, double value, std::string unit, std::string reason = {})
{
    Metric metric;
    metric.id = std::move(id);
    metric.unit = std::move(unit);
    metric.reason = std::move(reason);
    if (metric.applies() && !std::isfinite(value))
        metric.reason = "it is not a finite number";
    metric.value = metric.applies() ? value : 0;
    return metric;
}

} // namespace engine
