// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionview.h"
#include "app/results.h"
#include "widgets/gridimage.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace app {

// What is done to whole maps before they are drawn. Pure: grids in, a grid out; cells that are not a number are blank.

inline constexpr float blankCell = std::numeric_limits<float>::quiet_NaN();

// Calls visit(row, col, value) for the cells that can be and are a number.
template <typename Visit>
void eachCell(const engine::Grid& grid, widgets::GridShape shape, Visit visit)
{
    for (int row = 0; row < grid.rows(); ++row)
        for (int col = 0; col < grid.cols() && widgets::canBe(grid, shape, {row, col}); ++col)
            if (const float value = grid.at(row, col); !std::isnan(value))
                visit(row, col, value);
}

template <typename Combine>
engine::Grid combined(const engine::Grid& a, const engine::Grid& b, Combine combine)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(a.rows()) * std::size_t(a.cols()));
    for (int row = 0; row < a.rows(); ++row)
        for (int col = 0; col < a.cols(); ++col)
            cells.push_back(combine(a.at(row, col), b.at(row, col)));
    return {std::move(cells), a.rows(), a.cols()};
}

// Rows from `rows` on have not been reached: blank, so that they are hatched and the map keeps its place.
engine::Grid upTo(const engine::Grid& grid, int rows);

engine::Grid withoutColumns(const engine::Grid& grid, const std::vector<int>& columns);

// What 99 of 100 cells do not exceed in magnitude, rounded up to a number of one digit (or 1.5, 2.5), so that ranges of
// neighbouring heads look alike; the largest of all grids.
double fittedHigh(const std::vector<const engine::Grid*>& grids, widgets::GridShape shape);

// The pieces of one word stand together: a word begins where a piece begins with a space, and special tokens and
// punctuation stand alone.
std::vector<engine::TokenRange> wordsOf(const Sequence& sequence);

// Cells of groups: keys summed, queries averaged, so that rows still sum to 1.
engine::Grid joinedBy(const engine::Grid& map, const std::vector<engine::TokenRange>& groups);

// log2(other ÷ exact), weights below 1e-12 taken as that; not a number where a weight is below 0.
engine::Grid logRatio(const engine::Grid& other, const engine::Grid& exact, std::int64_t& impossible);

// A head's map laid on those of the heads before it, empty for the first: after all `heads` of them their mean, or of
// every cell the weight of largest magnitude.
engine::Grid joinedOn(const engine::Grid& before, const engine::Grid& map, AttentionView::Heads how, int heads);

// The map with all but the largest weights of each row blank: as few as together reach `mass` of the row's magnitudes.
engine::Grid largestOf(const engine::Grid& map, widgets::GridShape shape, double mass);

} // namespace app
