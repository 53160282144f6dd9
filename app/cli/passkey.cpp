// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/grammar.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/running.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/measure/passkeygrid.h"

#include <algorithm>
#include <cmath>

using namespace engine;

namespace app::cli {
namespace {

void writeJson(const std::vector<PasskeyCell>& cells, const PasskeyOptions& options, Context& context)
{
    JsonWriter json(context.out);
    json.object().field("seed", std::int64_t(options.seed)).field("samples", options.samples).key("rows").array();
    for (const PasskeyCell& cell : cells) {
        json.object().field("memory", cell.memory).field("length", cell.length).field("tokens", cell.tokens);
        json.field("depth", cell.depth).field("local", cell.local).field("token_accuracy", cell.accuracy() / 100);
        json.field("found", cell.whole).field("samples", cell.samples).field("nats", cell.nats).end();
    }
    json.end().end();
}

// A table for each state of the memory: lengths down, depths across.
void writeTables(const std::vector<PasskeyCell>& cells, const std::vector<double>& depths, Context& context)
{
    for (std::size_t first = 0; first < cells.size();) {
        const std::string& memory = cells[first].memory;
        std::vector<std::string> header{memory == "-" ? "tokens" : "memory " + memory};
        for (const double depth : depths)
            header.push_back(rounded(100 * depth, 3) + " %");
        Table table(header);
        while (first < cells.size() && cells[first].memory == memory) {
            std::vector<std::string> row{std::to_string(cells[first].length)};
            for (std::size_t i = 0; i < depths.size(); ++i, ++first)
                row.push_back(rounded(cells[first].accuracy(), 3) + (cells[first].local ? "*" : ""));
            table.add(row);
        }
        table.print(context.out);
        context.out << '\n';
    }
    context.out
        << "token-level accuracy in %, by depth of the key; * the key stands in the segment of the question, no "
           "memory is needed\n";
}

} // namespace

int passkey(const PasskeyOptions& options, Context& context)
{
    const PasskeyRequest request{parseDepths(options.depths), parseLengths(options.lengths), options.samples,
                                 options.seed};
    const auto model = openModel(options.source, context);
    checkPasskey(tokenizerOf(*model), request); // refused before anything runs
    sayBeyondContext(*model, std::size_t(*std::ranges::max_element(request.lengths)), context);
    return onMachine(options.where, context, [&](Machine& machine) {
        const SessionPlan plan = planFrom(options.plan, *model, machine.backend());
        Runner runner(model, machine, context.job);
        const std::vector<PasskeyCell> cells = passkeyGrid(
            *model, plan, request,
            [&](const SessionPlan& variant, const PasskeyQuestion& question) {
                return runner.session(variant, runner.prepare(variant, question.prompt),
                                      question.prompt.size() + question.answer.size());
            },
            context.job);
        if (context.json)
            writeJson(cells, options, context);
        else
            writeTables(cells, request.depths, context);
        return exitOk;
    });
}

} // namespace app::cli
