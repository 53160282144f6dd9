// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/baseline.h"
#include "app/cli/commands.h"
#include "app/cli/grammar.h"
#include "app/cli/machine.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/measure/decode.h"
#include "engine/measure/linear.h"
#include "engine/measure/sweep.h"

using namespace engine;

namespace app::cli {
namespace {

SweepRequest requestFrom(const BenchOptions& options)
{
    SweepRequest request;
    if (options.methods.empty()) {
        for (const Method& method : engine::methods()) {
            if (replacesAttention(method))
                request.methods.push_back({std::string(method.info.id), {}});
        }
    } else {
        request.methods = parseList(options.methods);
        for (const Part& part : request.methods) {
            if (!replacesAttention(findMethod(part.method)))
                throw Error(Fault::Request, part.method + " replaces linear layers and no attention: time it with "
                                                          "--linear");
        }
    }
    request.shape = {options.heads, options.keyHeads > 0 ? options.keyHeads : options.heads, options.headDim,
                     options.headDim, !options.full};
    request.lengths = parseLengths(options.lengths);
    request.repeats = options.reps;
    request.seed = options.seed;
    return request;
}

// What the first method of the request takes at the same length, as a multiple of this row's time.
double speedUp(const Sweep& sweep, const SweepRow& row)
{
    for (const SweepRow& first : sweep.rows) {
        if (first.tokens == row.tokens && first.place == 0 && first.failure.empty())
            return double(first.timing.medianNs) / double(std::max<std::int64_t>(1, row.timing.medianNs));
    }
    return 0;
}

void writeDecode(const Sweep& sweep, const SweepRequest& request, Context& context)
{
    context.out << "# " << sweep.machine << "\n# one token more after so many, " << request.shape.heads << " heads of "
                << request.shape.keyWidth << ", median of " << request.repeats << " repeats, 20 % and 80 % quantiles\n";
    Table table({"method", "after", "form", "median", "p20", "p80", "state", "times faster than the first"});
    for (const SweepRow& row : sweep.rows) {
        const std::string spec = printSpec(request.methods[std::size_t(row.place)]);
        if (!row.failure.empty()) {
            table.add({spec, std::to_string(row.tokens), row.form, "n/a: " + row.failure});
            continue;
        }
        table.add({spec, std::to_string(row.tokens), row.form, timeText(double(row.timing.medianNs)),
                   timeText(double(row.timing.p20Ns)), timeText(double(row.timing.p80Ns)),
                   bytesText(double(row.stateBytes)), rounded(speedUp(sweep, row), 3)});
    }
    table.print(context.out);
}

void writeJson(const Sweep& sweep, bool decode, Context& context)
{
    JsonWriter json(context.out);
    json.object().field("machine", sweep.machine).field("decode", decode);
    json.key("peak").object().field("fma_flops", sweep.peaks.fmaFlops);
    json.field("read_bytes_per_s", sweep.peaks.readBytesPerSecond).end();
    json.key("rows").array();
    for (const SweepRow& row : sweep.rows) {
        json.object().field("method", row.method).field("form", row.form).field("causal", row.shape.causal);
        json.field("heads", row.shape.heads).field("head_dim", row.shape.keyWidth).field("tokens", row.tokens);
        json.field("threads", row.threads).field("operations", row.cost.operations);
        json.field("bytes", row.cost.bytesMoved).field("state_bytes", row.cost.stateBytes);
        if (row.failure.empty()) {
            json.field("median_ns", row.timing.medianNs).field("p20_ns", row.timing.p20Ns);
            json.field("p80_ns", row.timing.p80Ns);
        } else {
            json.key("median_ns").null().key("p20_ns").null().key("p80_ns").null().field("failure", row.failure);
        }
        json.key("samples_ns").list(row.timing.samplesNs).end();
    }
    json.end().end();
}

void writeCrossovers(const Sweep& sweep, const SweepRequest& request, Context& context)
{
    for (std::size_t place = 0; place < request.methods.size(); ++place) {
        const Part& part = request.methods[place];
        if (part.method == baseline)
            continue;
        const auto measured = crossover(sweep, int(place));
        const double predicted =
            findMethod(part.method).cost(request.shape, part.knobs, request.lengths.front()).crossover;
        context.out << printSpec(part) << ": faster than " << baseline << " from "
                    << (measured ? rounded(*measured, 3) + " tokens measured" : "no length measured here");
        if (predicted > 0)
            context.out << ", " << rounded(predicted, 6) << " predicted without mask (operations)";
        context.out << '\n';
    }
}

void writeText(const Sweep& sweep, const SweepRequest& request, Context& context)
{
    context.out << "# " << sweep.machine << "\n# peaks: " << rounded(sweep.peaks.fmaFlops / 1e9)
                << " GFLOP/s of multiply-adds, " << rounded(sweep.peaks.readBytesPerSecond / 1e9) << " GB/s read\n# "
                << request.shape.heads << " heads of " << request.shape.keyWidth << ", "
                << (request.shape.causal ? "causal" : "full") << ", median of " << request.repeats
                << " repeats, 20 % and 80 % quantiles\n";
    Table table({"method", "tokens", "form", "median", "p20", "p80", "GFLOP/s", "of peak", "state"});
    for (const SweepRow& row : sweep.rows) {
        const std::string spec = printSpec(request.methods[std::size_t(row.place)]);
        if (!row.failure.empty()) {
            table.add({spec, std::to_string(row.tokens), row.form, "n/a: " + row.failure});
            continue;
        }
        const double rate = double(row.cost.operations) / double(std::max<std::int64_t>(1, row.timing.medianNs));
        table.add({spec, std::to_string(row.tokens), row.form, timeText(double(row.timing.medianNs)),
                   timeText(double(row.timing.p20Ns)), timeText(double(row.timing.p80Ns)), rounded(rate, 3),
                   rounded(rate * 1e9 / sweep.peaks.fmaFlops, 2), bytesText(double(row.cost.stateBytes))});
    }
    table.print(context.out);
    writeCrossovers(sweep, request, context);
}

// A row's share of what reading its bytes at the machine's read peak would take.
double shareOfRead(const LinearRow& row, const Peaks& peaks)
{
    return row.readBytes / (double(std::max<std::int64_t>(1, row.timing.medianNs)) * 1e-9) / peaks.readBytesPerSecond;
}

void writeLinear(const LinearTimes& times, const LinearRequest& request, Machine& machine, Context& context)
{
    if (context.json) {
        JsonWriter json(context.out);
        json.object().field("width", request.width).field("read_bytes_per_s", times.peaks.readBytesPerSecond);
        json.key("rows").array();
        for (const LinearRow& row : times.rows) {
            json.object().field("method", printSpec(row.part)).field("tokens", row.tokens);
            json.field("read_bytes", row.readBytes).field("median_ns", row.timing.medianNs);
            json.field("p20_ns", row.timing.p20Ns).field("p80_ns", row.timing.p80Ns);
            json.key("samples_ns").list(row.timing.samplesNs).end();
        }
        json.end().end();
        return;
    }
    context.out << "# one projection of " << request.width << ", median of " << request.repeats << " repeats, "
                << machine.deviceName() << "\n# " << rounded(times.peaks.readBytesPerSecond / 1e9)
                << " GB/s read at best\n";
    Table table({"method", "tokens", "median", "p20", "p80", "reads", "of read peak", "time of the first"});
    for (std::size_t i = 0; i < times.rows.size(); ++i) {
        const LinearRow& row = times.rows[i];
        const LinearRow& first = times.rows[i / request.methods.size() * request.methods.size()];
        table.add({printSpec(row.part), std::to_string(row.tokens), timeText(double(row.timing.medianNs)),
                   timeText(double(row.timing.p20Ns)), timeText(double(row.timing.p80Ns)), bytesText(row.readBytes),
                   rounded(shareOfRead(row, times.peaks), 2),
                   rounded(double(row.timing.medianNs) / double(std::max<std::int64_t>(1, first.timing.medianNs)), 3)});
    }
    table.print(context.out);
}

// Projections of random numbers, the baseline's dense one first.
int benchLinear(const BenchOptions& options, Context& context)
{
    LinearRequest request;
    if (options.methods.empty()) {
        for (const Method& method : engine::methods()) {
            if (method.randomLinear != nullptr)
                request.methods.push_back({std::string(method.info.id), {}});
        }
    } else {
        request.methods = parseList(options.methods);
    }
    request.width = options.heads * options.headDim;
    request.lengths = parseLengths(options.lengths);
    request.repeats = options.reps;
    request.seed = options.seed;
    return onMachine(options.where, context, [&](Machine& machine) {
        if (machine.device() == nullptr)
            throw Error(Fault::Device, "timing projections needs an OpenCL device");
        writeLinear(timeLinear(request, *machine.device(), context.job), request, machine, context);
        return exitOk;
    });
}

} // namespace

int bench(const BenchOptions& options, Context& context)
{
    if (options.linear)
        return benchLinear(options, context);
    const SweepRequest request = requestFrom(options);
    const double allowed = options.failIfSlower.empty() ? -1 : parsePercent(options.failIfSlower);
    std::vector<BaselineRow> base;
    if (!options.compare.empty())
        base = readBaseline(options.compare);
    return onMachine(options.where, context, [&](Machine& machine) {
        if (options.decode && machine.device() == nullptr)
            throw Error(Fault::Request, "the float64 reference takes whole sequences; timing one token more needs an "
                                        "OpenCL device");
        const Sweep result = options.decode ? sweepDecode(request, *machine.device(), context.job)
                                            : sweep(request, machine.device(), context.job);
        if (context.json)
            writeJson(result, options.decode, context);
        else if (options.decode)
            writeDecode(result, request, context);
        else
            writeText(result, request, context);
        if (options.compare.empty())
            return exitOk;
        const double worst = worstSlowdown(base, result, context.log);
        return allowed >= 0 && worst > allowed ? exitTolerance : exitOk;
    });
}

} // namespace app::cli
