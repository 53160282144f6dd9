// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::softmax {

const std::vector<Knob>& knobs();

// The factor on q·k: the knob's, or 1/√d where it is 0.
double scaleOf(const LayerContext& context);

// Throws Error{Request} for a model whose layers have no dense projections.
void refuseWithoutDense(const LayerContext& context);

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder);
std::vector<Matrix> denseReference(const Matrix& x, std::span<const Weight> which, const LayerContext& context,
                                   Recorder& recorder);
Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context);

// How one weight comes about. The row's maximum goes first, as it is computed.
Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context);

} // namespace engine::softmax
