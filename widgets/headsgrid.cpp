// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/headsgrid.h"

#include "widgets/gridimage.h"
#include "widgets/ownkeys.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double rowLabel = 14, columnLabel = 16, gap = 3, barHeight = 3, nameHeight = 14;
constexpr double largestCell = 44, smallestThumbnail = 11;
constexpr double roomyFrom = 480, roomyCell = 120, roomyHeight = 480; // wider than a dock

// Where a thumbnail's colours end: nine of ten of its cells are within. Each has its own range: what counts is the
// pattern.
double brightAt(const engine::Grid& map)
{
    std::vector<float> values;
    for (int row = 0; row < map.rows(); ++row)
        for (const float cell : map.row(row))
            if (cell != 0 && std::isfinite(cell))
                values.push_back(std::abs(cell));
    if (values.empty())
        return 1;
    const auto place = values.begin() + std::ptrdiff_t(double(values.size() - 1) * 0.9);
    std::nth_element(values.begin(), place, values.end());
    return double(*place);
}

} // namespace

HeadsGrid::HeadsGrid(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, arrowKeys());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Heads of every layer"));
}

void HeadsGrid::setHeads(std::vector<HeadCell> heads, int columns, bool sorted, bool causal, const Identity& identity)
{
    m_heads = std::move(heads);
    m_columns = std::max(1, columns);
    m_sorted = sorted;
    m_causal = causal;
    m_identity = identity;
    m_worst = 0;
    for (const HeadCell& head : m_heads)
        if (std::isfinite(head.value))
            m_worst = std::max(m_worst, std::abs(head.value));
    m_over = -1;
    m_static = {};
    describe();
    setFixedHeight(heightForWidth(width()));
    update();
}

void HeadsGrid::setPicked(engine::LayerIndex layer, engine::HeadIndex head)
{
    if (layer == m_layer && head == m_head)
        return;
    m_layer = layer;
    m_head = head;
    m_static = {}; // its labels stand out
    describe();
    update();
}

int HeadsGrid::rows() const
{
    return (int(m_heads.size()) + m_columns - 1) / m_columns;
}

HeadsGrid::Sizes HeadsGrid::sizesFor(int width) const
{
    const Theme& look = theme();
    const double left = m_sorted ? 0 : look.px(rowLabel);
    double largest = look.px(largestCell);
    if (width >= look.px(roomyFrom)) // as large as leaves all of them in view
        largest = std::clamp(std::floor(look.px(roomyHeight) / double(std::max(1, rows()))), largest,
                             double(look.px(roomyCell)));
    const double cell = std::clamp(std::floor((width - left) / m_columns - look.px(gap)), 3.0, largest);
    const double line = cell >= look.px(smallestThumbnail) ? look.px(barHeight) + 2 : 0;
    const double name = m_sorted && cell >= look.px(18) ? look.px(nameHeight) : 0;
    return {left, m_sorted ? 0.0 : look.px(columnLabel), cell, cell + line + name + look.px(gap), line};
}

int HeadsGrid::heightForWidth(int width) const
{
    const Sizes sizes = sizesFor(width);
    return int(sizes.top + sizes.step * std::max(1, rows()));
}

QSize HeadsGrid::sizeHint() const
{
    const int width = theme().px(208);
    return {width, heightForWidth(width)};
}

QSize HeadsGrid::minimumSizeHint() const
{
    return {theme().px(80), heightForWidth(std::max(1, width()))};
}

QRectF HeadsGrid::rectOf(int place) const
{
    const Sizes sizes = sizesFor(width());
    const double across = std::floor((width() - sizes.left) / m_columns);
    const double step = std::min(across, sizes.cell + theme().px(gap));
    const int row = place / m_columns;
    return {sizes.left + (place % m_columns) * step, sizes.top + row * sizes.step, sizes.cell, sizes.cell};
}

int HeadsGrid::at(QPointF point) const
{
    const double below = sizesFor(width()).step - sizesFor(width()).cell;
    for (int place = 0; place < int(m_heads.size()); ++place)
        if (rectOf(place).adjusted(-1, -1, 2, below).contains(point))
            return place;
    return -1;
}

int HeadsGrid::place(engine::LayerIndex layer, engine::HeadIndex head) const
{
    for (int each = 0; each < int(m_heads.size()); ++each)
        if (m_heads[std::size_t(each)].layer == layer && m_heads[std::size_t(each)].head == head)
            return each;
    return -1;
}

void HeadsGrid::drawCell(QPainter& painter, int place) const
{
    const Theme& look = theme();
    const HeadCell& head = m_heads[std::size_t(place)];
    const QRectF box = rectOf(place);
    const Sizes sizes = sizesFor(width());
    const double share = m_worst > 0 && std::isfinite(head.value) ? std::abs(head.value) / m_worst : 0;
    if (sizes.line <= 0) { // too small for a picture: the number as a colour
        if (std::isfinite(head.value))
            painter.fillRect(box, QColor(ColorMap::sequential(look.dark).at(share)));
        else
            drawHatch(painter, box);
        return;
    }
    const engine::Grid& map = head.thumbnail;
    const double high = brightAt(map);
    const GridShape shape = m_causal ? GridShape::LowerTriangle : GridShape::Full;
    const ColorScale scale{Scale::Linear, 0, high, false};
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(box, gridImage(map, shape, scale, look.dark, QRect(0, 0, map.cols(), map.rows())));
    const double y = box.bottom() + 2;
    painter.fillRect(QRectF(box.left(), y, box.width(), look.px(barHeight)), look.grid);
    painter.fillRect(QRectF(box.left(), y, std::ceil(box.width() * share), look.px(barHeight)), m_identity.area());
    if (m_sorted && sizes.cell >= look.px(18)) {
        const bool isPicked = head.layer == m_layer && head.head == m_head;
        drawText(painter, QRectF(box.left() - 4, y + look.px(barHeight), box.width() + 8, look.px(nameHeight)),
                 Qt::AlignHCenter, QStringLiteral("%1·%2").arg(head.layer.value + 1).arg(head.head.value + 1),
                 look.font(Theme::labelSize), isPicked ? look.text : look.secondary);
    }
}

void HeadsGrid::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const double ratio = devicePixelRatioF();
    if (m_static.isNull() || m_static.devicePixelRatioF() != ratio || m_static.size() != size() * ratio) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        m_static.fill(look.panel);
        QPainter painter(&m_static);
        const QFont small = look.font(Theme::labelSize);
        for (int each = 0; each < int(m_heads.size()); ++each)
            drawCell(painter, each);
        const Sizes sizes = sizesFor(width());
        const int every = std::max(1, int(std::ceil(look.px(14) / std::max(1.0, sizes.cell + look.px(gap)))));
        for (int col = 0; col < m_columns && !m_sorted && !m_heads.empty(); col += every)
            drawText(painter, QRectF(rectOf(col).center().x() - look.px(10), 0, look.px(20), look.px(columnLabel - 2)),
                     Qt::AlignHCenter, QString::number(col + 1), small,
                     col == m_head.value ? look.text : look.secondary);
        const int everyRow = std::max(1, int(std::ceil(look.px(12) / std::max(1.0, sizes.step))));
        for (int row = 0; row < rows() && !m_sorted; row += everyRow)
            drawText(painter, QRectF(0, rectOf(row * m_columns).top(), look.px(rowLabel - 4), sizes.cell),
                     Qt::AlignRight, QString::number(row + 1), small,
                     row == m_layer.value ? look.text : look.secondary);
    }
    QPainter painter(this);
    painter.drawPixmap(0, 0, m_static);
    const int chosen = place(m_layer, m_head);
    if (m_over >= 0 && m_over != chosen)
        drawFrame(painter, rectOf(m_over).adjusted(-1, -1, 1, 1), look.ring, 1);
    if (chosen >= 0)
        drawRing(painter, rectOf(chosen), true);
    if (hasFocus())
        drawFocus(painter, rect());
}

void HeadsGrid::over(int place)
{
    if (place == m_over)
        return;
    m_over = place;
    update();
    emit hovered(place);
}

void HeadsGrid::mouseMoveEvent(QMouseEvent* event)
{
    over(at(event->position()));
}

void HeadsGrid::leaveEvent(QEvent* /*event*/)
{
    over(-1);
}

void HeadsGrid::mousePressEvent(QMouseEvent* event)
{
    const int place = at(event->position());
    if (place >= 0 && event->button() == Qt::LeftButton)
        emit picked(m_heads[std::size_t(place)].layer, m_heads[std::size_t(place)].head);
}

void HeadsGrid::keyPressEvent(QKeyEvent* event)
{
    int to = std::max(0, place(m_layer, m_head));
    switch (event->key()) {
    case Qt::Key_Left:
        --to;
        break;
    case Qt::Key_Right:
        ++to;
        break;
    case Qt::Key_Up:
        to -= m_columns;
        break;
    case Qt::Key_Down:
        to += m_columns;
        break;
    default:
        View::keyPressEvent(event);
        return;
    }
    if (to >= 0 && to < int(m_heads.size()))
        emit picked(m_heads[std::size_t(to)].layer, m_heads[std::size_t(to)].head);
}

void HeadsGrid::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

void HeadsGrid::focusOutEvent(QFocusEvent* /*event*/)
{
    update();
}

void HeadsGrid::resizeEvent(QResizeEvent* /*event*/)
{
    m_static = {};
    setFixedHeight(heightForWidth(width()));
}

void HeadsGrid::themeChanged()
{
    m_static = {};
    setFixedHeight(heightForWidth(width()));
}

bool HeadsGrid::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return View::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int place = at(help->pos());
    QToolTip::showText(help->globalPos(), place >= 0 ? m_heads[std::size_t(place)].text : QString(), this);
    return true;
}

void HeadsGrid::describe()
{
    const int chosen = place(m_layer, m_head);
    setAccessibleDescription(chosen >= 0 ? m_heads[std::size_t(chosen)].text : QString());
}

} // namespace widgets
