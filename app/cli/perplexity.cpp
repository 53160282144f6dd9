// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/loss.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

#include <algorithm>

using namespace engine;

namespace app::cli {
namespace {

void write(const Loss& loss, Context& context)
{
    if (context.json) {
        JsonWriter json(context.out);
        json.object().field("tokens", loss.tokens).field("bytes", loss.bytes).field("nll_nats", loss.nats);
        json.field("bits_per_byte", loss.bitsPerByte()).field("perplexity", loss.perplexity()).end();
        return;
    }
    Table table({"tokens", std::to_string(loss.tokens)});
    table.add({"bytes", std::to_string(loss.bytes)});
    table.add({"loss", rounded(loss.nats, 8) + " nats"});
    table.add({"bits per byte", rounded(loss.bitsPerByte(), 6)});
    table.add({"perplexity", rounded(loss.perplexity(), 6)});
    table.print(context.out);
}

} // namespace

int perplexity(const PerplexityOptions& options, Context& context)
{
    const auto model = openModel(options.source, context);
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
        auto session = runner.session(plan, prepared, std::min(window, tokens.size()));
        write(lossOf(*session, tokens, window, context.job), context);
        return exitOk;
    });
}

} // namespace app::cli
