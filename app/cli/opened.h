// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "engine/model/model.h"

#include <memory>
#include <string>
#include <vector>

namespace app::cli {

// Reads and checks a checkpoint; what was assumed or is missing goes to the log.
std::shared_ptr<const engine::Model> openModel(const Source& source, Context& context);

// The whole of a text file; an empty one is an empty text. Throws Error{File}, and Error{Memory} beyond the limit.
std::string readText(const std::string& path);

// The tokenizer; throws Error{Request} that says there is none.
const engine::Tokenizer& tokenizerOf(const engine::Model& model);

// The text of --text or --file as tokens, specials included. A file that is not UTF-8 is Error{Format}.
std::vector<engine::Token> encoded(const engine::Model& model, const Prompt& prompt);

// The token ids of a prompt: --tokens as they are, else the text's; the beginning-of-sequence token where that gives
// none.
std::vector<engine::TokenId> promptTokens(const engine::Model& model, const Prompt& prompt);

// The sha256 of every weights file, joined by commas.
std::string weightsHash(const engine::Checkpoint& checkpoint, engine::Job& job);

// Says so on the log when `tokens` is more than the model was trained on.
void sayBeyondContext(const engine::Model& model, std::size_t tokens, Context& context);

} // namespace app::cli
