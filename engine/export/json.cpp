// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/json.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace engine {
namespace {

// How many bytes the UTF-8 character at the front of `text` has; 0 if there is none.
std::size_t characterLength(std::string_view text)
{
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return 1;
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80)
            return 0;
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return overlong || beyond ? 0 : length;
}

void appendEscaped(std::string& out, unsigned char character)
{
    constexpr std::string_view digits = "0123456789abcdef";
    switch (character) {
    case '"':
        out += "\\\"";
        break;
    case '\\':
        out += "\\\\";
        break;
    case '\n':
        out += "\\n";
        break;
    case '\r':
        out += "\\r";
        break;
    case '\t':
        out += "\\t";
        break;
    default:
        if (character < 0x20) {
            out += "\\u00";
            out += digits[character >> 4U];
            out += digits[character & 15U];
        } else {
            out += static_cast<char>(character);
        }
    }
}

template <typename T>
std::string shortest(T number)
{
    char buffer[64];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

} // namespace

std::string jsonString(std::string_view text)
{
    std::string quoted = "\"";
    while (!text.empty()) {
        const std::size_t length = characterLength(text);
        if (length == 0)
            quoted += "\xEF\xBF\xBD";
        else if (length == 1)
            appendEscaped(quoted, static_cast<unsigned char>(text[0]));
        else
            quoted += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return quoted + '"';
}

std::string shortestNumber(double number)
{
    return shortest(number);
}

std::string shortestNumber(float number)
{
    return shortest(number);
}

void JsonWriter::separate()
{
    if (m_afterKey) {
        m_afterKey = false;
        return;
    }
    if (m_levels.empty())
        return;
    if (!m_levels.back().empty)
        m_out << ", ";
    m_levels.back().empty = false;
}

void JsonWriter::token(std::string_view text)
{
    separate();
    m_out << text;
}

JsonWriter& JsonWriter::object()
{
    token("{");
    m_levels.push_back({'}', true});
    return *this;
}

JsonWriter& JsonWriter::array()
{
    token("[");
    m_levels.push_back({']', true});
    return *this;
}

JsonWriter& JsonWriter::end()
{
    assert(!m_levels.empty() && !m_afterKey);
    m_out << m_levels.back().closing;
    m_levels.pop_back();
    if (m_levels.empty())
        m_out << '\n';
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name)
{
    assert(!m_levels.empty() && m_levels.back().closing == '}' && !m_afterKey);
    token(jsonString(name));
    m_out << ": ";
    m_afterKey = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text)
{
    token(jsonString(text));
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json)
{
    token(json);
    return *this;
}

JsonWriter& JsonWriter::value(bool flag)
{
    token(flag ? "true" : "false");
    return *this;
}

JsonWriter& JsonWriter::value(double number)
{
    token(std::isfinite(number) ? shortest(number) : "null");
    return *this;
}

JsonWriter& JsonWriter::value(float number)
{
    token(std::isfinite(number) ? shortest(number) : "null");
    return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number)
{
    token(shortest(number));
    return *this;
}

JsonWriter& JsonWriter::null()
{
    token("null");
    return *this;
}

} // namespace engine
