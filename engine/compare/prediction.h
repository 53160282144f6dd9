// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"

#include <optional>
#include <span>
#include <vector>

namespace engine {

// What one row of logits says about the next token: softmax over the whole vocabulary in float64.
class Prediction
{
public:
    // Only ids below `tokensInUse` are ranked: the rest are padding rows that no text can hold. Borrows the logits.
    Prediction(std::span<const float> logits, int tokensInUse);

    double probability(TokenId token) const;
    // From 1; of equal logits the lower id comes first.
    int rank(TokenId token) const;
    // The `count` likeliest, best first.
    std::vector<TokenId> likeliest(int count) const;
    double entropy() const; // nats

private:
    std::span<const float> m_logits;
    int m_inUse;
    double m_logSum;
};

// Perplexity of a run of positions: e to the mean loss of the tokens at them, ± its standard error (delta method, as
// llama.cpp does it; 0 of a single token).
struct PositionBucket
{
    TokenRange positions;
    double perplexity = 0, error = 0;
};

// explorer.md §2.2, ppl_by_pos: losses in buckets of `width` positions. NaN losses (the first token's) are left out,
// and a bucket that holds nothing else.
std::vector<PositionBucket> perplexityByPosition(std::span<const float> losses, int width);

// How far two greedy texts agree: len_match tokens, and the place of the first that differs (first_div); none where
// one is a beginning of the other.
struct Agreement
{
    int length = 0;
    std::optional<int> firstDifferent;
};

Agreement agreementOf(std::span<const TokenId> one, std::span<const TokenId> other);

} // namespace engine
