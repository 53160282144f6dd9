// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/peaks.h"
#include "engine/methods/method.h"
#include "engine/values/timing.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

struct SweepRequest
{
    std::vector<Part> methods; // each with its knobs
    LayerShape shape;
    std::vector<int> lengths;
    int repeats = 9;
    std::uint64_t seed = 1; // of the random q, k, v
};

struct SweepRow
{
    int place = 0; // in SweepRequest::methods
    std::string method, form;
    LayerShape shape;
    int tokens = 0;
    int threads = 0;
    Cost cost;
    Timing timing;
    std::string failure; // not empty: this row could not be run (out of memory), and why
};

struct Sweep
{
    std::string machine; // one line: processor, cores, device, driver, back end
    Peaks peaks;
    std::vector<SweepRow> rows; // by length, then in the order of the request
};

// Times every method at every length on one layer of random q, k, v: methods take turns within a length, each warmed up
// first, each repeat finished and timed by wall clock. `device` null: the float64 reference. Throws Error{Request} for
// lengths, repeats or knobs that cannot be; what does not fit in memory becomes a row with its failure.
Sweep sweep(const SweepRequest& request, DeviceContext* device, Job& job);

// Length from which `method` is faster than the baseline: log-log interpolation between the two lengths where the sign
// of the difference of medians changes for good; nullopt if it never is, or always was.
std::optional<double> crossover(const Sweep& sweep, std::string_view method);

// The same for the method at a place of the request.
std::optional<double> crossover(const Sweep& sweep, int place);

// "Intel Xeon, 2 threads; OpenCL pthread-…, driver 3.1" or "…; float64 reference".
std::string machineLine(const DeviceContext* device);

} // namespace engine
