// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/metrics.h"

#include <span>
#include <string>
#include <vector>

namespace engine {

// What the other method's map is, so that a metric that means nothing prints n/a with the reason.
struct MapNature
{
    bool nonNegative = true;
    bool rowsSumToOne = true;
};

// Accumulates the map metrics of explorer.md §2.1 row by row, in float64: tv, kl, js, topk@1, topk@5, topk@10, mass@1,
// mass@5, mass@10, fro, fro_nosink, dH, rowsum. Rows may come in any order.
class MapMetrics
{
public:
    explicit MapMetrics(MapNature nature);

    // One row of both maps over its valid keys. `other` is Â, `exact` is A.
    void add(std::span<const float> exact, std::span<const float> other);

    Metrics result() const;

private:
    MapNature m_nature;
    long m_rows = 0;
    double m_tv = 0, m_kl = 0, m_js = 0, m_entropy = 0, m_rowsum = 0;
    long m_clamped = 0;
    double m_differenceSquares = 0, m_exactSquares = 0, m_noSinkDifference = 0, m_noSinkExact = 0;

    struct TopK
    {
        int k = 1;
        long rows = 0;
        double agreement = 0, mass = 0;
    };

    std::vector<TopK> m_top{{1}, {5}, {10}};
};

// out_rel and out_cos of two [N, d_v] outputs.
Metrics outputMetrics(const Grid& exact, const Grid& other);

// rank of A and Â: effective rank exp(H(σ/Σσ)), N ≤ 1024 (else n/a).
double effectiveRank(const Grid& map);

// klD (mean ± SE, p50, p99, max), ppl, ppl_other, delta_ppl ± SE, ln_ppl_ratio, same_top1 ± SE, delta_p (mean, rms)
// over the positions of two [N, vocabulary] logits whose next tokens are `targets` (N − 1 of them: the tokens of
// positions 1 … N − 1).
Metrics modelMetrics(const Grid& exactLogits, const Grid& otherLogits, std::span<const int> targets);

// Relative L2 distance of two [N, width] residual streams.
double relativeDistance(const Grid& exact, const Grid& other);

} // namespace engine
