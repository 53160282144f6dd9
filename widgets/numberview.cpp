// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/numberview.h"

#include "widgets/numbers.h"
#include "widgets/paint.h"

#include <QPainter>

#include <cmath>

namespace widgets {

NumberView::NumberView(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void NumberView::setNumber(const NumberValue& number)
{
    m_number = number;
    setAccessibleName(number.title);
    setAccessibleDescription(numberText() + u' ' + number.unit + u' ' + number.reason);
    update();
}

QString NumberView::numberText() const
{
    return m_number.value && std::isfinite(*m_number.value) ? compact(*m_number.value) : QStringLiteral("n/a");
}

QSize NumberView::sizeHint() const
{
    return {theme().px(240), theme().px(48)};
}

QSize NumberView::minimumSizeHint() const
{
    return {theme().px(120), theme().px(48)};
}

void NumberView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    const QFont small = look.font(Theme::labelSize);
    const auto name = engine::nameOf(m_number.provenance);
    const QString origin = QString::fromUtf8(name.data(), qsizetype(name.size()));
    QRectF line(0, 0, width(), look.px(22));
    const double originWidth = textWidth(small, origin);
    drawText(painter, line, Qt::AlignRight, origin, small, look.secondary);
    drawText(painter, line.adjusted(0, 0, -originWidth - look.px(Theme::gap2), 0), Qt::AlignLeft, m_number.title,
             look.font(), look.secondary);
    line.translate(0, look.px(24));
    const QFont large = look.font(Theme::resultSize);
    const QString text = numberText();
    drawNumber(painter, line, Qt::AlignLeft, text, large, look.text);
    line.setLeft(numberWidth(large, text) + look.px(Theme::gap2));
    drawText(painter, line, Qt::AlignLeft, m_number.value ? m_number.unit : m_number.reason,
             m_number.value ? look.font() : small, look.secondary);
}

} // namespace widgets
