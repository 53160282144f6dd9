// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/infini/memory.h"

#include <memory>
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
    Matrix read, local;             // [N, heads·d_v], before the gate

    Series(int tokens, const LayerShape& shape);

    // Row `row` of one head: what the memory returned, what local attention gave, and how they are mixed.
    void set(int head, int row, const Eigen::RowVectorXd& readOut, const Eigen::RowVectorXd& nearby, const Mix& mix);
    void append(Recorder& recorder, LayerIndex layer) const;
};

// Method::retold: where `before` and `now` differ in nothing but their gates, the same branches mixed with the gates of
// `now`; null where they differ in more, or where the records do not tell the branches.
std::shared_ptr<const Trace> retold(const LayerTrace& recorded, const LayerContext& before, const LayerContext& now);

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
