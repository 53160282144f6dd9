// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/matrix.h"

// The sums of linear attention over logarithms of features, in the orders that give the same result. Float64, one head.

namespace engine::dijiang {

// What a form reads: ln φ of queries and keys [N, m], values [N, d_v].
struct Rows
{
    const Matrix& queries;
    const Matrix& keys;
    const Matrix& values;
    double decay = 1; // γ
    bool denominator = true;
};

// S = Σ γ^(t−j) φ(k_j) v_jᵀ and z = Σ γ^(t−j) φ(k_j), each feature divided by e^M of its own running maximum M: the
// stable form (methods/dijiang.md §6.1).
struct State
{
    Matrix sum;    // S e^(−M), [m, d_v]
    Vector norm;   // z e^(−M)
    Vector maxima; // M, −inf before the first key

    State() = default;
    State(Eigen::Index features, Eigen::Index width);

    // One key more. A key that is not a number is left out, so that it spoils its own row only.
    void add(const Eigen::RowVectorXd& logs, const Eigen::RowVectorXd& value, double decay);

    // [z | S], or S alone, as plain numbers, as far as floats hold them.
    Matrix plain(bool withNorm) const;
};

struct Sums
{
    Matrix mixed; // [N, d_v]
    Vector lse;   // ln Σ_j γ^(i−j) φ(q_i)·φ(k_j)
    State state;  // after the last token
};

Sums recurrent(const Rows& rows); // token by token
Sums chunked(const Rows& rows);   // pairs inside chunks of chunkTokens, the state across them
Sums quadratic(const Rows& rows); // every pair
Sums whole(const Rows& rows);     // without mask: one sum over all keys

// ln Σ_f e^(a_f + b_f): the logarithm of φ(q)·φ(k).
double logDot(const Eigen::RowVectorXd& a, const Eigen::RowVectorXd& b);

// e^(ln φ(q_i)·φ(k_j) + (i − j) ln γ − shift_i) for every pair, [queries, keys], rows and columns starting at the given
// tokens; cells after the query are 0 where `causal`.
Matrix pairWeights(const Matrix& queries, const Matrix& keys, const Vector& shift, double decay, int firstQuery,
                   int firstKey, bool causal);

// Stands for ln 0 in records and on a device.
inline constexpr double noSum = -1e30;

// Tokens of a chunk, in the reference and on the device.
inline constexpr int chunkTokens = 32;

} // namespace engine::dijiang
