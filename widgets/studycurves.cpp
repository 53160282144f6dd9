// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studycurves.h"

#include "widgets/numbers.h"
#include "widgets/studymarks.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace widgets {
namespace {

constexpr double labelRow = 18;

// A filled area without a line shows a shape only (a histogram's): it is not read out.
bool isGround(const engine::CurvesBody::Curve& curve)
{
    return curve.area && !curve.line;
}

bool shown(const PlotAxis& axis, double value)
{
    return std::isfinite(value) && (axis.scale != engine::Scale::Log || value > 0);
}

} // namespace

void StudyCurves::take(const engine::Panel& panel)
{
    m_body = std::get<engine::CurvesBody>(panel.body);
}

// The first curve of a method has the method's dash, further ones of the same tint the next.
QPen StudyCurves::penOf(std::size_t index, double width) const
{
    const Curve& curve = m_body.curves[index];
    int before = 0;
    for (std::size_t other = 0; other < index; ++other)
        before += m_body.curves[other].tint == curve.tint ? 1 : 0;
    engine::Dash dash = engine::Dash(before % 5);
    if (before == 0 && curve.tint == engine::Tint::Own)
        dash = names().own.dash;
    return seriesPen(dash, lineOf(curve.tint, names()), width);
}

std::vector<LegendKey> StudyCurves::legend() const
{
    std::vector<LegendKey> keys;
    for (std::size_t index = 0; index < m_body.curves.size(); ++index) {
        const Curve& curve = m_body.curves[index];
        if (curve.title.empty() || m_body.curves.size() < 2)
            continue;
        LegendKey key{textOf(curve.title), areaOf(curve.tint, names()), QPen(Qt::NoPen), std::nullopt};
        if (curve.line && !curve.area)
            key.line = penOf(index, 1.6 * theme().scale);
        if (curve.points && curve.tint == engine::Tint::Own)
            key.marker = names().own;
        keys.push_back(key);
    }
    return keys;
}

QSize StudyCurves::leastSize() const
{
    return {theme().px(140), theme().px(110)};
}

PlotAxis StudyCurves::rangeOf(bool across) const
{
    PlotAxis axis;
    axis.scale = across ? m_body.xScale : m_body.yScale;
    PlotRange range;
    for (const Curve& curve : m_body.curves) {
        if (curve.area && !across && axis.scale != engine::Scale::Log)
            range.add(0);
        for (const auto* values : across ? std::vector{&curve.x} : std::vector{&curve.y, &curve.low, &curve.high})
            for (const double value : *values)
                if (shown(axis, value))
                    range.add(value);
    }
    for (const engine::Mark& mark : m_body.marks)
        if (mark.vertical == across && shown(axis, mark.at))
            range.add(mark.at);
    if (across && range.any && range.high > range.low) {
        axis.low = range.low; // curves reach from side to side
        axis.high = range.high;
        return axis;
    }
    range.round(axis.scale, 4);
    axis.low = range.low;
    axis.high = range.high;
    return axis;
}

void StudyCurves::arrange()
{
    const Theme& look = theme();
    m_x = rangeOf(true);
    m_y = rangeOf(false);
    const double below = look.px(labelRow) + (m_body.x.title.empty() ? 0 : look.px(14));
    const double top = look.px(m_body.y.title.empty() ? 6 : 18);
    m_y.from = height() - below;
    m_y.to = top;
    const double left = uprightAxisWidth(m_y);
    m_plot = QRectF(left, top, std::max(1.0, width() - left - look.px(6)), std::max(1.0, height() - below - top));
    m_x.from = m_plot.left();
    m_x.to = m_plot.right();
}

std::vector<QPolygonF> StudyCurves::runsOf(const std::vector<double>& x, const std::vector<double>& y) const
{
    std::vector<QPolygonF> runs;
    bool open = false;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        const bool isShown = shown(m_x, x[i]) && shown(m_y, y[i]);
        if (isShown && !open)
            runs.emplace_back();
        if (isShown)
            runs.back() << QPointF(m_x.at(x[i]), m_y.at(y[i]));
        open = isShown;
    }
    return runs;
}

void StudyCurves::drawBand(QPainter& painter, const Curve& curve) const
{
    const double floor =
        std::clamp(m_y.at(m_y.scale == engine::Scale::Log ? m_y.low : 0.0), m_plot.top(), m_plot.bottom());
    painter.setPen(Qt::NoPen);
    QColor fill = areaOf(curve.tint, names());
    if (curve.area) {
        fill.setAlphaF(curve.line ? 0.22F : 0.45F);
        painter.setBrush(fill);
        for (QPolygonF run : runsOf(curve.x, curve.y)) {
            const double first = run.first().x(), last = run.last().x();
            run << QPointF(last, floor) << QPointF(first, floor);
            painter.drawPolygon(run);
        }
    }
    const std::vector<QPolygonF> lows = runsOf(curve.x, curve.low), highs = runsOf(curve.x, curve.high);
    fill.setAlphaF(0.22F);
    painter.setBrush(fill);
    for (std::size_t i = 0; i < std::min(lows.size(), highs.size()); ++i) {
        QPolygonF band = highs[i];
        std::reverse_copy(lows[i].begin(), lows[i].end(), std::back_inserter(band));
        painter.drawPolygon(band);
    }
}

void StudyCurves::drawCurve(QPainter& painter, std::size_t index) const
{
    const Theme& look = theme();
    const Curve& curve = m_body.curves[index];
    for (const QPolygonF& run : runsOf(curve.x, curve.y)) {
        if (curve.line) {
            painter.setPen(penOf(index, 1.6 * theme().scale));
            painter.setBrush(Qt::NoBrush);
            drawPolyline(painter, run);
        }
        const bool dense = curve.line && run.size() > 1 && m_plot.width() / double(run.size()) < look.px(7);
        if (!curve.points || dense) // closer markers would only blot
            continue;
        for (const QPointF& point : run) {
            if (curve.tint == engine::Tint::Own)
                drawPoint(painter, names().own, point, look.px(5));
            else
                drawMarker(painter, engine::Marker::Circle, point, look.px(5), areaOf(curve.tint, names()), QColor());
        }
    }
}

void StudyCurves::drawAcross(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (const PlotAxis::Tick& tick : m_x.ticks(look.px(56))) {
        const double wide = numberWidth(small, tick.text);
        const double left = std::clamp(m_x.at(tick.value) - wide / 2, 0.0, std::max(0.0, width() - wide));
        drawNumber(painter, {left, m_plot.bottom() + look.px(2), wide, double(look.px(16))}, Qt::AlignLeft, tick.text,
                   small, look.secondary);
    }
    if (!m_body.x.title.empty())
        drawText(painter, {m_plot.left(), height() - double(look.px(14)), m_plot.width(), double(look.px(14))},
                 Qt::AlignRight, textOf(m_body.x.title), small, look.secondary);
    if (!m_body.y.title.empty())
        drawText(painter, {m_plot.left(), 0, m_plot.width(), double(look.px(14))}, Qt::AlignLeft,
                 textOf(m_body.y.title), small, look.secondary);
}

void StudyCurves::draw(QPainter& painter) const
{
    if (m_body.curves.empty())
        return;
    drawRegions(painter, m_plot, m_x, m_body.regions);
    drawUprightAxis(painter, m_plot, m_y, false);
    drawAcross(painter);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setClipRect(m_plot.adjusted(-4, -4, 4, 4));
    for (const Curve& curve : m_body.curves)
        drawBand(painter, curve);
    for (std::size_t index = 0; index < m_body.curves.size(); ++index)
        drawCurve(painter, index);
    painter.restore();
    std::vector<QPolygonF> drawn;
    for (const Curve& curve : m_body.curves)
        if (curve.line || curve.points)
            for (QPolygonF& run : runsOf(curve.x, curve.y))
                drawn.push_back(std::move(run));
    drawMarks(painter, m_plot, m_x, m_y, m_body.marks, drawn);
}

void StudyCurves::drawHandle(QPainter& painter, std::optional<int> held) const
{
    if (!m_body.handle || m_body.curves.empty())
        return;
    const Theme& look = theme();
    const std::vector<double>& places = m_body.curves.front().x;
    const double value = held ? places[std::size_t(*held)] : *m_body.handle;
    const double x = std::round(std::clamp(m_x.at(value), m_plot.left(), m_plot.right()));
    painter.fillRect(QRectF(x, m_plot.top(), look.px(1), m_plot.height()), look.text);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(look.text, 1.5 * look.scale));
    painter.setBrush(look.panel);
    painter.drawEllipse(QPointF(x + 0.5, m_plot.bottom()), look.px(5), look.px(5));
    painter.restore();
}

void StudyCurves::drawHover(QPainter& painter, const StudyPlace& place) const
{
    const Curve& first = m_body.curves.front();
    const double value = first.x[std::size_t(place.col)];
    const double x = std::round(m_x.at(value));
    painter.fillRect(QRectF(x, m_plot.top(), 1, m_plot.height()), theme().outline);
    for (const Curve& curve : m_body.curves) {
        if (isGround(curve))
            continue;
        const auto near = std::min_element(curve.x.begin(), curve.x.end(), [&](double a, double b) {
            return std::abs(a - value) < std::abs(b - value);
        });
        if (near == curve.x.end())
            continue;
        const std::size_t at = std::size_t(near - curve.x.begin());
        if (at < curve.y.size() && shown(m_y, curve.y[at]))
            drawMarker(painter, engine::Marker::Circle, {m_x.at(*near), m_y.at(curve.y[at])}, theme().px(7),
                       theme().panel, lineOf(curve.tint, names()));
    }
}

std::optional<StudyPlace> StudyCurves::placeAt(QPointF point) const
{
    if (m_body.curves.empty() || m_body.curves.front().x.empty() ||
        !m_plot.adjusted(-4, 0, 4, theme().px(labelRow)).contains(point))
        return std::nullopt;
    const std::vector<double>& x = m_body.curves.front().x;
    int nearest = 0;
    for (int i = 1; i < int(x.size()); ++i)
        if (std::abs(m_x.at(x[std::size_t(i)]) - point.x()) < std::abs(m_x.at(x[std::size_t(nearest)]) - point.x()))
            nearest = i;
    return StudyPlace{0, 0, nearest};
}

std::optional<StudyPlace> StudyCurves::placeAcross(double x) const
{
    return placeAt({std::clamp(x, m_plot.left(), m_plot.right()), m_plot.center().y()});
}

std::optional<StudyPlace> StudyCurves::moved(std::optional<StudyPlace> from, int right, int down) const
{
    const int count = m_body.curves.empty() ? 0 : int(m_body.curves.front().x.size());
    if (count == 0)
        return std::nullopt;
    return StudyPlace{0, 0, std::clamp(from ? from->col + right - down : 0, 0, count - 1)};
}

QString StudyCurves::placeText(const StudyPlace& place) const
{
    const double value = m_body.curves.front().x[std::size_t(place.col)];
    QString text = significant(value, 3);
    for (const Curve& curve : m_body.curves) {
        const auto near = std::min_element(curve.x.begin(), curve.x.end(), [&](double a, double b) {
            return std::abs(a - value) < std::abs(b - value);
        });
        const std::size_t at = std::size_t(near - curve.x.begin());
        if (isGround(curve) || near == curve.x.end() || at >= curve.y.size())
            continue;
        text += QStringLiteral("   ");
        if (m_body.curves.size() > 1 && !curve.title.empty())
            text += textOf(curve.title) + u' ';
        text += significant(curve.y[at], 3);
        if (at < curve.low.size() && at < curve.high.size())
            text += tr(" (%1 to %2)").arg(significant(curve.low[at], 3), significant(curve.high[at], 3));
    }
    return text;
}

// A place sets its value in `values`, or, where there are none, the whole number it stands at.
std::vector<StudyPick> StudyCurves::picksOf(const StudyPlace& place) const
{
    if (m_body.pick.sets == engine::Pick::Sets::Nothing)
        return {};
    if (m_body.pick.values.empty())
        return {
            {m_body.pick.sets, m_body.pick.control, int(std::lround(m_body.curves.front().x[std::size_t(place.col)]))}};
    const auto pick = resolved(m_body.pick, place.col);
    return pick ? std::vector{*pick} : std::vector<StudyPick>{};
}

QString StudyCurves::summary() const
{
    QStringList parts;
    for (const Curve& curve : m_body.curves) {
        PlotRange range;
        for (const double value : curve.y)
            range.add(value);
        if (range.any && !isGround(curve))
            parts << tr("%1 from %2 to %3 over %4 places")
                         .arg(textOf(curve.title), significant(range.low, 3), significant(range.high, 3))
                         .arg(curve.x.size())
                         .trimmed();
    }
    return parts.join(QStringLiteral("; "));
}

} // namespace widgets
