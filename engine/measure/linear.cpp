// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/linear.h"

#include "engine/methods/claims.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <random>

namespace engine {
namespace {

constexpr int fewTokens = 64; // at least so many tokens before the queue is waited for

Buffer<float> randomRows(int rows, int width, std::uint64_t seed, DeviceContext& device)
{
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> cells(std::size_t(rows) * std::size_t(width));
    for (float& cell : cells)
        cell = normal(random);
    Buffer<float> buffer(device.device, cells.size(), "random rows");
    device.queue.write(buffer, std::span<const float>(cells));
    return buffer;
}

double readBytes(const LinearRequest& request, std::size_t place, int tokens)
{
    const Part& part = request.methods[place];
    const auto reads = claimsOf(part.method).projectionReads;
    return reads != nullptr ? reads(request.width, request.width, part.knobs, tokens) : 0;
}

} // namespace

LinearTimes timeLinear(const LinearRequest& request, DeviceContext& device, Job& job)
{
    if (request.width < 1 || request.repeats < 1 || request.lengths.empty())
        throw Error(Fault::Request, "a width, repeats and lengths of at least 1 were expected");
    for (const Part& part : request.methods) {
        if (findMethod(part.method).randomLinear == nullptr)
            throw Error(Fault::Request, part.method + " replaces no linear layer that could be timed");
    }
    using Clock = std::chrono::steady_clock;
    LinearTimes times{measurePeaks(&device, job), {}};
    for (const int tokens : request.lengths) {
        const int together = std::max(1, fewTokens / tokens);
        std::vector<Buffer<float>> inputs;
        for (int place = 0; place < together; ++place)
            inputs.push_back(randomRows(tokens, request.width, request.seed + std::uint64_t(place), device));
        Buffer<float> out(device.device, inputs.front().count(), "the output of a projection");
        std::vector<std::unique_ptr<DeviceLinear>> layers; // after the buffers: they wait for their launches
        for (const Part& part : request.methods)
            layers.push_back(
                findMethod(part.method).randomLinear(request.width, request.width, part.knobs, request.seed, device));
        std::vector<std::vector<std::int64_t>> samples(layers.size());
        Recorder nothing;
        for (int repeat = 0; repeat <= request.repeats; ++repeat) {
            job.report(double(repeat) / (request.repeats + 1), std::to_string(tokens) + " tokens");
            for (std::size_t place = 0; place < layers.size(); ++place) {
                const auto begin = Clock::now();
                for (const Buffer<float>& x : inputs)
                    layers[place]->apply(x, tokens, std::array{&out}, false, device, nothing);
                device.queue.finish();
                const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin);
                if (repeat > 0)
                    samples[place].push_back(took.count() / together);
            }
        }
        for (std::size_t place = 0; place < layers.size(); ++place)
            times.rows.push_back({request.methods[place], tokens, summarise(std::move(samples[place]), false),
                                  readBytes(request, place, tokens)});
    }
    return times;
}

} // namespace engine
