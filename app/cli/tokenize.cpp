// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/opened.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

using namespace engine;

namespace app::cli {

int tokenize(const Source& source, const Prompt& prompt, Context& context)
{
    const auto model = openModel(source, context);
    const Tokenizer& tokenizer = tokenizerOf(*model);
    const std::vector<Token> tokens = encoded(*model, prompt);
    if (!context.json) {
        Table table({"id", "bytes", "piece"});
        for (const Token& token : tokens)
            table.add({std::to_string(token.id.value),
                       std::to_string(token.first) + '-' + std::to_string(token.first + token.count),
                       jsonString(tokenizer.piece(token.id))});
        table.print(context.out);
        return exitOk;
    }
    JsonWriter json(context.out);
    json.object().key("ids").array();
    for (const Token& token : tokens)
        json.value(token.id.value);
    json.end().key("pieces").array();
    for (const Token& token : tokens)
        json.value(tokenizer.piece(token.id));
    json.end().key("ranges").array();
    for (const Token& token : tokens)
        json.array().value(token.first).value(token.first + token.count).end();
    json.end().end();
    return exitOk;
}

} // namespace app::cli
