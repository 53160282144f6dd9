// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::dijiang {

// The rows of Method (method.h).
Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder);
Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context);
Cost cost(const LayerShape& shape, const KnobValues& knobs, int tokens);

// The sentence for a row that outgrows float32, which it can where nothing divides it (eq. 13).
Error tooLarge(LayerIndex layer, int token);

// Operations of φ of one vector: the transform, the radii, one exponential a feature.
std::int64_t featureOperations(const LayerShape& shape, const KnobValues& knobs);

// Numbers that one key/value head keeps: S, z where rows are divided, M where exponentials are not bounded already.
std::int64_t stateSize(const LayerShape& shape, const KnobValues& knobs);

} // namespace engine::dijiang
