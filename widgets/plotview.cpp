// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plotview.h"

#include "widgets/numbers.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {

PlotView::PlotView(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void PlotView::setPlot(PlotValue value)
{
    m_value = std::move(value);
    m_zoom.reset();
    setRead(std::nullopt);
    redraw();
}

void PlotView::setReadout(std::function<QString(double)> readout, const QString& xUnit)
{
    m_readout = std::move(readout);
    m_xUnit = xUnit;
}

QSize PlotView::sizeHint() const
{
    return {theme().px(480), theme().px(300)};
}

QSize PlotView::minimumSizeHint() const
{
    return {theme().px(200), theme().px(140)};
}

PlotValue PlotView::shown() const
{
    PlotValue value = m_value;
    if (m_zoom) {
        value.x.low = m_zoom->first;
        value.x.high = m_zoom->second;
    }
    return value;
}

PlotLayout PlotView::layoutNow() const
{
    return layOutPlot(shown(), QRectF(rect()));
}

std::vector<double> PlotView::places() const
{
    std::vector<double> all;
    for (const PlotSeries& series : m_value.series)
        for (const QPointF& point : series.points)
            all.push_back(point.x());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

QStringList PlotView::readAt(double x) const
{
    QStringList lines;
    for (const PlotSeries& series : m_value.series)
        for (const QPointF& point : series.points)
            if (point.x() == x)
                lines << series.name + QStringLiteral(" ") +
                             (m_readout ? m_readout(point.y()) : axisText(point.y(), m_value.y.format));
    return lines;
}

void PlotView::setRead(std::optional<double> x)
{
    if (x == m_read)
        return;
    m_read = x;
    setAccessibleDescription(x ? axisText(*x, m_value.x.format) + QStringLiteral(" ") + m_xUnit + QStringLiteral(": ") +
                                     readAt(*x).join(QStringLiteral(", "))
                               : QString());
    update();
}

void PlotView::redraw()
{
    m_static = {};
    update();
}

void PlotView::themeChanged()
{
    redraw();
}

void PlotView::resizeEvent(QResizeEvent* /*event*/)
{
    redraw();
}

void PlotView::paintReadout(QPainter& painter) const
{
    if (!m_read || !m_readout)
        return;
    const Theme& look = theme();
    const PlotLayout layout = layoutNow();
    const double x = std::round(layout.at({*m_read, layout.yHigh}).x());
    if (x < layout.area.left() || x > layout.area.right())
        return;
    painter.fillRect(QRectF(x, layout.area.top(), 1, layout.area.height()), look.outline);

    struct Line
    {
        const PlotSeries* series;
        QString value;
    };

    std::vector<Line> lines;
    double nameWide = 0, valueWide = 0;
    for (const PlotSeries& series : m_value.series)
        for (const QPointF& point : series.points)
            if (point.x() == *m_read) {
                lines.push_back({&series, m_readout(point.y())});
                nameWide = std::max(nameWide, textWidth(look.font(), series.name));
                valueWide = std::max(valueWide, numberWidth(look.font(), lines.back().value));
            }
    const double wide = nameWide + valueWide + look.px(12 + 16 + 24 + 12);
    const double high = look.px(28) + double(lines.size()) * look.px(20) + look.px(4);
    const bool right = x + look.px(12) + wide < layout.area.right();
    const QRectF box(right ? x + look.px(12) : x - look.px(12) - wide, layout.area.top() + look.px(28), wide, high);
    drawGround(painter, box, look.panel, look.outline);
    const QString title = axisText(*m_read, m_value.x.format) + QStringLiteral(" ") + m_xUnit;
    drawText(painter, QRectF(box.left() + look.px(12), box.top() + look.px(4), wide, look.px(22)), Qt::AlignLeft, title,
             look.font(Theme::labelSize), look.secondary);
    double y = box.top() + look.px(26);
    for (const Line& line : lines) {
        const QRectF row(box.left() + look.px(12), y, wide - look.px(24), look.px(20));
        if (line.series->identity)
            drawMarker(painter, *line.series->identity, {row.left() + look.px(4), row.center().y()}, look.px(7));
        drawText(painter, row.adjusted(look.px(16), 0, 0, 0), Qt::AlignLeft, line.series->name, look.font(), look.text);
        drawNumber(painter, row, Qt::AlignRight, line.value, look.font(), look.text);
        y += look.px(20);
    }
}

void PlotView::paintEvent(QPaintEvent* /*event*/)
{
    const double ratio = devicePixelRatioF();
    if (m_static.isNull() || m_static.devicePixelRatioF() != ratio) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        m_static.fill(theme().panel);
        QPainter painter(&m_static);
        const PlotValue value = shown();
        const PlotLayout layout = layoutNow();
        if (m_zoom)
            painter.setClipRect(layout.area.adjusted(-theme().px(56), -theme().px(30), theme().px(8), theme().px(40)));
        paintPlot(painter, value, layout);
    }
    QPainter painter(this);
    painter.drawPixmap(0, 0, m_static);
    paintReadout(painter);
    if (m_focusRing)
        drawFocus(painter, rect());
}

void PlotView::mouseMoveEvent(QMouseEvent* event)
{
    const PlotLayout layout = layoutNow();
    if (m_pressed && (event->buttons() & Qt::LeftButton) && m_zoom) {
        const double way = (m_pressed->x() - event->position().x()) / layout.area.width();
        const auto [low, high] = m_pressedZoom;
        m_zoom = layout.xLog ? std::pair(low * std::pow(high / low, way), high * std::pow(high / low, way))
                             : std::pair(low + (high - low) * way, high + (high - low) * way);
        redraw();
        return;
    }
    const std::vector<double> all = places();
    if (all.empty() || !layout.area.adjusted(-8, 0, 8, 0).contains(event->position())) {
        setRead(std::nullopt);
        return;
    }
    setRead(*std::min_element(all.begin(), all.end(), [&](double a, double b) {
        const auto away = [&](double x) { return std::abs(layout.at({x, layout.yHigh}).x() - event->position().x()); };
        return away(a) < away(b);
    }));
}

void PlotView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_zoom)
        return;
    m_pressed = event->position();
    m_pressedZoom = *m_zoom;
}

void PlotView::mouseReleaseEvent(QMouseEvent* /*event*/)
{
    m_pressed.reset();
}

void PlotView::mouseDoubleClickEvent(QMouseEvent* /*event*/)
{
    m_zoom.reset();
    redraw();
}

void PlotView::wheelEvent(QWheelEvent* event)
{
    const PlotLayout layout = layoutNow();
    if (m_value.empty() || event->angleDelta().y() == 0)
        return;
    const double factor = std::pow(0.8, event->angleDelta().y() / 120.0);
    const double under = layout.xAt(event->position().x());
    const PlotLayout all = layOutPlot(m_value, QRectF(rect()));
    double low, high;
    if (layout.xLog) {
        low = under * std::pow(layout.xLow / under, factor);
        high = under * std::pow(layout.xHigh / under, factor);
    } else {
        low = under + (layout.xLow - under) * factor;
        high = under + (layout.xHigh - under) * factor;
    }
    if (low <= all.xLow && high >= all.xHigh)
        m_zoom.reset();
    else
        m_zoom = std::pair(std::max(low, all.xLow), std::min(high, all.xHigh));
    redraw();
    event->accept();
}

void PlotView::leaveEvent(QEvent* /*event*/)
{
    setRead(std::nullopt);
}

void PlotView::keyPressEvent(QKeyEvent* event)
{
    const std::vector<double> all = places();
    const bool left = event->key() == Qt::Key_Left;
    if ((!left && event->key() != Qt::Key_Right) || all.empty()) {
        View::keyPressEvent(event);
        return;
    }
    auto at = m_read ? std::find(all.begin(), all.end(), *m_read) : all.end();
    if (at == all.end())
        at = left ? all.end() - 1 : all.begin();
    else if (left && at != all.begin())
        --at;
    else if (!left && at + 1 != all.end())
        ++at;
    setRead(*at);
}

void PlotView::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void PlotView::focusOutEvent(QFocusEvent* /*event*/)
{
    m_focusRing = false;
    update();
}

} // namespace widgets
