// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/merge.h"
#include "engine/model/tokenizerimpl.h"
#include "engine/model/utf8.h"

#include <algorithm>

namespace engine {
namespace {

// llama2.c's tokenizer: a leading space, characters or their bytes, then the pair with the best score until none is
// left.
class ScoredTokenizer final : public Tokenizer::Impl
{
public:
    explicit ScoredTokenizer(ScoredVocabulary vocabulary)
        : m_vocabulary(std::move(vocabulary))
    {
        for (std::size_t id = 0; id < m_vocabulary.pieces.size(); ++id)
            m_ids.emplace(m_vocabulary.pieces[id], TokenId{static_cast<int>(id)});
    }

    std::vector<Token> encode(std::string_view text, bool withSpecial) const override
    {
        std::vector<Symbol> symbols;
        if (withSpecial && addBos)
            symbols.push_back({*bos, 0, 0});
        if (!text.empty())
            addCharacter(symbols, " ", 0, {0, 0});
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t bytes = characterAt(text, at).bytes;
            addCharacter(symbols, text, at, {at, at + bytes});
            at += bytes;
        }
        std::string both;
        symbols = mergeAll(std::move(symbols), [&](TokenId left, TokenId right) -> std::optional<MergeRule> {
            both.assign(textOf(left)).append(textOf(right));
            const auto found = m_ids.find(both);
            constexpr float worst = -1e10F; // as in llama2.c
            if (found == m_ids.end() || m_vocabulary.scores[index(found->second)] <= worst)
                return std::nullopt;
            return MergeRule{-double(m_vocabulary.scores[index(found->second)]), found->second};
        });
        std::vector<Token> tokens;
        tokens.reserve(symbols.size());
        for (const Symbol& symbol : symbols)
            tokens.push_back({symbol.id, symbol.first, symbol.end - symbol.first});
        return tokens;
    }

    std::string decode(std::span<const TokenId> ids, bool skipSpecial) const override
    {
        std::string text;
        std::optional<TokenId> previous;
        for (const TokenId id : ids) {
            std::string_view piece = textOf(id);
            if (previous && previous == bos && piece.starts_with(' '))
                piece.remove_prefix(1);
            previous = id;
            if (skipSpecial && special(id))
                continue;
            if (const std::optional<unsigned char> byte = byteOfName(piece))
                text += static_cast<char>(*byte);
            else
                text += piece;
        }
        return lossyUtf8(text);
    }

    std::string piece(TokenId id) const override
    {
        const std::string& text = textOf(id);
        if (!special(id))
            return visibleUtf8(text);
        std::string name; // "\n<s>\n"
        std::ranges::copy_if(text, std::back_inserter(name), [](char c) { return c != '\n'; });
        return visibleUtf8(name);
    }

    bool special(TokenId id) const override { return id == bos || id == eos; }

    int present() const override { return static_cast<int>(m_vocabulary.pieces.size()); }

    std::string kind() const override { return "llama2.c"; }

private:
    static std::size_t index(TokenId id) { return static_cast<std::size_t>(id.value); }

    const std::string& textOf(TokenId id) const { return m_vocabulary.pieces[index(id)]; }

    struct Range
    {
        std::size_t first, end;
    };

    // One character of `text`, or the tokens of its bytes, which stand three ids behind their values.
    void addCharacter(std::vector<Symbol>& symbols, std::string_view text, std::size_t at, Range range) const
    {
        const std::string_view character = text.substr(at, characterAt(text, at).bytes);
        const auto found = m_ids.find(character);
        if (found != m_ids.end()) {
            symbols.push_back({found->second, range.first, range.end});
            return;
        }
        for (std::size_t i = 0; i < character.size(); ++i) {
            const auto byte = static_cast<unsigned char>(character[i]);
            const TokenId id{byte + 3};
            if (index(id) >= m_vocabulary.pieces.size() || byteOfName(textOf(id)) != byte)
                refuseCharacter(character, range.first);
            const std::size_t first = std::min(range.first + i, range.end);
            symbols.push_back({id, first, std::min(first + 1, range.end)});
        }
    }

    ScoredVocabulary m_vocabulary;
    IdByText m_ids; // of equal pieces the first
};

} // namespace

std::unique_ptr<Tokenizer::Impl> makeScoredTokenizer(ScoredVocabulary vocabulary)
{
    return std::make_unique<ScoredTokenizer>(std::move(vocabulary));
}

} // namespace engine
