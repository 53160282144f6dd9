// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/gridimage.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace widgets {
namespace {

// One past the last column of a row that can be.
int rowEnd(const engine::Grid& grid, GridShape shape, int row)
{
    return shape == GridShape::Full ? grid.cols() : std::clamp(row + 1 + grid.cols() - grid.rows(), 0, grid.cols());
}

int blocks(int cells, int reduction)
{
    return (cells + reduction - 1) / reduction;
}

} // namespace

bool canBe(const engine::Grid& grid, GridShape shape, Cell cell)
{
    return cell.row >= 0 && cell.row < grid.rows() && cell.col >= 0 && cell.col < rowEnd(grid, shape, cell.row);
}

float farthest(const engine::Grid& grid, GridShape shape, const QRect& window)
{
    float found = std::numeric_limits<float>::quiet_NaN();
    const QRect inside = window & QRect(0, 0, grid.cols(), grid.rows());
    for (int row = inside.top(); row <= inside.bottom(); ++row) {
        const auto cells = grid.row(row);
        const int end = std::min(inside.right() + 1, rowEnd(grid, shape, row));
        for (int col = inside.left(); col < end; ++col) {
            const float value = cells[std::size_t(col)];
            if (std::isnan(found) || std::abs(value) > std::abs(found))
                found = value;
        }
    }
    return found;
}

QImage gridImage(const engine::Grid& grid, GridShape shape, const ColorScale& scale, bool dark, const QRect& window,
                 QSize reduction)
{
    const QRect inside = window & QRect(0, 0, grid.cols(), grid.rows());
    if (inside.isEmpty())
        return {};
    const ColorMap& map = scale.map(dark);
    QImage image(blocks(inside.width(), reduction.width()), blocks(inside.height(), reduction.height()),
                 QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    for (int y = 0; y < image.height(); ++y) {
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            const QPoint first(inside.left() + x * reduction.width(), inside.top() + y * reduction.height());
            const float value = farthest(grid, shape, QRect(first, reduction) & inside);
            if (!std::isnan(value))
                line[x] = map.at(scale.place(value));
        }
    }
    return image;
}

} // namespace widgets
