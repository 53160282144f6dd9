// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/colorbar.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/paint.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <utility>

namespace widgets {
namespace {

constexpr double wordsHeight = 16, histogramHeight = 20, barHeight = 8, handleHeight = 7, ticksHeight = 15, side = 7;

QString tickText(double value, double bound, bool isSigned)
{
    if (value == 0)
        return QStringLiteral("0");
    if (std::abs(value) < 1e-3 || bound >= 1e5)
        return power(value);
    const int digits = bound >= 20 ? 0 : bound >= 2 ? 1 : std::abs(value) < 0.0095 ? 3 : 2;
    const double up = value * (1 + 1e-9); // 0.075 is 0.08, whatever its bits
    return isSigned ? signedFixed(up, digits) : fixed(up, digits);
}

// The value at a place of the bar, beyond its ends too, so that a range can be made wider.
double valueBeyond(const ColorScale& scale, double place)
{
    if (place >= 0 && place <= 1)
        return scale.value(place);
    const double share = scale.diverging ? std::abs(2 * place - 1) : place;
    const double grown = scale.scale == Scale::Linear ? share : share * share;
    if (scale.diverging)
        return (place < 0 ? -1 : 1) * scale.last() * grown;
    return place < 0 ? scale.low : scale.low + (scale.high - scale.low) * grown;
}

} // namespace

Histogram histogramOf(std::span<const engine::Grid> grids, GridShape shape, const ColorScale& scale, int bins)
{
    Histogram histogram;
    histogram.counts.assign(std::size_t(std::max(1, bins)), 0);
    const double low = scale.first();
    const double high = scale.last();
    for (const engine::Grid& grid : grids)
        for (int row = 0; row < grid.rows(); ++row)
            for (int col = 0; col < grid.cols() && canBe(grid, shape, {row, col}); ++col) {
                const double value = grid.at(row, col);
                if (std::isnan(value))
                    continue;
                histogram.below += value < low;
                histogram.above += value > high;
                if (value < low || value > high)
                    continue;
                const auto bin = std::size_t(scale.place(value) * double(histogram.counts.size()));
                ++histogram.counts[std::min(bin, histogram.counts.size() - 1)];
            }
    return histogram;
}

int colorBarHeight(bool isSmall)
{
    const double words = isSmall ? 0 : wordsHeight + histogramHeight;
    return theme().px(words + barHeight + handleHeight + ticksHeight);
}

void drawColorBar(QPainter& painter, const ColorScale& scale, const QRectF& bar, int parts)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const ColorMap& map = scale.map(look.dark);
    QImage strip(int(map.entries().size()), 1, QImage::Format_RGB32);
    for (int x = 0; x < strip.width(); ++x)
        strip.setPixel(x, 0, map.entries()[std::size_t(x)]);
    painter.drawImage(bar, strip);
    drawFrame(painter, bar, look.outline, std::max(1, look.px(0.6)));
    const double bound = std::max(std::abs(scale.first()), std::abs(scale.last()));
    for (int i = 0; i <= parts; ++i) {
        const double place = double(i) / parts;
        const double x = bar.left() + bar.width() * place;
        painter.fillRect(QRectF(std::round(x) - 0.5 * look.px(1), bar.bottom(), look.px(1), look.px(4)), look.outline);
        const QString text = tickText(scale.value(place), bound, scale.diverging);
        const double wide = numberWidth(small, text);
        const double left = std::clamp(x - wide / 2, bar.left(), bar.right() - wide);
        drawNumber(painter, QRectF(left, bar.bottom() + look.px(4), wide, look.px(15)), Qt::AlignLeft, text, small,
                   look.secondary);
    }
}

ColorBar::ColorBar(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setCursor(Qt::ArrowCursor);
    setFocusPolicy(Qt::TabFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Home});
    name();
}

void ColorBar::setScale(const ColorScale& scale)
{
    m_scale = scale;
    setAccessibleDescription(tr("%1 to %2").arg(compact(scale.first()), compact(scale.last())) + clippedText());
    update();
}

void ColorBar::setHistogram(Histogram histogram)
{
    m_histogram = std::move(histogram);
    setAccessibleDescription(tr("%1 to %2").arg(compact(m_scale.first()), compact(m_scale.last())) + clippedText());
    update();
}

void ColorBar::setTitle(const QString& title)
{
    m_title = title;
    name();
    update();
}

void ColorBar::setEnds(const QString& low, const QString& high)
{
    m_lowEnd = low;
    m_highEnd = high;
    name();
    update();
}

// What the colours mean, or whose the ends are.
void ColorBar::name()
{
    QString ends = m_lowEnd + QStringLiteral(", ") + m_highEnd;
    ends = ends.remove(u'←').remove(u'→').simplified();
    setAccessibleName(!m_title.isEmpty() ? m_title : m_lowEnd.isEmpty() ? tr("Colour range") : ends);
}

void ColorBar::setSmall(bool isSmall)
{
    m_small = isSmall;
    updateGeometry();
    update();
}

QSize ColorBar::sizeHint() const
{
    return {theme().px(384), colorBarHeight(m_small)};
}

QSize ColorBar::minimumSizeHint() const
{
    return {theme().px(96), sizeHint().height()};
}

QRectF ColorBar::bar() const
{
    const Theme& look = theme();
    const double top = m_small ? 0 : look.px(wordsHeight + histogramHeight);
    return {double(look.px(side)), top, std::max(1.0, double(width() - 2 * look.px(side))), double(look.px(barHeight))};
}

void ColorBar::drawWords(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    QRectF row(bar().left(), 0, bar().width(), look.px(wordsHeight));
    QString right = m_highEnd;
    if (m_histogram.above > 0)
        right = m_highEnd.isEmpty() ? tr("▲ %1 cells above").arg(whole(m_histogram.above))
                                    : tr("▲ %1  %2").arg(whole(m_histogram.above), m_highEnd);
    QString left = m_lowEnd;
    if (m_histogram.below > 0)
        left = m_lowEnd.isEmpty() ? tr("▼ %1 cells below").arg(whole(m_histogram.below))
                                  : tr("%1  ▼ %2").arg(m_lowEnd, whole(m_histogram.below));
    const double gap = look.px(Theme::gap3);
    if (textWidth(small, left) + gap + textWidth(small, right) > row.width()) { // the counts before the words
        left = m_histogram.below > 0 ? tr("▼ %1").arg(whole(m_histogram.below)) : QString();
        right = m_histogram.above > 0 ? tr("▲ %1").arg(whole(m_histogram.above)) : QString();
    }
    // The title stands in the middle of the bar, or of what the ends leave of it.
    const double leftWidth = left.isEmpty() ? 0 : textWidth(small, left) + gap;
    const double rightWidth = right.isEmpty() ? 0 : textWidth(small, right) + gap;
    drawText(painter, row, Qt::AlignLeft, left, small, look.secondary);
    drawText(painter, row.adjusted(leftWidth, 0, 0, 0), Qt::AlignRight, right, small, look.secondary);
    const double room = row.width() - leftWidth - rightWidth;
    const double wide = textWidth(small, m_title);
    if (room > look.px(24)) {
        const double x = std::clamp(row.center().x() - wide / 2, row.left() + leftWidth,
                                    std::max(row.left() + leftWidth, row.right() - rightWidth - wide));
        drawText(painter, QRectF(x, row.top(), std::min(wide + 1, room), row.height()), Qt::AlignLeft, m_title, small,
                 look.secondary);
    }
}

QString ColorBar::tickAt(int part, int parts, double bound) const
{
    QString text = tickText(m_scale.value(double(part) / parts), bound, m_scale.diverging);
    if (m_small && part == parts && m_histogram.above > 0)
        text = QStringLiteral("▲ %1  ").arg(whole(m_histogram.above)) + text;
    if (m_small && part == 0 && m_histogram.below > 0)
        text += QStringLiteral("  ▼ %1").arg(whole(m_histogram.below));
    return text;
}

// The ends first, then what has room between them.
void ColorBar::drawTicks(QPainter& painter) const
{
    const Theme& look = theme();
    const QRectF box = bar();
    const QFont small = look.font(Theme::labelSize);
    const double bound = std::max(std::abs(m_scale.first()), std::abs(m_scale.last()));
    const int parts = m_small ? 2 : 4;
    std::vector<int> order{0, parts, parts / 2};
    for (int i = 1; i < parts; ++i)
        if (i != parts / 2)
            order.push_back(i);
    std::vector<QRectF> taken;
    for (const int i : order) {
        const bool dragging = m_moved && (m_dragged > 0 ? i == parts : m_dragged < 0 && i == 0);
        const QString text = dragging ? compact(draggedTo()) : tickAt(i, parts, bound);
        const double wide = numberWidth(small, text);
        const double x = box.left() + box.width() * i / parts;
        const double left = std::clamp(x - wide / 2, 0.0, std::max(0.0, width() - wide));
        const QRectF place(left, box.bottom() + look.px(handleHeight), wide, look.px(ticksHeight));
        const QRectF claimed = place.adjusted(-look.px(Theme::gap1), 0, look.px(Theme::gap1), 0);
        if (std::any_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(claimed); }))
            continue;
        taken.push_back(place);
        drawNumber(painter, place, Qt::AlignLeft, text, small, dragging ? look.text : look.secondary);
    }
}

void ColorBar::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    const QRectF box = bar();
    const ColorMap& map = m_scale.map(look.dark);
    for (int x = 0; x < int(box.width()); ++x)
        painter.fillRect(QRectF(box.left() + x, box.top(), 1, box.height()),
                         QColor(map.at(x / std::max(1.0, box.width() - 1))));
    if (!m_small) {
        std::int64_t most = 0;
        for (const std::int64_t count : m_histogram.counts)
            most = std::max(most, count);
        QColor ink = look.secondary;
        ink.setAlphaF(0.38F);
        const double step = box.width() / double(std::max<std::size_t>(1, m_histogram.counts.size()));
        for (std::size_t i = 0; most > 0 && i < m_histogram.counts.size(); ++i) {
            const double high =
                std::ceil(std::sqrt(double(m_histogram.counts[i]) / double(most)) * look.px(histogramHeight - 2));
            const double x = std::round(box.left() + double(i) * step);
            const double wide = std::max(1.0, std::round(box.left() + double(i + 1) * step) - x - 1);
            painter.fillRect(QRectF(x, box.top() - 1 - high, wide, high), ink);
        }
        drawWords(painter);
    }
    drawHandles(painter);
    drawTicks(painter);
    if (hasFocus())
        drawFrame(painter, box.adjusted(-1, -1, 1, 1), look.focus, look.px(2));
}

// Filled where cells lie beyond that end.
void ColorBar::drawHandles(QPainter& painter) const
{
    const Theme& look = theme();
    const QRectF box = bar();
    const double half = look.px(4);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(look.text, 1, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    for (const int end : {-1, 1}) {
        const bool dragged = m_dragged == end && m_moved;
        const double x = dragged ? std::clamp(m_dragX, half, width() - half) : end < 0 ? box.left() : box.right();
        painter.setBrush((end < 0 ? m_histogram.below : m_histogram.above) > 0 ? look.text : look.panel);
        painter.drawPolygon(QPolygonF{QPointF(x, box.bottom() - 1), QPointF(x + half, box.bottom() + look.px(6)),
                                      QPointF(x - half, box.bottom() + look.px(6))});
    }
    painter.setRenderHint(QPainter::Antialiasing, false);
}

QString ColorBar::clippedText() const
{
    QString text;
    if (m_histogram.below > 0)
        text += tr(", %1 cells below").arg(whole(m_histogram.below));
    if (m_histogram.above > 0)
        text += tr(", %1 cells above").arg(whole(m_histogram.above));
    return text;
}

double ColorBar::draggedTo() const
{
    return valueBeyond(m_scale, (m_dragX - bar().left()) / bar().width());
}

void ColorBar::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::RightButton) {
        emit fitRequested();
        return;
    }
    const double reach = theme().px(10);
    const QRectF box = bar();
    if (event->button() != Qt::LeftButton)
        return;
    m_dragX = event->position().x();
    m_moved = false;
    if (std::abs(m_dragX - box.right()) < reach)
        m_dragged = 1;
    else if (std::abs(m_dragX - box.left()) < reach)
        m_dragged = -1;
}

void ColorBar::mouseMoveEvent(QMouseEvent* event)
{
    if (m_dragged == 0) {
        View::mouseMoveEvent(event);
        return;
    }
    setCursor(Qt::SizeHorCursor);
    m_moved = m_moved || std::abs(event->position().x() - m_dragX) >= 2;
    m_dragX = event->position().x();
    update();
}

void ColorBar::mouseReleaseEvent(QMouseEvent* event)
{
    if (m_dragged == 0)
        return;
    const QRectF box = bar();
    const int dragged = std::exchange(m_dragged, 0);
    m_dragX = event->position().x();
    unsetCursor();
    update();
    // A click alone moves nothing.
    if (std::abs(m_dragX - (dragged > 0 ? box.right() : box.left())) >= 2)
        ask(dragged, draggedTo());
    m_moved = false;
}

// One end keeps at least 5 % of the bar from the other, so that a range always remains.
void ColorBar::ask(int handle, double value)
{
    if (m_scale.diverging) {
        const double bound = std::max(std::abs(value), m_scale.value(0.55));
        emit rangeChanged(-bound, bound);
    } else if (handle > 0) {
        emit rangeChanged(m_scale.low, std::max(value, m_scale.value(0.05)));
    } else {
        emit rangeChanged(std::min(value, m_scale.value(0.95)), m_scale.high);
    }
}

void ColorBar::mouseDoubleClickEvent(QMouseEvent* event)
{
    m_dragged = 0;
    if (event->button() == Qt::LeftButton)
        emit fitRequested();
}

void ColorBar::keyPressEvent(QKeyEvent* event)
{
    const int handle = event->modifiers() & Qt::ShiftModifier && !m_scale.diverging ? -1 : 1;
    const double step = event->key() == Qt::Key_Right ? 0.05 : event->key() == Qt::Key_Left ? -0.05 : 0;
    if (step != 0)
        ask(handle, valueBeyond(m_scale, (handle > 0 ? 1 : 0) + step));
    else if (event->key() == Qt::Key_Home)
        emit fitRequested();
    else
        View::keyPressEvent(event);
}

void ColorBar::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

void ColorBar::focusOutEvent(QFocusEvent* /*event*/)
{
    update();
}

bool ColorBar::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return View::event(event);
    QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(),
                       tr("%1 to %2").arg(compact(m_scale.first()), compact(m_scale.last())) + clippedText() +
                           tr(". Drag the handles, right click to fit."),
                       this);
    return true;
}

} // namespace widgets
