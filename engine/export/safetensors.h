// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

namespace engine {

// A tensor to be written, row-major. Floats are the rows of the grids one after another: [H, N, d] is H grids of
// columns of one record, and nothing is copied.
struct NamedTensor
{
    std::string name;
    std::vector<std::size_t> shape;
    std::variant<std::vector<Grid>, std::vector<std::int32_t>> cells;
};

// The columns of a record [N, slots·d] as a tensor [slots, N, d].
NamedTensor bySlots(std::string name, const Grid& record, int slots);

// One grid as a tensor [rows, cols].
NamedTensor asTensor(std::string name, const Grid& grid);

// Writes a safetensors file (F32 and I32) with `metadata` as its __metadata__. Throws Error{File} when the stream
// fails.
void writeSafetensors(std::ostream& out, const std::vector<NamedTensor>& tensors,
                      const std::vector<std::pair<std::string, std::string>>& metadata = {});

} // namespace engine
