// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how long the things take that a person waits for: opening and running the bundled sample, a decode step, and
// the attention of one layer, exact against every other method. Ratios are of one run; single times of a shared machine
// say little. Not a test: nothing here passes or fails.
#include "engine/measure/sweep.h"
#include "engine/session/session.h"

#include <QProcess>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace engine;

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanosecondsOf(const auto& work)
{
    const auto begin = Clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

// The sample at a fraction of the sorted samples, nearest rank.
double milliseconds(std::vector<std::int64_t> samples, double fraction)
{
    std::ranges::sort(samples);
    const auto place = std::size_t(fraction * double(samples.size() - 1) + 0.5);
    return double(samples[place]) / 1e6;
}

void print(const std::string& what, const std::vector<std::int64_t>& samples, double against = 0)
{
    const double median = milliseconds(samples, 0.5);
    std::printf("%-44s %4zu  %10.3f  %10.3f", what.c_str(), samples.size(), median, milliseconds(samples, 0.99));
    if (against > 0)
        std::printf("  %8.2f", median / against);
    std::printf("\n");
}

std::shared_ptr<const Model> openSample(Job& job)
{
    return std::make_shared<const Model>(readCheckpoint(SUBQUAD_SOURCE_DIR "/samples/stories-1m", job), job);
}

std::vector<TokenId> promptOf(const Model& model)
{
    std::vector<TokenId> ids;
    for (const Token& token : model.tokenizer()->encode("Once upon a time, there was a little girl named Lily."))
        ids.push_back(token.id);
    return ids;
}

SessionPlan planOf(const Method& method, bool device)
{
    SessionPlan plan;
    plan.everywhere.attention.method = method.info.id;
    plan.backend = device ? Backend::OpenCl : Backend::Reference;
    return plan;
}

// From the path to the first logits, everything built anew but the device's programs.
void benchOpen(DeviceContext* device, Job& job)
{
    std::vector<std::int64_t> samples;
    for (int round = -1; round < 20; ++round) {
        const std::int64_t elapsed = nanosecondsOf([&] {
            const auto model = openSample(job);
            const auto onDevice =
                device != nullptr ? std::make_shared<const DeviceModel>(model, device->queue, job) : nullptr;
            const std::vector<TokenId> prompt = promptOf(*model);
            const auto session = makeSession(model, planOf(findMethod(baseline), device != nullptr), {}, device,
                                             onDevice, int(prompt.size()), job);
            Recorder nothing;
            session->feed(prompt, nothing, job);
        });
        if (round >= 0)
            samples.push_back(elapsed);
    }
    print("open the sample and run its prompt", samples);
}

// Methods take turns, so that a slow moment of the machine falls on all of them.
void benchDecode(DeviceContext* device, Job& job)
{
    constexpr int steps = 200;
    const auto model = openSample(job);
    const auto onDevice = device != nullptr ? std::make_shared<const DeviceModel>(model, device->queue, job) : nullptr;
    const std::vector<TokenId> prompt = promptOf(*model);
    const auto all = methods();
    std::vector<std::unique_ptr<Session>> sessions;
    std::vector<std::vector<std::int64_t>> samples(all.size());
    Recorder nothing;
    for (const Method& method : all) {
        sessions.push_back(makeSession(model, planOf(method, device != nullptr), {}, device, onDevice,
                                       int(prompt.size()) + steps, job));
        sessions.back()->feed(prompt, nothing, job);
        sessions.back()->feed(std::span(prompt).first(1), nothing, job); // warm
    }
    for (int step = 0; step < steps; ++step) {
        for (std::size_t i = 0; i < sessions.size(); ++i)
            samples[i].push_back(nanosecondsOf([&] { sessions[i]->feed(std::span(prompt).last(1), nothing, job); }));
    }
    const auto exact = std::size_t(&findMethod(baseline) - all.data());
    for (std::size_t i = 0; i < all.size(); ++i)
        print("decode step, " + std::string(all[i].info.id), samples[i], milliseconds(samples[exact], 0.5));
}

void benchAttention(DeviceContext* device, bool causal, Job& job)
{
    SweepRequest request;
    for (const Method& method : methods())
        request.methods.push_back({std::string(method.info.id), {}});
    request.shape = {8, 8, 16, 16, causal};
    request.lengths = {64, 256, 1024, 4096};
    request.repeats = 21;
    const Sweep result = sweep(request, device, job);
    for (const SweepRow& row : result.rows) {
        const auto exact = std::ranges::find_if(
            result.rows, [&](const SweepRow& other) { return other.method == baseline && other.tokens == row.tokens; });
        const std::string what = std::string(causal ? "causal" : "full") + " attention 8 × 16, " +
                                 std::to_string(row.tokens) + ", " + row.method;
        if (row.failure.empty())
            print(what, row.timing.samplesNs, milliseconds(exact->timing.samplesNs, 0.5));
        else
            std::printf("%-44s n/a: %s\n", what.c_str(), row.failure.c_str());
    }
    std::printf("# peaks in this round: %.1f GFLOP/s, %.1f GB/s\n", result.peaks.fmaFlops / 1e9,
                result.peaks.readBytesPerSecond / 1e9);
}

void benchAll(DeviceContext* device)
{
    Job job;
    std::printf("# %s\n%-44s %4s  %10s  %10s  %8s\n", machineLine(device).c_str(), "", "n", "p50 ms", "p99 ms",
                "to exact");
    benchOpen(device, job);
    benchDecode(device, job);
    benchAttention(device, false, job);
    benchAttention(device, true, job);
}

} // namespace

int main()
{
    // A wrong answer is not worth timing.
    if (QProcess::execute(QStringLiteral(SUBQUAD_METHOD_TESTS), {QStringLiteral("-silent")}) != 0) {
        std::fprintf(stderr, "the tests of the methods fail: no times are printed\n");
        return 1;
    }
    try {
        if (Device::list().empty()) {
            benchAll(nullptr);
            return 0;
        }
        Device device(Device::choose(""));
        Queue queue(device);
        DeviceBlocks blocks(device);
        DeviceContext context{device, queue, blocks};
        benchAll(&context);
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
