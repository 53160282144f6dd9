// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/layerlist.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

constexpr double rowHeight = 24;

} // namespace

LayerList::LayerList(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Methods by layer"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void LayerList::setRows(std::vector<LayerRow> rows)
{
    if (m_rows == rows)
        return;
    m_rows = std::move(rows);
    m_current = std::clamp(m_current, 0, std::max(0, int(m_rows.size()) - 1));
    updateGeometry();
    update();
}

void LayerList::setCurrent(int row)
{
    m_current = std::clamp(row, 0, std::max(0, int(m_rows.size()) - 1));
    update();
}

QSize LayerList::sizeHint() const
{
    return {theme().px(200), theme().px(rowHeight) * std::max(1, int(m_rows.size()))};
}

QRectF LayerList::boxOf(int row) const
{
    const double tall = theme().px(rowHeight);
    return {0, row * tall, double(width()), tall};
}

void LayerList::drawRow(QPainter& painter, int row) const
{
    const LayerRow& shown = m_rows[std::size_t(row)];
    const QRectF box = boxOf(row);
    if (row == m_current)
        painter.fillRect(box, theme().chosen);
    else if (row == m_over)
        painter.fillRect(box, theme().hover);
    const QFont body = theme().font(), small = theme().font(Theme::labelSize);
    constexpr Qt::Alignment leftMiddle = Qt::AlignLeft | Qt::AlignVCenter;
    double left = theme().px(Theme::gap4);
    const double right = width() - theme().px(Theme::gap4);
    const double nameWidth = theme().px(22);
    widgets::drawText(painter, {left, box.top(), nameWidth, box.height()}, leftMiddle, shown.name, small,
                      theme().secondary);
    left += nameWidth;
    widgets::drawMarker(painter, shown.identity, {left + theme().px(4), box.center().y()}, theme().px(8));
    left += theme().px(16);
    // A long name beside a long label: both are written smaller before one is cut.
    const double gap = theme().px(Theme::gap2);
    const auto fit = [&](const QFont& title, const QFont& label) {
        return widgets::textWidth(title, shown.title) + gap + widgets::textWidth(label, shown.fidelity) + 1 <=
               right - left;
    };
    const QFont& titleFont = fit(body, small) ? body : small;
    const QFont fidelityFont = fit(titleFont, small) ? small : theme().font(9);
    const double fidelityWidth = widgets::textWidth(fidelityFont, shown.fidelity) + 1;
    const bool roomForBoth = right - left - fidelityWidth > theme().px(80);
    if (roomForBoth)
        widgets::drawText(painter, {right - fidelityWidth, box.top(), fidelityWidth, box.height()},
                          Qt::AlignRight | Qt::AlignVCenter, shown.fidelity, fidelityFont, theme().secondary);
    const double room = right - left - (roomForBoth ? fidelityWidth + gap : 0);
    const bool inherits = row > 0 && !shown.own;
    widgets::drawText(painter, {left, box.top(), room, box.height()}, leftMiddle, shown.title, titleFont,
                      inherits ? theme().secondary : theme().text);
}

void LayerList::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    for (int row = 0; row < int(m_rows.size()); ++row)
        drawRow(painter, row);
    if (m_focusRing && !m_rows.empty())
        widgets::drawFrame(painter, boxOf(m_current), theme().focus, theme().px(2));
}

void LayerList::mousePressEvent(QMouseEvent* event)
{
    const int row = int(event->position().y() / theme().px(rowHeight));
    if (event->button() == Qt::LeftButton && row >= 0 && row < int(m_rows.size())) {
        setCurrent(row);
        emit chosen(row);
    }
}

void LayerList::mouseMoveEvent(QMouseEvent* event)
{
    m_over = int(event->position().y() / theme().px(rowHeight));
    update();
}

void LayerList::leaveEvent(QEvent*)
{
    m_over = -1;
    update();
}

void LayerList::keyPressEvent(QKeyEvent* event)
{
    const int by = event->key() == Qt::Key_Down ? 1 : event->key() == Qt::Key_Up ? -1 : 0;
    const int to = std::clamp(m_current + by, 0, std::max(0, int(m_rows.size()) - 1));
    if (by == 0) {
        View::keyPressEvent(event);
    } else if (to != m_current) {
        setCurrent(to);
        emit chosen(to);
    }
}

void LayerList::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void LayerList::focusOutEvent(QFocusEvent*)
{
    m_focusRing = false;
    update();
}

} // namespace app
