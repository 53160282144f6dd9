// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/linear.h"

#include <array>
#include <chrono>
#include <memory>
#include <random>

namespace engine {
namespace {

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

} // namespace

std::vector<LinearRow> timeLinear(const LinearRequest& request, DeviceContext& device, Job& job)
{
    if (request.width < 1 || request.repeats < 1 || request.lengths.empty())
        throw Error(Fault::Request, "a width, repeats and lengths of at least 1 were expected");
    for (const Part& part : request.methods) {
        if (findMethod(part.method).randomLinear == nullptr)
            throw Error(Fault::Request, part.method + " replaces no linear layer that could be timed");
    }
    using Clock = std::chrono::steady_clock;
    std::vector<LinearRow> rows;
    for (const int tokens : request.lengths) {
        const Buffer<float> x = randomRows(tokens, request.width, request.seed, device);
        Buffer<float> out(device.device, x.count(), "the output of a projection");
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
                layers[place]->apply(x, tokens, std::array{&out}, false, device, nothing);
                device.queue.finish();
                const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin);
                if (repeat > 0)
                    samples[place].push_back(took.count());
            }
        }
        for (std::size_t place = 0; place < layers.size(); ++place)
            rows.push_back({request.methods[place], tokens, summarise(std::move(samples[place]), false)});
    }
    return rows;
}

} // namespace engine
