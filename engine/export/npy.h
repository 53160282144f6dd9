// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"

#include <ostream>

namespace engine {

// A grid as NumPy's .npy (version 1.0, '<f4', C order, shape (rows, cols)). Throws Error{File} when the stream fails.
void writeNpy(std::ostream& out, const Grid& grid);

} // namespace engine
