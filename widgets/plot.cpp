// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot.h"

#include "widgets/numbers.h"
#include "widgets/rowplot.h"
#include "widgets/theme.h"

#include <QPainter>
#include <QPolygonF>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace widgets {
namespace {

constexpr double gutter = 56, topRoom = 30, bottomRoom = 40, rightRoom = 16;

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
        for (double tick = std::ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step)
            ticks.push_back(std::abs(tick) < step * 1e-9 ? 0 : tick);
        return ticks;
    }
    if (axis.format == AxisSpec::Format::Bytes) {
        for (double tick = std::exp2(std::ceil(std::log2(low))); tick <= high; tick *= 4)
            ticks.push_back(tick);
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

void paintMarks(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (const auto& [from, to] : value.regions) {
        const double left = layout.at({from, layout.yLow}).x();
        const double right = layout.at({to, layout.yLow}).x();
        painter.fillRect(QRectF(std::round(left), layout.area.top() - look.px(topRoom - 4),
                                std::max(1.0, std::round(right - left)), layout.area.height() + look.px(topRoom - 4)),
                         look.chosen);
    }
    for (const PlotMark& mark : value.marks) {
        if (!drawable(mark.at, layout.xLog) || mark.at < layout.xLow || mark.at > layout.xHigh)
            continue;
        const double x = std::round(layout.at({mark.at, layout.yLow}).x()) + 0.5 * look.px(1);
        const double top = layout.area.top() - look.px(topRoom - 4);
        QPen pen(look.text, look.px(1), Qt::SolidLine, Qt::FlatCap);
        if (mark.dashed)
            pen.setDashPattern({4, 3});
        painter.setPen(pen);
        painter.drawLine(QPointF(x, top), QPointF(x, layout.area.bottom()));
        const auto write = [&](const QString& text, double down, const QColor& ink) {
            const double wide = textWidth(small, text) + 1;
            const double gap = look.px(6);
            const double left = mark.left ? x - gap - wide : x + gap;
            const QRectF row(left, top + down, wide, look.px(15));
            painter.fillRect(row, look.panel);
            drawText(painter, row, Qt::AlignLeft, text, small, ink);
        };
        if (!mark.text.isEmpty())
            write(mark.text, 0, look.text);
        if (!mark.second.isEmpty())
            write(mark.second, look.px(14), look.secondary);
    }
}

// The bisector of from and to, its word along it, above.
void paintRoofs(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (const PlotRoof& roof : value.roofs) {
        const QPointF from = layout.at(roof.from);
        const QPointF to = layout.at(roof.to);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(look.text, 1.3 * look.scale, Qt::SolidLine, Qt::FlatCap));
        painter.drawLine(from, to);
        painter.setRenderHint(QPainter::Antialiasing, false);
        const double long_ = std::hypot(to.x() - from.x(), to.y() - from.y());
        const QString text = elided(small, roof.text, long_ - look.px(8));
        const double wide = textWidth(small, text) + 1;
        painter.save();
        painter.translate(from);
        painter.rotate(std::atan2(to.y() - from.y(), to.x() - from.x()) * 180 / M_PI);
        const bool flat = std::abs(to.y() - from.y()) < 1;
        drawText(painter, QRectF(flat ? long_ - wide : look.px(8), -look.px(17), wide, look.px(15)), Qt::AlignLeft,
                 text, small, flat ? look.text : look.secondary);
        painter.restore();
    }
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
        painter.drawPolyline(line);
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

// Labels of series ends, kept apart from each other.
void paintLabels(QPainter& painter, const PlotValue& value, const PlotLayout& layout)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    std::vector<QRectF> taken;
    for (const PlotSeries& series : value.series) {
        if (series.label.isEmpty() || series.points.empty())
            continue;
        const std::size_t which = series.labelAt < 0 ? series.points.size() - 1 : std::size_t(series.labelAt);
        if (!drawable(series.points[which].y(), layout.yLog))
            continue;
        const QPointF point = layout.at(series.points[which]);
        const double wide = textWidth(small, series.label) + 2;
        double left = std::min(point.x() - wide / 2, layout.area.right() - wide);
        left = std::max(left, layout.area.left());
        QRectF box(left, point.y() - look.px(22), wide, look.px(15));
        for (int attempt = 0; attempt < 6; ++attempt) {
            const bool hit =
                std::any_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(box); });
            if (!hit)
                break;
            box.moveTop(attempt == 0 ? point.y() + look.px(7) : box.top() + look.px(15));
        }
        taken.push_back(box);
        QColor ground = look.panel;
        ground.setAlphaF(0.8F);
        painter.fillRect(box, ground);
        drawText(painter, box, Qt::AlignLeft, series.label, small,
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
    layout.area = box.adjusted(look.px(gutter), look.px(topRoom), -look.px(rightRoom), -look.px(bottomRoom));
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
    paintRoofs(painter, value, layout);
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
    paintLabels(painter, value, layout);
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
