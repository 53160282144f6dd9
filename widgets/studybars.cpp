// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studybars.h"

#include "widgets/heatmaplayout.h"
#include "widgets/numbers.h"
#include "widgets/studymarks.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double labelRow = 18, numberRoom = 56, roomyBar = 14;

QPen noLine()
{
    return {Qt::NoPen};
}

} // namespace

void StudyBars::take(const engine::Panel& panel)
{
    m_body = std::get<engine::BarsBody>(panel.body);
}

int StudyBars::count() const
{
    std::size_t most = 0;
    for (const auto& series : m_body.series)
        most = std::max(most, series.values.size());
    return int(most);
}

std::vector<LegendKey> StudyBars::legend() const
{
    std::vector<LegendKey> keys;
    if (m_body.series.size() > 1 && !m_body.horizontal)
        for (const auto& series : m_body.series)
            keys.push_back({textOf(series.title), areaOf(series.tint, names()), noLine(), std::nullopt});
    for (const engine::Mark& mark : m_body.marks)
        if (isKeyed(mark))
            keys.push_back({textOf(mark.text), theme().secondary, markPen(), std::nullopt});
    return keys;
}

// The words of a line across upright bars would stand on them: the legend has them.
bool StudyBars::isKeyed(const engine::Mark& mark) const
{
    return !mark.vertical && !m_body.horizontal && !mark.text.empty();
}

QSize StudyBars::leastSize() const
{
    if (!m_body.horizontal)
        return {theme().px(140), theme().px(110)};
    return {theme().px(140), std::max(theme().px(80), count() * theme().px(count() <= 12 ? 16 : 5))};
}

PlotAxis StudyBars::rangeOf(std::size_t first, std::size_t end) const
{
    PlotAxis axis;
    axis.scale = m_body.scale;
    PlotRange range;
    if (axis.scale != engine::Scale::Log)
        range.add(0);
    for (std::size_t index = first; index < end; ++index) {
        const auto& series = m_body.series[index];
        const double sign = m_body.mirrored && index == 1 ? -1 : 1;
        for (const auto* values : {&series.values, &series.low, &series.high})
            for (const double value : *values)
                if (axis.scale != engine::Scale::Log || value > 0)
                    range.add(sign * value);
    }
    for (const engine::Mark& mark : m_body.marks)
        if (mark.vertical == m_body.horizontal)
            range.add(mark.at);
    if (axis.scale == engine::Scale::Log && range.any) // the smallest bar too has a height
        range.low /= 2;
    if (!m_body.horizontal)
        range.round(axis.scale, 4);
    else if (range.high == range.low)
        range.high = range.low + 1;
    axis.low = range.low;
    axis.high = range.high;
    return axis;
}

void StudyBars::arrange()
{
    if (m_body.horizontal)
        arrangeLying();
    else
        arrangeUpright();
}

void StudyBars::arrangeUpright()
{
    const Theme& look = theme();
    m_y = rangeOf(0, m_body.series.size());
    const double below = look.px(labelRow) + (m_body.labels.title.empty() ? 0 : look.px(14));
    const double top = look.px(m_body.quantity.empty() ? 6 : 18);
    m_y.from = height() - below;
    m_y.to = top;
    const double left = uprightAxisWidth(m_y);
    m_plot = QRectF(left, top, std::max(1.0, width() - left - 1), std::max(1.0, height() - below - top));
}

void StudyBars::arrangeLying()
{
    const Theme& look = theme();
    const double foot = m_body.series.size() > 1 ? look.px(16) : 0;
    const double each = (height() - foot) / std::max(1, count());
    m_numbers = each >= look.px(roomyBar) && m_body.series.size() == 1;
    double widest = 0;
    for (int place = 0; place < std::min(count(), 600); ++place)
        widest = std::max(widest, textWidth(look.font(Theme::labelSize), labelOf(m_body.labels, place, names())));
    // Bars with their numbers beside them can be short; labels that are cut say nothing.
    m_labels = std::min(std::ceil(widest) + look.px(Theme::gap2), width() * (m_numbers ? 0.48 : 0.35));
    m_plot = QRectF(m_labels, 0, std::max(1.0, width() - m_labels - (m_numbers ? look.px(numberRoom) : 1)),
                    std::max(1.0, std::min(height() - foot, count() * double(look.px(22)))));
    m_lying.clear();
    const double between = look.px(Theme::gap3);
    const double wide = (m_plot.width() - double(m_body.series.size() - 1) * between) /
                        double(std::max<std::size_t>(1, m_body.series.size()));
    for (std::size_t index = 0; index < m_body.series.size(); ++index) {
        PlotAxis axis = rangeOf(index, index + 1);
        axis.from = m_plot.left() + double(index) * (wide + between);
        axis.to = axis.from + wide;
        m_lying.push_back(axis);
    }
}

QRectF StudyBars::placeBox(int place) const
{
    const double n = std::max(1, count());
    if (m_body.horizontal)
        return {m_plot.left(), m_plot.top() + place * m_plot.height() / n, m_plot.width(), m_plot.height() / n};
    return {m_plot.left() + place * m_plot.width() / n, m_plot.top(), m_plot.width() / n, m_plot.height()};
}

void StudyBars::draw(QPainter& painter) const
{
    if (count() == 0)
        return;
    if (m_body.horizontal)
        drawLying(painter);
    else
        drawUprightBars(painter);
}

void StudyBars::drawUprightBars(QPainter& painter) const
{
    const Theme& look = theme();
    PlotAxis x;
    x.low = 0;
    x.high = count();
    x.from = m_plot.left();
    x.to = m_plot.right();
    drawRegions(painter, m_plot, x, m_body.regions);
    if (m_body.picked >= 0 && m_body.picked < count())
        painter.fillRect(placeBox(m_body.picked).toAlignedRect(), look.chosen);
    drawUprightAxis(painter, m_plot, m_y, m_body.mirrored);
    if (!m_body.quantity.empty())
        drawText(painter, {m_plot.left(), 0, m_plot.width(), double(look.px(14))}, Qt::AlignLeft,
                 textOf(m_body.quantity), look.font(Theme::labelSize), look.secondary);
    const double base = std::round(m_y.at(m_y.scale == engine::Scale::Log ? m_y.low : 0));
    const double beside = m_body.mirrored ? 1 : double(std::max<std::size_t>(1, m_body.series.size()));
    const double step = m_plot.width() / count();
    const double inner = step >= 4 ? std::min(step * 0.72, look.px(22) * beside) : step;
    std::vector<QPolygonF> bars;
    for (std::size_t index = 0; index < m_body.series.size(); ++index) {
        const auto& series = m_body.series[index];
        const double sign = m_body.mirrored && index == 1 ? -1 : 1;
        const double slot = m_body.mirrored ? 0 : double(index);
        const QColor fill = areaOf(series.tint, names());
        for (std::size_t place = 0; place < series.values.size(); ++place) {
            const double middle = placeBox(int(place)).center().x();
            const double left = std::round(middle - inner / 2 + slot * inner / beside);
            const double right = std::max(left + 1, std::round(middle - inner / 2 + (slot + 1) * inner / beside));
            if (std::isfinite(series.values[place])) {
                const double y = std::round(m_y.at(sign * series.values[place]));
                bars.emplace_back(QRectF(left, std::min(y, base), right - left, std::abs(base - y)));
                painter.fillRect(bars.back().boundingRect(), fill);
            }
            if (place < series.low.size() && place < series.high.size()) {
                const double from = std::round(m_y.at(sign * series.low[place]));
                const double to = std::round(m_y.at(sign * series.high[place]));
                painter.fillRect(QRectF(std::floor((left + right) / 2), std::min(from, to), 1, std::abs(to - from) + 1),
                                 look.text);
            }
        }
    }
    std::vector<engine::Mark> marks = m_body.marks;
    for (engine::Mark& mark : marks)
        if (isKeyed(mark))
            mark.text.clear();
    drawMarks(painter, m_plot, x, m_y, marks, bars);
    drawPlaceLabels(painter);
}

// Names under the bars: the picked one first, then from the left what does not touch another.
void StudyBars::drawPlaceLabels(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    std::vector<std::pair<double, double>> taken;
    const auto write = [&](int place) {
        const QString text = elided(small, labelOf(m_body.labels, place, names()), look.px(90));
        const double wide = textWidth(small, text);
        const double middle = placeBox(place).center().x();
        const double from = middle - wide / 2 - look.px(5), to = middle + wide / 2 + look.px(5);
        const bool free = std::none_of(taken.begin(), taken.end(),
                                       [&](const auto& other) { return from < other.second && to > other.first; });
        if (text.isEmpty() || !free || to > width() + look.px(6))
            return;
        taken.emplace_back(from, to);
        drawText(painter, {middle - wide / 2, m_plot.bottom() + look.px(2), wide + 1, double(look.px(16))},
                 Qt::AlignLeft, text, small, place == m_body.picked ? look.text : look.secondary);
    };
    if (m_body.picked >= 0 && m_body.picked < count())
        write(m_body.picked);
    const double step = placeBox(0).width();
    const int every = std::max(1, int(std::ceil(look.px(22) / step)));
    for (int place = 0; place < count(); place += every)
        write(place);
    if (!m_body.labels.title.empty())
        drawText(painter, {m_plot.left(), height() - double(look.px(14)), m_plot.width(), double(look.px(14))},
                 Qt::AlignRight, textOf(m_body.labels.title), small, look.secondary);
}

void StudyBars::drawLyingSeries(QPainter& painter, std::size_t index) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const auto& series = m_body.series[index];
    const PlotAxis& axis = m_lying[index];
    const QColor fill = areaOf(series.tint, names());
    const double base = std::round(axis.at(axis.scale == engine::Scale::Log ? axis.low : 0));
    for (std::size_t place = 0; place < series.values.size(); ++place) {
        const QRectF box = placeBox(int(place));
        const double high = std::clamp(std::round(box.height() * 0.7), 1.0, double(look.px(12)));
        const double x = std::round(axis.at(series.values[place]));
        if (std::isfinite(series.values[place]))
            painter.fillRect(
                QRectF(std::min(x, base), std::round(box.center().y() - high / 2), std::abs(x - base), high),
                int(place) == m_body.picked && series.tint == engine::Tint::Grey ? look.text : fill);
        if (m_numbers)
            drawNumber(painter, {m_plot.right(), box.top(), double(width()) - m_plot.right(), box.height()},
                       Qt::AlignRight, significant(series.values[place], 3), small, look.text);
    }
    painter.fillRect(QRectF(base, m_plot.top(), 1, m_plot.height()), look.outline);
    if (m_body.series.size() > 1)
        drawText(painter, {axis.from, m_plot.bottom(), axis.to - axis.from, double(look.px(16))}, Qt::AlignHCenter,
                 textOf(series.title), small, look.secondary);
}

void StudyBars::drawLying(QPainter& painter) const
{
    const Theme& look = theme();
    if (m_body.picked >= 0 && m_body.picked < count())
        painter.fillRect(placeBox(m_body.picked).adjusted(-m_labels, 0, width() - m_plot.right(), 0).toAlignedRect(),
                         look.chosen);
    const auto picked = m_body.picked >= 0 ? std::optional(m_body.picked) : std::nullopt;
    for (const int place : placeLabels(0, count(), placeBox(0).height(), look.px(13), picked))
        drawText(painter, {0, placeBox(place).top(), m_labels - look.px(Theme::gap2), placeBox(place).height()},
                 m_numbers ? Qt::AlignLeft : Qt::AlignRight, labelOf(m_body.labels, place, names()),
                 look.font(Theme::labelSize), place == m_body.picked || m_numbers ? look.text : look.secondary);
    for (std::size_t index = 0; index < m_body.series.size(); ++index)
        drawLyingSeries(painter, index);
}

void StudyBars::drawHover(QPainter& painter, const StudyPlace& place) const
{
    drawRing(painter, QRectF(placeBox(place.col).toAlignedRect()), false);
}

std::optional<StudyPlace> StudyBars::placeAt(QPointF point) const
{
    const QRectF room = m_body.horizontal ? QRectF(0, m_plot.top(), width(), m_plot.height())
                                          : m_plot.adjusted(0, 0, 0, theme().px(labelRow));
    if (count() == 0 || !room.contains(point))
        return std::nullopt;
    const double share =
        m_body.horizontal ? (point.y() - m_plot.top()) / m_plot.height() : (point.x() - m_plot.left()) / m_plot.width();
    return StudyPlace{0, 0, std::clamp(int(share * count()), 0, count() - 1)};
}

std::optional<StudyPlace> StudyBars::moved(std::optional<StudyPlace> from, int right, int down) const
{
    if (count() == 0)
        return std::nullopt;
    const int start = from ? from->col + right + down : std::max(0, m_body.picked);
    return StudyPlace{0, 0, std::clamp(start, 0, count() - 1)};
}

QString StudyBars::placeText(const StudyPlace& place) const
{
    QString text = labelOf(m_body.labels, place.col, names());
    for (const auto& series : m_body.series) {
        const auto at = std::size_t(place.col);
        if (at >= series.values.size())
            continue;
        text += QStringLiteral("   ");
        if (m_body.series.size() > 1)
            text += textOf(series.title) + u' ';
        text += significant(series.values[at], 3);
        if (at < series.low.size() && at < series.high.size())
            text += tr(" (%1 to %2)").arg(significant(series.low[at], 3), significant(series.high[at], 3));
    }
    return text;
}

std::vector<StudyPick> StudyBars::picksOf(const StudyPlace& place) const
{
    const auto pick = resolved(m_body.pick, place.col);
    return pick ? std::vector{*pick} : std::vector<StudyPick>{};
}

QString StudyBars::summary() const
{
    QStringList parts;
    for (const auto& series : m_body.series) {
        if (series.values.empty())
            continue;
        const auto largest = std::max_element(series.values.begin(), series.values.end());
        parts << tr("%1 %2 bars, the largest %3 at %4")
                     .arg(textOf(series.title))
                     .arg(series.values.size())
                     .arg(significant(*largest, 3),
                          labelOf(m_body.labels, int(largest - series.values.begin()), names()))
                     .trimmed();
    }
    return parts.join(QStringLiteral("; "));
}

} // namespace widgets
