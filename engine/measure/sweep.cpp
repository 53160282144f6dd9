// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/sweep.h"

#include "engine/measure/load.h"
#include "engine/model/model.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>

namespace engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int warmUps = 2;

std::int64_t nanosecondsSince(Clock::time_point begin)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

// Numbers of variance 1, the same on every machine.
std::vector<float> randomCells(std::size_t count, std::mt19937_64& random)
{
    std::vector<float> cells(count);
    for (float& cell : cells)
        cell = float((double(random() >> 11U) * 0x1p-53 * 2 - 1) * std::sqrt(3.0));
    return cells;
}

// One method at one length, ready to run over and over.
class Lane
{
public:
    virtual ~Lane() = default;
    virtual std::int64_t timedRun() = 0; // nanoseconds of one pass
    virtual std::string form() const = 0;
    virtual std::size_t stateBytes() const = 0;
};

class ReferenceLane : public Lane
{
public:
    ReferenceLane(const Method& method, const LayerContext& context, const LayerInput& input)
        : m_method(method)
        , m_context(context)
        , m_input(input)
    {
    }

    std::int64_t timedRun() override
    {
        Recorder recorder;
        const auto begin = Clock::now();
        const Matrix mixed = m_method.attention(m_input, m_context, recorder);
        return nanosecondsSince(begin);
    }

    std::string form() const override { return {}; }

    std::size_t stateBytes() const override { return 0; }

private:
    const Method& m_method;
    const LayerContext& m_context;
    const LayerInput& m_input;
};

// q, k, v of one length on the device, shared by the lanes that take turns.
struct DeviceRows
{
    Buffer<float> query, key, value, out;
};

class DeviceLane : public Lane
{
public:
    DeviceLane(const Method& method, const LayerContext& context, DeviceRows& rows, int tokens, DeviceContext& device)
        : m_rows(rows)
        , m_tokens(tokens)
        , m_device(device)
        , m_attention(method.deviceAttention(context, device, tokens))
    {
    }

    // What was enqueued must have run before the method's buffers die, whatever was thrown.
    ~DeviceLane() override
    {
        try {
            m_device.queue.finish();
        } catch (const Error&) { // NOLINT(bugprone-empty-catch): reported where it happened
        }
    }

    DeviceLane(const DeviceLane&) = delete;
    DeviceLane& operator=(const DeviceLane&) = delete;

    std::int64_t timedRun() override
    {
        Recorder recorder;
        m_attention->reset(m_device.queue);
        m_device.queue.finish();
        const LayerRows rows{m_rows.query, m_rows.key, m_rows.value, nullptr, 0, m_tokens};
        const auto begin = Clock::now();
        m_attention->append(rows, m_rows.out, m_device, recorder);
        m_device.queue.finish();
        const std::int64_t elapsed = nanosecondsSince(begin);
        m_device.queue.drainSpans(); // or they would pile up
        return elapsed;
    }

    std::string form() const override { return m_attention->form(); }

    std::size_t stateBytes() const override { return m_attention->stateBytes(); }

private:
    DeviceRows& m_rows;
    int m_tokens;
    DeviceContext& m_device;
    std::unique_ptr<DeviceAttention> m_attention;
};

// Everything of one length: inputs, then the lanes that use them.
class Round
{
public:
    Round(const SweepRequest& request, const std::vector<LayerContext>& contexts, int tokens, DeviceContext* device)
        : m_contexts(contexts)
        , m_shape(request.shape)
        , m_tokens(tokens)
        , m_device(device)
    {
        checkMemory();
        std::mt19937_64 random(request.seed + std::uint64_t(tokens));
        const auto rows = [&](int heads, int width) {
            return randomCells(std::size_t(tokens) * std::size_t(heads) * std::size_t(width), random);
        };
        const std::vector<float> query = rows(m_shape.heads, m_shape.keyWidth);
        const std::vector<float> key = rows(m_shape.keyHeads, m_shape.keyWidth);
        const std::vector<float> value = rows(m_shape.keyHeads, m_shape.valueWidth);
        if (device != nullptr) {
            m_rows.query = upload(query, "the queries");
            m_rows.key = upload(key, "the keys");
            m_rows.value = upload(value, "the values");
            m_rows.out = Buffer<float>(
                device->device, std::size_t(tokens) * std::size_t(m_shape.heads) * std::size_t(m_shape.valueWidth),
                "the mixed rows");
        } else {
            m_input.queries = split(query, m_shape.heads, m_shape.keyWidth);
            m_input.keys = split(key, m_shape.keyHeads, m_shape.keyWidth);
            m_input.values = split(value, m_shape.keyHeads, m_shape.valueWidth);
        }
    }

    std::unique_ptr<Lane> lane(std::size_t place)
    {
        const LayerContext& context = m_contexts[place];
        const Method& method = findMethod(context.plan.attention.method);
        if (m_device == nullptr)
            return std::make_unique<ReferenceLane>(method, context, m_input);
        if (method.deviceAttention == nullptr)
            throw Error(Fault::Request, std::string(method.info.id) + " has no device form; use --backend reference");
        return std::make_unique<DeviceLane>(method, context, m_rows, m_tokens, *m_device);
    }

private:
    // The inputs, and on the reference back end the float64 maps of one head.
    void checkMemory() const
    {
        const double row = double(m_shape.heads) * (m_shape.keyWidth + m_shape.valueWidth) +
                           double(m_shape.keyHeads) * (m_shape.keyWidth + m_shape.valueWidth);
        const double maps = m_device == nullptr ? 3.0 * 8 * m_tokens * m_tokens : 0;
        const double need = row * m_tokens * (m_device == nullptr ? 12 : 4) + maps;
        if (need > double(memoryLimit()))
            throw Error(Fault::Memory, std::to_string(m_tokens) + " tokens need " + std::to_string(need / 1e9) +
                                           " GB; the limit is " + std::to_string(double(memoryLimit()) / 1e9) + " GB");
    }

    Buffer<float> upload(const std::vector<float>& cells, const char* what)
    {
        Buffer<float> buffer(m_device->device, cells.size(), what);
        m_device->queue.write(buffer, std::span<const float>(cells));
        return buffer;
    }

    std::vector<Matrix> split(const std::vector<float>& cells, int slots, int width) const
    {
        const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> all(
            cells.data(), m_tokens, Eigen::Index(slots) * width);
        std::vector<Matrix> parts;
        for (int slot = 0; slot < slots; ++slot)
            parts.emplace_back(all.middleCols(Eigen::Index(slot) * width, width).cast<double>());
        return parts;
    }

    const std::vector<LayerContext>& m_contexts;
    LayerShape m_shape;
    int m_tokens;
    DeviceContext* m_device;
    DeviceRows m_rows;
    LayerInput m_input;
};

void checkRequest(const SweepRequest& request)
{
    const LayerShape& shape = request.shape;
    const auto refuse = [](const std::string& what) { throw Error(Fault::Request, what); };
    if (request.methods.empty())
        refuse("no method was given; at least one was expected");
    if (request.lengths.empty() || std::ranges::any_of(request.lengths, [](int n) { return n < 1; }))
        refuse("lengths of at least 1 token were expected");
    if (request.repeats < 1)
        refuse(std::to_string(request.repeats) + " repeats were asked for; at least 1 was expected");
    if (shape.heads < 1 || shape.keyWidth < 1 || shape.valueWidth < 1 || shape.keyHeads < 1 ||
        shape.heads % shape.keyHeads != 0)
        refuse("heads and head width must be at least 1, and key heads a divisor of heads");
}

// Runs `work`; what the machine or the driver has no room for is returned as a sentence.
template <typename Work>
std::string failureOf(Work work)
{
    try {
        work();
    } catch (const Error& error) {
        if (error.fault() != Fault::Memory)
            throw;
        return error.what();
    } catch (const std::bad_alloc&) {
        return "the machine has no memory left for this";
    }
    return {};
}

SweepRow emptyRow(const SweepRequest& request, const LayerContext& context, std::size_t place, int tokens,
                  const DeviceContext* device)
{
    SweepRow row;
    row.place = int(place);
    row.method = context.plan.attention.method;
    row.shape = request.shape;
    row.tokens = tokens;
    row.threads = device != nullptr ? device->device.info().computeUnits : 1;
    row.cost = findMethod(row.method).cost(request.shape, context.plan.attention.knobs, tokens);
    row.form = row.cost.form;
    return row;
}

void timeLength(std::vector<SweepRow>& rows, Round& round, int repeats, Job& job)
{
    std::vector<std::unique_ptr<Lane>> lanes(rows.size());
    std::vector<std::vector<std::int64_t>> samples(rows.size());
    OtherLoad others;
    for (int turn = -warmUps; turn < repeats; ++turn) {
        if (turn == 0)
            others = OtherLoad();
        for (std::size_t place = 0; place < rows.size(); ++place) {
            job.check();
            if (!rows[place].failure.empty())
                continue;
            rows[place].failure = failureOf([&] {
                if (!lanes[place])
                    lanes[place] = round.lane(place);
                const std::int64_t elapsed = lanes[place]->timedRun();
                if (turn >= 0)
                    samples[place].push_back(elapsed);
            });
            if (!rows[place].failure.empty())
                lanes[place].reset();
        }
    }
    const bool disturbed = others.disturbed();
    for (std::size_t place = 0; place < rows.size(); ++place) {
        if (!rows[place].failure.empty())
            continue;
        rows[place].timing = summarise(std::move(samples[place]), false);
        rows[place].timing.disturbed = disturbed;
        rows[place].stateBytes = lanes[place]->stateBytes();
        if (const std::string form = lanes[place]->form(); !form.empty())
            rows[place].form = form;
    }
}

using Nanoseconds = std::int64_t (*)(const SweepRow&, std::size_t round);

std::int64_t medianOf(const SweepRow& row, std::size_t /*round*/)
{
    return row.timing.medianNs;
}

std::int64_t sampleOf(const SweepRow& row, std::size_t round)
{
    return row.timing.samplesNs[round];
}

std::size_t roundsOf(const SweepRow& row)
{
    return row.timing.samplesNs.size();
}

// ln of how many times slower the method is than the baseline at each length that both ran.
std::vector<std::pair<double, double>> slowness(const Sweep& sweep, int place, Nanoseconds time, std::size_t round)
{
    std::vector<std::pair<double, double>> points;
    for (const SweepRow& row : sweep.rows) {
        const auto exact = std::ranges::find_if(
            sweep.rows, [&](const SweepRow& other) { return other.method == baseline && other.tokens == row.tokens; });
        if (row.place == place && row.failure.empty() && exact != sweep.rows.end() && exact->failure.empty())
            points.emplace_back(std::log(double(row.tokens)),
                                std::log(double(std::max<std::int64_t>(1, time(row, round))) /
                                         double(std::max<std::int64_t>(1, time(*exact, round)))));
    }
    std::ranges::sort(points);
    return points;
}

std::optional<double> crossingOf(const std::vector<std::pair<double, double>>& points)
{
    if (points.empty() || points.back().second >= 0)
        return std::nullopt; // never faster at the end
    const auto lastSlower = std::find_if(points.rbegin(), points.rend(), [](const auto& p) { return p.second >= 0; });
    if (lastSlower == points.rend())
        return std::nullopt; // always was
    const auto [x0, y0] = *lastSlower;
    const auto [x1, y1] = *(lastSlower - 1);
    return std::exp(x0 + (x1 - x0) * y0 / (y0 - y1));
}

} // namespace

Sweep sweep(const SweepRequest& request, DeviceContext* device, Job& job, const OnLength& onLength)
{
    checkRequest(request);
    std::vector<LayerContext> contexts;
    for (const Part& part : request.methods) {
        LayerContext context;
        context.shape = request.shape;
        context.plan.attention = part;
        checkPlan(context);
        contexts.push_back(context);
    }
    Sweep result;
    result.machine = machineLine(device);
    job.report(0, "peaks of the machine");
    result.peaks = measurePeaks(device, job);
    if (onLength)
        onLength(result);
    for (std::size_t i = 0; i < request.lengths.size(); ++i) {
        const int tokens = request.lengths[i];
        job.report(double(i) / double(request.lengths.size()), std::to_string(tokens) + " tokens");
        std::vector<SweepRow> rows;
        for (std::size_t place = 0; place < contexts.size(); ++place)
            rows.push_back(emptyRow(request, contexts[place], place, tokens, device));
        const std::string failure = failureOf([&] {
            Round round(request, contexts, tokens, device);
            timeLength(rows, round, request.repeats, job);
        });
        for (SweepRow& row : rows) {
            if (row.timing.samplesNs.empty() && row.failure.empty())
                row.failure = failure;
            result.rows.push_back(std::move(row));
        }
        if (onLength)
            onLength(result);
    }
    job.report(1, "done");
    return result;
}

double estimatedSeconds(const SweepRequest& request, double operationsPerSecond)
{
    constexpr double peaksSeconds = 0.3;
    double operations = 0;
    for (const Part& part : request.methods)
        for (const int tokens : request.lengths)
            operations += double(findMethod(part.method).cost(request.shape, part.knobs, tokens).operations);
    return peaksSeconds + operations * (request.repeats + warmUps) / std::max(1.0, operationsPerSecond);
}

std::optional<double> crossover(const Sweep& sweep, int place)
{
    return crossingOf(slowness(sweep, place, medianOf, 0));
}

std::optional<CrossoverBand> crossoverBand(const Sweep& sweep, int place)
{
    std::size_t rounds = 0;
    for (const SweepRow& row : sweep.rows)
        if (row.failure.empty() && (row.place == place || row.method == baseline))
            rounds = rounds == 0 ? roundsOf(row) : std::min(rounds, roundsOf(row));
    std::vector<double> found;
    for (std::size_t round = 0; round < rounds; ++round)
        if (const auto crossing = crossingOf(slowness(sweep, place, sampleOf, round)))
            found.push_back(*crossing);
    if (found.empty())
        return std::nullopt;
    std::ranges::sort(found);
    const auto quantile = [&](double share) {
        const auto rank = std::size_t(std::ceil(share * double(found.size())));
        return found[std::max<std::size_t>(1, rank) - 1];
    };
    return CrossoverBand{quantile(0.2), quantile(0.8), int(found.size()), int(rounds - found.size())};
}

std::optional<double> crossover(const Sweep& sweep, std::string_view method)
{
    const auto row = std::ranges::find(sweep.rows, method, &SweepRow::method);
    return row == sweep.rows.end() ? std::nullopt : crossover(sweep, row->place);
}

} // namespace engine
