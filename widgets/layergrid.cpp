// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layergrid.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/paint.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double headerHeight = 18, footerHeight = 20, rowLabel = 20, largestCell = 24, smallestCell = 10;

} // namespace

LayerGrid::LayerGrid(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, arrowKeys());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Layers and heads"));
}

void LayerGrid::setNumbers(const engine::Grid& numbers, const ColorScale& scale)
{
    m_numbers = numbers;
    m_scale = scale;
    m_over.reset();
    updateGeometry();
    update();
}

void LayerGrid::setPicked(engine::LayerIndex layer, engine::HeadIndex head)
{
    m_picked = {layer.value, std::max(0, head.value)};
    if (m_picked.row >= 0 && m_picked.row < m_numbers.rows() && m_picked.col < m_numbers.cols())
        setAccessibleDescription(tr("layer %1, head %2: %3")
                                     .arg(m_picked.row + 1)
                                     .arg(m_picked.col + 1)
                                     .arg(compact(m_numbers.at(m_picked.row, m_picked.col))));
    update();
}

void LayerGrid::setFooter(const QString& left, const QString& right)
{
    m_footerLeft = left;
    m_footerRight = right;
    updateGeometry();
    update();
}

QSize LayerGrid::sizeHint() const
{
    const Theme& look = theme();
    const bool footer = !m_footerLeft.isEmpty() || !m_footerRight.isEmpty();
    const double cell = std::clamp((look.px(208.0) - look.px(rowLabel)) / double(std::max(1, m_numbers.cols())),
                                   double(look.px(smallestCell)), double(look.px(largestCell)));
    return {look.px(208), int(look.px(headerHeight) + cell * std::max(1, m_numbers.rows())) +
                              (footer ? look.px(footerHeight) : look.px(2))};
}

QSize LayerGrid::minimumSizeHint() const
{
    return {theme().px(80), sizeHint().height()};
}

QRectF LayerGrid::rectOf(Cell cell) const
{
    const Theme& look = theme();
    if (m_numbers.empty())
        return {};
    const double footer = m_footerLeft.isEmpty() && m_footerRight.isEmpty() ? look.px(2) : look.px(footerHeight);
    const double across = std::floor(std::min(double(width() - look.px(rowLabel)) / m_numbers.cols(),
                                              m_numbers.cols() > 1 ? 1e9 : double(look.px(largestCell))));
    const double down = std::floor((height() - look.px(headerHeight) - footer) / m_numbers.rows());
    return {look.px(rowLabel) + cell.col * across, look.px(headerHeight) + cell.row * down, across, down};
}

std::optional<Cell> LayerGrid::at(QPointF point) const
{
    for (int row = 0; row < m_numbers.rows(); ++row)
        for (int col = 0; col < m_numbers.cols(); ++col)
            if (rectOf({row, col}).contains(point))
                return Cell{row, col};
    return std::nullopt;
}

void LayerGrid::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    QPainter painter(this);
    const ColorMap& map = m_scale.map(look.dark);
    const QRectF first = rectOf({0, 0});
    const int every = std::max(1, int(std::ceil(look.px(16) / std::max(1.0, first.width()))));
    for (int col = 0; col < m_numbers.cols() && m_numbers.cols() > 1; ++col)
        if (col % every == 0) {
            const QRectF cell = rectOf({0, col});
            const QRectF label(cell.center().x() - look.px(12), 0, look.px(24), look.px(headerHeight));
            drawText(painter, label, Qt::AlignHCenter, QString::number(col + 1), small,
                     col == m_picked.col ? look.text : look.secondary);
        }
    const int everyRow = std::max(1, int(std::ceil(look.px(13) / std::max(1.0, first.height()))));
    for (int row = 0; row < m_numbers.rows(); ++row) {
        const QRectF line = rectOf({row, 0});
        if (row % everyRow == 0 || row == m_picked.row)
            drawText(painter, QRectF(0, line.top(), look.px(rowLabel - 6), line.height()), Qt::AlignRight,
                     QString::number(row + 1), small, row == m_picked.row ? look.text : look.secondary);
        for (int col = 0; col < m_numbers.cols(); ++col) {
            const QRectF cell = rectOf({row, col}).adjusted(1, 1, -1, -1);
            const float number = m_numbers.at(row, col);
            if (std::isnan(number))
                drawHatch(painter, cell);
            else
                painter.fillRect(cell, QColor(map.at(m_scale.place(number))));
            drawFrame(painter, cell, look.hairline, 1);
        }
    }
    if (m_over && *m_over != m_picked)
        drawFrame(painter, rectOf(*m_over), look.ring, 1);
    if (!m_numbers.empty() && canBe(m_numbers, GridShape::Full, m_picked))
        drawRing(painter, rectOf(m_picked).adjusted(1, 1, -1, -1), true);
    const QRectF footer(look.px(rowLabel), height() - look.px(footerHeight), width() - look.px(rowLabel),
                        look.px(footerHeight));
    drawText(painter, footer, Qt::AlignLeft, m_footerLeft, small, look.secondary);
    drawText(painter, footer, Qt::AlignRight, m_footerRight, small, look.secondary);
    if (hasFocus())
        drawFocus(painter, rect());
}

void LayerGrid::pick(Cell cell)
{
    if (cell != m_picked)
        emit picked(engine::LayerIndex{cell.row}, engine::HeadIndex{cell.col});
}

void LayerGrid::mouseMoveEvent(QMouseEvent* event)
{
    const auto over = at(event->position());
    if (over == m_over)
        return;
    m_over = over;
    update();
    if (over)
        emit hovered(engine::LayerIndex{over->row}, engine::HeadIndex{over->col});
    else
        emit left();
}

void LayerGrid::mousePressEvent(QMouseEvent* event)
{
    if (const auto cell = at(event->position()); cell && event->button() == Qt::LeftButton)
        pick(*cell);
}

void LayerGrid::leaveEvent(QEvent* /*event*/)
{
    m_over.reset();
    update();
    emit left();
}

void LayerGrid::keyPressEvent(QKeyEvent* event)
{
    Cell to = m_picked;
    switch (event->key()) {
    case Qt::Key_Left:
        --to.col;
        break;
    case Qt::Key_Right:
        ++to.col;
        break;
    case Qt::Key_Up:
        --to.row;
        break;
    case Qt::Key_Down:
        ++to.row;
        break;
    default:
        View::keyPressEvent(event);
        return;
    }
    if (canBe(m_numbers, GridShape::Full, to))
        pick(to);
}

void LayerGrid::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

} // namespace widgets
