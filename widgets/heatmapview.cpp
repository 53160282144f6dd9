// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/heatmapview.h"

#include "widgets/icons.h"
#include "widgets/numbers.h"

#include <QApplication>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 24;
constexpr double largestCell = 28;
constexpr int fewestCells = 8; // a zoom shows at least

QString quoted(const QString& text)
{
    return u'‘' + text + u'’';
}

} // namespace

HeatmapView::HeatmapView(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    relayout();
}

QSize HeatmapView::sizeHint() const
{
    const int side = theme().px(384);
    return {side + theme().px(mapGutter), side + theme().px(mapGutter + titleHeight)};
}

QSize HeatmapView::minimumSizeHint() const
{
    const int side = theme().px(96);
    return {side + (m_axes.showRows ? theme().px(mapGutter) : 0), side + theme().px(mapGutter + titleHeight)};
}

void HeatmapView::setHeading(const MapHeading& heading)
{
    m_heading = heading;
    setAccessibleName(heading.name);
    redraw();
}

void HeatmapView::setAxes(const MapAxes& axes)
{
    m_axes = axes;
    relayout();
}

void HeatmapView::setGrid(const engine::Grid& grid, GridShape shape)
{
    const bool sameSize = grid.rows() == m_grid.rows() && grid.cols() == m_grid.cols();
    m_grid = grid;
    m_shape = shape;
    if (!sameSize)
        m_window = {};
    relayout();
    describe();
}

void HeatmapView::setScale(const ColorScale& scale)
{
    if (scale == m_scale)
        return;
    m_scale = scale;
    redraw();
}

void HeatmapView::setMarked(std::optional<Cell> pinned, std::optional<Cell> hovered)
{
    if (pinned == m_pinned && hovered == m_hovered)
        return;
    if (pinned != m_pinned)
        m_static = {}; // its labels are placed first
    m_pinned = pinned;
    m_hovered = hovered;
    describe();
    update();
}

void HeatmapView::setPairShown(bool shown)
{
    m_pairShown = shown;
    update();
}

void HeatmapView::setBusy(std::optional<MapBusy> busy)
{
    m_busy = std::move(busy);
    redraw();
}

void HeatmapView::setWindow(const QRect& window)
{
    if (window == m_window)
        return;
    m_window = window;
    relayout();
}

void HeatmapView::setHeadingShown(bool shown)
{
    m_headingShown = shown;
    relayout();
}

QSize HeatmapView::cellCount() const
{
    return m_grid.empty() ? QSize(int(m_axes.cols.size()), int(m_axes.rows.size()))
                          : QSize(m_grid.cols(), m_grid.rows());
}

QRect HeatmapView::whole() const
{
    return {QPoint(0, 0), cellCount().expandedTo({1, 1})};
}

QRectF HeatmapView::titleRow() const
{
    return {m_layout.map.left(), 0, m_layout.map.width(), double(theme().px(titleHeight))};
}

void HeatmapView::relayout()
{
    const double left = m_axes.showRows ? theme().px(mapGutter) : theme().px(1);
    const double top = m_headingShown ? theme().px(titleHeight) : theme().px(1);
    const QRectF room(left, top + 1, width() - left - 1, height() - top - 2 - theme().px(mapGutter));
    const QRect window = m_window.isEmpty() ? whole() : m_window & whole();
    m_layout = layOutHeatmap(room, window.isEmpty() ? whole() : window, m_shape == GridShape::LowerTriangle,
                             devicePixelRatioF(), theme().px(largestCell));
    if (m_grid.empty()) // axes and hatch over the room until the first picture is there
        m_layout.map.setSize(QSizeF(std::floor(std::min(room.width(), room.height())),
                                    std::floor(std::min(room.width(), room.height()))));
    redraw();
}

void HeatmapView::redraw()
{
    m_static = {};
    update();
}

void HeatmapView::themeChanged()
{
    relayout();
}

void HeatmapView::resizeEvent(QResizeEvent* /*event*/)
{
    relayout();
}

void HeatmapView::drawStatic(QPainter& painter) const
{
    const Theme& look = theme();
    const QRectF map = m_layout.map;
    painter.fillRect(rect(), look.panel);
    painter.fillRect(map, look.panel);
    drawHatch(painter, map);
    if (!m_grid.empty()) {
        painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
        painter.drawImage(map, gridImage(m_grid, m_shape, m_scale, look.dark, m_layout.window, m_layout.reduction));
    }
    const double one = 1 / devicePixelRatioF();
    drawFrame(painter, map.adjusted(-one, -one, one, one), look.outline, one);
    if (!m_grid.empty())
        drawMapAxes(painter, m_layout, m_axes, m_pinned);
    if (m_headingShown) {
        drawMapHeading(painter, titleRow(), m_heading, m_busy ? &*m_busy : nullptr,
                       m_grid.empty() ? QSize(1, 1) : m_layout.reduction);
        if (m_axes.showRows && !m_axes.rowName.isEmpty())
            drawText(painter, QRectF(0, 0, look.px(mapGutter - 10), titleRow().height()), Qt::AlignRight,
                     m_axes.rowName + QStringLiteral(" ↓"), look.font(Theme::labelSize), look.secondary);
    }
    if (zoomed() && m_axes.showRows && !m_grid.empty())
        drawMiniMap(painter, m_layout, whole().size());
}

QString HeatmapView::valueText(Cell cell) const
{
    const double value = m_grid.at(cell.row, cell.col);
    const double bound = std::max(std::abs(m_scale.first()), std::abs(m_scale.last()));
    if (value != 0 && std::abs(value) < 5e-4)
        return power(value);
    if (bound > 10)
        return compact(value);
    return m_scale.diverging ? signedFixed(value, 3) : fixed(value, 3);
}

QString HeatmapView::pairText(Cell cell) const
{
    const QString col = m_axes.cols.value(cell.col);
    return quoted(m_axes.rows.value(cell.row)) + QStringLiteral(" → ") + quoted(col);
}

bool HeatmapView::valuesInTriangle() const
{
    return m_shape == GridShape::LowerTriangle && !zoomed();
}

void HeatmapView::drawValues(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont body = look.font();
    const QFont small = look.font(Theme::labelSize);
    const double height = look.px(20);
    const bool inside = valuesInTriangle();
    QRectF row =
        inside ? QRectF(m_layout.map.left(), m_layout.map.top() + look.px(6), m_layout.map.width() - look.px(6), height)
               : titleRow().adjusted(0, 0, 0, 0);
    const auto line = [&](Cell cell, bool pinned) {
        if (!canBe(m_grid, m_shape, cell))
            return;
        const QString value = valueText(cell);
        double left = row.right() - std::max(numberWidth(body, value), numberWidth(body, QStringLiteral("−0.000")));
        const QString pair = m_pairShown ? pairText(cell) : QString();
        // The triangle leaves this much beside the diagonal at this height.
        const double room = inside ? row.right() - (m_layout.map.left() + (row.bottom() - m_layout.map.top())) -
                                         (row.right() - left) - look.px(28)
                                   : m_layout.map.width() / 3;
        const QString shown = pair.isEmpty() ? pair : elided(small, pair, std::max(0.0, room));
        const double pairLeft = left - look.px(8) - textWidth(small, shown);
        const bool pin = pinned && shown.isEmpty();
        const double start = !shown.isEmpty() ? pairLeft : pin ? left - look.px(18) : left;
        painter.fillRect(QRectF(start - look.px(4), row.top(), row.right() + look.px(4) - start + look.px(4), height),
                         look.panel);
        const QColor ink = pinned ? look.text : look.secondary;
        if (pin)
            drawSymbol(painter, Symbol::Pin,
                       QRectF(left - look.px(16), row.center().y() - look.px(6), look.px(12), look.px(12)), ink);
        if (!shown.isEmpty())
            drawText(painter, QRectF(pairLeft, row.top(), left - pairLeft, height), Qt::AlignLeft, shown, small, ink);
        drawNumber(painter, row, Qt::AlignRight, value, body, ink);
        row.translate(0, height);
    };
    if (m_grid.empty())
        return;
    if (inside) {
        if (m_pinned)
            line(*m_pinned, true);
        if (m_hovered)
            line(*m_hovered, false);
    } else if (m_hovered || m_pinned) { // the title row has place for one
        line(m_hovered ? *m_hovered : *m_pinned, !m_hovered);
    }
}

void HeatmapView::paintEvent(QPaintEvent* /*event*/)
{
    const double ratio = devicePixelRatioF();
    if (m_static.isNull() || m_static.devicePixelRatioF() != ratio) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        QPainter painter(&m_static);
        drawStatic(painter);
    }
    QPainter painter(this);
    painter.drawPixmap(0, 0, m_static);
    if (m_pinned)
        drawCrosshair(painter, m_layout, *m_pinned,
                      m_shape == GridShape::LowerTriangle ? std::optional(m_grid.cols() - m_grid.rows())
                                                          : std::nullopt);
    drawValues(painter);
    if (m_hovered && m_hovered != m_pinned) {
        const QRectF cell = m_layout.rectOf(*m_hovered);
        if (!cell.isEmpty() && canBe(m_grid, m_shape, *m_hovered))
            drawRing(painter, cell, false);
    }
    if (m_pinned && canBe(m_grid, m_shape, *m_pinned)) {
        const QRectF cell = m_layout.rectOf(*m_pinned);
        if (!cell.isEmpty())
            drawRing(painter, cell, true);
    }
    if (m_busy) {
        const double width = m_layout.map.width() * std::clamp(m_busy->fraction, 0.0, 1.0);
        painter.fillRect(QRectF(m_layout.map.left(), m_layout.map.top() - theme().px(2), width, theme().px(2)),
                         theme().focus);
    }
    if (m_focusRing)
        drawFrame(painter, m_layout.map.adjusted(-1, -1, 1, 1), theme().focus, theme().px(2));
}

void HeatmapView::mouseMoveEvent(QMouseEvent* event)
{
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
    m_pressed = event->position();
    m_pressedWindow = m_layout.window;
    m_panned = false;
}

void HeatmapView::mouseReleaseEvent(QMouseEvent* event)
{
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

void HeatmapView::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void HeatmapView::focusOutEvent(QFocusEvent* /*event*/)
{
    m_focusRing = false;
    update();
}

bool HeatmapView::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return View::event(event);
    // Labels are elided, so the axes tell their tokens in full.
    const auto* help = static_cast<QHelpEvent*>(event);
    const QRectF map = m_layout.map;
    const QPointF at = help->pos();
    QString text;
    if (at.x() < map.left())
        if (const auto cell = m_layout.cellAt({map.left(), at.y()}))
            text = m_axes.rows.value(cell->row);
    if (at.y() > map.bottom())
        if (const auto cell = m_layout.cellAt({at.x(), map.top()}))
            text = m_axes.cols.value(cell->col);
    QToolTip::showText(help->globalPos(), text, this);
    return true;
}

void HeatmapView::describe()
{
    const auto marked = m_pinned ? m_pinned : m_hovered;
    if (!marked || m_grid.empty() || !canBe(m_grid, m_shape, *marked)) {
        setAccessibleDescription(tr("%1 rows, %2 columns").arg(m_grid.rows()).arg(m_grid.cols()));
        return;
    }
    setAccessibleDescription(tr("%1 %2, %3 %4: %5")
                                 .arg(m_axes.rowName, quoted(m_axes.rows.value(marked->row)), m_axes.colName,
                                      quoted(m_axes.cols.value(marked->col)), valueText(*marked)));
}

} // namespace widgets
