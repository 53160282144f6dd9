// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace app::cli {

// Columns of text for a terminal, two spaces between: the first to the left, the others as `align` says.
class Table
{
public:
    enum class Align
    {
        Left, // words
        Right // numbers
    };

    explicit Table(std::vector<std::string> header, Align align = Align::Right)
        : m_rows{std::move(header)}
        , m_align(align)
    {
    }

    void add(std::vector<std::string> row) { m_rows.push_back(std::move(row)); }

    void print(std::ostream& out) const;

private:
    std::vector<std::vector<std::string>> m_rows;
    Align m_align;
};

// A number with `digits` significant digits.
std::string rounded(double number, int digits = 4);

// "1.5 GB", "262 KB".
std::string bytesText(double bytes);

// "12.3 µs".
std::string timeText(double nanoseconds);

} // namespace app::cli
