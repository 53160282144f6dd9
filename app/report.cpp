// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report.h"

#include "engine/export/csv.h"
#include "engine/export/json.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>

namespace app {

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::function<void(std::ostream&)>& fill)
{
    std::ofstream out(path, std::ios::binary);
    fill(out);
    out.flush();
    if (!out)
        throw engine::Error(engine::Fault::File, path.string() + " cannot be written");
}

void writeCsv(std::ostream& out, const engine::Sweep& sweep, bool onDevice)
{
    std::vector<engine::TimingRow> rows;
    for (const engine::SweepRow& each : sweep.rows) {
        if (!each.failure.empty())
            continue;
        engine::TimingRow row;
        row.method = each.method;
        row.stage = each.form;
        row.device = sweep.machine;
        row.tokens = each.tokens;
        row.dtype = onDevice ? "f32" : "f64";
        row.timing = each.timing;
        row.bytes = each.cost.bytesMoved;
        row.operations = each.cost.operations;
        rows.push_back(std::move(row));
    }
    engine::writeTimingsCsv(out, rows);
}

// The object of `subquad bench --json`.
void writeJson(std::ostream& out, const engine::Sweep& sweep)
{
    engine::JsonWriter json(out);
    json.object().field("machine", sweep.machine);
    json.key("peak").object();
    json.field("fma_flops", sweep.peaks.fmaFlops).field("read_bytes_per_s", sweep.peaks.readBytesPerSecond).end();
    json.key("rows").array();
    for (const engine::SweepRow& row : sweep.rows) {
        json.object().field("method", row.method).field("form", row.form).field("causal", row.shape.causal);
        json.field("heads", row.shape.heads).field("head_dim", row.shape.keyWidth).field("tokens", row.tokens);
        json.field("threads", row.threads).field("operations", row.cost.operations);
        json.field("bytes", row.cost.bytesMoved).field("state_bytes", row.cost.stateBytes);
        if (row.failure.empty())
            json.field("median_ns", row.timing.medianNs)
                .field("p20_ns", row.timing.p20Ns)
                .field("p80_ns", row.timing.p80Ns);
        else
            json.field("failure", row.failure);
        json.key("samples_ns").list(row.timing.samplesNs).end();
    }
    json.end().end();
}

std::string milliseconds(std::int64_t nanoseconds)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", double(nanoseconds) * 1e-6);
    return text;
}

const engine::SweepRow* rowOf(const engine::Sweep& sweep, std::string_view method, int tokens)
{
    for (const engine::SweepRow& row : sweep.rows)
        if (row.method == method && row.tokens == tokens)
            return &row;
    return nullptr;
}

void writeCrossovers(std::ostream& out, const engine::Sweep& sweep, const ReportRequest& request)
{
    for (const engine::Method& method : engine::methods()) {
        if (method.info.id == engine::baseline)
            continue;
        const std::optional<double> measured = engine::crossover(sweep, method.info.id);
        engine::LayerShape full = request.shape;
        full.causal = false;
        const double predicted = method.cost != nullptr ? method.cost(full, {}, request.context).crossover : 0;
        out << "- " << method.info.title << ": measured here "
            << (measured ? std::to_string(std::lround(*measured)) + " tokens"
                         : std::string("none within these lengths"))
            << "; predicted without mask, from operation counts: "
            << (predicted > 0 ? std::to_string(std::lround(predicted)) + " tokens" : std::string("none")) << "\n";
    }
}

void writeMarkdown(std::ostream& out, const engine::Sweep& sweep, const ReportRequest& request)
{
    out << "# Subquad: " << request.checkpoint << "\n\n";
    for (const std::string& picture : request.pictures)
        out << "![" << picture << "](" << picture << ")\n";
    out << "\n## Time of one attention layer\n\n"
        << sweep.machine << "\n\n"
        << request.shape.heads << " heads of " << request.shape.keyWidth << ", " << request.shape.keyHeads
        << " key/value heads, " << (request.shape.causal ? "causal" : "full")
        << "; random queries, keys and values; medians in ms, p20 to p80 in brackets, raw samples in timing.csv.\n\n"
        << "| tokens |";
    for (const engine::Method& method : engine::methods())
        out << " " << method.info.title << " |";
    out << "\n|---:|";
    for (std::size_t column = 0; column < engine::methods().size(); ++column)
        out << "---:|";
    out << "\n";
    for (const int tokens : reportLengths(request.context)) {
        out << "| " << tokens << " |";
        for (const engine::Method& method : engine::methods()) {
            const engine::SweepRow* row = rowOf(sweep, method.info.id, tokens);
            if (row == nullptr)
                out << " n/a |";
            else if (!row->failure.empty())
                out << " n/a: " << row->failure << " |";
            else
                out << " " << milliseconds(row->timing.medianNs) << " (" << milliseconds(row->timing.p20Ns) << "–"
                    << milliseconds(row->timing.p80Ns) << ") |";
        }
        out << "\n";
    }
    out << "\n## From which length it pays off\n\n";
    writeCrossovers(out, sweep, request);
}

} // namespace

std::vector<int> reportLengths(int context)
{
    std::vector<int> lengths;
    for (int length = 64; length < context; length *= 2)
        lengths.push_back(length);
    lengths.push_back(std::max(1, context));
    return lengths;
}

engine::Sweep writeReport(const fs::path& folder, const ReportRequest& request, engine::DeviceContext* device,
                          engine::Job& job)
{
    engine::SweepRequest asked;
    for (const engine::Method& method : engine::methods())
        asked.methods.push_back({std::string(method.info.id), {}});
    asked.shape = request.shape;
    asked.lengths = reportLengths(request.context);
    const engine::Sweep sweep = engine::sweep(asked, device, job);
    write(folder / "timing.csv", [&](std::ostream& out) { writeCsv(out, sweep, device != nullptr); });
    write(folder / "timing.json", [&](std::ostream& out) { writeJson(out, sweep); });
    write(folder / "report.md", [&](std::ostream& out) { writeMarkdown(out, sweep, request); });
    return sweep;
}

} // namespace app
