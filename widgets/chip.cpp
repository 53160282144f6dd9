// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/chip.h"

#include "widgets/icons.h"
#include "widgets/theme.h"

#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace widgets {

Chip::Chip(QWidget* parent)
    : QAbstractButton(parent)
{
    setAttribute(Qt::WA_Hover);
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    followTheme(*this);
}

void Chip::setMethod(const Identity& identity, const QString& knobs)
{
    m_identity = identity;
    m_knobs = knobs;
    setAccessibleName(knobs.isEmpty() ? identity.title : identity.title + u' ' + knobs);
    updateGeometry();
    update();
}

void Chip::setReference(bool reference)
{
    m_reference = reference;
    setAccessibleDescription(reference ? tr("the reference the others are compared with") : QString());
    updateGeometry();
    update();
}

void Chip::setSelected(bool selected)
{
    m_selected = selected;
    update();
}

void Chip::setShort(bool isShort)
{
    if (m_short == isShort)
        return;
    m_short = isShort;
    updateGeometry();
    update();
}

QSize Chip::sizeHint() const
{
    const Theme& look = theme();
    if (m_short)
        return {look.px(10 + 8 + 8 + 14 + 8), look.px(26)};
    double width = look.px(10 + 8 + 8) + textWidth(look.font(), m_identity.title) + look.px(6 + 14 + 8);
    if (!m_knobs.isEmpty())
        width += look.px(6) + textWidth(look.font(Theme::labelSize), m_knobs);
    return {int(std::ceil(width)), look.px(26)};
}

QRectF Chip::cross() const
{
    const double side = theme().px(14);
    return {width() - theme().px(8) - side, (height() - side) / 2, side, side};
}

void Chip::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    const QColor ground = isDown() || m_selected ? look.chosen : underMouse() ? look.hover : look.field;
    drawGround(painter, rect(), ground, m_reference ? look.secondary : look.outline);
    double left = look.px(10);
    const double size = look.px(8);
    drawMarker(painter, m_identity, QPointF(left + size / 2, height() / 2.0), size);
    left += size + look.px(8);
    const double titleWidth = m_short ? 0 : textWidth(look.font(), m_identity.title);
    if (!m_short)
        drawText(painter, QRectF(left, 0, titleWidth + 1, height()), Qt::AlignLeft, m_identity.title, look.font(),
                 isEnabled() ? look.text : look.disabled);
    left += titleWidth + look.px(6);
    if (!m_knobs.isEmpty() && !m_short)
        drawText(painter, QRectF(left, 0, cross().left() - left, height()), Qt::AlignLeft, m_knobs,
                 look.font(Theme::labelSize), look.secondary);
    const Symbol end = m_reference ? Symbol::Pin : Symbol::Close;
    drawSymbol(painter, end, cross().adjusted(1, 1, -1, -1), m_reference || m_overCross ? look.text : look.secondary);
    if (hasFocus())
        drawFocus(painter, rect());
}

void Chip::mouseMoveEvent(QMouseEvent* event)
{
    const bool over = closable() && cross().contains(event->position());
    if (over != m_overCross) {
        m_overCross = over;
        update();
    }
    QAbstractButton::mouseMoveEvent(event);
}

void Chip::mousePressEvent(QMouseEvent* event)
{
    m_closing = closable() && cross().contains(event->position());
    if (!m_closing)
        QAbstractButton::mousePressEvent(event);
}

void Chip::mouseReleaseEvent(QMouseEvent* event)
{
    if (!m_closing)
        return QAbstractButton::mouseReleaseEvent(event);
    m_closing = false;
    if (cross().contains(event->position()))
        emit closeRequested();
}

void Chip::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Delete && closable())
        emit closeRequested();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace widgets
