// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/attend.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <limits>

namespace engine {
namespace {

constexpr std::array inputProjections{Weight::Query, Weight::Key, Weight::Value}; // what reads a layer's input

// On the bits, so that no compiler option can reason it away.
bool finite(float value)
{
    return (std::bit_cast<std::uint32_t>(value) & 0x7f800000u) != 0x7f800000u;
}

void checkTensor(const std::string& name, const Grid& grid, int tokens, int width)
{
    if (grid.rows() != tokens || grid.cols() != width)
        throw Error(Fault::Request, name + " is " + std::to_string(grid.rows()) + " x " + std::to_string(grid.cols()) +
                                        "; " + std::to_string(tokens) + " x " + std::to_string(width) +
                                        " was expected");
    for (int row = 0; row < grid.rows(); ++row) {
        const auto cells = grid.row(row);
        const auto bad = std::ranges::find_if_not(cells, finite);
        if (bad != cells.end())
            throw Error(Fault::Request, name + ": the number at token " + std::to_string(row) + ", column " +
                                            std::to_string(bad - cells.begin()) +
                                            " is not finite; finite numbers were expected");
    }
}

void checkInput(const HeadTensors& in, const LayerShape& shape)
{
    const bool sound = shape.heads > 0 && shape.keyHeads > 0 && shape.heads % shape.keyHeads == 0 &&
                       shape.keyWidth > 0 && shape.valueWidth > 0;
    if (!sound)
        throw Error(Fault::Request, std::to_string(shape.heads) + " query heads, " + std::to_string(shape.keyHeads) +
                                        " key heads, widths " + std::to_string(shape.keyWidth) + " and " +
                                        std::to_string(shape.valueWidth) +
                                        " were given; sizes above 0, and query heads a multiple of key heads, were "
                                        "expected");
    if (in.tokens() < 1)
        throw Error(Fault::Request, "the query has no tokens; at least one was expected");
    checkTensor("query", in.query, in.tokens(), shape.heads * shape.keyWidth);
    checkTensor("key", in.key, in.tokens(), shape.keyHeads * shape.keyWidth);
    checkTensor("value", in.value, in.tokens(), shape.keyHeads * shape.valueWidth);
    if (!in.x.empty())
        checkTensor("x", in.x, in.tokens(), in.x.cols());
}

std::vector<Matrix> headsOf(const Grid& grid, int heads)
{
    const int width = grid.cols() / heads;
    std::vector<Matrix> all;
    all.reserve(std::size_t(heads));
    for (int head = 0; head < heads; ++head)
        all.push_back(matrixOf(grid.columns(head * width, width)));
    return all;
}

TraceFilter filterOf(const Method& method, const AttendOptions& options)
{
    TraceFilter filter;
    filter.byteLimit = std::numeric_limits<std::size_t>::max();
    filter.probes.insert(std::string(probes::mixed));
    filter.probes.insert(method.mapRecords.begin(), method.mapRecords.end());
    filter.probes.insert(std::string(method.info.id) + ".sums");
    if (options.everyProbe) {
        for (const ProbeSpec& probe : method.info.probes)
            filter.probes.insert(std::string(probe.id));
    }
    return filter;
}

// What was recorded together with what was given: a trace like a session's.
std::shared_ptr<const Trace> traceOf(const HeadTensors& in, LayerIndex layer, const Trace* recorded)
{
    std::vector<Trace::Record> records;
    if (recorded != nullptr)
        records = recorded->records();
    const Where where{layer, allHeads, {}};
    records.push_back({std::string(probes::queryRaw), where, Provenance::Computed, in.query});
    records.push_back({std::string(probes::keyRaw), where, Provenance::Computed, in.key});
    records.push_back({std::string(probes::value), where, Provenance::Computed, in.value});
    if (!in.x.empty())
        records.push_back({std::string(probes::input), where, Provenance::Computed, in.x});
    return std::make_shared<const Trace>(std::move(records), recorded != nullptr && recorded->truncated());
}

// Wall time of `repeats` runs after one warm-up; `run` returns when its work has ended.
template <typename Run>
std::optional<Timing> timed(int repeats, Job& job, const Run& run)
{
    if (repeats <= 0)
        return std::nullopt;
    using Clock = std::chrono::steady_clock;
    std::vector<std::int64_t> samples;
    for (int repeat = 0; repeat <= repeats; ++repeat) {
        job.report(double(repeat) / (repeats + 1), repeat == 0 ? "warming up" : "timing");
        const auto begin = Clock::now();
        run();
        const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin);
        if (repeat > 0)
            samples.push_back(elapsed.count());
    }
    return summarise(std::move(samples), false);
}

void runReference(const HeadTensors& in, const LayerContext& context, const Method& method,
                  const AttendOptions& options, Recorder& recorder, Attended& attended, Job& job)
{
    const LayerShape& shape = context.shape;
    const LayerInput input{matrixOf(in.x), headsOf(in.query, shape.heads), headsOf(in.key, shape.keyHeads),
                           headsOf(in.value, shape.keyHeads)};
    job.check();
    recorder.append(probes::mixed, context.layer, method.attention(input, context, recorder));
    attended.form = attended.cost.form;
    attended.timing = timed(options.repeats, job, [&] {
        Recorder nothing;
        method.attention(input, context, nothing);
    });
}

std::vector<float> packedRows(const Grid& grid, TokenRange range)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(range.count) * std::size_t(grid.cols()));
    for (int row = range.first; row < range.end(); ++row)
        cells.insert(cells.end(), grid.row(row).begin(), grid.row(row).end());
    return cells;
}

Buffer<float> uploaded(const Grid& grid, TokenRange range, DeviceContext& device, const char* what)
{
    const std::vector<float> cells = packedRows(grid, range);
    Buffer<float> buffer(device.device, cells.size(), what);
    device.queue.write(buffer, std::span<const float>(cells));
    return buffer;
}

// Rows of one append, on the device.
struct Slice
{
    TokenRange range;
    Buffer<float> query, key, value, x;
};

std::vector<Slice> slicesOf(const HeadTensors& in, int feed, DeviceContext& device)
{
    const int step = feed > 0 ? std::min(feed, in.tokens()) : in.tokens();
    std::vector<Slice> slices;
    for (int first = 0; first < in.tokens(); first += step) {
        Slice& slice = slices.emplace_back();
        slice.range = {first, std::min(step, in.tokens() - first)};
        slice.query = uploaded(in.query, slice.range, device, "the queries");
        slice.key = uploaded(in.key, slice.range, device, "the keys");
        slice.value = uploaded(in.value, slice.range, device, "the values");
        if (!in.x.empty())
            slice.x = uploaded(in.x, slice.range, device, "the layer's input");
    }
    return slices;
}

// Waits before anything it was declared after is destroyed: no launch may outlive its buffers or its read's target.
struct FinishGuard
{
    explicit FinishGuard(Queue& borrowed)
        : queue(borrowed)
    {
    }

    FinishGuard(const FinishGuard&) = delete;
    FinishGuard& operator=(const FinishGuard&) = delete;

    ~FinishGuard()
    {
        try {
            queue.finish();
        } catch (const Error&) { // already on the way out with an error of its own
        }
    }

    Queue& queue;
};

void runDevice(const HeadTensors& in, const LayerContext& context, const Method& method, const AttendOptions& options,
               Recorder& recorder, Attended& attended, DeviceContext& device, Job& job)
{
    if (method.deviceAttention == nullptr)
        throw Error(Fault::Request, std::string(method.info.title) +
                                        " has no kernels for a device; the reference back end was expected");
    if (!context.shape.causal && options.feed > 0 && options.feed < in.tokens())
        throw Error(Fault::Request, "a layer without causal mask cannot be fed " + std::to_string(options.feed) +
                                        " tokens at a time; all at once was expected");
    const std::vector<Slice> slices = slicesOf(in, options.feed, device);
    const int width = context.shape.heads * context.shape.valueWidth;
    Buffer<float> out(device.device, std::size_t(slices.front().range.count) * std::size_t(width), "the mixed rows");
    const auto attention = method.deviceAttention(context, device, in.tokens());
    const FinishGuard guard(device.queue);
    const auto pass = [&](Recorder& to) {
        for (const Slice& slice : slices) {
            job.check();
            const LayerRows rows{slice.query,       slice.key,        slice.value, in.x.empty() ? nullptr : &slice.x,
                                 slice.range.first, slice.range.count};
            attention->append(rows, out, device, to);
            to.append(probes::mixed, context.layer, out, slice.range.count, width, device.queue);
            if (slices.size() > 1) { // waits, so that a cancel takes effect
                device.queue.finish();
                job.report(double(slice.range.end()) / in.tokens(), "attention");
            }
        }
        device.queue.finish();
    };
    pass(recorder);
    attended.form = attention->form().empty() ? attended.cost.form : attention->form();
    attended.stateBytes = attention->stateBytes();
    attended.timing = timed(options.repeats, job, [&] {
        Recorder nothing;
        attention->reset(device.queue);
        pass(nothing);
    });
}

} // namespace

Grid Attended::output() const
{
    for (const Trace::Record& record : trace->records()) {
        if (record.probe == probes::mixed)
            return record.grid;
    }
    return {};
}

HeadTensors headTensors(const Trace& trace, LayerIndex layer)
{
    const Where where{layer, allHeads, {}};
    HeadTensors tensors{trace.grid(probes::queryRaw, where), trace.grid(probes::keyRaw, where),
                        trace.grid(probes::value, where), trace.grid(probes::input, where)};
    if (tensors.query.empty() || tensors.key.empty() || tensors.value.empty())
        throw Error(Fault::Request, "queries, keys and values of layer " + std::to_string(layer.value) +
                                        " were not recorded" +
                                        (trace.truncated() ? ": the run reached its recording limit" : ""));
    return tensors;
}

HeadTensors projected(const HeadTensors& exact, const LayerContext& context)
{
    const Method& linear = findMethod(context.plan.linear.method);
    if (!replacesLinear(linear) || exact.x.empty())
        return exact;
    Recorder nothing;
    const std::vector<Matrix> made = linear.linear(matrixOf(exact.x), inputProjections, context, nothing);
    return {gridOf(made[0]), gridOf(made[1]), gridOf(made[2]), exact.x};
}

std::shared_ptr<const Trace> retold(std::shared_ptr<const Trace> trace, const LayerContext& before,
                                    const LayerContext& now)
{
    const Method& method = findMethod(now.plan.attention.method);
    if (method.retold == nullptr)
        return nullptr;
    return method.retold({std::move(trace), now.layer, now.shape, now.positions}, before, now);
}

Attended attend(const HeadTensors& in, const LayerContext& context, DeviceContext* device, const AttendOptions& options,
                Job& job)
{
    checkPlan(context);
    checkInput(in, context.shape);
    const Method& method = findMethod(context.plan.attention.method);
    LayerContext ready = context;
    Attended attended;
    if (ready.prepared == nullptr && method.prepare != nullptr && method.needsPrepare(ready.plan)) {
        attended.prepared = method.prepare({ready, traceOf(in, ready.layer, nullptr), in.tokens()}, job);
        ready.prepared = attended.prepared.get();
    }
    if (method.cost != nullptr)
        attended.cost = method.cost(ready.shape, ready.plan.attention.knobs, in.tokens());
    const bool linearProbes = options.everyProbe && context.model != nullptr && !in.x.empty() &&
                              replacesLinear(findMethod(context.plan.linear.method));
    TraceFilter filter = filterOf(method, options);
    if (linearProbes) {
        for (const ProbeSpec& probe : findMethod(context.plan.linear.method).info.probes)
            filter.probes.insert(std::string(probe.id));
    }
    Recorder recorder(std::move(filter));
    if (linearProbes)
        findMethod(context.plan.linear.method).linear(matrixOf(in.x), inputProjections, ready, recorder);
    if (device != nullptr)
        runDevice(in, ready, method, options, recorder, attended, *device, job);
    else
        runReference(in, ready, method, options, recorder, attended, job);
    attended.trace = traceOf(in, ready.layer, recorder.take().get());
    return attended;
}

} // namespace engine
