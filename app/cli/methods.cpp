// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/grammar.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/methods/method.h"

using namespace engine;

namespace app::cli {
namespace {

std::string domainText(const Knob& knob)
{
    struct Printer
    {
        std::string operator()(const Flag&) const { return "true or false"; }

        std::string operator()(const IntRange& range) const
        {
            return std::to_string(range.low) + " to " + std::to_string(range.high);
        }

        std::string operator()(const RealRange& range) const
        {
            return shortestNumber(range.low) + " to " + shortestNumber(range.high);
        }

        std::string operator()(const Choice& choice) const
        {
            std::string options;
            for (const std::string_view option : choice.options)
                options += (options.empty() ? "" : " | ") + std::string(option);
            return options;
        }
    };

    return std::visit(Printer{}, knob.domain);
}

struct CostRow
{
    const Method& method;
    int tokens;
    Cost cost;
};

std::vector<CostRow> costsOf(const MethodsOptions& options, const std::vector<int>& lengths)
{
    if (options.heads < 1 || options.headDim < 1)
        throw Error(Fault::Request, "heads and head width must be at least 1");
    const LayerShape shape{options.heads, options.heads, options.headDim, options.headDim, !options.full};
    std::vector<CostRow> rows;
    for (const Method& method : engine::methods()) {
        for (const int tokens : lengths)
            rows.push_back({method, tokens, method.cost(shape, {}, tokens)});
    }
    return rows;
}

void writeJson(const std::vector<CostRow>& costs, Context& context)
{
    JsonWriter json(context.out);
    json.object().key("methods").array();
    for (const Method& method : engine::methods()) {
        const MethodInfo& about = method.info;
        json.object().field("id", about.id).field("title", about.title).field("idea", about.idea);
        json.field("paper", about.paper).key("knobs").array();
        for (const Knob& knob : about.knobs) {
            json.object().field("id", knob.id).field("title", knob.title).field("help", knob.help);
            json.field("domain", domainText(knob)).field("preset", printKnob(knob, presetOf(knob))).end();
        }
        json.end().key("probes").array();
        for (const ProbeSpec& probe : about.probes)
            json.value(probe.id);
        json.end().end();
    }
    json.end();
    if (!costs.empty()) {
        json.key("costs").array();
        for (const auto& [method, tokens, cost] : costs) {
            json.object().field("method", method.info.id).field("form", cost.form).field("tokens", tokens);
            json.field("operations", cost.operations).field("bytes", cost.bytesMoved);
            json.field("state_bytes", cost.stateBytes).field("crossover", cost.crossover);
            json.field("reason", cost.reason).end();
        }
        json.end();
    }
    json.end();
}

void writeText(const std::vector<CostRow>& costs, Context& context)
{
    if (!costs.empty()) {
        Table table({"method", "tokens", "form", "operations", "bytes moved", "state", "crossover"});
        for (const auto& [method, tokens, cost] : costs)
            table.add({std::string(method.info.id), std::to_string(tokens), cost.form, std::to_string(cost.operations),
                       std::to_string(cost.bytesMoved), bytesText(double(cost.stateBytes)),
                       cost.crossover > 0 ? rounded(cost.crossover, 6) : "-"});
        table.print(context.out);
        return;
    }
    for (const Method& method : engine::methods()) {
        const MethodInfo& about = method.info;
        context.out << about.id << " · " << about.title << '\n'
                    << "  " << about.idea << '\n'
                    << "  " << about.paper << '\n';
        for (const Knob& knob : about.knobs)
            context.out << "  " << knob.id << " = " << printKnob(knob, presetOf(knob)) << " (" << domainText(knob)
                        << "): " << knob.help << '\n';
    }
}

} // namespace

int methods(const MethodsOptions& options, Context& context)
{
    const std::vector<CostRow> costs =
        options.cost ? costsOf(options, parseLengths(options.lengths)) : std::vector<CostRow>{};
    (context.json ? writeJson : writeText)(costs, context);
    return exitOk;
}

} // namespace app::cli
