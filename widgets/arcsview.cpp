// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/arcsview.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace widgets {

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
    m_marks = {query, key, hovered};
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

ArcsLayout ArcsView::arcsLayout() const
{
    return {QRectF(rect()), int(m_value.tokens.size())};
}

QPointF ArcsView::pointOf(int token) const
{
    return arcsLayout().pointOf(token);
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

void ArcsView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const double ratio = devicePixelRatioF();
    const ArcsLayout layout = arcsLayout();
    const std::size_t sides = std::min<std::size_t>(2, m_value.sides.size());
    if (m_static.isNull() || m_static.devicePixelRatioF() != ratio) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        m_static.fill(look.panel);
        QPainter painter(&m_static);
        for (std::size_t side = 0; side < sides; ++side)
            drawArcs(painter, layout, m_value, side, std::nullopt, 0.6);
    }
    QPainter painter(this);
    const auto focus = m_marks.focus();
    painter.setOpacity(focus ? 0.25 : 1);
    painter.fillRect(rect(), look.panel);
    painter.drawPixmap(0, 0, m_static);
    painter.setOpacity(1);
    for (std::size_t side = 0; focus && side < sides; ++side)
        drawArcs(painter, layout, m_value, side, focus, 1);
    drawArcsText(painter, layout, m_value, m_marks);
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
    if (const auto token = arcsLayout().at(event->position()))
        emit hovered(*token);
    else
        emit left();
}

void ArcsView::leaveEvent(QEvent* /*event*/)
{
    emit left();
}

void ArcsView::mousePressEvent(QMouseEvent* event)
{
    const auto token = arcsLayout().at(event->position());
    if (!token || event->button() != Qt::LeftButton)
        return;
    if (token == m_marks.query)
        emit released();
    else
        emit picked(*token);
}

void ArcsView::keyPressEvent(QKeyEvent* event)
{
    const int count = int(m_value.tokens.size());
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    if (event->key() == Qt::Key_Escape && m_marks.query)
        emit released();
    else if ((event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) && count > 0)
        emit picked(std::clamp(m_marks.query.value_or(count - 1) + (event->key() == Qt::Key_Left ? -step : step), 0,
                               count - 1));
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
    const auto token = arcsLayout().at(help->pos());
    QToolTip::showText(help->globalPos(), token ? wordsOf(*token) : QString(), this);
    return true;
}

} // namespace widgets
