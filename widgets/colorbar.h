// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/gridimage.h"
#include "widgets/theme.h"

#include <cstdint>
#include <span>
#include <vector>

namespace widgets {

// How many values lie where on a colour scale: bins evenly spaced on the map, and those beyond its ends.
struct Histogram
{
    std::vector<std::int64_t> counts;
    std::int64_t below = 0, above = 0;
};

// Counts the cells that can be of all grids.
Histogram histogramOf(std::span<const engine::Grid> grids, GridShape shape, const ColorScale& scale, int bins);

// How high a bar with its handles and ticks is; small: without histogram and words.
int colorBarHeight(bool isSmall);

// A bar of a scale's colours with `parts` + 1 numbers under it, for paper: no handles.
void drawColorBar(QPainter& painter, const ColorScale& scale, const QRectF& bar, int parts);

// The colours of one map or of several that share a range: histogram, bar, handles, ticks. Dragging a handle along or
// beyond the bar asks for another range, a right or double click for the range that fits; arrows move the high end,
// with Shift the low one.
class ColorBar : public View
{
    Q_OBJECT

public:
    explicit ColorBar(QWidget* parent = nullptr);

    void setScale(const ColorScale& scale);
    void setHistogram(Histogram histogram);
    void setTitle(const QString& title);
    // Whose the ends of a difference are: "← exact gives more", "TaylorShift gives more →".
    void setEnds(const QString& low, const QString& high);
    void setSmall(bool isSmall); // no histogram, no words

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void rangeChanged(double low, double high);
    void fitRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    QRectF bar() const;
    void name();
    void drawWords(QPainter& painter) const;
    QString tickAt(int part, int parts, double bound) const;
    void drawTicks(QPainter& painter) const;
    void drawHandles(QPainter& painter) const;
    QString clippedText() const;
    double draggedTo() const;           // the value under the dragged handle
    void ask(int handle, double value); // a new range with one end there

    ColorScale m_scale;
    Histogram m_histogram;
    QString m_title, m_lowEnd, m_highEnd;
    bool m_small = false;
    int m_dragged = 0; // −1 low, 1 high, 0 none
    double m_dragX = 0;
    bool m_moved = false;
};

} // namespace widgets
