// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timingreport.h"

#include "app/cli/grammar.h"
#include "app/sweeprows.h"
#include "app/timingplots.h"
#include "app/timingviews.h"
#include "engine/export/csv.h"
#include "engine/export/json.h"
#include "engine/export/wholefile.h"
#include "widgets/figure.h"
#include "widgets/numbers.h"

#include <QString>

#include <cmath>
#include <ostream>

namespace app {

namespace {

std::string html(const QString& text)
{
    return text.toHtmlEscaped().toStdString();
}

std::string html(const std::string& text)
{
    return html(QString::fromStdString(text));
}

// The method with its knobs, as the command line writes it.
std::string specOf(const SweepResult& result, int place)
{
    return cli::printSpec(result.request.methods[std::size_t(place)]);
}

double predictedAt(const SweepResult& result, int place)
{
    for (const engine::SweepRow& row : result.sweep.rows)
        if (row.place == place && row.cost.crossover > 0)
            return row.cost.crossover;
    return 0;
}

std::string sentenceText(const SweepResult& result)
{
    QString text;
    for (const widgets::Run& run : timingSentence(result))
        text += run.isNumber ? "<b>" + run.text.toHtmlEscaped() + "</b>" : run.text.toHtmlEscaped();
    return text.toStdString();
}

void writeTable(std::ostream& out, const SweepResult& result)
{
    out << "<table><thead><tr><th>tokens</th>";
    for (int place = 0; place < int(result.request.methods.size()); ++place)
        out << "<th>" << html(identityAt(result, place).title) << "</th>";
    out << "</tr></thead><tbody>\n";
    for (const int tokens : lengthsOf(result.sweep)) {
        out << "<tr><td>" << html(widgets::whole(tokens)) << "</td>";
        for (int place = 0; place < int(result.request.methods.size()); ++place) {
            const engine::SweepRow* row = rowOf(result.sweep, place, tokens);
            if (row == nullptr) {
                out << "<td>n/a</td>";
            } else if (!row->failure.empty()) {
                out << "<td>n/a: " << html(row->failure) << "</td>";
            } else {
                out << "<td" << (row->timing.disturbed ? " class=\"doubt\"" : "") << "><b>"
                    << html(widgets::duration(double(row->timing.medianNs))) << "</b><br><small>"
                    << html(widgets::duration(double(row->timing.p20Ns))) << " – "
                    << html(widgets::duration(double(row->timing.p80Ns)))
                    << (row->timing.disturbed ? ", disturbed" : "") << "</small><details><summary>"
                    << row->timing.samplesNs.size() << " samples, ns</summary>";
                for (const std::int64_t sample : row->timing.samplesNs)
                    out << sample << " ";
                out << "</details></td>";
            }
        }
        out << "</tr>\n";
    }
    out << "</tbody></table>\n";
}

void writeCrossovers(std::ostream& out, const SweepResult& result)
{
    out << "<h2>From which length it pays off</h2>\n<table><thead><tr><th>method</th><th>measured, tokens</th><th>band "
           "20 – 80 %</th><th>predicted without mask</th></tr></thead><tbody>\n";
    for (int place = 0; place < int(result.request.methods.size()); ++place) {
        const engine::Part& part = result.request.methods[std::size_t(place)];
        if (part.method == engine::baseline)
            continue;
        const auto measured = engine::crossover(result.sweep, place);
        const auto band = engine::crossoverBand(result.sweep, place);
        const double predicted = predictedAt(result, place);
        out << "<tr><td>" << html(identityAt(result, place).title) << "</td><td>"
            << (measured ? html(widgets::whole(std::llround(*measured))) : "none within these lengths") << "</td><td>";
        if (band)
            out << html(widgets::whole(std::llround(band->low))) << " – "
                << html(widgets::whole(std::llround(band->high))) << " (" << band->rounds << " rounds"
                << (band->without > 0 ? ", " + std::to_string(band->without) + " without a crossing" : "") << ")";
        else
            out << "n/a: no round has one";
        out << "</td><td>" << (predicted > 0 ? html(widgets::whole(std::llround(predicted))) : "none")
            << "</td></tr>\n";
    }
    out << "</tbody></table>\n";
}

constexpr const char* style =
    "body{font:14px/1.5 Inter,'Noto Sans','DejaVu Sans',sans-serif;color:#1F2328;background:#F7F7F5;margin:0}"
    "main{max-width:960px;margin:0 auto;padding:32px 24px;background:#fff}"
    "h1{font-size:13px;font-weight:600;margin:0}h2{font-size:13px;font-weight:600;margin:32px 0 8px}"
    ".answer{font-size:22px;line-height:1.35;color:#59636E;margin:8px 0}.answer b{color:#1F2328;font-weight:400}"
    "p,small,summary{color:#59636E}figure{margin:0}svg{max-width:100%;height:auto}img{max-width:100%}"
    "table{border-collapse:collapse}th{font-weight:600;text-align:right}td{text-align:right;vertical-align:top}"
    "th,td{padding:4px 16px 4px 0;border-bottom:1px solid #E2E1DC}th:first-child,td:first-child{text-align:left}"
    ".doubt{background:#FFF5DC;color:#7A5200}pre{background:#F7F7F5;padding:12px;overflow-x:auto}"
    "details{max-width:240px;overflow-wrap:anywhere;font-size:11px}details.origin{max-width:none}"
    ".origin pre{white-space:pre-wrap}";

engine::TimingRow timingRow(const SweepResult& result, const engine::SweepRow& each)
{
    engine::TimingRow row;
    row.runId = result.timeUtc;
    row.method = specOf(result, each.place);
    row.stage = each.form;
    row.device = result.sweep.machine;
    row.tokens = each.tokens;
    row.dtype = result.backend == engine::Backend::Reference ? "f64" : "f32";
    row.timing = each.timing;
    row.bytes = each.cost.bytesMoved;
    row.operations = each.cost.operations;
    return row;
}

void writeRow(engine::JsonWriter& json, const SweepResult& result, const engine::SweepRow& row)
{
    json.object().field("method", row.method).field("spec", specOf(result, row.place)).field("form", row.form);
    json.field("causal", row.shape.causal);
    json.field("heads", row.shape.heads).field("key_heads", row.shape.keyHeads).field("head_dim", row.shape.keyWidth);
    json.field("tokens", row.tokens).field("threads", row.threads).field("operations", row.cost.operations);
    json.field("bytes", row.cost.bytesMoved).field("state_bytes", row.cost.stateBytes);
    json.field("held_bytes", std::int64_t(row.stateBytes)).field("disturbed", row.timing.disturbed);
    if (row.failure.empty())
        json.field("median_ns", row.timing.medianNs)
            .field("p20_ns", row.timing.p20Ns)
            .field("p80_ns", row.timing.p80Ns);
    else
        json.key("median_ns").null().key("p20_ns").null().key("p80_ns").null().field("failure", row.failure);
    json.key("samples_ns").list(row.timing.samplesNs).end();
}

void writeCrossing(engine::JsonWriter& json, const SweepResult& result, int place)
{
    const auto number = [&](const char* name, std::optional<double> value) {
        json.key(name);
        value ? json.value(*value) : json.null();
    };
    const auto band = engine::crossoverBand(result.sweep, place);
    const double predicted = predictedAt(result, place);
    json.object().field("method", result.request.methods[std::size_t(place)].method);
    json.field("spec", specOf(result, place));
    number("measured_tokens", engine::crossover(result.sweep, place));
    number("low_tokens", band ? std::optional(band->low) : std::nullopt);
    number("high_tokens", band ? std::optional(band->high) : std::nullopt);
    json.field("rounds", band ? band->rounds : 0).field("rounds_without", band ? band->without : 0);
    number("predicted_tokens", predicted > 0 ? std::optional(predicted) : std::nullopt);
    json.end();
}

std::string tokensText(double tokens)
{
    return std::to_string(std::llround(tokens));
}

// What the samples below come to, as comments: rows are samples.
void writeSummary(std::ostream& out, const SweepResult& result)
{
    for (int place = 0; place < int(result.request.methods.size()); ++place) {
        if (result.request.methods[std::size_t(place)].method == engine::baseline)
            continue;
        const auto measured = engine::crossover(result.sweep, place);
        const auto band = engine::crossoverBand(result.sweep, place);
        const double predicted = predictedAt(result, place);
        out << "# crossover of " << specOf(result, place) << ": measured "
            << (measured ? tokensText(*measured) + " tokens" : "none within these lengths");
        if (band)
            out << ", band 20 to 80 % " << tokensText(band->low) << " to " << tokensText(band->high) << " ("
                << band->rounds << " rounds, " << band->without << " without)";
        out << ", predicted without mask " << (predicted > 0 ? tokensText(predicted) + " tokens" : "none") << "\n";
    }
    out << "# medians: method, n, median_ns, p20_ns, p80_ns, disturbed\n";
    for (const engine::SweepRow& row : result.sweep.rows)
        if (row.failure.empty())
            out << "#   " << engine::csvField(specOf(result, row.place)) << ", " << row.tokens << ", "
                << row.timing.medianNs << ", " << row.timing.p20Ns << ", " << row.timing.p80Ns << ", "
                << (row.timing.disturbed ? "yes" : "no") << "\n";
}

} // namespace

void writeTimingHtml(std::ostream& out, const SweepResult& result, const std::string& title,
                     const QByteArray& provenance, const std::vector<std::string>& pictures)
{
    const std::string command = commandOf(result.request, result.backend, result.device);
    out << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" << html(title)
        << " – timing</title><style>" << style << "</style></head><body><main>\n<h1>Timing · " << html(title)
        << "</h1>\n<p class=\"answer\">" << sentenceText(result) << "</p>\n<p>" << html(timingSecond(result))
        << "</p>\n<p>" << html(timingWords(result)) << "<br>" << html(result.sweep.machine) << "<br>"
        << html(result.timeUtc) << "</p>\n";
    for (const std::string& reason : result.leftOut)
        out << "<p>Not timed: " << html(reason) << ".</p>\n";
    if (disturbed(result.sweep))
        out << "<p class=\"doubt\">Other programs used the processors meanwhile: the times marked disturbed are to be "
               "doubted.</p>\n";
    const auto chart = [&](const QString& name, const widgets::PlotValue& plot) {
        out << "<h2>" << html(name) << "</h2>\n<figure>" << widgets::plotSvg(plot, name, 900, 420).toStdString()
            << "</figure>\n";
    };
    chart(QStringLiteral("Time against length: ") + sweepWords(SweepQuantity::Time),
          sweepPlot(result, SweepQuantity::Time));
    writeCrossovers(out, result);
    out << "<h2>Medians</h2>\n";
    writeTable(out, result);
    chart(QStringLiteral("Memory against length"), sweepPlot(result, SweepQuantity::Memory));
    chart(QStringLiteral("Roofline: GFLOP/s against flop per byte"), rooflinePlot(result));
    for (const std::string& picture : pictures)
        out << "<p><img src=\"" << html(picture) << "\" alt=\"" << html(picture) << "\"></p>\n";
    out << "<h2>The command that repeats it</h2>\n<pre>" << html(command) << "</pre>\n";
    out << R"(<details class="origin"><summary>Provenance</summary><pre id="provenance">)"
        << html(QString::fromUtf8(provenance)) << "</pre></details>\n</main></body></html>\n";
}

void writeTimingCsv(std::ostream& out, const SweepResult& result, const QByteArray& provenance)
{
    out << "# provenance: " << provenance.toStdString()
        << "\n# settings: " << commandOf(result.request, result.backend, result.device)
        << "\n# machine: " << result.sweep.machine << "\n# time_utc: " << result.timeUtc << "\n# disturbed lengths:";
    int last = -1;
    for (const engine::SweepRow& row : result.sweep.rows)
        if (row.timing.disturbed && row.tokens != last)
            out << " " << (last = row.tokens);
    out << (last < 0 ? " none\n" : "\n");
    for (const std::string& reason : result.leftOut)
        out << "# not timed: " << reason << "\n";
    writeSummary(out, result);
    std::vector<engine::TimingRow> rows;
    for (const engine::SweepRow& each : result.sweep.rows)
        if (each.failure.empty())
            rows.push_back(timingRow(result, each));
        else
            out << "# " << each.method << " at " << each.tokens << " tokens: " << each.failure << "\n";
    engine::writeTimingsCsv(out, rows);
}

void writeTimingJson(std::ostream& out, const SweepResult& result, const QByteArray& provenance)
{
    engine::JsonWriter json(out);
    json.object().field("machine", result.sweep.machine).field("time_utc", result.timeUtc);
    json.field("command", commandOf(result.request, result.backend, result.device));
    json.field("complete", result.complete).field("disturbed", disturbed(result.sweep));
    json.key("settings").object().field("repeats", result.request.repeats);
    json.field("seed", std::int64_t(result.request.seed)).key("lengths").list(result.request.lengths);
    const engine::LayerShape& shape = result.request.shape;
    json.field("heads", shape.heads).field("key_heads", shape.keyHeads).field("head_dim", shape.keyWidth);
    json.field("causal", shape.causal);
    json.field("backend", result.backend == engine::Backend::Reference ? "reference" : "opencl").end();
    json.key("left_out").list(result.leftOut);
    json.key("peak").object().field("fma_flops", result.sweep.peaks.fmaFlops);
    json.field("read_bytes_per_s", result.sweep.peaks.readBytesPerSecond).end();
    json.key("crossovers").array();
    for (int place = 0; place < int(result.request.methods.size()); ++place)
        if (result.request.methods[std::size_t(place)].method != engine::baseline)
            writeCrossing(json, result, place);
    json.end().key("rows").array();
    for (const engine::SweepRow& row : result.sweep.rows)
        writeRow(json, result, row);
    json.end();
    if (!provenance.isEmpty())
        json.key("provenance").raw({provenance.constData(), std::size_t(provenance.size())});
    json.end();
}

void checkReportPath(const std::filesystem::path& path)
{
    const std::string suffix = path.extension().string();
    if (suffix != ".html" && suffix != ".csv" && suffix != ".json")
        throw engine::Error(engine::Fault::Request,
                            path.string() + ": a report ends in .html, .csv or .json, not in '" + suffix + "'");
}

void writeTimingReport(const std::filesystem::path& path, const SweepResult& result, const std::string& title,
                       const QByteArray& provenance)
{
    checkReportPath(path);
    const std::string suffix = path.extension().string();
    engine::writeWhole(path, [&](std::ostream& out) {
        if (suffix == ".html")
            writeTimingHtml(out, result, title, provenance);
        else if (suffix == ".csv")
            writeTimingCsv(out, result, provenance);
        else
            writeTimingJson(out, result, provenance);
    });
}

} // namespace app
