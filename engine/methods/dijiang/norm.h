// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/dijiang/knobs.h"
#include "engine/methods/method.h"

namespace engine::dijiang {

// ε of the released code's GroupNorm.
inline constexpr double normEpsilon = 1e-5;

// Groups of consecutive channels that a row of all heads is split into: d_v of them in the released code (each
// `heads` channels wide), one per head in RetNet. 0: rows are not normalised.
int groupsOf(const LayerShape& shape, Normaliser normaliser);

// Every group of every row to mean 0 and variance 1.
Matrix groupNorm(const Matrix& rows, int groups);

// x·W_G of every token, [N, heads·d_v]: the parameter `gate_input`, or x times the parameter `gate`; empty where there
// is neither. Throws Error{Request} where gate_input is of another number of tokens.
Matrix gateInput(const LayerContext& context, const Matrix& x, int tokens);

// What follows the sums: GroupNorm with its weight and bias, then ⊙ SiLU(x·W_G).
Matrix normed(const LayerContext& context, const Matrix& rows, const Matrix& x);

// Whether the output differs from the sums.
bool hasNorm(const LayerContext& context);

} // namespace engine::dijiang
