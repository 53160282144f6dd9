// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/infini/memory.h"

namespace engine::infini {

// How much of every stored value a memory returns, before the denominator: σ(q)·M = Σ_j w_j v_j. The linear rule's w_j
// is σ(q)·σ(k_j); the delta rule's has gone through every write after j, and may be negative.
class PastWeights
{
public:
    // Keys of one head before positions, from the first token to the last that any memory asked for has stored.
    PastWeights(const Matrix& keys, const Options& options);

    // The memory of the tokens before `before` has stored nothing.
    bool empty(int before) const;

    // w of the keys in the range that lie before `before` (a segment's first token), [queries, those keys].
    Matrix of(const Matrix& queryFeatures, int before, TokenRange keys) const;

private:
    Matrix m_features; // [tokens, d]
    Vector m_factors;  // 1/(F·z) that a token's write divided by; 0 where it read nothing
    Options m_options;
};

} // namespace engine::infini
