// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/tokenizer.h"

#include <functional>
#include <unordered_map>

namespace engine {

// One of the two kinds of tokenizer behind the Tokenizer. Immutable. Ids handed in were checked to be in [0, size).
struct Tokenizer::Impl
{
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    virtual ~Impl() = default;

    virtual std::vector<Token> encode(std::string_view text, bool withSpecial) const = 0;
    virtual std::string decode(std::span<const TokenId> ids, bool skipSpecial) const = 0;
    virtual std::string piece(TokenId id) const = 0;
    virtual bool special(TokenId id) const = 0;
    virtual int present() const = 0;
    virtual std::string kind() const = 0;

    int size = 0;
    std::optional<TokenId> bos, eos;
    bool addBos = false;
};

// Ids by text, found with any kind of string.
struct TextHash
{
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

using IdByText = std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>>;

std::unique_ptr<Tokenizer::Impl> makeBpeTokenizer(BpeVocabulary vocabulary);
std::unique_ptr<Tokenizer::Impl> makeScoredTokenizer(ScoredVocabulary vocabulary);

// "<0x0A>", the piece of a byte where the vocabulary has no character for it.
std::string byteName(unsigned char byte);
std::optional<unsigned char> byteOfName(std::string_view name);

[[noreturn]] void refuseCharacter(std::string_view character, std::size_t place); // Error{Request}

} // namespace engine
