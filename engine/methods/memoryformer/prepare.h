// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/source.h"

namespace engine::memoryformer {

// Tables are fitted unless the plan brings a checkpoint's.
bool needsPrepare(const LayerPlan& plan);

// Fits tables to the asked projections of a dense layer from the exact run's records (reference, §9.1).
std::unique_ptr<const Prepared> prepare(const PrepareInput& input, Job& job);

// The tables as tensors of a native checkpoint, and how well they do.
FittedParts fittedParts(const Prepared& prepared);

} // namespace engine::memoryformer
