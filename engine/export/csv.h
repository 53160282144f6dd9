// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/metrics.h"
#include "engine/values/plan.h"
#include "engine/values/probe.h"
#include "engine/values/timing.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// Comparisons and timings as tidy CSV (explorer.md §5.4): a data dictionary in `# ` lines, one header, RFC 4180
// quoting,
// `.` as the decimal point whatever the locale, LF, UTF-8.

// What the rows of one comparison share.
struct MetricSource
{
    std::string runId, checkpoint, method, params;
    Fidelity fidelity = Fidelity::DropIn;
    std::uint64_t seed = 0;
    int tokens = 0;
};

// One metric of one place; no layer or head: the whole model. Where it does not apply the value is empty and the unit
// says why.
struct MetricRow
{
    MetricSource source;
    std::optional<int> layer, head, query, key;
    Metric metric;
    Provenance provenance = Provenance::Computed;
};

void writeMetricsCsv(std::ostream& out, const std::vector<MetricRow>& rows);

struct TimingRow
{
    std::string runId, method, stage, device;
    std::optional<int> layer;
    int tokens = 0;
    std::string dtype; // "f32", "f64"
    Timing timing;
    std::int64_t bytes = 0, operations = 0; // predicted
};

// One line per raw sample.
void writeTimingsCsv(std::ostream& out, const std::vector<TimingRow>& rows);

// A field as RFC 4180 wants it.
std::string csvField(std::string_view text);

} // namespace engine
