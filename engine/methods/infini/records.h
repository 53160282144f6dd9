// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/infini/memory.h"

#include <string>
#include <vector>

namespace engine::infini {

std::vector<ProbeSpec> probeSpecs();

// "layer 1, key/value head 3".
std::string placeOf(const LayerContext& context, int keyHead);

// The records with one row per token, all heads side by side.
struct Series
{
    Matrix denominator, lse, share; // [N, heads]
    Matrix read;                    // [N, heads·d_v]

    Series(int tokens, const LayerShape& shape);

    // The rows of one head from `first` on: what the memory returned, and the two branches as they enter the sum.
    void set(int head, int first, const Matrix& readOut, const Matrix& memoryBranch, const Matrix& localBranch);
    void append(Recorder& recorder, LayerIndex layer) const;
};

void recordGates(Recorder& recorder, const LayerContext& context);

// Snapshots of a query head from the memories after segments `firstSegment`, firstSegment + 1, …; a segment's stand at
// its last place, (index + 1)·N − 1, also where the text ends before it.
void recordMemories(Recorder& recorder, const LayerContext& context, int head, int firstSegment,
                    const std::vector<Memory>& memories);

// ‖v − what the memory before its segment returns for k‖/‖v‖ of every token; 1 while the memory is empty. Per key/value
// head: the memories before and after each segment, and rows that begin `open` tokens after the first one's start.
void recordNovelty(Recorder& recorder, const LayerContext& context, int open,
                   const std::vector<std::vector<Memory>>& memories, const std::vector<Matrix>& keys,
                   const std::vector<Matrix>& values);

// Singular values, falling; exp of the entropy of their shares (0 for a matrix of zeros).
Vector singularValues(const Matrix& matrix);
double effectiveRankOf(const Vector& singularValues);

} // namespace engine::infini
