// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/heatmapview.h"

#include "widgets/icons.h"
#include "widgets/mapaccess.h"
#include "widgets/numbers.h"
#include "widgets/ownkeys.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 24;
constexpr double largestCell = 28, leastHeading = 240;
constexpr double smallestWithValues = 110;

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
    ownKeys(*this, arrowKeys());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    installMapAccess();
    measureLabels();
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
    return {side + (m_axes.showRows ? theme().px(mapGutter) : 0), side + m_gutterBelow + theme().px(titleHeight)};
}

// Upright labels take as much as the longest needs.
void HeatmapView::measureLabels()
{
    double longest = theme().px(12);
    const QFont small = theme().font(Theme::labelSize);
    for (const QString& label : m_axes.cols)
        longest = std::max(longest, std::min(textWidth(small, label), double(theme().px(mapLabel))));
    m_gutterBelow = int(std::ceil(longest)) + theme().px(mapGutter - mapLabel);
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
    measureLabels();
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

void HeatmapView::setExtras(MapExtras extras)
{
    m_extras = std::move(extras);
    redraw();
}

void HeatmapView::setMarked(std::optional<Cell> pinned, std::optional<Cell> hovered)
{
    if (pinned == m_pinned && hovered == m_hovered)
        return;
    if (pinned != m_pinned)
        m_static = {}; // its labels are placed first
    const bool walked = pinned && pinned != m_pinned && hasFocus();
    m_pinned = pinned;
    m_hovered = hovered;
    describe();
    update();
    if (walked && m_layout.window.contains(pinned->col, pinned->row)) { // a screen reader follows the picked cell
        QAccessibleEvent focus(this, QAccessible::Focus);
        const QPoint place = QPoint(pinned->col, pinned->row) - m_layout.window.topLeft();
        focus.setChild(place.y() * m_layout.window.width() + place.x());
        QAccessible::updateAccessibility(&focus);
    }
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

QSize HeatmapView::cells() const
{
    return m_grid.empty() ? QSize(int(m_axes.cols.size()), int(m_axes.rows.size()))
                          : QSize(m_grid.cols(), m_grid.rows());
}

QRect HeatmapView::whole() const
{
    return {QPoint(0, 0), cells().expandedTo({1, 1})};
}

// As wide as the map, or as its words need where the map is small.
QRectF HeatmapView::titleRow() const
{
    const double wide = std::max(m_layout.map.width(), std::min(room().width(), double(theme().px(leastHeading))));
    return {m_layout.map.left(), 0, wide, double(theme().px(titleHeight))};
}

QRectF HeatmapView::room() const
{
    const double left = m_axes.showRows ? theme().px(mapGutter) : 1;
    const double top = m_headingShown ? theme().px(titleHeight) : 1;
    return {left, top + 1, width() - left - 1, height() - top - 2 - m_gutterBelow};
}

void HeatmapView::relayout()
{
    const QRectF room = this->room();
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
    measureLabels();
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
    if (m_extras.hatched)
        drawHatch(painter, map);
    if (!m_grid.empty())
        drawMapCells(painter, m_layout, m_grid, m_shape, m_scale, m_extras);
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
    if (!canBe(m_grid, m_shape, cell))
        return tr("n/a");
    return cellText(m_grid.at(cell.row, cell.col), m_scale);
}

QString HeatmapView::shownValue(Cell cell) const
{
    if (!m_extras.swipe || m_extras.swipe->right.empty())
        return valueText(cell);
    return valueText(cell) + QStringLiteral(" | ") + cellText(m_extras.swipe->right.at(cell.row, cell.col), m_scale);
}

QString HeatmapView::wordsOf(Cell cell) const
{
    QStringList parts{m_axes.rowName + ' ' + quoted(m_axes.rows.value(cell.row)),
                      m_axes.colName + ' ' + quoted(m_axes.cols.value(cell.col))};
    if (!canBe(m_grid, m_shape, cell))
        parts << tr("cannot be");
    else if (std::isnan(m_grid.at(cell.row, cell.col)))
        parts << tr("not reached");
    else if (m_extras.companions.empty())
        parts << m_heading.name + ' ' + valueText(cell);
    else
        for (const MapCompanion& each : m_extras.companions)
            if (canBe(each.grid, m_shape, cell))
                parts << each.name + ' ' +
                             cellText(each.grid.at(cell.row, cell.col), {Scale::Linear, 0, 1, each.isSigned});
    return parts.join(QStringLiteral(", "));
}

QString HeatmapView::pairText(Cell cell) const
{
    const QString col = m_axes.cols.value(cell.col);
    return quoted(m_axes.rows.value(cell.row)) + QStringLiteral(" → ") + quoted(col);
}

// The values stand in the empty triangle where two lines of them leave most of the map free.
bool HeatmapView::valuesInTriangle() const
{
    return m_shape == GridShape::LowerTriangle && !zoomed() && m_layout.map.width() >= theme().px(smallestWithValues);
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
        const QString value = shownValue(cell);
        double left = row.right() - std::max(numberWidth(body, value), numberWidth(body, QStringLiteral("−0.000")));
        const QString pair = m_pairShown ? pairText(cell) : QString();
        // The triangle leaves this much beside the diagonal at this height.
        const double room = inside ? row.right() - (m_layout.map.left() + (row.bottom() - m_layout.map.top())) -
                                         (row.right() - left) - look.px(28)
                                   : m_layout.map.width() / 3;
        const bool names = !pair.isEmpty() && room >= look.px(40); // less would show no letter of them
        const QString shown = names ? elided(small, pair, room) : QString();
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
    if (m_grid.empty() || (!inside && !m_headingShown)) // whoever turned the row off tells them
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

// Where a cell is too small to be seen alone, its neighbours stand large in the triangle, under the values.
void HeatmapView::drawMagnified(QPainter& painter) const
{
    const auto centre = m_hovered ? m_hovered : m_pinned;
    const Theme& look = theme();
    const double cell = look.px(9);
    const double side = cell * magnified;
    const bool small = m_layout.block.width() < look.px(5) || m_layout.reduced();
    if (!m_extras.magnifier || !small || !valuesInTriangle() || !centre || m_grid.empty() ||
        !canBe(m_grid, m_shape, *centre))
        return;
    const QPointF corner(m_layout.map.right() - look.px(8), m_layout.map.top() + look.px(50));
    // It must not reach the diagonal.
    if (corner.x() - side - m_layout.map.left() < corner.y() + side - m_layout.map.top())
        return;
    drawMagnifier(painter, corner, *centre, cell, m_extras.drawn.empty() ? m_grid : m_extras.drawn, m_shape, m_scale);
}

bool HeatmapView::overSwipe(QPointF point) const
{
    return m_extras.swipe && m_layout.map.adjusted(-6, 0, 6, 0).contains(point) &&
           std::abs(point.x() - swipeLine(m_layout, *m_extras.swipe)) <= theme().px(6);
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
    if (m_extras.swipe && !m_grid.empty())
        drawSwipe(painter, m_layout, *m_extras.swipe);
    drawValues(painter);
    drawMagnified(painter);
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
    // Labels are elided, so the axes tell their tokens in full, and cells all their numbers.
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
    if (const auto cell = m_layout.cellAt(at); cell && canBe(m_grid, m_shape, *cell))
        text = wordsOf(*cell);
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
    setAccessibleDescription(wordsOf(*marked));
}

} // namespace widgets
