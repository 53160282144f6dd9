// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/segment.h"

#include "widgets/ownkeys.h"
#include "widgets/paint.h"

#include <QKeyEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {

Segment::Segment(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    ownKeys(*this, arrowKeys());
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Segment::setOptions(const QStringList& options)
{
    m_options = options;
    m_current = std::clamp(m_current, 0, std::max(0, int(options.size()) - 1));
    updateGeometry();
    update();
}

void Segment::setCurrent(int index)
{
    m_current = std::clamp(index, 0, std::max(0, int(m_options.size()) - 1));
    setAccessibleDescription(m_options.value(m_current));
    update();
}

QSize Segment::sizeHint() const
{
    double width = 2;
    for (int i = 0; i < m_options.size(); ++i)
        width += place(i).width();
    return {int(std::ceil(width)), theme().px(24)};
}

QRectF Segment::place(int index) const
{
    const Theme& look = theme();
    const QFont font = look.font(Theme::labelSize);
    double left = 1;
    for (int i = 0; i < index; ++i)
        left += std::ceil(textWidth(font, m_options[i])) + look.px(18);
    return {left, 1, std::ceil(textWidth(font, m_options[index])) + look.px(18), look.px(24) - 2.0};
}

int Segment::at(QPointF point) const
{
    for (int i = 0; i < m_options.size(); ++i)
        if (place(i).contains(point))
            return i;
    return -1;
}

void Segment::choose(int index)
{
    if (index < 0 || index >= m_options.size() || index == m_current)
        return;
    setCurrent(index);
    emit chosen(index);
}

void Segment::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    drawGround(painter, rect(), look.field, look.hairline);
    for (int i = 0; i < m_options.size(); ++i) {
        const bool current = i == m_current;
        if (current || i == m_over)
            drawGround(painter, place(i).adjusted(1, 1, -1, -1), current ? look.chosen : look.hover, {}, 3);
        const QColor ink = !isEnabled() ? look.disabled : current ? look.text : look.secondary;
        drawText(painter, place(i), Qt::AlignHCenter, m_options[i], look.font(Theme::labelSize), ink);
    }
    if (hasFocus())
        drawFocus(painter, rect());
}

void Segment::mouseMoveEvent(QMouseEvent* event)
{
    const int over = at(event->position());
    if (over != m_over) {
        m_over = over;
        update();
    }
}

void Segment::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        choose(at(event->position()));
}

void Segment::leaveEvent(QEvent* /*event*/)
{
    m_over = -1;
    update();
}

void Segment::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Up)
        choose(m_current - 1);
    else if (event->key() == Qt::Key_Right || event->key() == Qt::Key_Down)
        choose(m_current + 1);
    else
        View::keyPressEvent(event);
}

void Segment::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

} // namespace widgets
