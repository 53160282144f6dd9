// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/vocabulary.h"
#include "engine/values/token.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// Text ↔ tokens. Immutable; any thread may use it.
class Tokenizer
{
public:
    explicit Tokenizer(
        Vocabulary vocabulary); // throws Error{Format}: a pattern PCRE2 refuses, a merge of unknown pieces
    ~Tokenizer();
    Tokenizer(const Tokenizer&) = delete;
    Tokenizer& operator=(const Tokenizer&) = delete;

    // The tokens of a text with the byte range each stands for, what the post-processor adds (bos, eos) included when
    // `withSpecial`. Throws Error{Request} for text that is not UTF-8 or that the vocabulary cannot represent (no
    // unknown token, no byte fallback).
    std::vector<Token> encode(std::string_view text, bool withSpecial = true) const;

    // The text of a sequence, decoded as the file's decoder says. Invalid UTF-8 from single bytes becomes U+FFFD at the
    // end only.
    std::string decode(std::span<const TokenId> ids, bool skipSpecial = true) const;

    // What one token looks like on a chip: its text with spaces kept, specials by name, lone bytes as <0xNN>.
    std::string piece(TokenId id) const;

    bool special(TokenId id) const;
    int size() const;    // highest id + 1
    int present() const; // ids that a token has
    std::optional<TokenId> bos() const;
    std::optional<TokenId> eos() const;
    std::string kind() const; // "byte-level BPE", "BPE with byte fallback", "llama2.c"

    struct Impl;

private:
    std::unique_ptr<const Impl> m_impl;
};

} // namespace engine
