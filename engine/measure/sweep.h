// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"
#include "engine/values/timing.h"

#include <optional>
#include <string>
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
    std::string method, form;
    LayerShape shape;
    int tokens = 0;
    int threads = 0;
    Cost cost;
    Timing timing;
    std::string failure; // not empty: this row could not be run (out of memory), and why
};

// The machine's own peaks, measured in the same round.
struct Peaks
{
    double fmaFlops = 0;
    double readBytesPerSecond = 0;
};

struct Sweep
{
    std::string machine; // one line: processor, cores, device, driver, back end
    Peaks peaks;
    std::vector<SweepRow> rows;
};

// Times every method at every length, methods interleaved within a length, warm-up first, each repeat finished and
// timed by wall clock.
Sweep sweep(const SweepRequest& request, DeviceContext* device, Job& job);

// Length from which `method` is faster than the baseline: log-log interpolation between the two lengths where the sign
// of the difference of medians changes for good; nullopt if it never is, or always was.
std::optional<double> crossover(const Sweep& sweep, std::string_view method);

std::string machineLine(const DeviceContext* device);

} // namespace engine
