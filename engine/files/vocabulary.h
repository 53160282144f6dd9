// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace engine {

// What a tokenizer file says, as data: model/tokenizer turns it into a Tokenizer. Two kinds exist.

// One step of a Hugging Face normalizer, pre-tokenizer or decoder. `kind` is the file's type name; only kinds that
// model/tokenizer implements are let through by the reader: anything else is an Error{Format} that names it.
struct TokenizerStep
{
    std::string kind;    // "Prepend", "Replace", "NFC", "ByteLevel", "Split", "Metaspace", "Strip", …
    std::string pattern; // literal or regular expression
    bool regex = false;
    std::string content;  // replacement, prefix…
    std::string behavior; // of Split: "Isolated", "Removed", "MergedWithPrevious", …
    bool invert = false;
    bool addPrefixSpace = false;
    bool useRegex = true;          // ByteLevel
    bool individualDigits = false; // Digits
    std::string prependScheme;     // Metaspace: always | first | never
    bool split = true;             // Metaspace
    int start = 0, stop = 0;       // Strip: characters of a decoder, 0 or 1 (which sides) of a normalizer
};

struct AddedToken
{
    TokenId id;
    std::string content;
    bool special = false, lstrip = false, rstrip = false, singleWord = false, normalized = false;
};

// tokenizer.json (byte-level BPE, or BPE with byte fallback).
struct BpeVocabulary
{
    std::vector<std::string> pieces;                         // by id; ids no token has are empty
    std::vector<bool> present;                               // by id
    std::vector<bool> inModel;                               // by id: not only an added token
    std::vector<std::pair<std::string, std::string>> merges; // in order of rank
    bool byteFallback = false, ignoreMerges = false, fuseUnknown = false;
    std::optional<TokenId> unknown;
    std::vector<TokenizerStep> normalizer, preTokenizer, decoder;
    std::vector<TokenId> before, after; // what the post-processor puts around a text
    std::vector<AddedToken> added;
};

// llama2.c tokenizer.bin: pieces with scores, merged greedily by the best score; bytes as <0xNN>.
struct ScoredVocabulary
{
    std::vector<std::string> pieces; // by id
    std::vector<float> scores;
};

struct Vocabulary
{
    std::variant<BpeVocabulary, ScoredVocabulary> model;
    int size = 0; // highest id + 1, added tokens included
    std::optional<TokenId> bos, eos;
    bool addBos = false; // a prompt starts with bos
};

} // namespace engine
