// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"

#include <span>
#include <vector>

namespace engine {

// −ln p(token) in nats of every token after the first, from the logits [N, vocabulary] of the position before it;
// place 0 is NaN: nothing predicts the first token. log-sum-exp in float64. `logits` needs a row for every token but
// the last.
std::vector<float> tokenLosses(const Grid& logits, std::span<const TokenId> tokens);

// How unsure the model was of each of `tokens` tokens before it saw it: the entropy in nats of the prediction of the
// position before it; place 0 is NaN. Rows as above.
std::vector<float> predictionEntropies(const Grid& logits, int tokens);

} // namespace engine
