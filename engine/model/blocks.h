// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/matrix.h"
#include "engine/values/modelconfig.h"

#include <span>

namespace engine {

// The position scheme of a model as a value. A method applies it where its paper does.
struct Positions
{
    RopeKind kind = RopeKind::None;
    double theta = 10000.0;

    bool operator==(const Positions&) const = default;

    static Positions of(const ModelConfig& config) { return {config.rope, config.ropeTheta}; }
};

// Rows of one head [N, d], turned by their positions first, first + 1, … (RoPE; angles p·theta^(−2i/d)).
Matrix rotate(const Positions& positions, const Matrix& rows, int first);

Matrix rmsNorm(const Matrix& x, std::span<const float> weight, double eps);

// (x − mean)/√(variance + eps)·gain + bias over the columns of each row.
Matrix layerNorm(const Matrix& x, std::span<const float> gain, std::span<const float> bias, double eps);

// x·Wᵀ with W [out, in], row after row.
Matrix dense(const Matrix& x, std::span<const float> weight, int out);

// silu(gate) ⊙ up, silu(x) = x / (1 + e^−x).
Matrix swiGlu(const Matrix& gate, const Matrix& up);

} // namespace engine
