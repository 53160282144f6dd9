// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/peaks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <vector>

namespace engine {
namespace {

constexpr int repeats = 7;
constexpr int chains = 12, lanes = 16;                   // of peaks_fma
constexpr double roundSeconds = 0.01;                    // long against a launch, short against patience
constexpr std::size_t readBytes = std::size_t(64) << 20; // more than the caches hold

template <typename Work>
double secondsOf(Work work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The shortest of several runs, the first (which builds and warms) left out.
template <typename Work>
double best(Work work, Job& job)
{
    work();
    double seconds = 1e30;
    for (int i = 0; i < repeats; ++i) {
        job.check();
        seconds = std::min(seconds, secondsOf(work));
    }
    return std::max(seconds, 1e-9);
}

// Doubles the rounds until one run takes long enough to be timed.
template <typename Work>
int roundsFor(Work work, Job& job)
{
    int rounds = 1024;
    work(rounds);
    while (rounds < (1 << 28) && secondsOf([&] { work(rounds); }) < roundSeconds) {
        job.check();
        rounds *= 2;
    }
    return rounds;
}

Peaks devicePeaks(DeviceContext& context, Job& job)
{
    const KernelSource source = kernelSource("measure/peaks.cl");
    Queue& queue = context.queue;
    const auto items = std::size_t(std::max(1, context.device.info().computeUnits)) * 16;
    Buffer<float> out(context.device, items * lanes, "the peak measurement's result");

    Kernel fma = context.device.kernel(source, "peaks_fma");
    const auto multiplyAdd = [&](int rounds) {
        queue.launch(fma, Range::groups(items), "peak of multiply-adds", out, 0.5F, 1.0F, rounds);
        queue.finish();
    };
    const int rounds = roundsFor(multiplyAdd, job);
    Peaks peaks;
    peaks.fmaFlops = 2.0 * chains * lanes * double(items) * rounds / best([&] { multiplyAdd(rounds); }, job);

    const std::size_t room = std::min<std::size_t>(readBytes, context.device.info().maxAllocationBytes / 2);
    const int vectors = int(room / (items * lanes * sizeof(float)) / 4 * 4);
    Buffer<float> in(context.device, items * std::size_t(vectors) * lanes, "the read measurement's data");
    queue.clear(in);
    Kernel read = context.device.kernel(source, "peaks_read");
    const auto readAll = [&] {
        queue.launch(read, Range::groups(items), "peak of reading", in, out, vectors);
        queue.finish();
    };
    peaks.readBytesPerSecond = double(in.bytes()) / best(readAll, job);
    return peaks;
}

Peaks hostPeaks(Job& job)
{
    std::array<double, 64> cells{};
    const auto multiplyAdd = [&](int rounds) {
        for (int round = 0; round < rounds; ++round) {
            for (double& cell : cells)
                cell = cell * 0.5 + 1.0;
        }
    };
    const int rounds = roundsFor(multiplyAdd, job);
    Peaks peaks;
    peaks.fmaFlops = 2.0 * double(cells.size()) * rounds / best([&] { multiplyAdd(rounds); }, job);

    const std::vector<double> data(readBytes / sizeof(double), 1.0);
    // Kept where the compiler cannot drop it.
    volatile double total = 0;
    const auto readAll = [&] {
        std::array<double, 32> sums{};
        for (std::size_t i = 0; i < data.size(); i += sums.size()) {
            for (std::size_t lane = 0; lane < sums.size(); ++lane)
                sums[lane] += data[i + lane];
        }
        total = std::accumulate(sums.begin(), sums.end(), 0.0);
    };
    peaks.readBytesPerSecond = double(readBytes) / best(readAll, job);
    total = std::accumulate(cells.begin(), cells.end(), double(total));
    return peaks;
}

} // namespace

Peaks measurePeaks(DeviceContext* device, Job& job)
{
    return device != nullptr ? devicePeaks(*device, job) : hostPeaks(job);
}

} // namespace engine
