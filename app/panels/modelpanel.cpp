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
    tell();
}

void ModelPanel::setHash(const QString& hash)
{
    m_hash = hash;
    tell();
}

void ModelPanel::setHashShown(bool shown)
{
    m_hashShown = shown;
    tell();
}

// Its line has its place before it is known: nothing moves when it comes.
QStringList ModelPanel::lines() const
{
    if (!m_hashShown)
        return m_lines;
    const QString first = m_hash.section(u',', 0, 0);
    const int others = int(m_hash.count(u','));
    QString line = first.isEmpty() ? tr("sha256 …") : tr("sha256 %1…%2").arg(first.left(4), first.right(4));
    if (others > 0)
        line += tr(" and %1 more").arg(others);
    return m_lines + QStringList(line);
}

void ModelPanel::tell()
{
    setAccessibleName(QStringList({m_name, m_format, lines().join(", ")}).join(", "));
    setToolTip(m_hashShown && !m_hash.isEmpty() ? tr("SHA-256 of the weights: %1").arg(m_hash) : QString());
    updateGeometry();
    update();
}

QSize ModelPanel::sizeHint() const
{
    return {theme().px(200), theme().px(22 + 18 * std::max(2, int(lines().size())) + 12)};
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
    for (const QString& text : lines()) {
        widgets::drawText(painter, line, leftMiddle, text, small, theme().secondary);
        line.translate(0, theme().px(18));
    }
}

} // namespace app
