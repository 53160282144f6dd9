// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What the fuzz targets do with bytes, apart from libFuzzer, so that a finding can be replayed by any build.
namespace fuzz {

// The readers by name: safetensors, config, tokenizer, tokenizerbin, llama2c.
std::vector<std::string_view> readers();

// Opens a checkpoint one of whose files is made of these bytes, the way a user's is opened: read, checked, reported,
// tokenised. Returns the sentence of the Error it ended with, empty when a model came out. Anything else (another
// exception, an Error{Internal}, a sentence that is none) is thrown as std::logic_error.
std::string open(std::string_view reader, std::span<const std::byte> bytes);

// Good inputs of a reader, to begin from.
std::vector<std::string> seeds(std::string_view reader);

} // namespace fuzz
