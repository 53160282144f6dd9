// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layererrors.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/rowplot.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double legendHeight = 18, labelHeight = 16, gutter = 42, plotHeight = 56;

} // namespace

LayerErrors::LayerErrors(QWidget* parent)
    : View(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right});
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Error by layer"));
}

void LayerErrors::setErrors(std::vector<double> local, std::vector<double> accumulated, const Identity& identity)
{
    m_local = std::move(local);
    m_accumulated = std::move(accumulated);
    m_identity = identity;
    double most = 0;
    for (const auto* series : {&m_local, &m_accumulated})
        for (const double value : *series)
            if (std::isfinite(value))
                most = std::max(most, value);
    const double step = niceStep(most > 0 ? most : 1, 2);
    m_high = std::ceil((most > 0 ? most : 1) / step - 1e-9) * step;
    setAccessibleDescription(wordsOf(m_picked));
    update();
}

void LayerErrors::setPicked(int layer)
{
    m_picked = layer;
    setAccessibleDescription(wordsOf(layer));
    update();
}

int LayerErrors::layers() const
{
    return int(std::max(m_local.size(), m_accumulated.size()));
}

QString LayerErrors::wordsOf(int layer) const
{
    if (layer < 0 || layer >= layers())
        return {};
    const auto text = [layer](const std::vector<double>& series) {
        return layer < int(series.size()) ? percent(series[std::size_t(layer)], 1) : QStringLiteral("n/a");
    };
    return tr("layer %1: alone %2, with all before it %3").arg(layer + 1).arg(text(m_local), text(m_accumulated));
}

QSize LayerErrors::sizeHint() const
{
    return {theme().px(208), theme().px(legendHeight + plotHeight + labelHeight)};
}

QRectF LayerErrors::plot() const
{
    const Theme& look = theme();
    return {double(look.px(gutter)), double(look.px(legendHeight)) + 3,
            std::max(1.0, double(width() - look.px(gutter))),
            height() - double(look.px(legendHeight) + look.px(labelHeight)) - 3};
}

QRectF LayerErrors::columnOf(int layer) const
{
    const QRectF area = plot();
    const double step = area.width() / std::max(1, layers());
    return {area.left() + layer * step, area.top(), step, area.height()};
}

int LayerErrors::at(QPointF point) const
{
    for (int layer = 0; layer < layers(); ++layer)
        if (columnOf(layer).adjusted(0, 0, 0, theme().px(labelHeight)).contains(point))
            return layer;
    return -1;
}

void LayerErrors::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    const QFont small = look.font(Theme::labelSize);
    const QRectF area = plot();
    // Legend: a bar and a line.
    QRectF row(0, 0, width(), look.px(legendHeight - 2));
    QColor pale = m_identity.area();
    pale.setAlphaF(0.45F);
    painter.fillRect(QRectF(row.left(), row.center().y() - look.px(4), look.px(8), look.px(8)), pale);
    row.setLeft(row.left() + look.px(13));
    drawText(painter, row, Qt::AlignLeft, tr("layer alone"), small, look.secondary);
    row.setLeft(row.left() + textWidth(small, tr("layer alone")) + look.px(Theme::gap3));
    drawPoint(painter, m_identity, QPointF(row.left() + look.px(4), row.center().y()), look.px(6));
    row.setLeft(row.left() + look.px(13));
    drawText(painter, row, Qt::AlignLeft, tr("all up to it"), small, look.secondary);

    const auto heightOf = [&](double value) { return area.bottom() - value / m_high * area.height(); };
    for (const double value : {0.0, m_high}) {
        const double y = std::round(heightOf(value));
        painter.fillRect(QRectF(area.left(), y, area.width(), 1), value == 0 ? look.outline : look.grid);
        drawNumber(painter, QRectF(0, y - look.px(8), area.left() - look.px(6), look.px(16)), Qt::AlignRight,
                   percent(value, m_high < 0.02 ? 1 : 0), small, look.secondary);
    }
    const QRectF chosen = columnOf(m_picked);
    if (m_picked >= 0 && m_picked < layers())
        painter.fillRect(chosen.toAlignedRect(), look.hover);
    QPolygonF line;
    const int every = std::max(1, int(std::ceil(look.px(16) / std::max(1.0, columnOf(0).width()))));
    for (int layer = 0; layer < layers(); ++layer) {
        const QRectF column = columnOf(layer);
        const double wide = std::clamp(std::floor(column.width() * 0.5), 1.0, double(look.px(14)));
        const double local = layer < int(m_local.size()) ? m_local[std::size_t(layer)] : std::nan("");
        if (std::isfinite(local)) {
            const double y = std::round(heightOf(local));
            painter.fillRect(QRectF(std::round(column.center().x() - wide / 2), y, wide, area.bottom() - y), pale);
        }
        const double all = layer < int(m_accumulated.size()) ? m_accumulated[std::size_t(layer)] : std::nan("");
        if (std::isfinite(all))
            line << QPointF(column.center().x(), heightOf(all));
        if (layer % every == 0 || layer == m_picked)
            drawText(painter, QRectF(column.center().x() - look.px(12), area.bottom() + 2, look.px(24), look.px(14)),
                     Qt::AlignHCenter, QString::number(layer + 1), small,
                     layer == m_picked ? look.text : look.secondary);
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(seriesPen(m_identity.dash, m_identity.outline(), 1.2));
    painter.drawPolyline(line);
    painter.setRenderHint(QPainter::Antialiasing, false);
    if (columnOf(0).width() >= look.px(8))
        for (const QPointF& point : line)
            drawPoint(painter, m_identity, point, look.px(6));
    if (hasFocus())
        drawFocus(painter, rect());
}

void LayerErrors::mousePressEvent(QMouseEvent* event)
{
    if (const int layer = at(event->position()); layer >= 0 && event->button() == Qt::LeftButton)
        emit picked(layer);
}

void LayerErrors::keyPressEvent(QKeyEvent* event)
{
    const int to = m_picked + (event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0);
    if (to != m_picked && to >= 0 && to < layers())
        emit picked(to);
    else
        View::keyPressEvent(event);
}

void LayerErrors::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

void LayerErrors::focusOutEvent(QFocusEvent* /*event*/)
{
    update();
}

bool LayerErrors::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return View::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), wordsOf(at(help->pos())), this);
    return true;
}

} // namespace widgets
