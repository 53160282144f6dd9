// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/addedtokens.h"

#include "engine/model/utf8.h"

#include <algorithm>

namespace engine {
namespace {

// Where the character before `at` begins.
std::size_t before(std::string_view text, std::size_t at)
{
    do
        --at;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
    return at;
}

bool wordEndsAt(std::string_view text, std::size_t at)
{
    return at > 0 && isWord(characterAt(text, before(text, at)).code);
}

bool wordBeginsAt(std::string_view text, std::size_t at)
{
    return at < text.size() && isWord(characterAt(text, at).code);
}

} // namespace

void AddedTokens::add(const AddedToken& token, std::string_view content)
{
    if (content.empty())
        return;
    std::size_t node = 0;
    for (const char byte : content) {
        const auto [step, fresh] = m_nodes[node].next.emplace(byte, m_nodes.size());
        node = step->second;
        if (fresh)
            m_nodes.emplace_back();
    }
    if (!m_nodes[node].token) {
        m_nodes[node].token = m_tokens.size();
        m_tokens.push_back(token);
    }
}

std::optional<AddedTokens::Found> AddedTokens::longestAt(std::string_view text, std::size_t at) const
{
    std::optional<Found> longest;
    std::size_t node = 0;
    for (std::size_t end = at; end < text.size(); ++end) {
        const auto step = m_nodes[node].next.find(text[end]);
        if (step == m_nodes[node].next.end())
            break;
        node = step->second;
        if (m_nodes[node].token)
            longest = Found{{at, end + 1}, *m_nodes[node].token};
    }
    return longest;
}

// The match with the spaces its token takes along; nothing if it has to be a word of its own and is not.
std::optional<AddedTokens::Found> AddedTokens::accepted(Found found, std::string_view text, std::size_t done) const
{
    const AddedToken& token = m_tokens[found.token];
    ByteSpan& span = found.span;
    if (token.singleWord && (wordEndsAt(text, span.first) || wordBeginsAt(text, span.end)))
        return std::nullopt;
    while (token.lstrip && span.first > done && isSpace(characterAt(text, before(text, span.first)).code))
        span.first = before(text, span.first);
    while (token.rstrip && span.end < text.size() && isSpace(characterAt(text, span.end).code))
        span.end += characterAt(text, span.end).bytes;
    return found;
}

std::vector<TextPart> AddedTokens::split(const AlignedText& text) const
{
    std::vector<TextPart> parts;
    const std::string& bytes = text.text();
    std::size_t done = 0;
    const auto addText = [&](std::size_t end) {
        if (end > done)
            parts.push_back({text.part({done, end}), std::nullopt});
    };
    for (std::size_t at = 0; at < bytes.size() && !m_tokens.empty();) {
        const std::optional<Found> longest = longestAt(bytes, at);
        const std::optional<Found> found = longest ? accepted(*longest, bytes, done) : std::nullopt;
        if (found) {
            addText(found->span.first);
            parts.push_back({text.part(found->span), m_tokens[found->token].id});
            done = at = found->span.end;
        } else {
            at = longest ? longest->span.end : at + 1;
        }
    }
    addText(bytes.size());
    return parts;
}

} // namespace engine
