// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/iconbutton.h"

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPainter>

namespace widgets {

IconButton::IconButton(Symbol symbol, const QString& name, QWidget* parent)
    : QAbstractButton(parent)
    , m_symbol(symbol)
{
    setAttribute(Qt::WA_Hover);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setSymbol(symbol, name);
    followTheme(*this);
}

void IconButton::setSymbol(Symbol symbol, const QString& name)
{
    m_symbol = symbol;
    setToolTip(name);
    setAccessibleName(name);
    update();
}

QSize IconButton::sizeHint() const
{
    return {theme().px(28), theme().px(28)};
}

void IconButton::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    const bool on = isEnabled() && (isDown() || isChecked());
    if (on || (isEnabled() && underMouse()))
        drawGround(painter, rect(), on ? look.chosen : look.hover, {});
    const double side = look.px(16);
    const QColor ink = !isEnabled() ? look.disabled : on || underMouse() ? look.text : look.secondary;
    drawSymbol(painter, m_symbol, QRectF((width() - side) / 2, (height() - side) / 2, side, side), ink);
    if (hasFocus())
        drawFocus(painter, rect());
}

} // namespace widgets
