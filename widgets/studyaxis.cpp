// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studyaxis.h"

#include "widgets/numbers.h"
#include "widgets/paint.h"
#include "widgets/rowplot.h"
#include "widgets/studytext.h"
#include "widgets/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

QString tickText(double value, double step)
{
    if (value != 0 && (std::abs(value) >= 1e6 || step < 1e-5))
        return power(value);
    return fixed(value, std::clamp(int(std::ceil(-std::log10(step) - 1e-9)), 0, 6));
}

// 1, 2 and 5 times powers of ten from the largest down, 0 last.
std::vector<double> roundValues(double low, double high)
{
    std::vector<double> values;
    const double most = std::max(std::abs(low), std::abs(high));
    const double least = low > 0 ? low : most * 1e-4;
    for (double decade = std::pow(10.0, std::floor(std::log10(most))); decade * 10 > least; decade /= 10)
        for (const double factor : {5.0, 2.0, 1.0})
            for (const double value : {factor * decade, -factor * decade})
                if (value >= low * (1 - 1e-9) - 1e-300 && value <= high * (1 + 1e-9))
                    values.push_back(value);
    return values;
}

} // namespace

double PlotAxis::stretched(double value) const
{
    switch (scale) {
    case engine::Scale::Sqrt:
        return std::copysign(std::sqrt(std::abs(value)), value);
    case engine::Scale::Log:
        return std::log10(std::max(value, low > 0 ? low : 1e-300));
    case engine::Scale::Linear:
        break;
    }
    return value;
}

double PlotAxis::at(double value) const
{
    const double first = stretched(low), last = stretched(high);
    return last > first ? from + (stretched(value) - first) / (last - first) * (to - from) : from;
}

double PlotAxis::valueAt(double place) const
{
    const double first = stretched(low), last = stretched(high);
    const double s = first + (place - from) / (to - from) * (last - first);
    if (scale == engine::Scale::Sqrt)
        return std::copysign(s * s, s);
    return scale == engine::Scale::Log ? std::pow(10.0, s) : s;
}

std::vector<PlotAxis::Tick> PlotAxis::ticks(double spacing) const
{
    std::vector<Tick> found;
    const double length = std::abs(to - from);
    if (!(high > low) || length < 1)
        return found;
    if (scale == engine::Scale::Linear) {
        double step = niceStep(high - low, std::max(1, int(length / spacing)));
        if ((high - low) / step < 3) // too few to read by: closer, where the ends leave one or two
            step = niceStep(high - low, std::max(1, int(length / (0.7 * spacing))));
        const auto first = std::int64_t(std::ceil(low / step - 1e-9)),
                   last = std::int64_t(std::floor(high / step + 1e-6));
        for (std::int64_t place = first; place <= last; ++place)
            found.push_back({double(place) * step, tickText(double(place) * step, step)});
        return found;
    }
    const auto offer = [&](double value) {
        const bool free = std::all_of(found.begin(), found.end(), [&](const Tick& tick) {
            return std::abs(at(tick.value) - at(value)) >= spacing;
        });
        if (free)
            found.push_back({value, significant(value, 1)});
    };
    if (scale == engine::Scale::Sqrt && low <= 0 && high >= 0)
        offer(0);
    for (const double value : roundValues(low, high))
        offer(value);
    return found;
}

void PlotRange::add(double value)
{
    if (!std::isfinite(value))
        return;
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
}

void PlotRange::round(engine::Scale scale, int steps)
{
    if (!any) {
        low = scale == engine::Scale::Log ? 0.1 : 0;
        high = 1;
    }
    if (high == low) {
        const double room = low == 0 ? 1 : std::abs(low) * 0.5;
        high = low + room;
        if (scale != engine::Scale::Log && low != 0)
            low -= room;
    }
    if (scale != engine::Scale::Linear)
        return;
    const double step = niceStep(high - low, steps);
    low = std::floor(low / step + 1e-9) * step;
    high = std::ceil(high / step - 1e-9) * step;
}

namespace {

// A tall plot is read by as few numbers as a low one.
double uprightSpacing(const PlotAxis& axis)
{
    return std::max<double>(theme().px(24), std::abs(axis.to - axis.from) / 8);
}

} // namespace

double uprightAxisWidth(const PlotAxis& axis)
{
    double widest = 0;
    for (const PlotAxis::Tick& tick : axis.ticks(uprightSpacing(axis)))
        widest = std::max(widest, numberWidth(theme().font(Theme::labelSize), tick.text));
    return std::ceil(widest) + theme().px(Theme::gap2);
}

void drawUprightAxis(QPainter& painter, const QRectF& plot, const PlotAxis& axis, bool magnitudes)
{
    const Theme& look = theme();
    for (const PlotAxis::Tick& tick : axis.ticks(uprightSpacing(axis))) {
        const double y = std::round(axis.at(tick.value));
        painter.fillRect(QRectF(plot.left(), y, plot.width(), look.px(1)), look.grid);
        QString text = tick.text;
        if (magnitudes && text.startsWith(QChar(0x2212)))
            text.remove(0, 1);
        drawNumber(painter, QRectF(0, y - look.px(8), plot.left() - look.px(Theme::gap2), look.px(16)), Qt::AlignRight,
                   text, look.font(Theme::labelSize), look.secondary);
    }
    const bool zero = axis.scale != engine::Scale::Log && axis.low <= 0 && axis.high >= 0;
    painter.fillRect(QRectF(plot.left(), std::round(zero ? axis.at(0) : axis.from), plot.width(), look.px(1)),
                     look.outline);
}

void drawRegions(QPainter& painter, const QRectF& plot, const PlotAxis& x, const std::vector<engine::Region>& regions)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (const engine::Region& region : regions) {
        const double left = std::clamp(std::round(x.at(region.from)), plot.left(), plot.right());
        const double right = std::clamp(std::round(x.at(region.to)), plot.left(), plot.right());
        painter.fillRect(QRectF(left, plot.top(), right - left, plot.height()), look.hover);
        const QString text = textOf(region.text);
        if (textWidth(small, text) < right - left - look.px(6))
            drawText(painter, QRectF(left + look.px(4), plot.top(), right - left - look.px(4), look.px(16)),
                     Qt::AlignLeft, text, small, look.secondary);
    }
}

} // namespace widgets
