// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "widgets/colormap.h"

#include <QImage>
#include <QRect>
#include <QSize>

namespace widgets {

// A place in a grid.
struct Cell
{
    int row = 0, col = 0;

    bool operator==(const Cell&) const = default;
};

// Which cells of a grid can be at all: all, or only keys up to the query (the last row sees every column).
enum class GridShape
{
    Full,
    LowerTriangle
};

bool canBe(const engine::Grid& grid, GridShape shape, Cell cell);

// The value farthest from 0 among the cells of `window` (x, y: columns, rows) that can be, with its sign; not a number
// if there is none.
float farthest(const engine::Grid& grid, GridShape shape, const QRect& window);

// One pixel per block of `reduction` cells (columns × rows) of the window; a block shows its farthest value, so that
// no single large cell is averaged away. Cells that cannot be are transparent.
QImage gridImage(const engine::Grid& grid, GridShape shape, const ColorScale& scale, bool dark, const QRect& window,
                 QSize reduction = {1, 1});

} // namespace widgets
