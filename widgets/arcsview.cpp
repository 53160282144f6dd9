// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/arcsview.h"

#include "widgets/heatmaplayout.h"
#include "widgets/numbers.h"
#include "widgets/ownkeys.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double headerHeight = 24, margin = 24, widest = 7;

} // namespace

ArcsView::ArcsView(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right});
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Attention as arcs"));
}

void ArcsView::setArcs(ArcsValue value)
{
    m_value = std::move(value);
    m_static = {};
    update();
}

void ArcsView::setMarked(std::optional<int> query, std::optional<int> key, std::optional<int> hovered)
{
    m_query = query;
    m_key = key;
    m_hovered = hovered;
    setAccessibleDescription(query ? wordsOf(*query) : QString());
    update();
}

QSize ArcsView::sizeHint() const
{
    return {theme().px(1000), theme().px(460)};
}

QSize ArcsView::minimumSizeHint() const
{
    return {theme().px(200), theme().px(216)};
}

// The labels stand between the two halves, upright where they would not fit across.
double ArcsView::labelRoom() const
{
    return theme().px(64);
}

double ArcsView::lineY() const
{
    const double top = theme().px(headerHeight);
    return top + (height() - top - labelRoom()) / 2;
}

QPointF ArcsView::pointOf(int token) const
{
    const double left = theme().px(margin);
    const double step = (width() - 2 * left) / std::max<double>(1, double(m_value.tokens.size()));
    return {left + (token + 0.5) * step, lineY()};
}

int ArcsView::at(QPointF point) const
{
    const double left = theme().px(margin);
    const double step = (width() - 2 * left) / std::max<double>(1, double(m_value.tokens.size()));
    const int token = int(std::floor((point.x() - left) / step));
    const bool inside = token >= 0 && token < int(m_value.tokens.size());
    return inside && point.y() > lineY() - theme().px(16) && point.y() < lineY() + labelRoom() + theme().px(16) ? token
                                                                                                                : -1;
}

QString ArcsView::wordsOf(int token) const
{
    QStringList parts;
    for (const ArcsValue::Side& side : m_value.sides) {
        QStringList keys;
        for (const ArcsValue::Arc& arc : side.arcs)
            if (arc.query == token && keys.size() < 5)
                keys << QStringLiteral("‘%1’ %2").arg(m_value.tokens.value(arc.key), fixed(double(arc.weight), 3));
        parts << tr("%1: %2").arg(side.identity.title, keys.isEmpty() ? tr("nothing drawn") : keys.join(", "));
    }
    return tr("‘%1’ looks at").arg(m_value.tokens.value(token)) + ' ' + parts.join("; ");
}

void ArcsView::drawSide(QPainter& painter, std::size_t side, std::optional<int> only, double strength) const
{
    const ArcsValue::Side& value = m_value.sides[side];
    const bool below = side > 0;
    const double y = below ? lineY() + labelRoom() : lineY();
    const double room = below ? height() - y - 2 : y - theme().px(headerHeight) - 2;
    const double span = std::max(1.0, double(width() - 2 * theme().px(margin)));
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setClipRect(below ? QRectF(0, y, width(), height() - y) : QRectF(0, 0, width(), y));
    QColor ink = value.identity.area();
    for (auto arc = value.arcs.rbegin(); arc != value.arcs.rend(); ++arc) { // the largest on top
        if (only && arc->query != *only)
            continue;
        const double share = std::clamp(double(arc->weight) / m_value.high, 0.0, 1.0);
        ink.setAlphaF(float(strength * (0.12 + 0.88 * std::sqrt(share))));
        const double from = pointOf(arc->key).x(), to = pointOf(arc->query).x();
        const double rise = room * (0.12 + 0.88 * std::abs(to - from) / span);
        QPainterPath path(QPointF(from, y));
        // A cubic of this height at its middle.
        const double control = below ? y + rise * 4 / 3 : y - rise * 4 / 3;
        path.cubicTo(QPointF(from, control), QPointF(to, control), QPointF(to, y));
        painter.setPen(QPen(ink, std::max(0.6, share * theme().px(widest)), Qt::SolidLine, Qt::FlatCap));
        painter.drawPath(path);
    }
    painter.restore();
}

void ArcsView::drawLabels(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const int count = int(m_value.tokens.size());
    const double step = count > 1 ? pointOf(1).x() - pointOf(0).x() : double(width());
    const auto focus = m_hovered ? m_hovered : m_query;
    for (const int token : placeLabels(0, count, step, look.px(13), focus)) {
        const QPointF point = pointOf(token);
        const bool strong = token == m_query || token == m_key || token == m_hovered;
        drawUpright(painter,
                    QRectF(point.x() - look.px(7), point.y() + look.px(6), look.px(14), labelRoom() - look.px(12)),
                    Qt::AlignHCenter, m_value.tokens.value(token), small, strong ? look.text : look.secondary);
    }
    for (const double y : {lineY(), lineY() + labelRoom()})
        painter.fillRect(QRectF(look.px(margin), std::round(y), width() - 2 * look.px(margin), 1), look.hairline);
    const auto ring = [&](std::optional<int> token, bool pinned) {
        if (token && *token < count)
            drawRing(
                painter,
                QRectF(pointOf(*token).x() - look.px(7), lineY() + look.px(3), look.px(14), labelRoom() - look.px(6)),
                pinned);
    };
    ring(m_query, true);
    ring(m_key, false);
    if (m_hovered != m_query)
        ring(m_hovered, false);
}

void ArcsView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const double ratio = devicePixelRatioF();
    const auto focus = m_hovered ? m_hovered : m_query;
    if (m_static.isNull() || m_static.devicePixelRatioF() != ratio) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        m_static.fill(look.panel);
        QPainter painter(&m_static);
        for (std::size_t side = 0; side < m_value.sides.size() && side < 2; ++side)
            drawSide(painter, side, std::nullopt, 0.6);
    }
    QPainter painter(this);
    painter.setOpacity(focus ? 0.25 : 1);
    painter.fillRect(rect(), look.panel);
    painter.drawPixmap(0, 0, m_static);
    painter.setOpacity(1);
    for (std::size_t side = 0; side < m_value.sides.size() && side < 2; ++side) {
        if (focus)
            drawSide(painter, side, focus, 1);
        const ArcsValue::Side& value = m_value.sides[side];
        QRectF row(look.px(margin), side == 0 ? 0.0 : height() - look.px(headerHeight), width() - 2 * look.px(margin),
                   look.px(headerHeight));
        drawMarker(painter, value.identity, QPointF(row.left() + look.px(5), row.center().y()), look.px(8));
        drawText(painter, row.adjusted(look.px(16), 0, 0, 0), Qt::AlignLeft, value.identity.title, look.font(),
                 look.text);
        drawText(painter, row, Qt::AlignRight, value.badge, look.font(Theme::labelSize), look.secondary);
    }
    drawLabels(painter);
    if (hasFocus())
        drawFocus(painter, rect());
}

void ArcsView::resizeEvent(QResizeEvent* /*event*/)
{
    m_static = {};
}

void ArcsView::themeChanged()
{
    m_static = {};
}

void ArcsView::mouseMoveEvent(QMouseEvent* event)
{
    if (const int token = at(event->position()); token >= 0)
        emit hovered(token);
    else
        emit left();
}

void ArcsView::leaveEvent(QEvent* /*event*/)
{
    emit left();
}

void ArcsView::mousePressEvent(QMouseEvent* event)
{
    const int token = at(event->position());
    if (token < 0 || event->button() != Qt::LeftButton)
        return;
    if (token == m_query)
        emit released();
    else
        emit picked(token);
}

void ArcsView::keyPressEvent(QKeyEvent* event)
{
    const int count = int(m_value.tokens.size());
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    if (event->key() == Qt::Key_Escape && m_query)
        emit released();
    else if ((event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) && count > 0)
        emit picked(
            std::clamp(m_query.value_or(count - 1) + (event->key() == Qt::Key_Left ? -step : step), 0, count - 1));
    else
        View::keyPressEvent(event);
}

void ArcsView::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

void ArcsView::focusOutEvent(QFocusEvent* /*event*/)
{
    update();
}

bool ArcsView::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return View::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int token = at(help->pos());
    QToolTip::showText(help->globalPos(), token >= 0 ? wordsOf(token) : QString(), this);
    return true;
}

} // namespace widgets
