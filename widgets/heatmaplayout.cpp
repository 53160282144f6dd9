// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/heatmaplayout.h"

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

// Device pixels of one picture element, and how many cells share it.
struct Fit
{
    int pixels = 1;
    int cells = 1;
};

Fit fit(double roomPixels, int count, double largestPixels)
{
    if (count <= 0 || roomPixels < 1)
        return {};
    if (roomPixels < count)
        return {1, int(std::ceil(count / std::floor(roomPixels)))};
    return {std::max(1, int(std::min(std::floor(roomPixels / count), largestPixels))), 1};
}

// To 1, 2 or 5 times a power of ten.
int roundedUp(int number)
{
    int decade = 1;
    while (number > 10 * decade)
        decade *= 10;
    for (const int factor : {1, 2, 5})
        if (factor * decade >= number)
            return factor * decade;
    return 10 * decade;
}

} // namespace

std::optional<Cell> HeatmapLayout::cellAt(QPointF point) const
{
    if (!map.contains(point) || block.isEmpty())
        return std::nullopt;
    const int col = window.left() + int((point.x() - map.left()) / block.width()) * reduction.width();
    const int row = window.top() + int((point.y() - map.top()) / block.height()) * reduction.height();
    if (col > window.right() || row > window.bottom())
        return std::nullopt;
    return Cell{row, col};
}

QRectF HeatmapLayout::rectOf(Cell cell) const
{
    if (!window.contains(cell.col, cell.row))
        return {};
    const int x = (cell.col - window.left()) / reduction.width();
    const int y = (cell.row - window.top()) / reduction.height();
    return {map.left() + x * block.width(), map.top() + y * block.height(), block.width(), block.height()};
}

HeatmapLayout layOutHeatmap(const QRectF& room, const QRect& window, bool square, double ratio, double largest)
{
    HeatmapLayout layout;
    layout.window = window;
    Fit across = fit(room.width() * ratio, window.width(), largest * ratio);
    Fit down = fit(room.height() * ratio, window.height(), largest * ratio);
    if (square) {
        const int cells = std::max(across.cells, down.cells);
        const int pixels = cells > 1 ? 1 : std::min(across.pixels, down.pixels);
        across = down = Fit{pixels, cells};
    }
    layout.reduction = {across.cells, down.cells};
    layout.block = QSizeF(across.pixels / ratio, down.pixels / ratio);
    const int cols = (window.width() + across.cells - 1) / across.cells;
    const int rows = (window.height() + down.cells - 1) / down.cells;
    const auto snap = [ratio](double at) { return std::round(at * ratio) / ratio; };
    layout.map = QRectF(snap(room.left()), snap(room.top()), cols * layout.block.width(), rows * layout.block.height());
    return layout;
}

std::vector<int> placeLabels(int first, int count, double step, double spacing, std::optional<int> picked, bool numbers)
{
    std::vector<int> placed;
    if (step <= 0)
        return placed;
    if (picked && *picked >= first && *picked < first + count)
        placed.push_back(*picked);
    int every = std::max(1, int(std::ceil(spacing / step)));
    if (numbers)
        every = roundedUp(every);
    const std::size_t before = placed.size();
    for (int index = first; index < first + count; index += every)
        if (before == 0 || std::abs(index - placed.front()) * step >= spacing)
            placed.push_back(index);
    return placed;
}

} // namespace widgets
