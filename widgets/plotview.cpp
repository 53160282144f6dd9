// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plotview.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

QString nameOf(const PlotSeries& series, std::size_t point)
{
    const QString own = series.pointNames.value(qsizetype(point));
    return own.isEmpty() ? series.name : series.name + QStringLiteral(", ") + own;
}

QString placeText(double x, const AxisSpec& axis, const QString& unit)
{
    const bool isWhole = x == std::floor(x);
    return (isWhole ? axisText(x, axis.format) : compact(x)) + QStringLiteral(" ") + unit;
}

} // namespace

PlotView::PlotView(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right});
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void PlotView::setPlot(PlotValue value)
{
    m_value = std::move(value);
    m_zoom.reset();
    m_pinned.reset();
    m_read.reset();
    describe();
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
        for (std::size_t i = 0; i < series.points.size(); ++i)
            if (series.points[i].x() == x)
                lines << nameOf(series, i) + QStringLiteral(" ") +
                             (m_readout ? m_readout(series.points[i].y())
                                        : axisText(series.points[i].y(), m_value.y.format));
    return lines;
}

void PlotView::setRead(std::optional<double> x)
{
    if (x == m_read)
        return;
    m_read = x;
    describe();
    update();
}

// What is read; else what there is, from where to where.
void PlotView::describe()
{
    QStringList words;
    if (const std::optional<double> x = m_read ? m_read : m_pinned) {
        setAccessibleDescription(placeText(*x, m_value.x, m_xUnit) + QStringLiteral(": ") +
                                 readAt(*x).join(QStringLiteral(", ")));
        return;
    }
    for (const PlotSeries& series : m_value.series)
        if (!series.points.empty())
            words << tr("%1 from %2 to %3")
                         .arg(series.name, axisText(series.points.front().y(), m_value.y.format),
                              axisText(series.points.back().y(), m_value.y.format));
    for (const PlotMark& mark : m_value.marks)
        if (!mark.text.isEmpty())
            words << mark.text;
    setAccessibleDescription(words.join(QStringLiteral("; ")));
}

std::optional<double> PlotView::placeAt(QPointF point) const
{
    const PlotLayout layout = layoutNow();
    const std::vector<double> all = places();
    if (all.empty() || !layout.area.adjusted(-8, 0, 8, 0).contains(point))
        return std::nullopt;
    const auto away = [&](double x) { return std::abs(layout.at({x, layout.yHigh}).x() - point.x()); };
    return *std::min_element(all.begin(), all.end(), [&](double a, double b) { return away(a) < away(b); });
}

void PlotView::setZoom(std::optional<std::pair<double, double>> zoom)
{
    m_zoom = zoom;
    redraw();
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
    const std::optional<double> read = m_read ? m_read : m_pinned;
    if (!read || !m_readout)
        return;
    const Theme& look = theme();
    const PlotLayout layout = layoutNow();
    const double x = std::round(layout.at({*read, layout.yHigh}).x());
    if (x < layout.area.left() || x > layout.area.right())
        return;
    painter.fillRect(QRectF(x, layout.area.top(), 1, layout.area.height()),
                     read == m_pinned ? look.text : look.outline);

    struct Line
    {
        const PlotSeries* series;
        QString name, value;
    };

    std::vector<Line> lines;
    double nameWide = 0, valueWide = 0;
    for (const PlotSeries& series : m_value.series)
        for (std::size_t i = 0; i < series.points.size(); ++i)
            if (series.points[i].x() == *read) {
                lines.push_back({&series, nameOf(series, i), m_readout(series.points[i].y())});
                nameWide = std::max(nameWide, textWidth(look.font(), lines.back().name));
                valueWide = std::max(valueWide, numberWidth(look.font(), lines.back().value));
            }
    const double wide = nameWide + valueWide + look.px(12 + 16 + 24 + 12);
    const double high = look.px(28) + double(lines.size()) * look.px(20) + look.px(4);
    const bool right = x + look.px(12) + wide < layout.area.right();
    const QRectF box(right ? x + look.px(12) : x - look.px(12) - wide, layout.area.top() + look.px(28), wide, high);
    drawGround(painter, box, look.panel, look.outline);
    const QString title = placeText(*read, m_value.x, m_xUnit);
    drawText(painter, QRectF(box.left() + look.px(12), box.top() + look.px(4), wide, look.px(22)), Qt::AlignLeft, title,
             look.font(Theme::labelSize), look.secondary);
    double y = box.top() + look.px(26);
    for (const Line& line : lines) {
        const QRectF row(box.left() + look.px(12), y, wide - look.px(24), look.px(20));
        if (line.series->identity)
            drawMarker(painter, *line.series->identity, {row.left() + look.px(4), row.center().y()}, look.px(7));
        drawText(painter, row.adjusted(look.px(16), 0, 0, 0), Qt::AlignLeft, line.name, look.font(), look.text);
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
    if (m_pressed && (event->buttons() & Qt::LeftButton) && m_zoom &&
        (m_panned || std::abs(m_pressed->x() - event->position().x()) >= QApplication::startDragDistance())) {
        m_panned = true;
        const double way = (m_pressed->x() - event->position().x()) / layout.area.width();
        const auto [low, high] = m_pressedZoom;
        m_zoom = layout.xLog ? std::pair(low * std::pow(high / low, way), high * std::pow(high / low, way))
                             : std::pair(low + (high - low) * way, high + (high - low) * way);
        redraw();
        emit zoomed();
        return;
    }
    setRead(placeAt(event->position()));
}

void PlotView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_pressed = event->position();
    m_panned = false;
    if (m_zoom)
        m_pressedZoom = *m_zoom;
}

void PlotView::mouseReleaseEvent(QMouseEvent* event)
{
    if (m_pressed && !m_panned) {
        const std::optional<double> place = placeAt(event->position());
        m_pinned = place == m_pinned ? std::nullopt : place;
        describe();
        update();
    }
    m_pressed.reset();
}

void PlotView::mouseDoubleClickEvent(QMouseEvent* /*event*/)
{
    m_zoom.reset();
    redraw();
    emit zoomed();
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
    emit zoomed();
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
    if (event->key() == Qt::Key_Escape && m_pinned) {
        m_pinned.reset();
        describe();
        update();
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && m_read) {
        m_pinned = m_read;
        update();
        return;
    }
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

// While it has the focus, the keys that walk and keep are its own, not shortcuts of the window.
bool PlotView::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool walks = key->key() == Qt::Key_Left || key->key() == Qt::Key_Right || key->key() == Qt::Key_Return;
        if (key->modifiers() == Qt::NoModifier && (walks || (key->key() == Qt::Key_Escape && m_pinned))) {
            event->accept();
            return true;
        }
    }
    return View::event(event);
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
