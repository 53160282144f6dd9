// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/tokenizer.h"

#include "engine/model/tokenizerimpl.h"
#include "engine/model/utf8.h"
#include "engine/values/error.h"

namespace engine {
namespace {

std::unique_ptr<Tokenizer::Impl> make(Vocabulary vocabulary)
{
    std::unique_ptr<Tokenizer::Impl> impl;
    if (auto* bpe = std::get_if<BpeVocabulary>(&vocabulary.model))
        impl = makeBpeTokenizer(std::move(*bpe));
    else
        impl = makeScoredTokenizer(std::move(std::get<ScoredVocabulary>(vocabulary.model)));
    impl->size = vocabulary.size;
    impl->bos = vocabulary.bos;
    impl->eos = vocabulary.eos;
    impl->addBos = vocabulary.addBos;
    return impl;
}

} // namespace

Tokenizer::Tokenizer(Vocabulary vocabulary)
    : m_impl(make(std::move(vocabulary)))
{
}

Tokenizer::~Tokenizer() = default;

std::vector<Token> Tokenizer::encode(std::string_view text, bool withSpecial) const
{
    const std::size_t broken = brokenUtf8(text);
    if (broken != std::string_view::npos)
        throw Error(Fault::Request, "the text is not UTF-8 at byte " + std::to_string(broken) + " (" +
                                        byteName(static_cast<unsigned char>(text[broken])) + ")");
    return m_impl->encode(text, withSpecial);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skipSpecial) const
{
    for (const TokenId id : ids) {
        if (id.value < 0 || id.value >= size())
            throw Error(Fault::Request, "token id " + std::to_string(id.value) + " has no text; ids from 0 to " +
                                            std::to_string(size() - 1) + " have");
    }
    return m_impl->decode(ids, skipSpecial);
}

std::string Tokenizer::piece(TokenId id) const
{
    if (id.value < 0 || id.value >= size())
        return "<" + std::to_string(id.value) + ">"; // a padding row
    return m_impl->piece(id);
}

bool Tokenizer::special(TokenId id) const
{
    return id.value >= 0 && id.value < size() && m_impl->special(id);
}

int Tokenizer::size() const
{
    return m_impl->size;
}

int Tokenizer::present() const
{
    return m_impl->present();
}

std::optional<TokenId> Tokenizer::bos() const
{
    return m_impl->bos;
}

std::optional<TokenId> Tokenizer::eos() const
{
    return m_impl->eos;
}

std::string Tokenizer::kind() const
{
    return m_impl->kind();
}

std::string byteName(unsigned char byte)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    return {'<', '0', 'x', digits[byte >> 4U], digits[byte & 0xFU], '>'};
}

std::optional<unsigned char> byteOfName(std::string_view name)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (name.size() != 6 || !name.starts_with("<0x") || name.back() != '>')
        return std::nullopt;
    const auto digit = [&](char c) { return digits.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c); };
    const std::size_t high = digit(name[3]);
    const std::size_t low = digit(name[4]);
    if (high == std::string_view::npos || low == std::string_view::npos)
        return std::nullopt;
    return static_cast<unsigned char>(high * 16 + low);
}

void refuseCharacter(std::string_view character, std::size_t place)
{
    throw Error(Fault::Request, "the vocabulary has no token for \"" + std::string(character) + "\" at byte " +
                                    std::to_string(place) +
                                    " of the text, no unknown token and no tokens of single bytes");
}

} // namespace engine
