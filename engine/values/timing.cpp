// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/timing.h"

#include <algorithm>
#include <cmath>

namespace engine {

Timing summarise(std::vector<std::int64_t> samplesNs, bool device)
{
    Timing timing;
    timing.samplesNs = std::move(samplesNs);
    timing.device = device;
    if (timing.samplesNs.empty())
        return timing;
    std::vector<std::int64_t> sorted = timing.samplesNs;
    std::ranges::sort(sorted);
    const auto rank = [&](double share) {
        const auto place = std::size_t(std::max(1.0, std::ceil(share * double(sorted.size()))));
        return sorted[place - 1];
    };
    timing.medianNs = rank(0.5);
    timing.p20Ns = rank(0.2);
    timing.p80Ns = rank(0.8);
    return timing;
}

} // namespace engine
