// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"

#include <cstddef>
#include <ostream>
#include <span>

namespace engine {

// The head of NumPy's .npy (version 1.0, '<f4', C order) for numbers of any shape; they follow by writeNpyNumbers, as
// many as the shape says, in one call or many. Throws Error{File} when the stream fails.
void writeNpyHeader(std::ostream& out, std::span<const std::size_t> shape);
void writeNpyNumbers(std::ostream& out, std::span<const float> numbers);

// A grid as NumPy's .npy (version 1.0, '<f4', C order, shape (rows, cols)). Throws Error{File} when the stream fails.
void writeNpy(std::ostream& out, const Grid& grid);

} // namespace engine
