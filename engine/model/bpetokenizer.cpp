// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/addedtokens.h"
#include "engine/model/merge.h"
#include "engine/model/textsteps.h"
#include "engine/model/tokenizerimpl.h"
#include "engine/model/utf8.h"
#include "engine/values/error.h"

#include <algorithm>

namespace engine {
namespace {

// Byte-pair encoding as Hugging Face's tokenizers library does it: added tokens, normalizers, pre-tokenizers, merges by
// rank, and what the post-processor puts around.
class BpeTokenizer final : public Tokenizer::Impl
{
public:
    explicit BpeTokenizer(BpeVocabulary vocabulary);

    std::vector<Token> encode(std::string_view text, bool withSpecial) const override;
    std::string decode(std::span<const TokenId> ids, bool skipSpecial) const override;

    std::string piece(TokenId id) const override
    {
        return m_added[index(id)] ? m_vocabulary.pieces[index(id)]
                                  : showPiece(m_vocabulary.pieces[index(id)], m_decoder);
    }

    bool special(TokenId id) const override { return m_special[index(id)]; }

    int present() const override { return static_cast<int>(std::ranges::count(m_vocabulary.present, true)); }

    std::string kind() const override;

private:
    static std::size_t index(TokenId id) { return static_cast<std::size_t>(id.value); }

    static std::uint64_t pairOf(TokenId left, TokenId right)
    {
        return (std::uint64_t(static_cast<std::uint32_t>(left.value)) << 32U) | static_cast<std::uint32_t>(right.value);
    }

    TokenId idOf(const std::string& piece) const;
    void addMerges();
    void addAddedTokens();
    std::vector<Symbol> symbolsOf(const AlignedText& aligned) const;
    bool addBytes(std::vector<Symbol>& symbols, std::string_view character, std::size_t first) const;
    void encodeWord(const AlignedText& word, std::vector<Token>& tokens) const;

    BpeVocabulary m_vocabulary;
    IdByText m_ids; // of the model, not of added tokens
    std::unordered_map<std::uint64_t, MergeRule> m_merges;
    std::vector<bool> m_special, m_added; // by id
    AddedTokens m_raw, m_normalised;      // searched in the text before and after the normalizers
    std::vector<TextStep> m_normalizer, m_preTokenizer, m_decoder;
};

BpeTokenizer::BpeTokenizer(BpeVocabulary vocabulary)
    : m_vocabulary(std::move(vocabulary))
    , m_special(m_vocabulary.pieces.size())
    , m_added(m_vocabulary.pieces.size())
    , m_normalizer(compileSteps(m_vocabulary.normalizer))
    , m_preTokenizer(compileSteps(m_vocabulary.preTokenizer))
    , m_decoder(compileSteps(m_vocabulary.decoder))
{
    for (std::size_t id = 0; id < m_vocabulary.pieces.size(); ++id) {
        if (m_vocabulary.inModel[id])
            m_ids.emplace(m_vocabulary.pieces[id], TokenId{static_cast<int>(id)});
    }
    addMerges();
    addAddedTokens();
}

TokenId BpeTokenizer::idOf(const std::string& piece) const
{
    const auto found = m_ids.find(piece);
    if (found == m_ids.end())
        throw Error(Fault::Format, "the tokenizer merges \"" + piece + "\", which is not in its vocabulary");
    return found->second;
}

void BpeTokenizer::addMerges()
{
    double rank = 0;
    for (const auto& [left, right] : m_vocabulary.merges)
        m_merges[pairOf(idOf(left), idOf(right))] = {rank++, idOf(left + right)};
    m_vocabulary.merges.clear();
}

void BpeTokenizer::addAddedTokens()
{
    // Special tokens first: of two with one text the first is found.
    for (const bool special : {true, false}) {
        for (const AddedToken& token : m_vocabulary.added) {
            if (token.special != special)
                continue;
            m_added[index(token.id)] = true;
            m_special[index(token.id)] = token.special;
            if (token.normalized)
                m_normalised.add(token, normalise(AlignedText(token.content), m_normalizer).text());
            else
                m_raw.add(token, token.content);
        }
    }
}

std::vector<Token> BpeTokenizer::encode(std::string_view text, bool withSpecial) const
{
    const Deadline deadline = matchingDeadline();
    std::vector<Token> tokens;
    if (withSpecial) {
        for (const TokenId id : m_vocabulary.before)
            tokens.push_back({id, 0, 0});
    }
    const auto addPart = [&](const TextPart& part) {
        const ByteSpan span = part.text.original({0, part.text.size()});
        tokens.push_back({*part.token, span.first, span.end - span.first});
    };
    for (TextPart& raw : m_raw.split(AlignedText(text))) {
        if (raw.token) {
            addPart(raw);
            continue;
        }
        for (TextPart& part : m_normalised.split(normalise(std::move(raw.text), m_normalizer, deadline))) {
            if (part.token) {
                addPart(part);
                continue;
            }
            for (const AlignedText& word : preTokenise(std::move(part.text), m_preTokenizer, deadline))
                encodeWord(word, tokens);
        }
    }
    if (withSpecial) {
        for (const TokenId id : m_vocabulary.after)
            tokens.push_back({id, text.size(), 0});
    }
    return tokens;
}

bool BpeTokenizer::addBytes(std::vector<Symbol>& symbols, std::string_view character, std::size_t first) const
{
    std::vector<Symbol> bytes;
    for (std::size_t i = 0; i < character.size(); ++i) {
        const auto found = m_ids.find(byteName(static_cast<unsigned char>(character[i])));
        if (found == m_ids.end())
            return false;
        bytes.push_back({found->second, first + i, first + i + 1});
    }
    symbols.insert(symbols.end(), bytes.begin(), bytes.end());
    return true;
}

// The word's characters as tokens: of the vocabulary, else their bytes, else unknown.
std::vector<Symbol> BpeTokenizer::symbolsOf(const AlignedText& aligned) const
{
    const std::string_view word = aligned.text();
    std::vector<Symbol> symbols;
    bool unknownBefore = false;
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t end = at + characterAt(word, at).bytes;
        const std::string_view character = word.substr(at, end - at);
        const auto found = m_ids.find(character);
        bool unknown = false;
        if (found != m_ids.end()) {
            symbols.push_back({found->second, at, end});
        } else if (!m_vocabulary.byteFallback || !addBytes(symbols, character, at)) {
            if (!m_vocabulary.unknown)
                refuseCharacter(character, aligned.original({at, end}).first);
            unknown = true;
            if (unknownBefore && m_vocabulary.fuseUnknown)
                symbols.back().end = end;
            else
                symbols.push_back({*m_vocabulary.unknown, at, end});
        }
        unknownBefore = unknown;
        at = end;
    }
    return symbols;
}

void BpeTokenizer::encodeWord(const AlignedText& word, std::vector<Token>& tokens) const
{
    std::vector<Symbol> symbols;
    const auto whole = m_vocabulary.ignoreMerges ? m_ids.find(word.text()) : m_ids.end();
    if (whole != m_ids.end())
        symbols.push_back({whole->second, 0, word.size()});
    else
        symbols = mergeAll(symbolsOf(word), [&](TokenId left, TokenId right) -> std::optional<MergeRule> {
            const auto rule = m_merges.find(pairOf(left, right));
            return rule == m_merges.end() ? std::nullopt : std::optional(rule->second);
        });
    for (const Symbol& symbol : symbols) {
        const ByteSpan span = word.original({symbol.first, symbol.end});
        tokens.push_back({symbol.id, span.first, span.end - span.first});
    }
}

std::string BpeTokenizer::decode(std::span<const TokenId> ids, bool skipSpecial) const
{
    std::vector<std::string> pieces;
    for (const TokenId id : ids) {
        if (!skipSpecial || !special(id))
            pieces.push_back(m_vocabulary.pieces[index(id)]);
    }
    return decodePieces(std::move(pieces), m_decoder);
}

std::string BpeTokenizer::kind() const
{
    const auto byteLevel = [](const TextStep& step) { return step.what.kind == "ByteLevel"; };
    if (std::ranges::any_of(m_preTokenizer, byteLevel) || std::ranges::any_of(m_decoder, byteLevel))
        return "byte-level BPE";
    return m_vocabulary.byteFallback ? "BPE with byte fallback" : "BPE";
}

} // namespace

std::unique_ptr<Tokenizer::Impl> makeBpeTokenizer(BpeVocabulary vocabulary)
{
    return std::make_unique<BpeTokenizer>(std::move(vocabulary));
}

} // namespace engine
