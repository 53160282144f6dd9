// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace engine {

// A tensor of a checkpoint as a list names it.
struct TensorEntry
{
    std::string name;     // canonical: "layer.3.query"
    std::string fileName; // as the file calls it
    std::string type;     // "F32", "BF16", …
    std::vector<std::size_t> shape;

    bool operator==(const TensorEntry&) const = default;
};

// What was found in a tensor's numbers. Mean, deviation and range are of the finite ones, in float64.
struct TensorStats
{
    std::size_t count = 0;          // of all
    std::size_t nonFinite = 0;      // infinite or not a number
    std::size_t zeros = 0;          // of either sign
    double mean = 0, deviation = 0; // population
    double low = 0, high = 0;
    std::vector<std::int64_t> histogram; // of the finite ones, evenly from low to high

    double zeroShare() const { return count > 0 ? double(zeros) / double(count) : 0; }
};

// A tensor as a matrix, small enough to draw: an element holds the number of largest magnitude of its
// reduction × reduction numbers; not a number where one of them is not finite.
struct TensorPicture
{
    Grid cells;
    std::size_t rows = 0, cols = 0; // of the tensor: the first dimension, and all others
    int reduction = 1;
};

} // namespace engine
