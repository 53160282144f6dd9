// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/timeline.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPixmap>

#include <optional>

namespace widgets {

// What ran when, in rows. Several tracks may stand in one row, each with a method's colours.
struct TimelineValue
{
    struct Track
    {
        engine::TrackIndex track;
        int row = 0;
        std::optional<Identity> identity; // none: grey
        bool pale = false;                // a stage that holds others: light ground, a bar at its begin
        QString words = {};               // of every span of it: what it computes
    };

    engine::Timeline timeline; // nanoseconds from the begin of the first pass
    std::vector<Track> tracks;
    QStringList rows; // their titles
    std::int64_t endNs = 0;
};

// Spans against time, at most one per pixel of a row. The wheel zooms at the pointer, dragging pans, a double click or
// F shows all; a click picks a span, and its numbers stand underneath. Left and right walk along the row.
class TimelineView : public View
{
    Q_OBJECT

public:
    explicit TimelineView(QWidget* parent = nullptr);

    void setTimeline(TimelineValue value);
    void setWindow(std::int64_t fromNs, std::int64_t toNs);

    std::pair<std::int64_t, std::int64_t> window() const { return {m_from, m_to}; }

    std::int64_t endNs() const { return m_value.endNs; }

    bool zoomed() const { return m_from > 0 || m_to < m_value.endNs; }

    QString detail() const; // of the picked or hovered span
    int drawnSpans() const; // of the last painting: never more than pixels × tracks

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void windowChanged();
    void moved(); // the window, by hand

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    struct Place
    {
        std::size_t track = 0; // in m_value.tracks
        engine::Span span;
    };

    QRectF area() const;
    QRectF rowBox(int row) const;
    double xOf(std::int64_t ns) const;
    QRectF boxOf(const Place& place) const;
    std::optional<Place> at(QPointF point) const;
    void paintOverview(QPainter& painter) const;
    void paintAxis(QPainter& painter) const;
    void paintSpan(QPainter& painter, const Place& place) const;
    void setWindowClamped(double from, double to);
    void step(int by);

    TimelineValue m_value;
    std::int64_t m_from = 0, m_to = 1;
    std::optional<Place> m_picked, m_hovered;
    std::optional<QPointF> m_pressed;
    std::int64_t m_pressedFrom = 0, m_pressedTo = 0;
    bool m_panned = false;
    bool m_focusRing = false;
    mutable int m_drawn = 0;
};

// Paints a timeline into a box, without a window of its own: for figures.
void paintTimeline(QPainter& painter, const TimelineValue& value, const QRectF& box);

} // namespace widgets
