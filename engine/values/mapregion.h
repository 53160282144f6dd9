// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"

#include <algorithm>

namespace engine {

// A rectangle of a map at the resolution of a screen: one element of the picture for reduction × reduction cells.
struct MapRegion
{
    TokenRange queries, keys;
    int reduction = 1;

    int rows() const { return (queries.count + reduction - 1) / reduction; }

    int cols() const { return (keys.count + reduction - 1) / reduction; }

    // The queries and keys of one row and column of elements; the last ones may hold fewer.
    TokenRange queriesOf(int row) const { return part(queries, row); }

    TokenRange keysOf(int col) const { return part(keys, col); }

    bool operator==(const MapRegion&) const = default;

private:
    TokenRange part(TokenRange all, int place) const
    {
        const int first = all.first + place * reduction;
        return {first, std::min(reduction, all.end() - first)};
    }
};

// The least reduction with which a rectangle fits into `rows` × `cols` elements.
inline MapRegion fittingRegion(TokenRange queries, TokenRange keys, int rows, int cols)
{
    const auto least = [](int cells, int elements) {
        return (cells + std::max(1, elements) - 1) / std::max(1, elements);
    };
    return {queries, keys, std::max({1, least(queries.count, rows), least(keys.count, cols)})};
}

// What is known of a region: not a number where a key lies after every query of its element, or nothing is known yet.
struct RegionPicture
{
    MapRegion region;
    Grid cells;
    int exactRows = 0; // rows from the first that hold the largest of all their cells; the others hold one true cell

    bool sampled() const { return region.reduction > 1 && exactRows < region.rows(); }
};

} // namespace engine
