// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/heading.h"

#include "widgets/paint.h"

#include <QHBoxLayout>
#include <QPainter>

namespace app {

using widgets::theme;
using widgets::Theme;

Heading::Heading(const QString& title, double height, QWidget* parent)
    : View(parent)
    , m_title(title)
    , m_height(height)
    , m_tools(new QHBoxLayout(this))
{
    setAccessibleName(title);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_tools->addStretch();
    Heading::themeChanged();
}

void Heading::setWords(const QString& words)
{
    m_words = words;
    setToolTip(words); // there may be no room for all of them
    update();
}

void Heading::setNote(const QString& note)
{
    m_note = note;
    update();
}

void Heading::addTool(QWidget* tool)
{
    m_tools->insertWidget(m_last == nullptr ? -1 : m_tools->indexOf(m_last), tool, 0, Qt::AlignVCenter);
}

void Heading::addLastTool(QWidget* tool)
{
    addTool(tool);
    m_last = tool;
}

void Heading::removeTool(QWidget* tool)
{
    m_tools->removeWidget(tool);
}

void Heading::themeChanged()
{
    m_tools->setContentsMargins(0, 0, theme().px(Theme::gap2), 0);
    m_tools->setSpacing(theme().px(Theme::gap1));
    updateGeometry();
}

QSize Heading::sizeHint() const
{
    return {theme().px(200), theme().px(m_height)};
}

QSize Heading::minimumSizeHint() const
{
    return {theme().px(80), theme().px(m_height)};
}

void Heading::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    double right = width() - theme().px(Theme::gap4);
    for (int place = 1; place < m_tools->count(); ++place)
        if (const QWidget* tool = m_tools->itemAt(place)->widget(); tool != nullptr && tool->isVisibleTo(this))
            right = std::min(right, double(tool->geometry().left() - theme().px(Theme::gap2)));
    double left = theme().px(Theme::gap4);
    const auto write = [&](const QString& text, const QFont& font, const QColor& color, Qt::Alignment side) {
        const double width = std::min(widgets::textWidth(font, text) + 1, right - left);
        if (text.isEmpty() || width < theme().px(12))
            return;
        const double x = side == Qt::AlignLeft ? left : right - width;
        widgets::drawText(painter, {x, 0, width, double(height())}, side | Qt::AlignVCenter, text, font, color);
        if (side == Qt::AlignLeft)
            left += width + theme().px(Theme::gap3);
        else
            right -= width + theme().px(Theme::gap3);
    };
    write(m_title, theme().font(Theme::bodySize, true), theme().text, Qt::AlignLeft);
    write(m_note, theme().font(Theme::labelSize), theme().secondary, Qt::AlignRight);
    write(m_words, theme().font(), theme().secondary, Qt::AlignLeft);
}

} // namespace app
