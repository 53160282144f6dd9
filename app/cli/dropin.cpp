// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/dropin.h"

#include "app/cli/grammar.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/running.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

#include <algorithm>

using namespace engine;

namespace app::cli {
namespace {

constexpr int seedsDrawn = 5; // over a checkpoint's heads

std::vector<Candidate> candidatesFrom(const DropInOptions& options, const LayerShape& shape)
{
    if (options.methods.empty())
        return candidatesFor(shape);
    std::vector<Candidate> all{candidatesFor(shape).front()};
    for (const Part& part : parseList(options.methods)) {
        if (!replacesAttention(findMethod(part.method)))
            throw Error(Fault::Request, part.method + " replaces linear layers and moves no attention by itself");
        all.push_back({printSpec(part), part});
    }
    return all;
}

void write(const std::vector<DropInRow>& rows, const std::string& what, Context& context)
{
    if (context.json) {
        JsonWriter json(context.out);
        json.object().field("input", what).key("rows").array();
        for (const DropInRow& row : rows) {
            json.object().field("words", row.candidate.words);
            json.field("method", row.candidate.part ? printSpec(*row.candidate.part) : std::string());
            json.key("moved");
            row.draws.empty() ? json.null() : json.value(row.mean());
            json.field("deviation", row.deviation()).key("draws").list(row.draws);
            json.field("refusal", row.refusal).end();
        }
        json.end().end();
        return;
    }
    context.out << "# attention moved (total variation, mean ± deviation of the draws) without training: " << what
                << '\n';
    Table table({"map", "moved", "±", "draws"});
    for (const DropInRow& row : rows)
        table.add({row.candidate.words, row.draws.empty() ? "n/a" : rounded(row.mean(), 3),
                   row.draws.size() > 1 ? rounded(row.deviation(), 2) : "", std::to_string(row.draws.size())});
    table.print(context.out);
    for (const DropInRow& row : rows) {
        if (!row.refusal.empty())
            context.out << "# " << row.candidate.words << ": " << row.refusal << '\n';
    }
}

int random(const DropInOptions& options, Context& context)
{
    const DropInInput input = randomHeads(options.headDim, options.tokens, options.spread, options.draws, options.seed);
    const LayerShape shape{1, 1, options.headDim, 1, false};
    write(dropIn(candidatesFrom(options, shape), input, context.job),
          "q, k ~ N(0, " + rounded(options.spread) + "²), heads of " + std::to_string(options.headDim) + ", " +
              std::to_string(options.tokens) + " queries and keys, no mask",
          context);
    return exitOk;
}

} // namespace

int dropin(const DropInOptions& options, Context& context)
{
    if (options.source.path.empty())
        return random(options, context);
    const auto model = openModel(options.source, context);
    const std::vector<TokenId> tokens = promptTokens(*model, options.prompt);
    return onMachine(options.where, context, [&](Machine& machine) {
        Runner runner(model, machine, context.job);
        SessionPlan plan;
        plan.backend = machine.backend();
        const PreparedLayers prepared = runner.prepare(plan, tokens);
        const auto trace = runner.trace(plan, prepared, tokens, mapFilter(plan));
        const auto layers = [&](int) {
            std::vector<DropInLayer> all;
            all.reserve(std::size_t(model->config().layers));
            for (int layer = 0; layer < model->config().layers; ++layer)
                all.push_back({headTensors(*trace, {layer}), layerContext(*model, plan, {layer}, prepared)});
            return all;
        };
        const LayerShape shape = layerContext(*model, plan, {0}, prepared).shape;
        write(dropIn(candidatesFrom(options, shape), {layers, seedsDrawn, false}, context.job),
              model->checkpoint().name + ", " + std::to_string(tokens.size()) + " tokens, all layers and heads",
              context);
        return exitOk;
    });
}

} // namespace app::cli
