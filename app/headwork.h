// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/laneengine.h"
#include "app/results.h"

namespace app {

// What the workers do, as plain functions: values in, values out. Each runs on a worker's thread and computes with that
// thread's LaneEngine.

// The longest side of a map that is kept cell by cell; longer ones are reduced to the largest value of each block.
inline constexpr int mapSide = 1024;

// Reads, checks and tokenises. `prompt` empty and no tokenizer: the model's first token alone.
Opened openModel(const std::filesystem::path& path, const std::filesystem::path& tokenizer, engine::Job& job);
std::shared_ptr<const Sequence> encodePrompt(const engine::Model& model, const std::string& prompt);

// `own` lane's method in one layer, on the queries, keys and values of the `exact` lane. `before`, the same under an
// earlier plan of the lane (or null), spares the run where the method can tell the one from the other.
std::shared_ptr<const LayerAttention> attendLayer(std::shared_ptr<const LaneRun> exact,
                                                  std::shared_ptr<const LaneRun> own, engine::LayerIndex layer,
                                                  bool everyProbe, const std::shared_ptr<const LayerAttention>& before,
                                                  const Accelerator* accelerator, engine::Job& job);

// One head's map, its proof and, against `exact` (null in the exact lane itself), difference and metrics.
std::shared_ptr<const HeadLook> lookAtHead(const std::shared_ptr<const LayerAttention>& layer, engine::HeadIndex head,
                                           const std::shared_ptr<const HeadLook>& exact, const Accelerator* accelerator,
                                           engine::Job& job);

// tv, topk@1, out_rel and the rest over the first `rows` queries.
std::shared_ptr<const RowsMetrics> metricsOfRows(const std::shared_ptr<const HeadLook>& exact,
                                                 const std::shared_ptr<const HeadLook>& other, int rows,
                                                 const Accelerator* accelerator, engine::Job& job);

std::shared_ptr<const RowWeights> weightsOfRow(std::shared_ptr<const HeadLook> look, engine::TokenPos query,
                                               const Accelerator* accelerator);

// Repeats the layer for about a third of a second, 3 to 50 times.
std::shared_ptr<const LayerTiming> timeLayer(std::shared_ptr<const LayerAttention> layer,
                                             const Accelerator* accelerator, engine::Job& job);

} // namespace app
