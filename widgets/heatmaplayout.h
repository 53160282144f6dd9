// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/gridimage.h"

#include <QPointF>
#include <QRectF>

#include <optional>
#include <vector>

namespace widgets {

// Where the cells of a heat map stand: a cell (or a block of cells where there is less than a pixel for each) is a
// whole number of device pixels, so the map may be smaller than its room but is never stretched.
struct HeatmapLayout
{
    QRectF map;            // in the widget
    QRect window;          // cells shown: x, y = column, row
    QSizeF block;          // of one picture element in the widget
    QSize reduction{1, 1}; // cells in one picture element, columns × rows

    bool reduced() const { return reduction != QSize(1, 1); }

    std::optional<Cell> cellAt(QPointF point) const;
    QRectF rectOf(Cell cell) const; // of its block; empty outside the window
};

// Lays the window's cells out from the top left of a room. `square` cells are as high as wide and reduced alike.
// `ratio` is the device's pixels per unit; no cell is larger than `largest` units.
HeatmapLayout layOutHeatmap(const QRectF& room, const QRect& window, bool square, double ratio, double largest);

// Which of `count` labels are written when each is `step` apart and needs `spacing`: the picked one first, then every
// k-th that comes no nearer to one already placed. Of numbers k is round: 1, 2, 5, 10…
std::vector<int> placeLabels(int first, int count, double step, double spacing, std::optional<int> picked,
                             bool numbers = false);

} // namespace widgets
