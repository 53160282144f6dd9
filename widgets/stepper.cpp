// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/stepper.h"

#include "widgets/icons.h"
#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/paint.h"

#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace widgets {

Stepper::Stepper(const QString& name, QWidget* parent)
    : View(parent)
    , m_name(name)
{
    setFocusPolicy(Qt::TabFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_Home, Qt::Key_End});
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAccessibleName(name);
}

void Stepper::setRange(int low, int high)
{
    m_low = low;
    m_high = std::max(low, high);
    setValue(m_value);
    updateGeometry();
}

void Stepper::setValue(int value)
{
    m_value = std::clamp(value, m_low, m_high);
    setAccessibleDescription(shown(m_value));
    update();
}

void Stepper::setZero(const QString& word)
{
    m_zero = word;
    setValue(m_value);
    updateGeometry();
}

QString Stepper::shown(int value) const
{
    return value == 0 && !m_zero.isEmpty() ? m_zero : whole(value);
}

void Stepper::setShownName(const QString& name)
{
    if (name == m_name)
        return;
    m_name = name;
    updateGeometry();
    update();
}

QSize Stepper::sizeHint() const
{
    const Theme& look = theme();
    const QFont font = look.font();
    const double number =
        std::max({numberWidth(font, whole(m_high)), numberWidth(font, whole(m_low)), textWidth(font, m_zero)});
    const double name = m_name.isEmpty() ? 0 : textWidth(font, m_name) + look.px(Theme::gap2);
    return {int(std::ceil(name + number)) + look.px(2 * 20 + 10), look.px(26)};
}

QRectF Stepper::box() const
{
    const double left = m_name.isEmpty() ? 0 : std::ceil(textWidth(theme().font(), m_name)) + theme().px(Theme::gap2);
    return {left, 0, width() - left, double(height())};
}

void Stepper::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    const QRectF field = box();
    drawText(painter, QRectF(0, 0, field.left(), height()), Qt::AlignLeft, m_name, look.font(), look.secondary);
    drawGround(painter, field, look.field, isEnabled() ? look.outline : look.hairline);
    const double side = look.px(14);
    const double top = (height() - side) / 2;
    const auto ink = [&](bool can) { return can && isEnabled() ? look.secondary : look.disabled; };
    drawSymbol(painter, Symbol::Left, QRectF(field.left() + look.px(4), top, side, side), ink(m_value > m_low));
    drawSymbol(painter, Symbol::Right, QRectF(field.right() - look.px(4) - side, top, side, side),
               ink(m_value < m_high));
    drawNumber(painter, field, Qt::AlignHCenter, shown(m_value), look.font(), isEnabled() ? look.text : look.disabled);
    if (hasFocus())
        drawFocus(painter, field);
}

void Stepper::step(int by)
{
    const int value = std::clamp(m_value + by, m_low, m_high);
    if (value == m_value)
        return;
    setValue(value);
    emit changed(value);
}

void Stepper::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !box().contains(event->position()))
        return;
    step(event->position().x() < box().center().x() ? -1 : 1);
}

void Stepper::wheelEvent(QWheelEvent* event)
{
    m_wheel += event->angleDelta().y();
    const int steps = m_wheel / 120;
    m_wheel -= steps * 120;
    if (steps != 0)
        step(steps);
    event->accept();
}

void Stepper::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down:
        step(-1);
        break;
    case Qt::Key_Right:
    case Qt::Key_Up:
        step(1);
        break;
    case Qt::Key_Home:
        step(m_low - m_value);
        break;
    case Qt::Key_End:
        step(m_high - m_value);
        break;
    default:
        View::keyPressEvent(event);
        break;
    }
}

void Stepper::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

} // namespace widgets
