// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/mapregion.h"
#include "widgets/colormap.h"
#include "widgets/mapparts.h"

#include <QPixmap>
#include <QStringList>

#include <optional>

namespace widgets {

// A square part of a map: `count` queries from `query` on, and as many keys from `key` on.
struct MapWindow
{
    int query = 0, key = 0, count = 0;

    bool operator==(const MapWindow&) const = default;
};

// What stands in a long map.
struct LongMapValue
{
    MapHeading heading;
    int tokens = 0; // of the whole map
    bool causal = true;
    QStringList pieces; // of the tokens; empty: their places
    engine::RegionPicture picture;
};

// A map far larger than the screen: a window onto it that is panned and zoomed, drawn from a picture of one region.
// While the picture of a new window is on its way the old one is shown where it belongs. Whole pixels a cell, or whole
// cells a pixel. Where a pixel stands for many cells a badge says whether it is a sample or the largest of them, and a
// map in the empty triangle shows where the window is. Pointing tells a place, a click locks it and a second one lets
// it go.
class LongMapView : public View
{
    Q_OBJECT

public:
    explicit LongMapView(QWidget* parent = nullptr);

    void setValue(const LongMapValue& value);
    void setScale(const ColorScale& scale);
    void setWindow(const MapWindow& window);   // held inside the map
    void setHovered(std::optional<Cell> cell); // query and key, in tokens
    void setPinned(std::optional<Cell> cell);  // the same
    void setAxesShown(bool shown);             // the queries' labels

    const MapWindow& window() const { return m_window; }

    std::optional<Cell> pinned() const { return m_pinned; }

    const engine::RegionPicture& picture() const { return m_value.picture; }

    std::optional<Cell> cellAt(QPointF point) const; // query and key
    QRectF rectOf(engine::TokenRange queries, engine::TokenRange keys) const;
    QString labelOf(int token) const;

    // How many elements a side the window is best drawn with.
    int elements() const;

    QRectF map() const { return m_map; } // in the widget

    double foot() const; // where the labels below the map end

    // Of a view with room for a map of `side` pixels a side, and how much of that the whole map and its name take.
    QSize sizeFor(int side) const;
    int wholeSide(int side) const;

    int drawnSide(int side) const;   // of the whole map's cells
    bool drawsEvery(int side) const; // weight of the whole map, none reduced

    // What the picture knows at a query and key: a cell, or the element that stands for it; empty outside.
    QString textAt(Cell cell) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void hovered(widgets::Cell cell); // query and key
    void left();
    void picked(widgets::Cell cell); // query and key
    void released();
    void windowAsked(widgets::MapWindow window);
    void sizeChanged(); // elements() did
    void mapChanged();  // map() did

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void themeChanged() override;

private:
    void arrange();
    int pixelsOf(int count, int side) const;

    double pixelsPerToken() const { return m_window.count > 0 ? m_map.width() / m_window.count : 0; }

    int below() const;
    MapWindow held(MapWindow window) const;
    MapWindow zoomed(const Cell& about, double factor) const;
    void ask(const MapWindow& window);
    bool samePlace(Cell a, Cell b) const; // one element stands for both
    void choose(Cell cell);
    void movePinned(int rows, int cols);
    void drawPinned(QPainter& painter) const;
    void drawValue(QPainter& painter, Cell cell, bool isPinned, double top) const;
    void drawStatic(QPainter& painter) const;
    void drawPicture(QPainter& painter) const;
    void drawAxes(QPainter& painter) const;
    void drawMini(QPainter& painter) const;
    void drawHeading(QPainter& painter) const;
    QString badge() const;
    void describe();

    LongMapValue m_value;
    ColorScale m_scale;
    MapWindow m_window;
    std::optional<Cell> m_hovered, m_pinned;
    bool m_axesShown = true, m_focusRing = false, m_panned = false;
    QRectF m_room, m_map;
    QPixmap m_static;
    std::optional<QPointF> m_pressed;
    MapWindow m_pressedWindow;
};

} // namespace widgets
