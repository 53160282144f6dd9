// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>

namespace widgets {

// Numbers as the program writes them on screen: minus U+2212, thousands by a narrow no-break space, unit after a
// no-break space. What is not finite is "n/a".

// With a fixed count of digits after the point.
QString fixed(double value, int digits);
// The same with a sign in front, + or −; 0 has none.
QString signedFixed(double value, int digits);
QString whole(std::int64_t value);
// Three significant digits: 0.247, 3.49, 72.3, 1 024, and 3·10⁻⁷ below 10⁻³ and from 10⁶ on.
QString compact(double value);
// One digit and a power of ten: 3·10⁻⁷; 0 is "0".
QString power(double value);
// 0.22 → "22 %".
QString percent(double share, int digits = 0);
// 512 B, 8.5 KB, 145 KB, 4.0 MB (1 KB = 1 024 B).
QString bytes(std::int64_t count);
// Nanoseconds as 8.20 µs, 0.041 ms, 3.46 ms or 2.10 s.
QString duration(double nanoseconds);

} // namespace widgets
