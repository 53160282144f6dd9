// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/heatmaplayout.h"

#include <QString>

#include <optional>
#include <vector>

class QPainter;

namespace widgets {

// The same cell in another map: what a reader of the cell's words is told too.
struct MapCompanion
{
    QString name;
    engine::Grid grid;
    bool isSigned = false;
};

// A second map right of an upright line.
struct MapSwipe
{
    engine::Grid right;
    QString leftName, rightName;
    double at = 0.5; // share of the map's width
};

// How a grid is drawn beyond its colours. What is drawn may be less than what is there: values stay for hovering.
struct MapExtras
{
    engine::Grid drawn;          // cells that are not a number are left blank; empty: all are drawn
    std::vector<int> ownColumns; // drawn with ownScale
    ColorScale ownScale;
    bool hatched = true;    // what cannot be
    bool magnifier = false; // around the pick, where cells are small
    std::optional<MapSwipe> swipe;
    std::vector<MapCompanion> companions; // in the order they are told
};

// The cells in view over what the map's ground holds.
// An image of one pixel per cell. In a file what is transparent has the ground's colour, so that a viewer that smooths
// pictures draws no dark edge along it.
void drawPixels(QPainter& painter, const QRectF& place, const QImage& image);

void drawMapCells(QPainter& painter, const HeatmapLayout& layout, const engine::Grid& grid, GridShape shape,
                  const ColorScale& scale, const MapExtras& extras);

// The line of a swipe and its handle.
void drawSwipe(QPainter& painter, const HeatmapLayout& layout, const MapSwipe& swipe);
double swipeLine(const HeatmapLayout& layout, const MapSwipe& swipe); // its x

// 9 × 9 cells around one, with its top right corner at a point; cells are `cell` units wide.
void drawMagnifier(QPainter& painter, QPointF topRight, Cell centre, double cell, const engine::Grid& grid,
                   GridShape shape, const ColorScale& scale);
inline constexpr int magnified = 9;

} // namespace widgets
