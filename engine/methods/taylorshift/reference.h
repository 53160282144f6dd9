// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"
#include "engine/methods/taylorshift/form.h"

namespace engine::taylorshift {

// Rows of length 1, as PyTorch's normalize: x / max(‖x‖, 1e-12). Does not overflow.
Matrix unit(const Matrix& rows);

// One head in a form, before the output scale: `queries` of length τ, `keys` of length 1. [N, d_v]
Matrix mixedRows(Form form, const Matrix& queries, const Matrix& keys, const Matrix& values, bool causal);

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder);
Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context);

} // namespace engine::taylorshift
