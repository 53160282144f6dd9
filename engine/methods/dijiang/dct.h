// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/matrix.h"

#include <cstdint>
#include <vector>

namespace engine::dijiang {

// The orthonormal DCT-II matrix, C_jk = s_j·cos(π(2k+1)j/(2d)) with s_0 = √(1/d), s_j = √(2/d). Its transpose is the
// DCT-III.
Matrix dctMatrix(int d);

// The fast transform: a DCT-II of n is a DCT-II of the n/2 sums of its ends and a DCT-IV of their differences; a DCT-IV
// of n is two DCT-II of n/2 after a rotation of its ends and before sums and differences. All steps are orthogonal up
// to a factor √2, so rounding grows with log d in float32 (Lee's 1984 transform has as many operations, but divides by
// cosines near zero).

// Whether it exists: powers of two from 2 to 512.
bool hasFastDct(int d);

// Operations of one transform: 2d·log₂d − d + 1, or the dense 2d².
std::int64_t dctOperations(int d, bool fast);

// cos and sin of (2k+1)π/(4n) at places n + 2k and n + 2k + 1, for n = 2, 4, …, d/2: the rotations of a DCT-IV of n.
std::vector<double> dctFactors(int d);

// Whether block `block` of the d/n blocks of n that a DCT-II of d falls into is a DCT-IV: an odd number of its last
// bits are ones.
bool isDct4(int block);

// The fast transform of one vector without the s_j: Σ_k x_k cos(π(2k+1)j/(2d)), or its transpose.
Vector fastDct(const Vector& x, bool transposed);

} // namespace engine::dijiang
