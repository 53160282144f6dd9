// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/sweep.h"

#include "engine/measure/decode.h"
#include "engine/measure/load.h"
#include "engine/measure/round.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace engine {
namespace {

constexpr int warmUps = 2;

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

SweepRow emptyRow(const SweepRequest& request, Timed what, const LayerContext& context, std::size_t place, int tokens,
                  const DeviceContext* device)
{
    SweepRow row;
    row.place = int(place);
    row.method = context.plan.attention.method;
    row.shape = request.shape;
    row.tokens = tokens;
    row.threads = device != nullptr ? device->device.info().computeUnits : 1;
    if (what == Timed::Pass)
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

Sweep sweepOf(const SweepRequest& request, Timed what, DeviceContext* device, Job& job, const OnLength& onLength)
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
            rows.push_back(emptyRow(request, what, contexts[place], place, tokens, device));
        const std::string failure = failureOf([&] {
            Round round(request, what, contexts, tokens, device);
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

} // namespace

Sweep sweep(const SweepRequest& request, DeviceContext* device, Job& job, const OnLength& onLength)
{
    return sweepOf(request, Timed::Pass, device, job, onLength);
}

Sweep sweepDecode(const SweepRequest& request, DeviceContext& device, Job& job)
{
    if (!request.shape.causal)
        throw Error(Fault::Request,
                    "one token more can only be timed where a causal mask leaves the others as they are");
    return sweepOf(request, Timed::Token, &device, job, {});
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
