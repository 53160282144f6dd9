// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/matrix.h"

#include <cstdint>
#include <vector>

namespace engine::dijiang {

// The orthonormal DCT-II matrix, C_jk = s_j·cos(π(2k+1)j/(2d)) with s_0 = √(1/d), s_j = √(2/d). Its transpose is the
// DCT-III.
Matrix dctMatrix(int d);

// Whether the fast transform (Lee 1984) exists: powers of two from 2 to 512.
bool hasFastDct(int d);

// Operations of one transform: 2d·log₂d − d + 1, or the dense 2d².
std::int64_t dctOperations(int d, bool fast);

// 1/(2cos((i+½)π/n)) at place n/2 + i, for n = 2, 4, …, d: the factors of the fast transform's butterflies.
std::vector<double> dctFactors(int d);

// The fast transform of one vector without the s_j: Σ_k x_k cos(π(2k+1)j/(2d)), or its transpose.
Vector fastDct(const Vector& x, bool transposed);

} // namespace engine::dijiang
