// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/loss.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/measure/knockout.h"

#include <algorithm>

using namespace engine;

namespace app::cli {
namespace {

// A plan's loss, and the state of the memory it was run with.
struct Row
{
    std::string memory;
    Loss loss;
};

// Mean nats of each place of a period; NaN, null in JSON, where no token fell on it.
std::vector<double> meansOf(const Loss& loss)
{
    std::vector<double> means;
    for (std::size_t place = 0; place < loss.natsAt.size(); ++place)
        means.push_back(loss.natsAt[place] / double(loss.tokensAt[place]));
    return means;
}

void writeJson(const std::vector<Row>& rows, bool detail, Context& context)
{
    const Loss& loss = rows.front().loss;
    JsonWriter json(context.out);
    json.object().field("tokens", loss.tokens).field("bytes", loss.bytes).field("nll_nats", loss.nats);
    json.field("bits_per_byte", loss.bitsPerByte()).field("perplexity", loss.perplexity());
    if (detail) {
        json.key("rows").array();
        for (const Row& row : rows) {
            json.object().field("memory", row.memory).field("bits_per_byte", row.loss.bitsPerByte());
            json.field("perplexity", row.loss.perplexity());
            json.key("nats_by_place").list(meansOf(row.loss)).end();
        }
        json.end();
    }
    json.end();
}

void writeText(const Loss& loss, Context& context)
{
    Table table({"tokens", std::to_string(loss.tokens)});
    table.add({"bytes", std::to_string(loss.bytes)});
    table.add({"loss", rounded(loss.nats, 8) + " nats"});
    table.add({"bits per byte", rounded(loss.bitsPerByte(), 6)});
    table.add({"perplexity", rounded(loss.perplexity(), 6)});
    table.print(context.out);
}

// What the memory is good for, and where: a column for each of its states, a row for each place of a period.
void writeDetail(const std::vector<Row>& rows, std::size_t period, Context& context)
{
    std::vector<std::string> header{"memory"}, bits{"bits per byte"};
    for (const Row& row : rows) {
        header.push_back(row.memory);
        bits.push_back(rounded(row.loss.bitsPerByte(), 6));
    }
    Table table(header);
    table.add(bits);
    for (std::size_t place = 0; place < period; ++place) {
        std::vector<std::string> cells{"nats at place " + std::to_string(place)};
        for (const Row& row : rows) {
            const bool any = row.loss.tokensAt[place] > 0;
            cells.push_back(any ? rounded(row.loss.natsAt[place] / double(row.loss.tokensAt[place]), 4) : "n/a");
        }
        table.add(cells);
    }
    context.out << '\n';
    table.print(context.out);
}

} // namespace

int perplexity(const PerplexityOptions& options, Context& context)
{
    const auto model = openModel(options.source, context);
    checkPredicts(*model);
    Prompt text;
    text.file = options.file;
    std::vector<Token> tokens = encoded(*model, text);
    // A mark such as <|bos|> in the file is no text: what it costs counts, its spelling has no bytes.
    for (Token& token : tokens) {
        if (model->tokenizer()->special(token.id))
            token.count = 0;
    }
    if (tokens.size() < 2)
        throw Error(Fault::Format, options.file + ": its text has " + std::to_string(tokens.size()) +
                                       " tokens; at least 2 were expected, the first of a window is not counted");
    const std::size_t window = std::size_t(options.window > 0 ? options.window : model->config().context);
    sayBeyondContext(*model, std::min(window, tokens.size()), context);
    return onMachine(options.where, context, [&](Machine& machine) {
        const SessionPlan plan = planFrom(options.plan, *model, machine.backend());
        Runner runner(model, machine, context.job);
        std::vector<TokenId> calibration;
        for (std::size_t i = 0; i < std::min(window, tokens.size()); ++i)
            calibration.push_back(tokens[i].id);
        const PreparedLayers prepared = runner.prepare(plan, calibration);
        const std::size_t period = std::size_t(options.period);
        std::vector<Row> rows;
        for (const KnockOut& state : options.knockOut ? knockOuts(plan) : std::vector<KnockOut>{{"on", plan}}) {
            auto session = runner.session(state.plan, prepared, std::min(window, tokens.size()));
            rows.push_back({state.name, lossOf(*session, tokens, window, context.job, period)});
        }
        const bool detail = options.knockOut || period > 0;
        if (context.json)
            writeJson(rows, detail, context);
        else
            writeText(rows.front().loss, context);
        if (detail && !context.json)
            writeDetail(rows, period, context);
        return exitOk;
    });
}

} // namespace app::cli
