// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>

#include <vector>

namespace widgets {

// A table of colours from an OKLCH recipe of linear lightness, so that equal steps look equal and grey print stays
// true.
class ColorMap
{
public:
    // Quiet at 0: 256 entries.
    static const ColorMap& sequential(bool dark);
    // Blue below 0, orange above, neutral exactly at 0: 257 entries, so that entry 128 is 0.
    static const ColorMap& diverging(bool dark);

    // The colour at a place from 0 to 1; outside it is held to the ends.
    QRgb at(double place) const;

    const std::vector<QRgb>& entries() const { return m_entries; }

private:
    explicit ColorMap(std::vector<QRgb> entries)
        : m_entries(std::move(entries))
    {
    }

    std::vector<QRgb> m_entries;
};

// How numbers become places on a colour map.
enum class Scale
{
    Root,
    Log,
    Linear
};

// Values to colours: a range and a scale. A diverging one is balanced: ±max(|low|, |high|), centred at 0.
struct ColorScale
{
    Scale scale = Scale::Root;
    double low = 0, high = 1;
    bool diverging = false;

    static constexpr double decades = 4; // what Log shows below the high end

    bool operator==(const ColorScale&) const = default;

    // The place of a value on the map, held to 0…1. Root and Log work on the share of the range, mirrored at 0 where
    // diverging.
    double place(double value) const;
    // The value at a place from 0 to 1: the inverse of place.
    double value(double place) const;
    // The ends of the range on the map: {low, high}, or {-bound, bound} where diverging.
    double first() const;
    double last() const;

    const ColorMap& map(bool dark) const { return diverging ? ColorMap::diverging(dark) : ColorMap::sequential(dark); }
};

// Relative luminance of a colour (WCAG 2), and the contrast of two from 1 to 21.
double luminance(QColor color);
double contrast(QColor a, QColor b);

} // namespace widgets
