// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/utf8.h"

#include <algorithm>
#include <array>
#include <utf8proc.h>

namespace engine {
namespace {

// How many bytes of a broken character are well-formed as far as they go (Unicode's "maximal subpart").
std::size_t brokenBytes(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(at);
    const std::size_t wanted = lead >= 0xF0 && lead <= 0xF4  ? 4
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                                                             : 1;
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    std::size_t taken = 1;
    while (taken < wanted && at + taken < text.size()) {
        const unsigned next = byte(at + taken);
        if (next < (taken == 1 ? low : 0x80) || next > (taken == 1 ? high : 0xBF))
            break;
        ++taken;
    }
    return taken;
}

} // namespace

Character characterAt(std::string_view text, std::size_t at)
{
    Character character;
    const auto left = static_cast<utf8proc_ssize_t>(std::min<std::size_t>(4, text.size() - at));
    const utf8proc_ssize_t taken =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at), left, &character.code);
    if (taken > 0)
        character.bytes = static_cast<std::size_t>(taken);
    else
        character = {-1, brokenBytes(text, at)};
    return character;
}

std::size_t brokenUtf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text, at);
        if (character.code < 0)
            return at;
        at += character.bytes;
    }
    return std::string_view::npos;
}

std::string lossyUtf8(std::string_view text)
{
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text, at);
        if (character.code < 0)
            result += "\uFFFD";
        else
            result += text.substr(at, character.bytes);
        at += character.bytes;
    }
    return result;
}

std::string visibleUtf8(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text, at);
        if (character.code >= 0) {
            result += text.substr(at, character.bytes);
            at += character.bytes;
            continue;
        }
        const auto byte = static_cast<unsigned char>(text[at]);
        result += {'<', '0', 'x', digits[byte >> 4U], digits[byte & 0xFU], '>'};
        ++at;
    }
    return result;
}

void appendUtf8(std::string& text, std::int32_t code)
{
    std::array<utf8proc_uint8_t, 4> bytes{};
    const utf8proc_ssize_t count = utf8proc_encode_char(code, bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(count));
}

bool isSpace(std::int32_t code)
{
    return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
           code == 0x3000;
}

bool isNumber(std::int32_t code)
{
    const utf8proc_category_t category = utf8proc_category(code);
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO;
}

bool isWord(std::int32_t code)
{
    const utf8proc_category_t category = utf8proc_category(code);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) || category == UTF8PROC_CATEGORY_PC ||
           code == 0x200C || code == 0x200D;
}

bool isPunctuation(std::int32_t code)
{
    const bool asciiSymbol = (code >= '!' && code <= '/') || (code >= ':' && code <= '@') ||
                             (code >= '[' && code <= '`') || (code >= '{' && code <= '~');
    const utf8proc_category_t category = utf8proc_category(code);
    return asciiSymbol || (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO);
}

} // namespace engine
