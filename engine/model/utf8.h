// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace engine {

// One character of a text: its code point, or −1 for bytes that are not UTF-8, and how many bytes it takes (1 to 4; of
// broken UTF-8, as many as begin a character but do not end it).
struct Character
{
    std::int32_t code = -1;
    std::size_t bytes = 1;
};

Character characterAt(std::string_view text, std::size_t at); // at < text.size()

// Where the text stops being UTF-8, or npos.
std::size_t brokenUtf8(std::string_view text);

// Broken bytes replaced by U+FFFD, one for each run that begins a character but does not end it.
std::string lossyUtf8(std::string_view text);
// Broken bytes written as <0xNN>.
std::string visibleUtf8(std::string_view text);

void appendUtf8(std::string& text, std::int32_t code);

// Unicode's White_Space, letter-like characters of a word, and the general categories N and P.
bool isSpace(std::int32_t code);
bool isWord(std::int32_t code);
bool isNumber(std::int32_t code);
bool isPunctuation(std::int32_t code); // ASCII's symbols included

} // namespace engine
