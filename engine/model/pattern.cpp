// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/pattern.h"

#include "engine/files/json.h"
#include "engine/values/error.h"

#include <array>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace engine {
namespace {

// The interpreter, not the JIT compiler: its limits hold everywhere.
constexpr std::uint32_t mostSteps = 200'000; // per place where a match may begin
constexpr std::uint32_t heapKib = 65'536;
constexpr std::size_t placesPerCall = 256;
constexpr auto mostTime = std::chrono::seconds(30);

template <typename T, void (*release)(T*)>
struct Release
{
    void operator()(T* object) const { release(object); }
};

using MatchData = std::unique_ptr<pcre2_match_data, Release<pcre2_match_data, pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Release<pcre2_match_context, pcre2_match_context_free>>;

std::string reasonOf(int code)
{
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

std::size_t afterCharacter(std::string_view text, std::size_t at)
{
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U)
        ++at;
    return at;
}

std::shared_ptr<const void> compile(const std::string& text)
{
    int code = 0;
    PCRE2_SIZE where = 0;
    pcre2_code* compiled =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT, &code, &where, nullptr);
    if (compiled == nullptr)
        throw Error(Fault::Format, "the tokenizer's pattern " + quoteJson(text) + " is refused at character " +
                                       std::to_string(where) + ": " + reasonOf(code));
    return {compiled, [](pcre2_code* owned) { pcre2_code_free(owned); }};
}

} // namespace

Deadline matchingDeadline()
{
    return std::chrono::steady_clock::now() + mostTime;
}

Pattern::Pattern(std::string text, bool regex)
    : m_text(std::move(text))
    , m_code(regex ? compile(m_text) : nullptr)
{
}

std::vector<ByteSpan> Pattern::find(std::string_view text, Deadline deadline) const
{
    return m_code ? findRegex(text, deadline) : findLiteral(text);
}

std::vector<ByteSpan> Pattern::findLiteral(std::string_view text) const
{
    std::vector<ByteSpan> matches;
    for (std::size_t at = text.find(m_text); at != std::string_view::npos; at = text.find(m_text, at + m_text.size()))
        matches.push_back({at, at + m_text.size()});
    return matches;
}

std::vector<ByteSpan> Pattern::findRegex(std::string_view text, Deadline deadline) const
{
    const auto* code = static_cast<const pcre2_code*>(m_code.get());
    const MatchData data(pcre2_match_data_create_from_pattern(code, nullptr));
    const MatchContext context(pcre2_match_context_create(nullptr));
    if (!data || !context)
        throw std::bad_alloc();
    pcre2_set_match_limit(context.get(), mostSteps);
    pcre2_set_heap_limit(context.get(), heapKib);
    const auto refuse = [&](std::size_t at, const std::string& why) {
        throw Error(Fault::Format,
                    "the tokenizer's pattern \"" + m_text + "\" gives up at byte " + std::to_string(at) + ": " + why);
    };

    std::vector<ByteSpan> matches;
    std::size_t at = 0;
    while (at <= text.size()) {
        // Few places at a time, so that the clock is looked at even when nothing matches.
        const std::size_t last = std::min(text.size(), at + placesPerCall);
        pcre2_set_offset_limit(context.get(), last);
        const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                      PCRE2_NO_UTF_CHECK, data.get(), context.get());
        if (found == PCRE2_ERROR_NOMATCH) {
            if (last == text.size())
                break;
            at = afterCharacter(text, last);
        } else if (found < 0) {
            refuse(at, reasonOf(found));
        } else {
            const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.get());
            const ByteSpan match{ends[0], ends[1]};
            if (match.end < match.first || match.first < at) // \K in a lookaround
                refuse(at, "a match ends before it begins");
            // An empty match right behind another counts as none.
            if (match.end > match.first || matches.empty() || matches.back().end != match.first)
                matches.push_back(match);
            at = match.end > match.first ? match.end : afterCharacter(text, match.end);
        }
        if (std::chrono::steady_clock::now() > deadline)
            refuse(at, "it takes too long");
    }
    return matches;
}

} // namespace engine
