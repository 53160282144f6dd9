// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/metrics.h"

#include <array>
#include <span>

namespace engine {

// What the other method's map is, so that a metric that means nothing prints n/a with the reason.
struct MapNature
{
    bool nonNegative = true;
    bool rowsSumToOne = true; // otherwise tv, kl, js and dH are taken of the row-normalised map, with a note
};

// Accumulates the map metrics of explorer.md §2.1 row by row, in float64: tv, kl (nats, the other map clamped at
// 1e-12), kl_clamped (how many cells were), js, topk@1|5|10 and mass@1|5|10 (means over the rows with more than k keys:
// shorter rows agree by definition), fro, fro_nosink (the first column left out), dH, rowsum. Rows may come in any
// order.
class MapMetrics
{
public:
    explicit MapMetrics(MapNature nature);

    // One row of both maps over its valid keys, equally long. `other` is Â, `exact` is A.
    void add(std::span<const float> exact, std::span<const float> other);

    Metrics result() const;

private:
    void addDistribution(std::span<const float> exact, std::span<const float> other, double scale);
    void addSquares(std::span<const float> exact, std::span<const float> other);
    void addTop(std::span<const float> exact, std::span<const float> other);

    // Why no number can be given of probabilities (tv, kl, js, dH); empty if it can.
    std::string noDistribution() const;

    MapNature m_nature;
    long m_rows = 0;
    bool m_finite = true;
    bool m_negative = false; // a cell below 0 was seen
    bool m_emptySum = false; // a row could not be normalised
    double m_tv = 0, m_kl = 0, m_js = 0, m_entropyRise = 0, m_rowsum = 0;
    long m_clamped = 0;
    double m_differenceSquares = 0, m_exactSquares = 0, m_noSinkDifference = 0, m_noSinkExact = 0;

    struct TopK
    {
        int k = 1;
        long rows = 0;
        double agreement = 0, mass = 0;
    };

    std::array<TopK, 3> m_top{{{1}, {5}, {10}}};
};

// out_rel = ‖O − Ô‖_F/‖O‖_F and out_cos, the mean cosine of their rows, of two [N, d_v] outputs.
Metrics outputMetrics(const Grid& exact, const Grid& other);

// The longest map whose singular values are taken.
inline constexpr int rankLimit = 1024;

// Effective rank exp(H(σ/Σσ)) of a map of at most rankLimit rows and columns; 0 for a map of zeros.
double effectiveRank(const Grid& map);

// rank_exact and rank: of A and of Â; n/a beyond rankLimit.
Metrics rankMetrics(const Grid& exact, const Grid& other);

// Distance of next-token distributions, with the names and estimators of llama.cpp: klD (mean ± SE, nats) with klD_p50,
// klD_p99 and klD_max, and same_top1 (± binomial SE, %) over all rows of two [N, vocabulary] logits; ppl, ppl_other,
// delta_ppl ± SE, ln_ppl_ratio ± SE, delta_p (mean ± SE, %), delta_p_rms, _p5, _p50, _p95 and ppl_by_pos@FIRST (of the
// other run, in buckets of 128 positions) over the rows with a target. `targets` are the next tokens of the first rows:
// N − 1 of them for a prompt of N tokens.
Metrics modelMetrics(const Grid& exactLogits, const Grid& otherLogits, std::span<const int> targets);

// ln softmax(logits)[target] in float64, not above 0.
double logProbability(std::span<const float> logits, int target);

// Relative L2 distance ‖x − x̂‖/‖x‖ of two [N, width] residual streams; NaN where ‖x‖ = 0 and x̂ differs.
double relativeDistance(const Grid& exact, const Grid& other);

} // namespace engine
