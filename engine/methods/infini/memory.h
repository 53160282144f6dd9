// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/infini/knobs.h"

namespace engine::infini {

// The least a denominator σ(q)·z is taken for.
inline constexpr double leastDenominator = 1e-6;

// The memory of one key/value head.
struct Memory
{
    Matrix m; // [d, d_v]
    Vector z; // [d]

    // No key has left a trace: the first segment, or keys so negative that their features vanish.
    bool empty() const { return !(z.array() > 0).any(); }
};

Memory emptyMemory(int keyWidth, int valueWidth);

// σ(u) = ELU(u) + 1 of every number: u + 1 above 0, else e^u; 0 below −87.33, where float32 ends.
Matrix features(const Matrix& rows);

// σ of queries, as the knob memory has them read: reversed where it is shuffled.
Matrix queryFeatures(const Matrix& rows, const Options& options);

// What a memory returns for rows of features, (F·M)/(F·z) (Eq. 7): zeros where it is empty.
struct ReadOut
{
    Matrix rows;         // [N, d_v]
    Vector denominators; // F·z before it is raised to leastDenominator; 0 where the memory is empty
};

ReadOut readOut(const Memory& memory, const Matrix& features);

// The memory after one segment (Eq. 8, 9): linear adds FᵀV, delta Fᵀ(V − what `before` returns for F); with the
// correction both go token by token and z grows by γF, γ = clip(1 − z·F/‖F‖², 0, 1).
Memory written(const Memory& before, const Matrix& keyFeatures, const Matrix& values, const Options& options);

// Segments of `tokens` tokens, the last one perhaps short.
int segmentsOf(int tokens, int segment);
TokenRange segmentAt(int index, int tokens, int segment);

// The memories after 0, 1, … all segments of one key/value head, the last segment included. Throws Error{Request} where
// a number that is not finite would enter; `place` names layer and head.
std::vector<Memory> memoriesOf(const Matrix& keys, const Matrix& values, const Options& options,
                               const std::string& place);

// The sentence for a number that is not finite, of token `token`'s segment.
Error notFinite(const std::string& place, TokenRange segment);

// Shares of the two branches: g and 1 − g; an empty memory has none, and leaves local attention 1 − g (A) or 1 (B).
struct Mix
{
    double memory = 0, local = 1;
};

Mix mixOf(double gate, bool empty, const Options& options);

} // namespace engine::infini
