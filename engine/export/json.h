// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// Writes JSON as it goes, keys in the order they are given:
//   json.object(); json.key("tokens").array(); json.value(3); json.end(); json.end();
// Numbers are the shortest text that reads back as the same number, whatever the locale; one that is not finite becomes
// null. Text that is not UTF-8 has its bad bytes replaced by U+FFFD.
class JsonWriter
{
public:
    explicit JsonWriter(std::ostream& out)
        : m_out(out)
    {
    }

    JsonWriter& object(); // begins { }
    JsonWriter& array();  // begins [ ]
    JsonWriter& end();    // ends the innermost; a line break follows the outermost
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);

    JsonWriter& value(const char* text) { return value(std::string_view(text)); }

    JsonWriter& value(bool flag);
    JsonWriter& value(double number);
    JsonWriter& value(float number);
    JsonWriter& value(std::int64_t number);

    template <std::integral T>
    JsonWriter& value(T number)
    {
        return value(std::int64_t(number));
    }

    JsonWriter& null();
    JsonWriter& raw(std::string_view json); // an item that is JSON already

    template <typename T>
    JsonWriter& field(std::string_view name, const T& content)
    {
        return key(name).value(content);
    }

    // A list of numbers or texts in one line.
    template <typename T>
    JsonWriter& list(std::span<const T> items)
    {
        array();
        for (const T& item : items)
            value(item);
        return end();
    }

    template <typename T>
    JsonWriter& list(const std::vector<T>& items)
    {
        return list(std::span<const T>(items));
    }

private:
    void separate(); // the comma before an item that is not the first
    void token(std::string_view text);

    std::ostream& m_out;

    struct Level
    {
        char closing = '}';
        bool empty = true;
    };

    std::vector<Level> m_levels;
    bool m_afterKey = false;
};

// A text as a JSON string, quotes included.
std::string jsonString(std::string_view text);

// The shortest decimal text that reads back as the same number.
std::string shortestNumber(double number);
std::string shortestNumber(float number);

} // namespace engine
