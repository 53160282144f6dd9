// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/modelpanel.h"

#include "widgets/paint.h"

#include <QPainter>

namespace app {

using widgets::theme;
using widgets::Theme;

ModelPanel::ModelPanel(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ModelPanel::setModel(const QString& name, const QString& format, const QStringList& lines)
{
    m_name = name;
    m_format = format;
    m_lines = lines;
    setAccessibleName(QStringList({name, format, lines.join(", ")}).join(", "));
    updateGeometry();
    update();
}

QSize ModelPanel::sizeHint() const
{
    return {theme().px(200), theme().px(22 + 18 * std::max(2, int(m_lines.size())) + 12)};
}

void ModelPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    const double left = theme().px(Theme::gap4), width = this->width() - 2 * left;
    const QFont body = theme().font(), small = theme().font(Theme::labelSize);
    const double formatWidth = widgets::textWidth(small, m_format) + 1;
    QRectF line(left, 0, width, theme().px(22));
    constexpr Qt::Alignment leftMiddle = Qt::AlignLeft | Qt::AlignVCenter;
    widgets::drawText(painter, line.adjusted(0, 0, -formatWidth - theme().px(Theme::gap2), 0), leftMiddle, m_name, body,
                      theme().text);
    widgets::drawText(painter, line, Qt::AlignRight | Qt::AlignVCenter, m_format, small, theme().secondary);
    line.setHeight(theme().px(18));
    line.moveTop(theme().px(23));
    for (const QString& text : m_lines) {
        widgets::drawText(painter, line, leftMiddle, text, small, theme().secondary);
        line.translate(0, theme().px(18));
    }
}

} // namespace app
