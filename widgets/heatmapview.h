// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/gridimage.h"
#include "widgets/heatmaplayout.h"
#include "widgets/mapcells.h"
#include "widgets/mapparts.h"
#include "widgets/theme.h"

#include <QPixmap>

#include <optional>

namespace widgets {

// A grid as colours, whole pixels a cell. Hovering and picking are reported, not decided: the marked cells come back by
// setMarked, so that linked maps show the same. Wheel zooms, dragging pans, a double click shows all again.
class HeatmapView : public View
{
    Q_OBJECT

public:
    explicit HeatmapView(QWidget* parent = nullptr);

    void setHeading(const MapHeading& heading);
    void setAxes(const MapAxes& axes);
    void setGrid(const engine::Grid& grid, GridShape shape = GridShape::Full);
    void setScale(const ColorScale& scale);
    void setExtras(MapExtras extras);
    void setMarked(std::optional<Cell> pinned, std::optional<Cell> hovered);
    // Writes 'query' → 'key' before the values of the marked cells.
    void setPairShown(bool shown);
    // The old picture stays; nullopt ends the line.
    void setBusy(std::optional<MapBusy> busy);
    // The cells in view (x, y = column, row); an empty one is all of them.
    void setWindow(const QRect& window);
    // Titles of a map that is linked to others are drawn by them; turns the title row off.
    void setHeadingShown(bool shown);

    const HeatmapLayout& layout() const { return m_layout; }

    bool isEmpty() const { return m_grid.empty(); }

    QSize cells() const; // of the whole map, columns × rows
    QRectF room() const; // for cells, in the widget

    std::optional<Cell> pinned() const { return m_pinned; }

    // A cell as it is read aloud: "query ‘cat’, key ‘the’, exact 0.310, difference −0.090".
    QString wordsOf(Cell cell) const;
    QString valueText(Cell cell) const;

    QString rowLabel(int row) const { return m_axes.rows.value(row); }

    QString columnLabel(int col) const { return m_axes.cols.value(col); }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void hovered(widgets::Cell cell);
    void left(); // the pointer is over no cell
    void picked(widgets::Cell cell);
    void released(); // Esc, or a second click on the pinned cell
    void windowChanged(QRect window);
    void swiped(double at); // the line of the extras' swipe was dragged there

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;
    void themeChanged() override;

private:
    void relayout();
    void redraw(); // the static layer is drawn anew at the next paint
    QRect whole() const;

    bool zoomed() const { return m_layout.window != whole(); }

    void drawStatic(QPainter& painter) const;
    void drawValues(QPainter& painter) const;
    bool valuesInTriangle() const;
    QString pairText(Cell cell) const;
    QString shownValue(Cell cell) const; // with the right map's where there is a swipe
    void drawMagnified(QPainter& painter) const;
    bool overSwipe(QPointF point) const;
    void measureLabels();
    QRectF titleRow() const;
    void zoomAt(QPointF point, double factor);
    void movePick(int rows, int cols);
    void describe();

    MapHeading m_heading;
    MapAxes m_axes;
    engine::Grid m_grid;
    GridShape m_shape = GridShape::Full;
    ColorScale m_scale;
    MapExtras m_extras;
    std::optional<Cell> m_pinned, m_hovered;
    std::optional<MapBusy> m_busy;
    bool m_pairShown = false;
    bool m_headingShown = true;
    bool m_focusRing = false;
    QRect m_window; // as asked for; empty: all
    HeatmapLayout m_layout;
    int m_gutterBelow = 0; // room for the column labels
    QPixmap m_static;
    std::optional<QPointF> m_pressed;
    QRect m_pressedWindow;
    bool m_panned = false;
    bool m_swiping = false;
};

} // namespace widgets
