// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/table.h"

#include <algorithm>
#include <charconv>

namespace app::cli {
namespace {

// Characters of UTF-8 text, each taken to be one column wide.
std::size_t widthOf(const std::string& text)
{
    return std::size_t(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

} // namespace

void Table::print(std::ostream& out) const
{
    std::vector<std::size_t> widths;
    for (const auto& row : m_rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], widthOf(row[i]));
    }
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - widthOf(row[i]), ' ');
            line += i == 0 ? "" : "  ";
            line += i == 0 || m_align == Align::Left ? row[i] + padding : padding + row[i];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

std::string rounded(double number, int digits)
{
    char buffer[64];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general, digits).ptr};
}

std::string bytesText(double bytes)
{
    const char* const units[] = {" bytes", " KB", " MB", " GB", " TB"};
    std::size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < std::size(units)) {
        bytes /= 1000;
        ++unit;
    }
    return rounded(bytes, 3) + units[unit];
}

std::string timeText(double nanoseconds)
{
    const char* const units[] = {" ns", " µs", " ms", " s"};
    std::size_t unit = 0;
    while (nanoseconds >= 999.5 && unit + 1 < std::size(units)) {
        nanoseconds /= 1000;
        ++unit;
    }
    return rounded(nanoseconds, 3) + units[unit];
}

} // namespace app::cli
