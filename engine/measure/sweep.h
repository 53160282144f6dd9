// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/peaks.h"
#include "engine/methods/method.h"
#include "engine/values/timing.h"

#include <cstdint>
#include <functional>
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
    std::size_t stateBytes = 0; // held on the device after a pass; 0 on the reference, which keeps none
    std::string failure;        // not empty: this row could not be run (out of memory), and why
};

struct Sweep
{
    std::string machine; // one line: processor, cores, device, driver, back end
    Peaks peaks;
    std::vector<SweepRow> rows; // by length, then in the order of the request
};

// Times every method at every length on one layer of random q, k, v: methods take turns within a length, each warmed up
// first, each repeat finished and timed by wall clock; a pass of less than about a millisecond as the share of one in
// eight that follow each other, as layers do. `device` null: the float64 reference. Throws Error{Request} for
// lengths, repeats or knobs that cannot be; what does not fit in memory becomes a row with its failure. `onLength` is
// called with all there is after the peaks and after each length, so that a cancelled sweep leaves a partial picture.
// Rows of a length during which other programs kept the processors busy (engine/measure/load.h) are marked disturbed.
using OnLength = std::function<void(const Sweep&)>;
Sweep sweep(const SweepRequest& request, DeviceContext* device, Job& job, const OnLength& onLength = {});

// How long a sweep takes at a rate of operations that was seen on this machine: predicted operations, warm-ups counted.
double estimatedSeconds(const SweepRequest& request, double operationsPerSecond);

// Length from which `method` is faster than the baseline: log-log interpolation between the two lengths where the sign
// of the difference of medians changes for good; nullopt if it never is, or always was.
std::optional<double> crossover(const Sweep& sweep, std::string_view method);

// The same for the method at a place of the request.
std::optional<double> crossover(const Sweep& sweep, int place);

// What the crossover is worth: taken anew from the first samples of every row alone, from the second, and so on
// (methods take turns, so samples of one turn belong together), it lies between `low` and `high` in three of five.
struct CrossoverBand
{
    double low = 0, high = 0; // nearest-rank quantiles of 20 and 80 %, tokens
    int rounds = 0;           // that have a crossover
    int without = 0;          // that have none: always faster, or never
};

// Nullopt where no round has a crossover.
std::optional<CrossoverBand> crossoverBand(const Sweep& sweep, int place);

// "Intel Xeon, 2 threads; OpenCL pthread-…, driver 3.1" or "…; float64 reference".
std::string machineLine(const DeviceContext* device);

} // namespace engine
