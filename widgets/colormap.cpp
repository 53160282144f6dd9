// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/colormap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace widgets {
namespace {

struct Recipe
{
    double fromLight, toLight;
    std::vector<double> chroma, hue; // stops evenly spaced, linear between; hue in degrees
};

double between(std::span<const double> stops, double place)
{
    const double at = place * double(stops.size() - 1);
    const auto left = std::min(std::size_t(at), stops.size() - 2);
    const double share = at - double(left);
    return stops[left] * (1 - share) + stops[left + 1] * share;
}

int gammaByte(double linear)
{
    linear = std::clamp(linear, 0.0, 1.0);
    const double share = linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
    return int(std::lround(share * 255));
}

// OKLab to sRGB (Ottosson 2020), clipped per channel.
QRgb fromOklch(double light, double chroma, double degrees)
{
    const double angle = degrees * std::numbers::pi / 180;
    const double a = chroma * std::cos(angle);
    const double b = chroma * std::sin(angle);
    const double l = std::pow(light + 0.3963377774 * a + 0.2158037573 * b, 3);
    const double m = std::pow(light - 0.1055613458 * a - 0.0638541728 * b, 3);
    const double s = std::pow(light - 0.0894841775 * a - 1.2914855480 * b, 3);
    return qRgb(gammaByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                gammaByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                gammaByte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
}

QRgb colorOf(const Recipe& recipe, double place)
{
    const double light = recipe.fromLight * (1 - place) + recipe.toLight * place;
    return fromOklch(light, between(recipe.chroma, place), between(recipe.hue, place));
}

std::vector<QRgb> table(const Recipe& recipe)
{
    std::vector<QRgb> entries;
    for (int i = 0; i < 256; ++i)
        entries.push_back(colorOf(recipe, i / 255.0));
    return entries;
}

// Both halves from the middle out; the middle entry is the mean of their first colours, so that neither tints 0.
std::vector<QRgb> table(const Recipe& below, const Recipe& above)
{
    std::vector<QRgb> entries;
    for (int i = 128; i > 0; --i)
        entries.push_back(colorOf(below, i / 128.0));
    const QRgb a = colorOf(below, 0);
    const QRgb b = colorOf(above, 0);
    entries.push_back(qRgb((qRed(a) + qRed(b)) / 2, (qGreen(a) + qGreen(b)) / 2, (qBlue(a) + qBlue(b)) / 2));
    for (int i = 1; i <= 128; ++i)
        entries.push_back(colorOf(above, i / 128.0));
    return entries;
}

double shaped(Scale scale, double share)
{
    share = std::clamp(share, 0.0, 1.0);
    switch (scale) {
    case Scale::Root:
        return std::sqrt(share);
    case Scale::Log:
        return share > 0 ? std::max(0.0, 1 + std::log10(share) / ColorScale::decades) : 0;
    case Scale::Linear:
        break;
    }
    return share;
}

double unshaped(Scale scale, double place)
{
    switch (scale) {
    case Scale::Root:
        return place * place;
    case Scale::Log:
        return place > 0 ? std::pow(10.0, (place - 1) * ColorScale::decades) : 0;
    case Scale::Linear:
        break;
    }
    return place;
}

} // namespace

const ColorMap& ColorMap::sequential(bool dark)
{
    static const ColorMap light(
        table({.985, .27, {.003, .034, .078, .112, .130, .132, .100}, {200, 196, 205, 225, 248, 262, 272}}));
    static const ColorMap night(
        table({.262, .965, {.014, .075, .115, .12, .115, .10, .075}, {262, 262, 248, 220, 180, 130, 105}}));
    return dark ? night : light;
}

const ColorMap& ColorMap::diverging(bool dark)
{
    static const ColorMap light(table({.965, .36, {.003, .09, .13, .125}, {250, 245, 247, 252}},
                                      {.965, .40, {.003, .09, .15, .125}, {60, 58, 48, 42}}));
    static const ColorMap night(table({.285, .86, {.008, .10, .13, .085}, {250, 250, 245, 235}},
                                      {.285, .86, {.008, .10, .15, .11}, {50, 45, 55, 75}}));
    return dark ? night : light;
}

QRgb ColorMap::at(double place) const
{
    const auto last = double(m_entries.size() - 1);
    return m_entries[std::size_t(std::lround(std::clamp(place, 0.0, 1.0) * last))];
}

double ColorScale::first() const
{
    return diverging ? -std::max(std::abs(low), std::abs(high)) : low;
}

double ColorScale::last() const
{
    return diverging ? -first() : high;
}

double ColorScale::place(double value) const
{
    if (diverging) {
        const double bound = last();
        const double half = bound > 0 ? shaped(scale, std::abs(value) / bound) / 2 : 0;
        return value < 0 ? 0.5 - half : 0.5 + half;
    }
    return high > low ? shaped(scale, (value - low) / (high - low)) : 0;
}

double ColorScale::value(double place) const
{
    if (diverging) {
        const double size = last() * unshaped(scale, std::abs(place - 0.5) * 2);
        return place < 0.5 ? -size : size;
    }
    return low + (high - low) * unshaped(scale, place);
}

double luminance(QColor color)
{
    const auto linear = [](double share) {
        return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

double contrast(QColor a, QColor b)
{
    const double brighter = std::max(luminance(a), luminance(b));
    const double darker = std::min(luminance(a), luminance(b));
    return (brighter + 0.05) / (darker + 0.05);
}

} // namespace widgets
