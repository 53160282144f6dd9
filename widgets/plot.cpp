// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot.h"

#include "widgets/numbers.h"
#include "widgets/rowplot.h"
#include "widgets/theme.h"

#include <QPainter>
#include <QPolygonF>
#include <QTransform>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace widgets {
namespace {

constexpr double gutter = 56, wordsRow = 14, bottomRoom = 40, rightRoom = 16;

// Above the values: rows of marks' words, or a label.
double topRoom(const PlotValue& value)
{
    int rows = 0;
    for (const PlotMark& mark : value.marks)
        if (!mark.text.isEmpty())
            rows = std::max(rows, mark.row + (mark.second.isEmpty() ? 1 : 2));
    return rows == 0 ? 18 : wordsRow * std::max(2, rows) + 4;
}

bool drawable(double value, bool logarithmic)
{
    return std::isfinite(value) && (!logarithmic || value > 0);
}

// The ends of an axis: given, or what the values need and a little more.
struct Ends
{
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void add(double value, bool logarithmic)
    {
        if (!drawable(value, logarithmic))
            return;
        low = std::min(low, value);
        high = std::max(high, value);
    }

    void finish(const AxisSpec& axis)
    {
        if (axis.low != 0 || axis.high != 0) {
            low = axis.low;
            high = axis.high;
            return;
        }
        if (!(low <= high)) {
            low = axis.logarithmic ? 1 : 0;
            high = axis.logarithmic ? 10 : 1;
        }
        if (axis.logarithmic) {
            const double room = std::max(0.05, std::log(high / low) * 0.06);
            low *= std::exp(-room);
            high *= std::exp(room);
        } else {
            low = std::min(low, 0.0);
            const double step = niceStep(high - low, 5);
            high = high > low ? std::ceil(high / step - 1e-9) * step : low + 1;
            low = std::floor(low / step + 1e-9) * step;
        }
    }
};

// Round numbers of an axis: 1, 2, 5 of each decade where there are few decades, else the decades.
std::vector<double> ticksOf(const AxisSpec& axis, double low, double high)
{
    std::vector<double> ticks;
    if (!axis.ticks.empty()) {
        std::copy_if(axis.ticks.begin(), axis.ticks.end(), std::back_inserter(ticks),
                     [&](double tick) { return tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9); });
        return ticks;
    }
    if (!axis.logarithmic) {
        const double step = niceStep(high - low, 5);
        const auto first = std::int64_t(std::ceil(low / step - 1e-9)),
                   last = std::int64_t(std::floor(high / step + 1e-6));
        for (std::int64_t place = first; place <= last; ++place)
            ticks.push_back(double(place) * step);
        return ticks;
    }
    if (axis.format == AxisSpec::Format::Bytes) {
        for (int power = int(std::ceil(std::log2(low))); std::exp2(power) <= high; power += 2)
            ticks.push_back(std::exp2(power));
        return ticks;
    }
    const double decades = std::log10(high / low);
    const std::vector<double> digits = decades < 1.2   ? std::vector<double>{1, 1.5, 2, 3, 5, 7}
                                       : decades < 2.6 ? std::vector<double>{1, 3}
                                                       : std::vector<double>{1};
    for (int power = int(std::floor(std::log10(low))); std::pow(10.0, power) <= high; ++power)
        for (const double digit : digits)
            if (const double tick = digit * std::pow(10.0, power); tick >= low && tick <= high)
                ticks.push_back(tick);
    return ticks;
}

double share(double value, double low, double high, bool logarithmic)
{
    if (logarithmic)
        return std::log(value / low) / std::log(high / low);
    return (value - low) / (high - low);
}

void paintGrid(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QRectF area = layout.area;
    const double one = look.px(1);
    for (const double tick : ticksOf(value.y, layout.yLow, layout.yHigh)) {
        const double y = std::round(layout.at({layout.xLow, tick}).y());
        painter.fillRect(QRectF(area.left(), y, area.width(), one), look.grid);
        drawNumber(painter, QRectF(area.left() - look.px(gutter), y - look.px(8), look.px(gutter - 8), look.px(16)),
                   Qt::AlignRight, axisText(tick, value.y.format), small, look.secondary);
    }
    painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), one), look.outline);
    double taken = -1e9;
    for (const double tick : ticksOf(value.x, layout.xLow, layout.xHigh)) {
        const double x = std::round(layout.at({tick, layout.yLow}).x());
        painter.fillRect(QRectF(x, area.bottom(), one, look.px(4)), look.outline);
        const QString text = axisText(tick, value.x.format);
        const double wide = numberWidth(small, text);
        if (x - wide / 2 < taken + look.px(6))
            continue;
        taken = x + wide / 2;
        drawNumber(painter, QRectF(x - wide / 2, area.bottom() + look.px(5), wide, look.px(16)), Qt::AlignLeft, text,
                   small, look.secondary);
    }
    const QRectF below(area.left(), area.bottom() + look.px(21), area.width(), look.px(16));
    drawText(painter, below, Qt::AlignRight, value.x.title, small, look.secondary);
    drawText(painter, below.adjusted(0, 0, -textWidth(small, value.x.title) - look.px(8), 0), Qt::AlignLeft, value.note,
             small, look.secondary);
}

// A mark's line from its row of words down, and its words beside it, where they are free on one side.
void paintMark(QPainter& painter, const PlotMark& mark, const PlotLayout& layout, double top,
               std::vector<QRectF>& taken)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const double x = std::round(layout.at({mark.at, layout.yLow}).x()) + 0.5 * look.px(1);
    const double own = top + mark.row * look.px(wordsRow);
    QPen pen(mark.identity ? mark.identity->outline() : look.text, look.px(1), Qt::SolidLine, Qt::FlatCap);
    if (mark.dashed)
        pen.setDashPattern({4, 3});
    painter.setPen(pen);
    painter.drawLine(QPointF(x, own), QPointF(x, layout.area.bottom()));
    if (mark.text.isEmpty())
        return;
    const double gap = look.px(6), sign = mark.identity ? look.px(12) : 0;
    const double wide = std::max(textWidth(small, mark.text) + sign, textWidth(small, mark.second)) + 1;
    const double high = look.px(wordsRow * (mark.second.isEmpty() ? 1 : 2));
    const QRectF left(x - gap - wide, own, wide, high), right(x + gap, own, wide, high);
    const auto isFree = [&](const QRectF& box) {
        return box.left() >= layout.area.left() - look.px(gutter) &&
               box.right() <= layout.area.right() + look.px(rightRoom) &&
               std::none_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(box); });
    };
    const QRectF& wanted = mark.left ? left : right;
    const QRectF& other = mark.left ? right : left;
    const QRectF box = isFree(wanted) || !isFree(other) ? wanted : other;
    if (!isFree(box))
        return;
    taken.push_back(box);
    const Qt::Alignment side = box == left ? Qt::AlignRight : Qt::AlignLeft;
    painter.fillRect(box, look.panel); // a line of another mark may pass
    const QRectF row(box.left(), box.top(), box.width(), look.px(wordsRow));
    drawText(painter, row, side, mark.text, small, look.text);
    if (mark.identity)
        drawMarker(painter, *mark.identity,
                   {side == Qt::AlignLeft ? row.left() + textWidth(small, mark.text) + look.px(8)
                                          : row.right() - textWidth(small, mark.text) - look.px(8),
                    row.center().y()},
                   look.px(6));
    drawText(painter, row.translated(0, look.px(wordsRow)), side, mark.second, small, look.secondary);
}

void paintMarks(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    const Theme& look = theme();
    for (const auto& [from, to] : value.regions) {
        const double left = layout.at({from, layout.yLow}).x();
        const double right = layout.at({to, layout.yLow}).x();
        painter.fillRect(
            QRectF(std::round(left), layout.area.top(), std::max(1.0, std::round(right - left)), layout.area.height()),
            look.chosen);
    }
    std::vector<QRectF> taken;
    for (const PlotMark& mark : value.marks)
        if (drawable(mark.at, layout.xLog) && mark.at >= layout.xLow && mark.at <= layout.xHigh)
            paintMark(painter, mark, layout, layout.area.top() - look.px(topRoom(value)), taken);
}

// Lines of roofs, their words along them, above; where the words of level ones stand.
std::vector<QRectF> paintRoofs(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    std::vector<QRectF> taken;
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (const PlotRoof& roof : value.roofs) {
        const QPointF from = layout.at(roof.from);
        const QPointF to = layout.at(roof.to);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(look.text, 1.3 * look.scale, Qt::SolidLine, Qt::FlatCap));
        painter.drawLine(from, to);
        painter.setRenderHint(QPainter::Antialiasing, false);
        const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
        const bool whole = textWidth(small, roof.text) <= length - look.px(8);
        const QString text = whole ? roof.text : elided(small, roof.text.section(u',', 0, 0), length - look.px(8));
        const double wide = textWidth(small, text) + 1;
        painter.save();
        painter.translate(from);
        painter.rotate(std::atan2(to.y() - from.y(), to.x() - from.x()) * 180 / M_PI);
        const bool flat = std::abs(to.y() - from.y()) < 1;
        const QRectF words(flat ? length - wide : look.px(8), -look.px(17), wide, look.px(15));
        drawText(painter, words, Qt::AlignLeft, text, small, flat ? look.text : look.secondary);
        const QTransform turned = painter.transform(); // of the widget's place too
        painter.restore();
        const QTransform back = turned * painter.transform().inverted();
        if (flat) {
            taken.push_back(words.translated(from).adjusted(-look.px(4), 0, 0, look.px(2)));
            continue;
        }
        const double step = look.px(8); // along slanting words
        for (int part = 0; part * step < words.width(); ++part)
            taken.push_back(back.mapRect(QRectF(words.left() + part * step, words.top(), step, words.height())));
    }
    return taken;
}

void paintLine(QPainter& painter, const PlotSeries& series, const PlotLayout& layout)
{
    const Theme& look = theme();
    QPolygonF line, high, low;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        const QPointF point = series.points[i];
        if (!drawable(point.x(), layout.xLog) || !drawable(point.y(), layout.yLog))
            continue;
        line << layout.at(point);
        if (i < series.band.size()) {
            high << layout.at({point.x(), series.band[i].second});
            low.prepend(layout.at({point.x(), std::max(series.band[i].first, layout.yLog ? layout.yLow : -1e300)}));
        }
    }
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    if (!high.isEmpty()) {
        QColor fill = series.identity ? series.identity->area() : look.secondary;
        fill.setAlphaF(0.22F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(fill);
        painter.drawPolygon(high + low);
    }
    if (series.line) {
        const double width = (series.thin ? 0.8 : 1.6) * look.scale;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(series.identity ? seriesPen(series.thin ? engine::Dash::Solid : series.identity->dash,
                                                   series.identity->outline(), width)
                                       : QPen(look.text, width));
        drawPolyline(painter, line);
    }
    painter.restore();
}

void paintMarkers(QPainter& painter, const PlotSeries& series, const PlotLayout& layout)
{
    const Theme& look = theme();
    if (!series.identity)
        return;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        const QPointF point = series.points[i];
        if (!drawable(point.x(), layout.xLog) || !drawable(point.y(), layout.yLog))
            continue;
        const double size = look.px(6) * (i < series.sizes.size() ? series.sizes[i] : 1.0);
        drawPoint(painter, *series.identity, layout.at(point), size);
        if (i < series.hollow.size() && series.hollow[i])
            drawMarker(painter, series.identity->marker, layout.at(point), size, look.panel,
                       series.identity->outline());
    }
}

// What a label should not cover: points along the lines, and marks.
struct Obstacles
{
    std::vector<QPointF> lines, marks;
    std::vector<int> owners; // of the points of lines: a series, or none of them

    // Whether a label would stand nearer to another series than to its own.
    bool misleads(const QRectF& box, int series) const
    {
        double own = 1e9, other = 1e9;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const QPointF apart = lines[i] - box.center();
            double& nearest = owners[i] == series ? own : other;
            if (owners[i] >= 0)
                nearest = std::min(nearest, std::hypot(apart.x(), apart.y()));
        }
        return other < own;
    }

    double under(const QRectF& box) const
    {
        const double mark = theme().px(4);
        const QRectF nearby = box.adjusted(-mark, -mark, mark, mark);
        double cost = 0;
        for (const QPointF& point : lines)
            cost += box.contains(point) ? 1 : 0;
        for (const QPointF& point : marks)
            cost += nearby.contains(point) ? 4 : 0;
        return cost;
    }
};

Obstacles obstacles(const PlotValue& value, const PlotLayout& layout)
{
    Obstacles all;
    const auto along = [&](QPointF from, QPointF to, int owner) {
        const int steps = std::max(1, int(std::hypot(to.x() - from.x(), to.y() - from.y()) / theme().px(4)));
        for (int step = 0; step <= steps; ++step)
            all.lines.push_back(from + (to - from) * step / steps);
        all.owners.resize(all.lines.size(), owner);
    };
    for (std::size_t which = 0; which < value.series.size(); ++which) {
        const PlotSeries& series = value.series[which];
        std::optional<QPointF> last;
        for (const QPointF& point : series.points) {
            if (!drawable(point.x(), layout.xLog) || !drawable(point.y(), layout.yLog))
                continue;
            const QPointF here = layout.at(point);
            along(last && series.line ? *last : here, here, int(which));
            all.marks.push_back(here);
            last = here;
        }
    }
    for (const PlotRoof& roof : value.roofs)
        along(layout.at(roof.from), layout.at(roof.to), -1);
    return all;
}

// Where a label may stand, the best first: above its point, below, at its sides, at its corners; farther where the
// nearer places are taken.
std::vector<QPointF> labelPlaces(QPointF point, QSizeF size)
{
    std::vector<QPointF> places;
    for (const double away : {7, 21, 36, 52}) {
        const double by = theme().px(away);
        const double left = point.x() - by - size.width(), middle = point.x() - size.width() / 2;
        const double above = point.y() - by - size.height(), beside = point.y() - size.height() / 2;
        for (const double y : {above, point.y() + by})
            places.emplace_back(middle, y);
        for (const double x : {point.x() + by, left})
            places.emplace_back(x, beside);
        for (const double y : {above, point.y() + by})
            for (const double x : {point.x() + by / 2, left + by / 2})
                places.emplace_back(x, y);
    }
    return places;
}

// Labels of series beside their point, where they cover least.
void paintLabels(QPainter& painter, const PlotValue& value, const PlotLayout& layout, std::vector<QRectF> taken)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const Obstacles drawn = obstacles(value, layout);
    const QRectF room = layout.area.adjusted(0, -look.px(16), look.px(rightRoom), 0);
    for (std::size_t index = 0; index < value.series.size(); ++index) {
        const PlotSeries& series = value.series[index];
        if (series.label.isEmpty() || series.points.empty())
            continue;
        const std::size_t which = series.labelAt < 0 ? series.points.size() - 1 : std::size_t(series.labelAt);
        if (!drawable(series.points[which].y(), layout.yLog))
            continue;
        const QSizeF size(textWidth(small, series.label) + 2, look.px(15));
        QRectF best;
        double least = 1e9;
        for (QPointF at : labelPlaces(layout.at(series.points[which]), size)) {
            at.setX(std::clamp(at.x(), room.left(), std::max(room.left(), room.right() - size.width())));
            const QRectF box(at, size);
            double cost = (room.contains(box) ? 0 : 50) + drawn.under(box) + (drawn.misleads(box, int(index)) ? 12 : 0);
            for (const QRectF& other : taken)
                cost += other.intersects(box) ? 100 : 0;
            if (cost < least) {
                least = cost;
                best = box;
            }
            if (least <= 0)
                break;
        }
        taken.push_back(best);
        QColor ground = look.panel;
        ground.setAlphaF(0.8F);
        painter.fillRect(best, ground);
        drawText(painter, best, Qt::AlignLeft, series.label, small,
                 series.identity ? series.identity->label() : look.text);
    }
}

} // namespace

bool PlotValue::empty() const
{
    return std::all_of(series.begin(), series.end(), [](const PlotSeries& each) { return each.points.empty(); });
}

QPointF PlotLayout::at(QPointF value) const
{
    return {area.left() + share(value.x(), xLow, xHigh, xLog) * area.width(),
            area.bottom() - share(value.y(), yLow, yHigh, yLog) * area.height()};
}

double PlotLayout::xAt(double pixel) const
{
    const double place = (pixel - area.left()) / area.width();
    return xLog ? xLow * std::pow(xHigh / xLow, place) : xLow + place * (xHigh - xLow);
}

PlotLayout layOutPlot(const PlotValue& value, const QRectF& box)
{
    const Theme& look = theme();
    PlotLayout layout;
    layout.xLog = value.x.logarithmic;
    layout.yLog = value.y.logarithmic;
    layout.area = box.adjusted(look.px(gutter), look.px(topRoom(value)), -look.px(rightRoom), -look.px(bottomRoom));
    layout.area.setWidth(std::max(1.0, layout.area.width()));
    layout.area.setHeight(std::max(1.0, layout.area.height()));
    Ends x, y;
    for (const PlotSeries& series : value.series) {
        for (const QPointF& point : series.points) {
            x.add(point.x(), layout.xLog);
            y.add(point.y(), layout.yLog);
        }
        for (const auto& [low, high] : series.band) {
            y.add(low, layout.yLog);
            y.add(high, layout.yLog);
        }
    }
    for (const PlotRoof& roof : value.roofs)
        for (const QPointF& end : {roof.from, roof.to}) {
            x.add(end.x(), layout.xLog);
            y.add(end.y(), layout.yLog);
        }
    x.finish(value.x);
    y.finish(value.y);
    layout.xLow = x.low;
    layout.xHigh = x.high;
    layout.yLow = y.low;
    layout.yHigh = y.high;
    return layout;
}

void paintPlot(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    const Theme& look = theme();
    paintMarks(painter, value, layout);
    paintGrid(painter, value, layout);
    std::vector<QRectF> taken = paintRoofs(painter, value, layout);
    for (const PlotSeries& series : value.series)
        paintLine(painter, series, layout);
    for (const PlotSeries& series : value.series)
        paintMarkers(painter, series, layout);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(look.text, 1.5 * look.scale));
    painter.setBrush(look.panel);
    for (const QPointF& ring : value.rings)
        painter.drawEllipse(layout.at(ring), look.px(4), look.px(4));
    painter.restore();
    paintLabels(painter, value, layout, std::move(taken));
}

QString axisText(double value, AxisSpec::Format format)
{
    if (format == AxisSpec::Format::Bytes)
        return bytes(std::int64_t(std::llround(value)));
    QString text = std::abs(value) >= 1 && value == std::floor(value) && std::abs(value) < 1e6
                       ? whole(std::int64_t(value))
                       : QString();
    if (text.isEmpty()) {
        const double size = std::abs(value);
        if (size != 0 && (size < 1e-3 || size >= 1e6)) {
            text = power(value);
        } else {
            int digits = 0;
            while (digits < 6 &&
                   std::abs(value * std::pow(10, digits) - std::round(value * std::pow(10, digits))) > 1e-6)
                ++digits;
            text = fixed(value, digits);
        }
    }
    return format == AxisSpec::Format::Times ? text + QStringLiteral(" ×") : text;
}

} // namespace widgets
