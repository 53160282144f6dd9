// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/checkpoint.h"
#include "engine/model/tokenizer.h"

#include <optional>
#include <string>

namespace engine {

// Ids that a token of the vocabulary has.
int presentTokens(const Vocabulary& vocabulary);

// A sentence with the two numbers if the tokenizer has an id beyond the embedding's rows, or tokens for fewer than 90 %
// of them: text would be gibberish. Nullopt: it fits, or there is none.
std::optional<std::string> tokenizerMisfit(const Checkpoint& checkpoint);

// Throws Error{Format} with that sentence.
void checkTokenizerFit(const Checkpoint& checkpoint);

// The tokenizer of a checkpoint that has a vocabulary; its errors name the file.
std::unique_ptr<Tokenizer> makeTokenizer(const Checkpoint& checkpoint);

} // namespace engine
