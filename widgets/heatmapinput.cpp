// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keys of a heat map.
#include "widgets/heatmapview.h"

#include <QApplication>
#include <QMouseEvent>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr int fewestCells = 8; // a zoom shows at least

} // namespace

void HeatmapView::mouseMoveEvent(QMouseEvent* event)
{
    if (m_swiping) {
        const double at = (event->position().x() - m_layout.map.left()) / std::max(1.0, m_layout.map.width());
        emit swiped(std::clamp(at, 0.0, 1.0));
        return;
    }
    if (overSwipe(event->position()))
        setCursor(Qt::SplitHCursor);
    else
        unsetCursor();
    if (m_pressed && (event->buttons() & Qt::LeftButton)) {
        const QPointF way = event->position() - *m_pressed;
        if (way.manhattanLength() >= QApplication::startDragDistance() && zoomed()) {
            m_panned = true;
            const QSizeF block = m_layout.block;
            QRect window = m_pressedWindow.translated(-int(way.x() / block.width()) * m_layout.reduction.width(),
                                                      -int(way.y() / block.height()) * m_layout.reduction.height());
            window.moveLeft(std::clamp(window.left(), 0, whole().width() - window.width()));
            window.moveTop(std::clamp(window.top(), 0, whole().height() - window.height()));
            if (window != m_layout.window) {
                setWindow(window);
                emit windowChanged(window);
            }
            return;
        }
    }
    const auto cell = m_layout.cellAt(event->position());
    if (cell && canBe(m_grid, m_shape, *cell))
        emit hovered(*cell);
    else
        emit left();
}

void HeatmapView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    if (overSwipe(event->position())) {
        m_swiping = true;
        return;
    }
    m_pressed = event->position();
    m_pressedWindow = m_layout.window;
    m_panned = false;
}

void HeatmapView::mouseReleaseEvent(QMouseEvent* event)
{
    m_swiping = false;
    if (event->button() != Qt::LeftButton || !m_pressed)
        return;
    m_pressed.reset();
    if (m_panned)
        return;
    const auto cell = m_layout.cellAt(event->position());
    if (!cell || !canBe(m_grid, m_shape, *cell))
        return;
    if (cell == m_pinned)
        emit released();
    else
        emit picked(*cell);
}

void HeatmapView::mouseDoubleClickEvent(QMouseEvent* /*event*/)
{
    if (!zoomed())
        return;
    setWindow({});
    emit windowChanged({});
}

void HeatmapView::zoomAt(QPointF point, double factor)
{
    const auto cell = m_layout.cellAt(point);
    if (!cell)
        return;
    const QRect old = m_layout.window;
    const QRect all = whole();
    const auto size = [&](int now, int most) {
        return std::clamp(int(std::lround(now * factor)), std::min(fewestCells, most), most);
    };
    const QSize count(size(old.width(), all.width()), size(old.height(), all.height()));
    // The cell under the pointer stays under it.
    const double x = double(cell->col - old.left()) / old.width();
    const double y = double(cell->row - old.top()) / old.height();
    QRect window(
        QPoint(int(std::lround(cell->col - x * count.width())), int(std::lround(cell->row - y * count.height()))),
        count);
    window.moveLeft(std::clamp(window.left(), 0, all.width() - count.width()));
    window.moveTop(std::clamp(window.top(), 0, all.height() - count.height()));
    if (window == all)
        window = {};
    if (window == m_window)
        return;
    setWindow(window);
    emit windowChanged(window);
}

void HeatmapView::wheelEvent(QWheelEvent* event)
{
    if (m_grid.empty() || event->angleDelta().y() == 0)
        return;
    zoomAt(event->position(), std::pow(0.8, event->angleDelta().y() / 120.0));
    event->accept();
}

void HeatmapView::leaveEvent(QEvent* /*event*/)
{
    emit left();
}

void HeatmapView::movePick(int rows, int cols)
{
    if (m_grid.empty())
        return;
    const Cell from = m_pinned.value_or(Cell{m_grid.rows() - 1, 0});
    Cell to{std::clamp(from.row + rows, 0, m_grid.rows() - 1), std::clamp(from.col + cols, 0, m_grid.cols() - 1)};
    while (to.col > 0 && !canBe(m_grid, m_shape, to))
        --to.col;
    if (m_pinned && to == *m_pinned)
        return;
    emit picked(m_pinned ? to : from);
}

void HeatmapView::keyPressEvent(QKeyEvent* event)
{
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    switch (event->key()) {
    case Qt::Key_Left:
        movePick(0, -step);
        break;
    case Qt::Key_Right:
        movePick(0, step);
        break;
    case Qt::Key_Up:
        movePick(-step, 0);
        break;
    case Qt::Key_Down:
        movePick(step, 0);
        break;
    case Qt::Key_Escape:
        if (m_pinned)
            emit released();
        else
            event->ignore();
        break;
    default:
        View::keyPressEvent(event);
        break;
    }
}

} // namespace widgets
