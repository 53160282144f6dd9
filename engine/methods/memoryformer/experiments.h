// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/claims.h"

#include <vector>

namespace engine::memoryformer {

// What tables explain of a random linear layer (methods/memoryformer.md §9.2 and §9.3), by fits on one half of the
// samples and R² on the other.
std::vector<Experiment> experiments();

} // namespace engine::memoryformer
