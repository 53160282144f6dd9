// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/checkpoint.h"

namespace engine {

// The readers of the tokenizer files; each names file, place and expectation in its Error{Format}.

// Hugging Face tokenizer.json, with the tokenizer_config.json beside it if there is one. Sentences about what was
// assumed go to `assumed`, the files read to `files`.
Vocabulary readTokenizerJson(const std::filesystem::path& path, std::vector<std::string>& assumed,
                             std::vector<std::string>& files);

// llama2.c tokenizer.bin.
Vocabulary readTokenizerBin(const std::filesystem::path& path);
bool looksLikeTokenizerBin(std::span<const std::byte> head);

// Fills checkpoint.vocabulary and what belongs to it from a tokenizer file of either kind (a folder: the one in it).
void attachTokenizer(Checkpoint& checkpoint, const std::filesystem::path& path);

} // namespace engine
