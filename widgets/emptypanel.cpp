// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/emptypanel.h"

#include "widgets/paint.h"

#include <QPainter>
#include <QPushButton>

namespace widgets {

EmptyPanel::EmptyPanel(QWidget* parent)
    : View(parent)
    , m_action(new QPushButton(this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    m_action->hide();
    connect(m_action, &QPushButton::clicked, this, &EmptyPanel::acted);
}

void EmptyPanel::setWords(const QString& what, const QString& why, const QString& action)
{
    m_what = what;
    m_why = why;
    m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    setAccessibleName(what);
    setAccessibleDescription(why);
    place();
    update();
}

QSize EmptyPanel::sizeHint() const
{
    return {theme().px(344), theme().px(120)};
}

QSize EmptyPanel::minimumSizeHint() const
{
    return {theme().px(160), theme().px(96)};
}

void EmptyPanel::place()
{
    const QSize size = m_action->sizeHint();
    m_action->setGeometry((width() - size.width()) / 2, height() / 2 + theme().px(16), size.width(), size.height());
}

void EmptyPanel::resizeEvent(QResizeEvent* /*event*/)
{
    place();
}

void EmptyPanel::themeChanged()
{
    place();
}

void EmptyPanel::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    const double middle = height() / 2.0 - (m_action->isHidden() ? 0 : look.px(8));
    const QRectF line(look.px(Theme::gap4), middle - look.px(22), width() - look.px(2 * Theme::gap4), look.px(18));
    drawText(painter, line, Qt::AlignHCenter, m_what, look.font(), look.text);
    drawText(painter, line.translated(0, look.px(20)), Qt::AlignHCenter, m_why, look.font(Theme::labelSize),
             look.secondary);
}

} // namespace widgets
