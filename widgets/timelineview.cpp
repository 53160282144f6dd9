// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timelineview.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/rowplot.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double gutter = 76, overviewHeight = 10, axisHeight = 24, rowHeight = 26, rowGap = 5, detailHeight = 24;
constexpr double shortestWindow = 1000; // ns

QString millisecondsText(double ns, double step)
{
    const int digits = std::clamp(int(std::ceil(-std::log10(std::max(step / 1e6, 1e-9)) - 1e-3)), 0, 6);
    return fixed(ns / 1e6, digits);
}

// The ground that a track's spans have.
QColor fillOf(const TimelineValue::Track& track)
{
    if (!track.identity)
        return track.pale ? theme().chosen : theme().plain;
    QColor fill = track.identity->area();
    if (track.pale)
        fill.setAlphaF(0.16F);
    return fill;
}

void paintSpanBox(QPainter& painter, const TimelineValue::Track& track, const QRectF& box, const QString& label,
                  const QString& time)
{
    const Theme& look = theme();
    const QColor fill = fillOf(track);
    painter.fillRect(box, fill);
    if (track.pale)
        painter.fillRect(QRectF(box.left(), box.top(), std::min(box.width(), double(look.px(2))), box.height()),
                         track.identity ? track.identity->area() : look.secondary);
    // Words stand whole or not at all: pointing at the span tells them.
    const QFont small = look.font(Theme::labelSize);
    const QColor ink = track.pale ? look.text : inkOn(fill);
    QRectF words = box.adjusted(look.px(7), 0, -look.px(4), 0);
    if (track.pale && track.identity && words.width() >= look.px(8)) {
        drawMarker(painter, *track.identity, {words.left() + look.px(4), words.center().y()}, look.px(7));
        words.setLeft(words.left() + look.px(14));
    }
    const double timeWide = numberWidth(small, time);
    const double labelWide = textWidth(small, label);
    const bool named = words.width() >= labelWide;
    if (named) {
        drawText(painter, words, Qt::AlignLeft, label, small, ink);
        words.setLeft(words.left() + labelWide + look.px(6));
    }
    if (track.pale && (named || track.identity) && words.width() >= timeWide)
        drawNumber(painter, words, Qt::AlignLeft, time, small, ink);
}

} // namespace

TimelineView::TimelineView(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_F});
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Timeline"));
}

void TimelineView::setTimeline(TimelineValue value)
{
    m_value = std::move(value);
    m_from = 0;
    m_to = std::max<std::int64_t>(1, m_value.endNs);
    m_picked.reset();
    m_hovered.reset();
    updateGeometry();
    update();
    emit windowChanged();
}

void TimelineView::setWindow(std::int64_t fromNs, std::int64_t toNs)
{
    setWindowClamped(double(fromNs), double(toNs));
}

void TimelineView::setWindowClamped(double from, double to)
{
    const double end = double(std::max<std::int64_t>(1, m_value.endNs));
    const double length = std::clamp(to - from, std::min(shortestWindow, end), end);
    from = std::clamp(from, 0.0, end - length);
    m_from = std::int64_t(from);
    m_to = std::max(m_from + 1, std::int64_t(from + length));
    update();
    emit windowChanged();
}

QSize TimelineView::sizeHint() const
{
    const double rows = double(m_value.rows.size()) * (rowHeight + rowGap);
    return {theme().px(600), theme().px(overviewHeight + axisHeight + rows + detailHeight + 4)};
}

QSize TimelineView::minimumSizeHint() const
{
    return {theme().px(240), sizeHint().height()};
}

QRectF TimelineView::area() const
{
    const Theme& look = theme();
    const double top = look.px(overviewHeight + axisHeight);
    return {double(look.px(gutter)), top, std::max(1.0, double(width() - look.px(gutter) - look.px(16))),
            std::max(1.0, height() - top - look.px(detailHeight))};
}

QRectF TimelineView::rowBox(int row) const
{
    const QRectF all = area();
    return {all.left(), all.top() + row * double(theme().px(rowHeight + rowGap)), all.width(),
            double(theme().px(rowHeight))};
}

double TimelineView::xOf(std::int64_t ns) const
{
    const QRectF all = area();
    return all.left() + double(ns - m_from) / double(m_to - m_from) * all.width();
}

QRectF TimelineView::boxOf(const Place& place) const
{
    const QRectF row = rowBox(m_value.tracks[place.track].row);
    const double left = std::max(row.left(), std::round(xOf(place.span.beginNs)));
    const double right = std::min(row.right(), std::max(left + 1, std::round(xOf(place.span.endNs)) - 1));
    return {left, row.top(), std::max(1.0, right - left), row.height()};
}

void TimelineView::paintOverview(QPainter& painter) const
{
    const Theme& look = theme();
    const QRectF all(area().left(), 0, area().width(), look.px(8));
    painter.fillRect(all, look.chosen);
    const double perNs = all.width() / double(std::max<std::int64_t>(1, m_value.endNs));
    for (const TimelineValue::Track& track : m_value.tracks)
        if (!track.pale)
            for (const engine::Span& span :
                 m_value.timeline.visible(track.track, 0, std::max<std::int64_t>(1, m_value.endNs), int(all.width())))
                painter.fillRect(QRectF(all.left() + double(span.beginNs) * perNs, all.top(),
                                        std::max(1.0, double(span.endNs - span.beginNs) * perNs), all.height()),
                                 fillOf(track));
    if (m_from > 0 || m_to < m_value.endNs)
        drawFrame(painter,
                  QRectF(all.left() + double(m_from) * perNs, all.top(), std::max(3.0, double(m_to - m_from) * perNs),
                         all.height())
                      .toAlignedRect(),
                  look.ring, 1);
}

void TimelineView::paintAxis(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const double step = niceStep(double(m_to - m_from), std::max(2, int(area().width() / look.px(90))));
    const auto first = std::int64_t(std::ceil(double(m_from) / step)), last = std::int64_t(double(m_to) / step);
    for (std::int64_t place = first; place <= last; ++place) {
        const double tick = double(place) * step;
        const double x = std::round(xOf(std::int64_t(tick)));
        painter.fillRect(QRectF(x, area().top(), 1, rowBox(int(m_value.rows.size()) - 1).bottom() - area().top()),
                         look.grid);
        const QString text = millisecondsText(tick, step) + (tick == 0 ? QStringLiteral(" ms") : QString());
        const double wide = numberWidth(small, text);
        drawNumber(painter, QRectF(x - wide / 2, look.px(overviewHeight), wide, look.px(18)), Qt::AlignLeft, text,
                   small, look.secondary);
    }
    for (int row = 0; row < int(m_value.rows.size()); ++row)
        drawText(painter, QRectF(0, rowBox(row).top(), look.px(gutter - 10), rowBox(row).height()), Qt::AlignRight,
                 m_value.rows[row], small, look.secondary);
}

void TimelineView::paintSpan(QPainter& painter, const Place& place) const
{
    paintSpanBox(painter, m_value.tracks[place.track], boxOf(place), QString::fromStdString(place.span.label),
                 duration(double(place.span.endNs - place.span.beginNs)));
}

void TimelineView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    if (m_value.tracks.empty())
        return;
    paintAxis(painter);
    paintOverview(painter);
    m_drawn = 0;
    for (std::size_t track = 0; track < m_value.tracks.size(); ++track)
        for (const engine::Span& span :
             m_value.timeline.visible(m_value.tracks[track].track, m_from, m_to, int(area().width()))) {
            paintSpan(painter, {track, span});
            ++m_drawn;
        }
    for (const auto& [place, pinned] : {std::pair(&m_hovered, false), std::pair(&m_picked, true)})
        if (*place && (*place)->span.endNs > m_from && (*place)->span.beginNs < m_to)
            drawFrame(painter, boxOf(**place).adjusted(-1, -1, 1, 1), look.ring, pinned ? 2 : 1);
    const QRectF line(area().left(), height() - look.px(detailHeight), area().width(), look.px(detailHeight));
    drawText(painter, line, Qt::AlignLeft, detail(), look.font(Theme::labelSize),
             m_picked ? look.text : look.secondary);
    if (m_focusRing)
        drawFocus(painter, rect());
}

QString TimelineView::detail() const
{
    const std::optional<Place>& place = m_hovered ? m_hovered : m_picked;
    if (!place)
        return tr("point at a span to read it; the wheel zooms, dragging pans");
    const TimelineValue::Track& track = m_value.tracks[place->track];
    const std::vector<engine::Span>& spans = m_value.timeline.of(track.track);
    double total = 0;
    int number = 0;
    for (const engine::Span& span : spans) {
        total += double(span.endNs - span.beginNs);
        number += span.beginNs <= place->span.beginNs;
    }
    const double length = double(place->span.endNs - place->span.beginNs);
    QStringList parts;
    if (track.identity)
        parts << track.identity->title;
    parts << QString::fromStdString(place->span.label) << duration(length)
          << tr("begins at %1").arg(duration(double(place->span.beginNs)))
          << tr("%1 of %2 in this pass").arg(number).arg(spans.size());
    if (!track.words.isEmpty())
        parts << track.words;
    if (total > 0)
        parts << tr("%1 of them all").arg(percent(length / total));
    return parts.join(QStringLiteral("  ·  "));
}

int TimelineView::drawnSpans() const
{
    return m_drawn;
}

std::optional<TimelineView::Place> TimelineView::at(QPointF point) const
{
    for (std::size_t track = m_value.tracks.size(); track-- > 0;) {
        if (!rowBox(m_value.tracks[track].row).contains(point))
            continue;
        for (const engine::Span& span :
             m_value.timeline.visible(m_value.tracks[track].track, m_from, m_to, int(area().width())))
            if (const Place place{track, span}; boxOf(place).adjusted(0, 0, 1, 0).contains(point))
                return place;
    }
    return std::nullopt;
}

void TimelineView::mouseMoveEvent(QMouseEvent* event)
{
    if (m_pressed && (event->buttons() & Qt::LeftButton)) {
        const double way = m_pressed->x() - event->position().x();
        if (m_panned || std::abs(way) >= QApplication::startDragDistance()) {
            m_panned = true;
            const double ns = way / area().width() * double(m_pressedTo - m_pressedFrom);
            setWindowClamped(double(m_pressedFrom) + ns, double(m_pressedTo) + ns);
            emit moved();
            return;
        }
    }
    m_hovered = at(event->position());
    setAccessibleDescription(detail());
    update();
}

void TimelineView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_pressed = event->position();
    m_pressedFrom = m_from;
    m_pressedTo = m_to;
    m_panned = false;
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && m_pressed && !m_panned) {
        const std::optional<Place> place = at(event->position());
        const bool again =
            place && m_picked && place->track == m_picked->track && place->span.beginNs == m_picked->span.beginNs;
        m_picked = again ? std::nullopt : place;
        update();
    }
    m_pressed.reset();
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent* /*event*/)
{
    setWindowClamped(0, double(m_value.endNs));
    emit moved();
}

void TimelineView::wheelEvent(QWheelEvent* event)
{
    if (m_value.tracks.empty() || event->angleDelta().y() == 0)
        return;
    const double factor = std::pow(0.8, event->angleDelta().y() / 120.0);
    const double place = (event->position().x() - area().left()) / area().width();
    const double under = double(m_from) + place * double(m_to - m_from);
    const double length = double(m_to - m_from) * factor;
    setWindowClamped(under - place * length, under + (1 - place) * length);
    emit moved();
    event->accept();
}

void TimelineView::leaveEvent(QEvent* /*event*/)
{
    m_hovered.reset();
    update();
}

void TimelineView::step(int by)
{
    if (m_value.tracks.empty())
        return;
    const std::size_t track = m_picked ? m_picked->track : 0;
    const std::vector<engine::Span>& spans = m_value.timeline.of(m_value.tracks[track].track);
    if (spans.empty())
        return;
    std::ptrdiff_t now = by > 0 ? -1 : std::ptrdiff_t(spans.size());
    for (std::size_t i = 0; m_picked && i < spans.size(); ++i)
        if (spans[i].beginNs == m_picked->span.beginNs)
            now = std::ptrdiff_t(i);
    now = std::clamp<std::ptrdiff_t>(now + by, 0, std::ptrdiff_t(spans.size()) - 1);
    m_picked = Place{track, spans[std::size_t(now)]};
    setAccessibleDescription(detail());
    update();
}

void TimelineView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
        step(-1);
        break;
    case Qt::Key_Right:
        step(1);
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (!m_value.tracks.empty()) { // the next row with spans
            const std::size_t count = m_value.tracks.size();
            const std::size_t next = (m_picked ? m_picked->track + (event->key() == Qt::Key_Down ? 1 : count - 1) : 0);
            m_picked = Place{next % count, {}};
            m_picked->span.beginNs = -1;
            step(1);
        }
        break;
    case Qt::Key_F:
        setWindowClamped(0, double(m_value.endNs));
        emit moved();
        break;
    case Qt::Key_Escape:
        m_picked.reset();
        update();
        break;
    default:
        View::keyPressEvent(event);
    }
}

// While it has the focus, the keys that walk, fit and let go are its own, not shortcuts of the window.
bool TimelineView::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        static constexpr Qt::Key own[] = {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_F};
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool isOwn = std::find(std::begin(own), std::end(own), key->key()) != std::end(own) ||
                           (key->key() == Qt::Key_Escape && m_picked);
        if (key->modifiers() == Qt::NoModifier && isOwn) {
            event->accept();
            return true;
        }
    }
    return View::event(event);
}

void TimelineView::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void TimelineView::focusOutEvent(QFocusEvent* /*event*/)
{
    m_focusRing = false;
    update();
}

void paintTimeline(QPainter& painter, const TimelineValue& value, const QRectF& box)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QRectF area = box.adjusted(look.px(gutter), look.px(axisHeight), -look.px(16), 0);
    const double end = double(std::max<std::int64_t>(1, value.endNs));
    const double pitch = look.px(rowHeight + rowGap);
    const double step = niceStep(end, std::max(2, int(area.width() / look.px(90))));
    for (int place = 0; place <= int(end / step); ++place) {
        const double tick = place * step;
        const double x = std::round(area.left() + tick / end * area.width());
        painter.fillRect(QRectF(x, area.top(), look.px(1), pitch * double(value.rows.size())), look.grid);
        const QString text = millisecondsText(tick, step) + (tick == 0 ? QStringLiteral(" ms") : QString());
        const double wide = numberWidth(small, text);
        drawNumber(painter, QRectF(x - wide / 2, box.top(), wide, look.px(18)), Qt::AlignLeft, text, small,
                   look.secondary);
    }
    for (int row = 0; row < int(value.rows.size()); ++row)
        drawText(painter, QRectF(box.left(), area.top() + row * pitch, look.px(gutter - 10), look.px(rowHeight)),
                 Qt::AlignRight, value.rows[row], small, look.secondary);
    for (const TimelineValue::Track& track : value.tracks)
        for (const engine::Span& span :
             value.timeline.visible(track.track, 0, std::max<std::int64_t>(1, value.endNs), int(area.width()))) {
            const double left = area.left() + double(span.beginNs) / end * area.width();
            const double right = area.left() + double(span.endNs) / end * area.width();
            paintSpanBox(painter, track,
                         QRectF(left, area.top() + track.row * pitch, std::max(0.5 * look.scale, right - left),
                                look.px(rowHeight)),
                         QString::fromStdString(span.label), duration(double(span.endNs - span.beginNs)));
        }
}

} // namespace widgets
