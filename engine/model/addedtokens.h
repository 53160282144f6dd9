// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/vocabulary.h"
#include "engine/model/alignedtext.h"

#include <map>
#include <optional>

namespace engine {

// A part of a text: an added token that was found in it, or text that still has to be cut.
struct TextPart
{
    AlignedText text;
    std::optional<TokenId> token;
};

// Finds added tokens in a text: from left to right, the longest that begins at a place.
class AddedTokens
{
public:
    // `content` is what the token is searched as (its text after the normalizers, where it is a normalised one).
    void add(const AddedToken& token, std::string_view content);

    std::vector<TextPart> split(const AlignedText& text) const;

private:
    struct Node
    {
        std::map<char, std::size_t> next;
        std::optional<std::size_t> token;
    };

    struct Found
    {
        ByteSpan span;
        std::size_t token = 0;
    };

    std::optional<Found> longestAt(std::string_view text, std::size_t at) const;
    std::optional<Found> accepted(Found found, std::string_view text, std::size_t done) const;

    std::vector<AddedToken> m_tokens;
    std::vector<Node> m_nodes{1}; // a tree of bytes; the first is its root
};

} // namespace engine
