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
constexpr double labelLength = 54;
constexpr double tick = 4;
constexpr double gutter = labelLength + tick + Theme::gap2;
constexpr double labelSpacing = 13;
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
    return {side + theme().px(gutter), side + theme().px(gutter + titleHeight)};
}

QSize HeatmapView::minimumSizeHint() const
{
    const int side = theme().px(96);
    return {side + (m_axes.showRows ? theme().px(gutter) : 0), side + theme().px(gutter + titleHeight)};
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
    const double left = m_axes.showRows ? theme().px(gutter) : theme().px(1);
    const double top = m_headingShown ? theme().px(titleHeight) : theme().px(1);
    const QRectF room(left, top + 1, width() - left - 1, height() - top - 2 - theme().px(gutter));
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
    drawAxes(painter);
    if (m_headingShown)
        drawHeading(painter);
    if (zoomed() && m_axes.showRows && !m_grid.empty())
        drawMiniMap(painter);
}

void HeatmapView::drawHeading(QPainter& painter) const
{
    const Theme& look = theme();
    QRectF row = titleRow();
    const QFont body = look.font();
    const QFont small = look.font(Theme::labelSize);
    if (m_axes.showRows && !m_axes.rowName.isEmpty())
        drawText(painter, QRectF(0, row.top(), look.px(gutter - 10), row.height()), Qt::AlignRight,
                 m_axes.rowName + QStringLiteral(" ↓"), small, look.secondary);
    QString right;
    QColor rightColor = look.secondary;
    if (m_busy) {
        right = m_busy->text;
    } else if (m_layout.reduced() && !m_grid.empty()) {
        const QSize by = m_layout.reduction;
        right = by.width() == by.height() ? tr("reduced %1 : 1").arg(by.width())
                                          : tr("reduced %1 × %2 : 1").arg(by.width()).arg(by.height());
        const double width = textWidth(small, right) + look.px(12);
        const QRectF badge(row.right() - width, row.top() + look.px(2), width, row.height() - look.px(6));
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.chosen);
        painter.drawRoundedRect(badge, look.px(3), look.px(3));
        painter.setRenderHint(QPainter::Antialiasing, false);
        drawText(painter, badge, Qt::AlignHCenter, right, small, look.text);
        row.setRight(badge.left() - look.px(Theme::gap2));
        right.clear();
    }
    if (right.isEmpty() && m_heading.proof) {
        right = (m_heading.proved ? QStringLiteral("✓ ") : QStringLiteral("✗ ")) + power(*m_heading.proof);
        rightColor = m_heading.proved ? look.ok : look.errorText;
    }
    if (!right.isEmpty()) {
        const double width = textWidth(small, right) + 1;
        drawText(painter, row, Qt::AlignRight, right, small, rightColor);
        row.setRight(row.right() - width - look.px(Theme::gap2));
    }
    const double size = look.px(8);
    const auto marker = [&](const Identity& identity) {
        drawMarker(painter, identity, QPointF(row.left() + size / 2 + 1, row.center().y()), size);
        row.setLeft(row.left() + size + look.px(8));
    };
    if (m_heading.method)
        marker(*m_heading.method);
    if (m_heading.minus) {
        drawText(painter, row, Qt::AlignLeft, QStringLiteral("−"), body, look.secondary);
        row.setLeft(row.left() + textWidth(body, QStringLiteral("−")) + look.px(5));
        marker(*m_heading.minus);
    }
    drawText(painter, row, Qt::AlignLeft, m_heading.name, body, look.text);
    row.setLeft(row.left() + textWidth(body, m_heading.name) + look.px(Theme::gap2));
    if (row.width() > look.px(24))
        drawText(painter, row, Qt::AlignLeft, m_heading.label, small, look.secondary);
}

void HeatmapView::drawAxes(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QRectF map = m_layout.map;
    const QRect window = m_layout.window;
    const double spacing = look.px(labelSpacing);
    const double one = 1 / devicePixelRatioF();
    const auto inkOf = [&](bool picked) { return picked ? look.text : look.secondary; };
    const QSizeF step(m_layout.block.width() / m_layout.reduction.width(),
                      m_layout.block.height() / m_layout.reduction.height());
    const auto pinnedRow = m_pinned ? std::optional(m_pinned->row) : std::nullopt;
    const auto pinnedCol = m_pinned ? std::optional(m_pinned->col) : std::nullopt;
    if (m_grid.empty())
        return;
    if (m_axes.showRows) {
        for (const int row : placeLabels(window.top(), window.height(), step.height(), spacing, pinnedRow)) {
            const QRectF cell = m_layout.rectOf({row, window.left()});
            const double y = std::round(cell.center().y());
            painter.fillRect(QRectF(map.left() - one - look.px(tick), y, look.px(tick), one), look.outline);
            const bool picked = row == pinnedRow;
            drawText(painter, QRectF(0, y - spacing / 2, map.left() - look.px(tick + 3), spacing), Qt::AlignRight,
                     m_axes.rows.value(row), small, inkOf(picked));
        }
        if (!m_axes.colName.isEmpty())
            drawText(painter, QRectF(0, map.bottom() + look.px(2), map.left() - look.px(tick + 3), look.px(16)),
                     Qt::AlignRight, m_axes.colName + QStringLiteral(" →"), small, look.secondary);
    }
    for (const int col : placeLabels(window.left(), window.width(), step.width(), spacing, pinnedCol)) {
        const QRectF cell = m_layout.rectOf({window.top(), col});
        const double x = std::round(cell.center().x());
        painter.fillRect(QRectF(x, map.bottom() + one, one, look.px(tick)), look.outline);
        const bool picked = col == pinnedCol;
        drawUpright(painter, QRectF(x - spacing / 2, map.bottom() + look.px(tick + 3), spacing, look.px(labelLength)),
                    Qt::AlignRight, m_axes.cols.value(col), small, inkOf(picked));
    }
}

void HeatmapView::drawMiniMap(QPainter& painter) const
{
    const Theme& look = theme();
    const QRectF all(look.px(8), m_layout.map.bottom() + look.px(22), look.px(40), look.px(40));
    const QRect window = m_layout.window;
    const double x = all.width() / whole().width();
    const double y = all.height() / whole().height();
    const QRectF part(all.left() + window.left() * x, all.top() + window.top() * y, window.width() * x,
                      window.height() * y);
    painter.fillRect(all, look.panel);
    painter.fillRect(part.toAlignedRect(), look.chosen);
    drawFrame(painter, all, look.secondary, 1);
    drawFrame(painter, part.toAlignedRect(), look.ring, 1);
}

void HeatmapView::drawCrosshair(QPainter& painter) const
{
    const QRectF cell = m_pinned ? m_layout.rectOf(*m_pinned) : QRectF();
    if (cell.isEmpty())
        return;
    const QRectF map = m_layout.map;
    double right = map.right();
    double top = map.top();
    if (m_shape == GridShape::LowerTriangle) { // both lines stop at the diagonal
        const int shift = m_grid.cols() - m_grid.rows();
        const QRectF rowEnd = m_layout.rectOf({m_pinned->row, m_pinned->row + shift});
        const QRectF colEnd = m_layout.rectOf({m_pinned->col - shift, m_pinned->col});
        right = rowEnd.isEmpty() ? map.right() : rowEnd.right();
        top = colEnd.isEmpty() ? map.top() : colEnd.top();
    }
    QColor ink = theme().ring;
    ink.setAlphaF(0.35F);
    const double one = 1 / devicePixelRatioF();
    for (const double y : {cell.top() - one, cell.bottom()})
        painter.fillRect(QRectF(map.left(), y, right - map.left(), one), ink);
    for (const double x : {cell.left() - one, cell.right()})
        painter.fillRect(QRectF(x, top, one, map.bottom() - top), ink);
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
    drawCrosshair(painter);
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
