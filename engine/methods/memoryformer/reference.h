// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/source.h"

namespace engine::memoryformer {

// The projections of one group, [N, out] each: by tables where there are some, dense otherwise. Layers of a group that
// cut their input alike share one hash (released code, `_forward_memory_qkv`).
std::vector<Matrix> reference(const Matrix& x, std::span<const Weight> which, const LayerContext& context,
                              Recorder& recorder);

// The names under which the addresses and scales of a group's input are recorded, by its first projection.
std::string_view codesProbe(Weight first);
std::string_view scalesProbe(Weight first);

} // namespace engine::memoryformer
