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

struct LinearRow
{
    const Method& method;
    int tokens;
    LinearCost cost;
};

// Blocks of the same width, the feed-forward four times as wide, the vocabulary of the models in the papers' tables.
std::vector<LinearRow> linearCostsOf(const MethodsOptions& options, const std::vector<int>& lengths)
{
    constexpr int vocabulary = 50304;
    const int width = options.heads * options.headDim;
    std::vector<LinearRow> rows;
    for (const Method& method : engine::methods()) {
        for (const int tokens : lengths) {
            if (method.linearCost != nullptr)
                rows.push_back({method, tokens, method.linearCost({width, 4 * width, vocabulary}, {}, tokens)});
        }
    }
    return rows;
}

void printLinear(const std::vector<LinearRow>& rows, Context& context)
{
    context.out << "\nlinear layers of one block, a multiply and an add together counted 1\n";
    Table table({"method", "tokens", "multiply-adds", "with attention", "stored numbers", "read a token"});
    for (const auto& [method, tokens, cost] : rows)
        table.add({std::string(method.info.id), std::to_string(tokens), std::to_string(cost.multiplyAdds),
                   std::to_string(cost.multiplyAdds + cost.attention), std::to_string(cost.storedNumbers),
                   std::to_string(cost.readPerToken)});
    table.print(context.out);
    for (const auto& [method, tokens, cost] : rows)
        context.out << method.info.id << ", " << tokens << " tokens: " << cost.reason << '\n';
}

void writeJson(const std::vector<CostRow>& costs, const std::vector<LinearRow>& linear, Context& context)
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
        json.end().key("linear_costs").array();
        for (const auto& [method, tokens, cost] : linear) {
            json.object().field("method", method.info.id).field("tokens", tokens);
            json.field("multiply_adds", cost.multiplyAdds).field("attention", cost.attention);
            json.field("classifier", cost.classifier).field("stored_numbers", cost.storedNumbers);
            json.field("read_per_token", cost.readPerToken).field("reason", cost.reason).end();
        }
        json.end();
    }
    json.end();
}

void writeText(const std::vector<CostRow>& costs, const std::vector<LinearRow>& linear, Context& context)
{
    if (!costs.empty()) {
        Table table({"method", "tokens", "form", "operations", "bytes moved", "state", "crossover"});
        for (const auto& [method, tokens, cost] : costs)
            table.add({std::string(method.info.id), std::to_string(tokens), cost.form, std::to_string(cost.operations),
                       std::to_string(cost.bytesMoved), bytesText(double(cost.stateBytes)),
                       cost.crossover > 0 ? rounded(cost.crossover, 6) : "-"});
        table.print(context.out);
        printLinear(linear, context);
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
    std::vector<CostRow> costs;
    std::vector<LinearRow> linear;
    if (options.cost) {
        const std::vector<int> lengths = parseLengths(options.lengths);
        costs = costsOf(options, lengths);
        linear = linearCostsOf(options, lengths);
    }
    (context.json ? writeJson : writeText)(costs, linear, context);
    return exitOk;
}

} // namespace app::cli
