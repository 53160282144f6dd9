// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keys of a long map.
#include "widgets/longmapview.h"

#include <QApplication>
#include <QMouseEvent>

#include <algorithm>
#include <cmath>

namespace widgets {

void LongMapView::ask(const MapWindow& window)
{
    const MapWindow inside = held(window);
    if (inside != m_window)
        emit windowAsked(inside);
}

// The cell stays where it is on screen.
MapWindow LongMapView::zoomed(const Cell& about, double factor) const
{
    const int count = held({0, 0, int(std::lround(m_window.count * factor))}).count;
    const double down = double(about.row - m_window.query) / m_window.count;
    const double along = double(about.col - m_window.key) / m_window.count;
    return {int(std::lround(about.row - down * count)), int(std::lround(about.col - along * count)), count};
}

void LongMapView::mouseMoveEvent(QMouseEvent* event)
{
    if (m_pressed && (event->buttons() & Qt::LeftButton)) {
        const QPointF pixels = event->position() - *m_pressed;
        m_panned = m_panned || pixels.manhattanLength() >= QApplication::startDragDistance();
        if (!m_panned)
            return;
        const QPointF way = pixels / std::max(pixelsPerToken(), 1e-9);
        ask({m_pressedWindow.query - int(std::lround(way.y())), m_pressedWindow.key - int(std::lround(way.x())),
             m_pressedWindow.count});
        return;
    }
    if (const auto cell = cellAt(event->position()))
        emit hovered(*cell);
    else
        emit left();
}

void LongMapView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_map.contains(event->position()))
        return;
    m_pressed = event->position();
    m_pressedWindow = m_window;
    m_panned = false;
}

void LongMapView::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_pressed)
        return;
    m_pressed.reset();
    if (const auto cell = cellAt(event->position()); cell && !m_panned)
        choose(*cell);
}

bool LongMapView::samePlace(Cell a, Cell b) const
{
    const engine::MapRegion& region = m_value.picture.region;
    const int by = std::max(1, region.reduction);
    const auto element = [by](int token, int first) { return int(std::floor(double(token - first) / by)); };
    return element(a.row, region.queries.first) == element(b.row, region.queries.first) &&
           element(a.col, region.keys.first) == element(b.col, region.keys.first);
}

void LongMapView::choose(Cell cell)
{
    if (m_pinned && samePlace(cell, *m_pinned))
        emit released();
    else
        emit picked(cell);
}

// By elements of the picture: what is told changes with each.
void LongMapView::movePinned(int rows, int cols)
{
    const int by = std::max(1, m_value.picture.region.reduction), last = m_value.tokens - 1;
    Cell to{std::clamp(m_pinned->row + rows * by, 0, last), std::clamp(m_pinned->col + cols * by, 0, last)};
    if (m_value.causal)
        to.col = std::min(to.col, to.row);
    if (to != *m_pinned)
        emit picked(to);
}

void LongMapView::mouseDoubleClickEvent(QMouseEvent* /*event*/)
{
    ask({0, 0, m_value.tokens});
}

void LongMapView::wheelEvent(QWheelEvent* event)
{
    if (m_value.tokens == 0 || event->angleDelta().y() == 0 || !m_map.contains(event->position()))
        return;
    const double step = pixelsPerToken();
    const Cell about{m_window.query + int((event->position().y() - m_map.top()) / step),
                     m_window.key + int((event->position().x() - m_map.left()) / step)};
    ask(zoomed(about, std::pow(0.8, event->angleDelta().y() / 120.0)));
    event->accept();
}

void LongMapView::keyPressEvent(QKeyEvent* event)
{
    const int step = std::max(1, m_window.count / 4);
    const Cell centre{m_window.query + m_window.count / 2, m_window.key + m_window.count / 2};
    const int key = event->key();
    if (m_pinned && event->modifiers() & Qt::ShiftModifier && key >= Qt::Key_Left && key <= Qt::Key_Down) {
        movePinned(key == Qt::Key_Up     ? -1
                   : key == Qt::Key_Down ? 1
                                         : 0,
                   key == Qt::Key_Left    ? -1
                   : key == Qt::Key_Right ? 1
                                          : 0);
        return;
    }
    MapWindow to = m_window;
    switch (key) {
    case Qt::Key_Return:
    case Qt::Key_Enter: // what the pointer is on, else what is locked, else the middle
        if (m_value.tokens > 0)
            choose(m_hovered ? *m_hovered
                             : m_pinned.value_or(
                                   Cell{centre.row, m_value.causal ? std::min(centre.col, centre.row) : centre.col}));
        return;
    case Qt::Key_Left:
        to.key -= step;
        break;
    case Qt::Key_Right:
        to.key += step;
        break;
    case Qt::Key_Up:
        to.query -= step;
        break;
    case Qt::Key_Down:
        to.query += step;
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        to = zoomed(centre, 0.5);
        break;
    case Qt::Key_Minus:
        to = zoomed(centre, 2);
        break;
    case Qt::Key_Home:
        to = {0, 0, m_value.tokens};
        break;
    default:
        View::keyPressEvent(event);
        return;
    }
    ask(to);
}

} // namespace widgets
