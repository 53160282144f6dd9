// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/longmapview.h"

#include "widgets/icons.h"
#include "widgets/mapaccess.h"
#include "widgets/numbers.h"
#include "widgets/ownkeys.h"

#include <QFocusEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 24;
constexpr double largestCell = 28, leastHeading = 240;
constexpr int fewestTokens = 8; // a zoom shows at least

} // namespace

LongMapView::LongMapView(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_Plus, Qt::Key_Equal, Qt::Key_Minus,
                    Qt::Key_Home, Qt::Key_Return, Qt::Key_Enter});
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    installMapAccess();
}

QSize LongMapView::sizeHint() const
{
    return {theme().px(480 + mapGutter), theme().px(480 + mapGutter + titleHeight)};
}

QSize LongMapView::minimumSizeHint() const
{
    return {theme().px(96), theme().px(200)};
}

QSize LongMapView::sizeFor(int side) const
{
    const int left = m_axesShown ? theme().px(mapGutter) : theme().px(1);
    return {left + side + 1, theme().px(titleHeight) + 1 + side + 1 + below()};
}

// Room for the keys' labels: what the widest place has, or what a piece may have.
int LongMapView::below() const
{
    const QFont small = theme().font(Theme::labelSize);
    const double labels = m_value.pieces.isEmpty() ? textWidth(small, whole(m_value.tokens)) : theme().px(mapLabel);
    return theme().px(Theme::gap2) + std::max(int(std::ceil(labels)), theme().px(Theme::gap3));
}

void LongMapView::setValue(const LongMapValue& value)
{
    const bool another = value.tokens != m_value.tokens;
    m_value = value;
    setAccessibleName(tr("Map of %1").arg(value.heading.name));
    if (another)
        m_window = {0, 0, value.tokens};
    arrange();
}

void LongMapView::setScale(const ColorScale& scale)
{
    m_scale = scale;
    m_static = {};
    update();
}

void LongMapView::setWindow(const MapWindow& window)
{
    const MapWindow inside = held(window);
    if (inside == m_window)
        return;
    m_window = inside;
    arrange();
}

void LongMapView::setHovered(std::optional<Cell> cell)
{
    if (cell == m_hovered)
        return;
    m_hovered = cell;
    describe();
    update();
}

void LongMapView::setPinned(std::optional<Cell> cell)
{
    if (cell == m_pinned)
        return;
    m_pinned = cell;
    describe();
    update();
}

void LongMapView::setAxesShown(bool shown)
{
    if (shown == m_axesShown)
        return;
    m_axesShown = shown;
    arrange();
}

int LongMapView::elements() const
{
    return std::max(1, int(std::min(m_room.width(), m_room.height()) * devicePixelRatioF()));
}

void LongMapView::arrange()
{
    const double ratio = devicePixelRatioF();
    const double left = m_axesShown ? theme().px(mapGutter) : theme().px(1);
    const double top = theme().px(titleHeight) + 1;
    m_room = QRectF(left, top, std::max(1.0, width() - left - 1), std::max(1.0, height() - top - 1 - below()));
    const double pixels = pixelsOf(std::max(1, m_window.count), elements());
    const QRectF before = m_map;
    m_map = QRectF(m_room.left(), m_room.top(), pixels / ratio, pixels / ratio);
    m_static = {};
    describe();
    update();
    if (m_map != before)
        emit mapChanged();
}

// Device pixels that so many cells take of a side: whole ones a cell, or whole cells a pixel.
int LongMapView::pixelsOf(int count, int side) const
{
    const int largest = std::max(1, int(theme().px(largestCell) * devicePixelRatioF()));
    if (count <= side)
        return count * std::min(side / count, largest);
    const int cells = (count + side - 1) / side;
    return (count + cells - 1) / cells;
}

int LongMapView::drawnSide(int side) const
{
    const double ratio = devicePixelRatioF();
    return int(std::ceil(pixelsOf(std::max(1, m_value.tokens), std::max(1, int(side * ratio))) / ratio));
}

int LongMapView::wholeSide(int side) const
{
    return std::max(drawnSide(side), std::min(side, theme().px(leastHeading)));
}

bool LongMapView::drawsEvery(int side) const
{
    return m_value.tokens > 0 && m_value.tokens <= int(side * devicePixelRatioF());
}

void LongMapView::themeChanged()
{
    arrange();
}

void LongMapView::resizeEvent(QResizeEvent* /*event*/)
{
    arrange();
    emit sizeChanged();
}

MapWindow LongMapView::held(MapWindow window) const
{
    const int most = std::max(1, m_value.tokens);
    window.count = std::clamp(window.count, std::min(fewestTokens, most), most);
    window.query = std::clamp(window.query, 0, most - window.count);
    window.key = std::clamp(window.key, 0, most - window.count);
    return window;
}

std::optional<Cell> LongMapView::cellAt(QPointF point) const
{
    if (!m_map.contains(point) || m_value.tokens == 0)
        return std::nullopt;
    const double step = pixelsPerToken();
    const Cell cell{m_window.query + int((point.y() - m_map.top()) / step),
                    m_window.key + int((point.x() - m_map.left()) / step)};
    if (cell.row >= m_value.tokens || cell.col >= m_value.tokens || (m_value.causal && cell.col > cell.row))
        return std::nullopt;
    return cell;
}

QRectF LongMapView::rectOf(engine::TokenRange queries, engine::TokenRange keys) const
{
    const double step = pixelsPerToken();
    return QRectF(m_map.left() + (keys.first - m_window.key) * step,
                  m_map.top() + (queries.first - m_window.query) * step, keys.count * step, queries.count * step) &
           m_map;
}

double LongMapView::foot() const
{
    return m_map.bottom() + below();
}

QString LongMapView::labelOf(int token) const
{
    return m_value.pieces.isEmpty() ? whole(token + 1) : m_value.pieces.value(token);
}

QString LongMapView::badge() const
{
    const engine::RegionPicture& picture = m_value.picture;
    if (picture.cells.empty() || picture.region.reduction == 1)
        return {};
    const QString by = whole(picture.region.reduction);
    return picture.sampled() ? tr("sampled, 1 of %1 × %1").arg(by) : tr("reduced %1 : 1").arg(by);
}

QString LongMapView::textAt(Cell cell) const
{
    const engine::MapRegion& region = m_value.picture.region;
    const int row = (cell.row - region.queries.first) / region.reduction;
    const int col = (cell.col - region.keys.first) / region.reduction;
    if (m_value.picture.cells.empty() || cell.row < region.queries.first || cell.col < region.keys.first ||
        row >= region.rows() || col >= region.cols())
        return {};
    const float value = m_value.picture.cells.at(row, col);
    if (std::isnan(value))
        return {};
    if (m_scale.diverging)
        return signedFixed(value, 3);
    return value != 0 && std::abs(value) < 5e-4F ? power(value) : fixed(value, 3);
}

void LongMapView::drawPicture(QPainter& painter) const
{
    const engine::RegionPicture& picture = m_value.picture;
    if (picture.cells.empty())
        return;
    const engine::MapRegion& region = picture.region;
    const QImage image = gridImage(picture.cells, GridShape::Full, m_scale, theme().dark,
                                   QRect(0, 0, picture.cells.cols(), picture.cells.rows()));
    const double step = pixelsPerToken();
    const QRectF place(m_map.left() + (region.keys.first - m_window.key) * step,
                       m_map.top() + (region.queries.first - m_window.query) * step,
                       region.cols() * region.reduction * step, region.rows() * region.reduction * step);
    painter.save();
    painter.setClipRect(m_map);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    // The picture of this very window: an element a pixel, or whole pixels an element.
    const bool fits = region.queries.first == m_window.query && region.keys.first == m_window.key &&
                      region.queries.count == m_window.count;
    painter.drawImage(fits ? m_map : place, image);
    painter.restore();
}

void LongMapView::drawAxes(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const double one = 1 / devicePixelRatioF(), step = pixelsPerToken(), tick = look.px(4);
    // Round places where numbers are written, every token where there is room for its piece.
    const double apart = look.px(m_value.pieces.isEmpty() || step < 1 ? 64 : 13);
    int every = std::max(1, int(std::ceil(apart / std::max(step, 1e-9))));
    if (m_value.pieces.isEmpty()) {
        const double digits = std::pow(10.0, std::floor(std::log10(double(every))));
        for (const double nice : {1.0, 2.0, 5.0, 10.0})
            if (nice * digits >= every) {
                every = int(nice * digits);
                break;
            }
    }
    const int round = m_value.pieces.isEmpty() ? every - 1 : 0; // tokens are counted from 1
    const auto places = [&](int first, const auto& draw) {
        for (int token = (first + every - 1 - round) / every * every + round; token < first + m_window.count;
             token += every)
            draw(token, (token - first + 0.5) * step);
    };
    if (m_axesShown) {
        places(m_window.query, [&](int token, double at) {
            const double y = std::round(m_map.top() + at);
            painter.fillRect(QRectF(m_map.left() - one - tick, y, tick, one), look.outline);
            drawText(painter, QRectF(0, y - look.px(7), m_map.left() - tick - look.px(3), look.px(14)), Qt::AlignRight,
                     labelOf(token), small, look.secondary);
        });
        drawText(painter, QRectF(0, 0, m_map.left() - look.px(7), look.px(titleHeight)), Qt::AlignRight,
                 tr("query") + QStringLiteral(" ↓"), small, look.secondary);
        drawText(painter, QRectF(0, m_map.bottom() + look.px(2), m_map.left() - look.px(7), look.px(16)),
                 Qt::AlignRight, tr("key") + QStringLiteral(" →"), small, look.secondary);
    }
    places(m_window.key, [&](int token, double at) {
        const double x = std::round(m_map.left() + at);
        painter.fillRect(QRectF(x, m_map.bottom() + one, one, tick), look.outline);
        drawUpright(painter, QRectF(x - look.px(7), m_map.bottom() + tick + look.px(3), look.px(14), look.px(54)),
                    Qt::AlignRight, labelOf(token), small, look.secondary);
    });
}

// The whole map at the top right, with the window on it.
void LongMapView::drawMini(QPainter& painter) const
{
    if (m_window.count >= m_value.tokens)
        return;
    const Theme& look = theme();
    const double side = std::min(double(look.px(96)), m_map.width() / 3);
    const QRectF all(m_map.right() - side - look.px(8), m_map.top() + look.px(8), side, side);
    painter.fillRect(all, look.panel);
    if (m_value.causal) {
        QPainterPath triangle(all.topLeft());
        triangle.lineTo(all.bottomLeft());
        triangle.lineTo(all.bottomRight());
        triangle.closeSubpath();
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.fillPath(triangle, look.hatch);
        painter.restore();
    }
    const double step = side / m_value.tokens;
    QRectF part(all.left() + m_window.key * step, all.top() + m_window.query * step, m_window.count * step,
                m_window.count * step);
    part.setSize(part.size().expandedTo(QSizeF(look.px(5), look.px(5)))); // never too small to see
    part.moveRight(std::min(part.right(), all.right()));
    part.moveBottom(std::min(part.bottom(), all.bottom()));
    painter.fillRect(part.toAlignedRect(), look.chosen);
    drawFrame(painter, all, look.outline, 1);
    drawFrame(painter, part.toAlignedRect(), look.ring, 1);
}

void LongMapView::drawHeading(QPainter& painter) const
{
    const double wide = std::max(m_map.width(), std::min(m_room.width(), double(theme().px(leastHeading))));
    QRectF row(m_map.left(), 0, wide, theme().px(titleHeight));
    const QString text = badge();
    if (!text.isEmpty())
        row.setRight(drawBadge(painter, row, text) - theme().px(Theme::gap2));
    drawMapHeading(painter, row, m_value.heading, nullptr, {1, 1});
}

void LongMapView::drawStatic(QPainter& painter) const
{
    const Theme& look = theme();
    painter.fillRect(rect(), look.panel);
    drawHatch(painter, m_map);
    drawPicture(painter);
    const double one = 1 / devicePixelRatioF();
    drawFrame(painter, m_map.adjusted(-one, -one, one, one), look.outline, one);
    if (m_value.tokens == 0)
        return;
    drawAxes(painter);
    drawMini(painter);
    drawHeading(painter);
    const engine::RegionPicture& picture = m_value.picture;
    if (picture.sampled() && picture.exactRows > 0)
        painter.fillRect(QRectF(m_map.left(), m_map.top() - look.px(2),
                                m_map.width() * picture.exactRows / picture.region.rows(), look.px(2)),
                         look.focus);
}

void LongMapView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const double ratio = devicePixelRatioF();
    if (m_static.isNull()) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        QPainter painter(&m_static);
        drawStatic(painter);
    }
    QPainter painter(this);
    painter.drawPixmap(0, 0, m_static);
    if (m_pinned)
        drawPinned(painter);
    // Below the mini-map, in the triangle where nothing can be.
    const double top = m_map.top() + look.px(m_window.count < m_value.tokens ? 110 : 6);
    if (m_hovered && m_hovered != m_pinned) {
        drawValue(painter, *m_hovered, false, m_pinned ? top + look.px(20) : top);
        if (pixelsPerToken() >= 3)
            if (const QRectF cell = rectOf({m_hovered->row, 1}, {m_hovered->col, 1}); !cell.isEmpty())
                drawRing(painter, cell, false);
    }
    if (m_pinned)
        drawValue(painter, *m_pinned, true, top);
    if (m_focusRing)
        drawFrame(painter, m_map.adjusted(-1, -1, 1, 1), look.focus, look.px(2));
}

// Where it is, what it is called, and what it is worth.
void LongMapView::drawValue(QPainter& painter, Cell cell, bool isPinned, double top) const
{
    const QString value = textAt(cell);
    if (value.isEmpty()) // not in view
        return;
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize), body = look.font();
    const QString where = labelOf(cell.row) + QStringLiteral(" → ") + labelOf(cell.col);
    const double pin = isPinned ? look.px(16) : 0;
    const double width = pin + numberWidth(body, value) + textWidth(small, where) + look.px(20);
    const QRectF row(m_map.right() - width - look.px(6), top, width, look.px(20));
    painter.fillRect(row, look.panel);
    const QColor ink = isPinned ? look.text : look.secondary;
    if (isPinned)
        drawSymbol(painter, Symbol::Pin,
                   QRectF(row.left() + look.px(2), row.center().y() - look.px(6), look.px(12), look.px(12)), ink);
    drawText(painter, row.adjusted(pin + look.px(4), 0, 0, 0), Qt::AlignLeft, where, small, ink);
    drawNumber(painter, row.adjusted(0, 0, -look.px(4), 0), Qt::AlignRight, value, body, ink);
}

// Lines beside its row and column, as far as there are weights, and a ring that is never too small to be seen.
void LongMapView::drawPinned(QPainter& painter) const
{
    const double step = pixelsPerToken();
    const QRectF cell(m_map.left() + (m_pinned->col - m_window.key) * step,
                      m_map.top() + (m_pinned->row - m_window.query) * step, std::max(step, 1.0), std::max(step, 1.0));
    const double one = 1 / devicePixelRatioF();
    const auto place = [&](int token, int first, double from) { return from + (token - first) * step; };
    double right = m_map.right(), top = m_map.top();
    if (m_value.causal) { // to the diagonal
        right = std::min(right, place(m_pinned->row + 1, m_window.key, m_map.left()));
        top = std::max(top, place(m_pinned->col, m_window.query, m_map.top()));
    }
    QColor faint = theme().ring;
    faint.setAlphaF(0.35F);
    for (const double y : {cell.top() - one, cell.bottom()})
        painter.fillRect(QRectF(m_map.left(), y, right - m_map.left(), one) & m_map, faint);
    for (const double x : {cell.left() - one, cell.right()})
        painter.fillRect(QRectF(x, top, one, m_map.bottom() - top) & m_map, faint);
    const double more = std::max(0.0, (theme().px(5) - step) / 2);
    if (const QRectF box = cell.adjusted(-more, -more, more, more); m_map.intersects(cell))
        drawRing(painter, box, true);
}

void LongMapView::leaveEvent(QEvent* /*event*/)
{
    emit left();
}

void LongMapView::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void LongMapView::focusOutEvent(QFocusEvent* /*event*/)
{
    m_focusRing = false;
    update();
}

void LongMapView::describe()
{
    QString text = tr("queries %1 to %2, keys %3 to %4 of %5 tokens")
                       .arg(m_window.query + 1)
                       .arg(m_window.query + m_window.count)
                       .arg(m_window.key + 1)
                       .arg(m_window.key + m_window.count)
                       .arg(m_value.tokens);
    if (const QString how = badge(); !how.isEmpty())
        text += QStringLiteral("; ") + how;
    if (m_pinned)
        text +=
            tr("; locked query %1, key %2: %3").arg(m_pinned->row + 1).arg(m_pinned->col + 1).arg(textAt(*m_pinned));
    if (m_hovered)
        text += tr("; query %1, key %2: %3").arg(m_hovered->row + 1).arg(m_hovered->col + 1).arg(textAt(*m_hovered));
    setAccessibleDescription(text);
}

} // namespace widgets
