// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/sweeprows.h"

#include "app/wording.h"

#include <algorithm>

namespace app {

bool ran(const engine::SweepRow* row)
{
    return row != nullptr && row->failure.empty() && !row->timing.samplesNs.empty();
}

int exactPlace(const SweepResult& result)
{
    for (std::size_t place = 0; place < result.request.methods.size(); ++place)
        if (result.request.methods[place].method == engine::baseline)
            return int(place);
    return -1;
}

std::int64_t stateOf(const engine::SweepRow& row)
{
    return row.stateBytes > 0 ? std::int64_t(row.stateBytes) : row.cost.stateBytes;
}

double predictedOf(const SweepResult& result, int place)
{
    for (const engine::SweepRow& row : result.sweep.rows)
        if (row.place == place && row.cost.crossover > 0)
            return row.cost.crossover;
    return 0;
}

double rateOf(const engine::SweepRow& row)
{
    return double(row.cost.operations) / double(std::max<std::int64_t>(1, row.timing.medianNs));
}

widgets::Identity identityAt(const SweepResult& result, int place)
{
    const engine::Part& part = result.request.methods.at(std::size_t(place));
    widgets::Identity identity = identityOf(part);
    const auto twins = std::count_if(result.request.methods.begin(), result.request.methods.end(),
                                     [&](const engine::Part& other) { return other.method == part.method; });
    if (const QString knobs = knobsInForce(part); twins > 1 && !knobs.isEmpty())
        identity.title += " " + knobs;
    return identity;
}

} // namespace app
