// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/checkpoint.h"
#include "engine/values/study.h"
#include "engine/values/tensorstats.h"

#include <functional>

namespace engine {

std::string_view nameOf(ElementType type);

// By name, in the order of their layers: "layer.2" before "layer.10".
std::vector<TensorEntry> tensorEntries(const Checkpoint& checkpoint);

// The numbers of a tensor from the first to the last in pieces, read from the file: memory for one piece,
// whatever the tensor's size. Stops between two pieces when the job is cancelled.
void eachPiece(const TensorRef& tensor, Job& job,
               const std::function<void(std::size_t first, std::span<const float>)>& visit);

// Two passes over the numbers: moments and range, then the histogram.
TensorStats tensorStats(const TensorRef& tensor, int bins, Job& job);

// At most `maxSide` elements a side.
TensorPicture tensorPicture(const TensorRef& tensor, int maxSide, Job& job);

// What the tensor's page shows: its statistics, its histogram, its numbers as a heat map.
Study tensorStudy(const TensorEntry& entry, const TensorStats& stats, const TensorPicture& picture);

} // namespace engine
