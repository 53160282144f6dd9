// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/comparison.h"
#include "app/cli/grammar.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

using namespace engine;

namespace app::cli {
namespace {

void writeJson(const std::vector<Comparison>& all, const std::string& hash, std::size_t tokens, Machine& machine,
               Context& context)
{
    JsonWriter json(context.out);
    json.object().field("sha256", hash).field("tokens", tokens).field("backend", machine.backendName());
    json.field("device", machine.deviceName()).field("reference", baseline).key("methods").array();
    for (const Comparison& one : all)
        json.object()
            .field("method", one.spec)
            .field("fidelity", nameOf(one.fidelity))
            .key("seeds")
            .list(one.seeds)
            .end();
    json.end().key("rows").array();
    const auto place = [&](std::string_view name, std::optional<int> number) {
        json.key(name);
        number ? json.value(*number) : json.null();
    };
    for (const Comparison& one : all) {
        for (const ComparisonRow& row : one.rows) {
            json.object().field("method", one.spec);
            place("layer", row.layer);
            place("head", row.head);
            json.field("metric", row.metric.id).key("value");
            row.metric.applies() ? json.value(row.metric.value) : json.null();
            json.field("unit", row.metric.unit);
            if (row.metric.error > 0)
                json.field("error", row.metric.error);
            if (!one.seeds.empty() && row.metric.applies())
                json.field("low", row.low).field("high", row.high);
            if (!row.metric.applies())
                json.field("reason", row.metric.reason);
            if (!row.metric.note.empty())
                json.field("note", row.metric.note);
            json.end();
        }
    }
    json.end().end();
}

std::string valueText(const Metric& metric)
{
    if (!metric.applies())
        return "n/a";
    return rounded(metric.value) + (metric.error > 0 ? " ± " + rounded(metric.error, 2) : "");
}

// Rows that share a layer and a head become one line.
void writeHeads(const Comparison& one, Context& context)
{
    const std::vector<std::string> shown{"tv",         "kl",         "js",   "topk@1", "topk@5", "mass@5",  "fro",
                                         "fro_nosink", "rank_exact", "rank", "dH",     "rowsum", "out_rel", "out_cos"};
    std::vector<std::string> header{"layer/head"};
    header.insert(header.end(), shown.begin(), shown.end());
    Table table(header);
    for (std::size_t first = 0; first < one.rows.size();) {
        const ComparisonRow& start = one.rows[first];
        Metrics metrics;
        while (first < one.rows.size() && one.rows[first].layer == start.layer && one.rows[first].head == start.head)
            metrics.push_back(one.rows[first++].metric);
        if (!start.head)
            continue;
        std::vector<std::string> line{std::to_string(*start.layer) + "/" + std::to_string(*start.head)};
        for (const std::string& id : shown)
            line.push_back(valueText(metricOf(metrics, id)));
        table.add(line);
    }
    table.print(context.out);
}

void writeOthers(const Comparison& one, Context& context)
{
    Table projections({"projection error", "off"});
    Table layers({"residual stream", "local", "accumulated"});
    bool replaced = false;
    Table model({"whole model", "value", "unit"});
    std::string local;
    for (const ComparisonRow& row : one.rows) {
        if (row.head)
            continue;
        if (!row.layer)
            model.add({row.metric.id, valueText(row.metric), row.metric.unit});
        else if (row.metric.id.starts_with("proj_")) {
            projections.add(
                {"layer " + std::to_string(*row.layer) + " " + row.metric.id.substr(5), valueText(row.metric)});
            replaced = true;
        } else if (row.metric.id.starts_with("local"))
            local = valueText(row.metric);
        else
            layers.add({"layer " + std::to_string(*row.layer), local, valueText(row.metric)});
    }
    if (replaced) {
        context.out << '\n';
        projections.print(context.out);
    }
    context.out << '\n';
    layers.print(context.out);
    context.out << '\n';
    model.print(context.out);
}

// Each reason once: the table has room for "n/a" only.
void writeReasons(const Comparison& one, Context& context)
{
    std::map<std::string, std::string> reasons;
    for (const ComparisonRow& row : one.rows) {
        const std::string& why = row.metric.applies() ? row.metric.note : row.metric.reason;
        if (!why.empty())
            reasons.emplace((row.metric.applies() ? "" : "n/a ") + row.metric.id, why);
    }
    for (const auto& [id, why] : reasons)
        context.out << "# " << id << ": " << why << '\n';
}

void writeText(const std::vector<Comparison>& all, const std::string& hash, std::size_t tokens, Machine& machine,
               Context& context)
{
    context.out << "# " << tokens << " tokens, float32 maps reduced in float64, " << machine.deviceName()
                << "\n# checkpoint sha256 " << hash << '\n';
    for (const Comparison& one : all) {
        context.out << '\n' << one.spec << " against " << baseline << " · " << nameOf(one.fidelity) << '\n';
        if (!one.seeds.empty())
            context.out << "# mean ± standard deviation of seeds " << one.seeds.front() << " to " << one.seeds.back()
                        << '\n';
        writeHeads(one, context);
        writeOthers(one, context);
        writeReasons(one, context);
    }
}

} // namespace

int compare(const CompareOptions& options, Context& context)
{
    const std::vector<Part> parts = parseList(options.methods);
    const auto model = openModel(options.source, context);
    const std::vector<TokenId> tokens = promptTokens(*model, options.prompt);
    sayBeyondContext(*model, tokens.size() + std::size_t(options.generate), context);
    const std::string hash = weightsHash(model->checkpoint(), context.job);
    return onMachine(options.where, context, [&](Machine& machine) {
        Runner runner(model, machine, context.job);
        const Comparer comparer(runner, tokens, options.generate, context.job);
        std::vector<Comparison> all;
        all.reserve(parts.size());
        for (const Part& part : parts)
            all.push_back(comparer.compare(part));
        (context.json ? writeJson : writeText)(all, hash, tokens.size(), machine, context);
        return exitOk;
    });
}

} // namespace app::cli
