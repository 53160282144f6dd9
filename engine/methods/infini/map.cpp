// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/map.h"

#include "engine/methods/infini/reference.h"

#include <algorithm>
#include <cmath>

namespace engine::infini {
namespace {

// What a token's write subtracts is a read-out; its factor, 1/(F·z) of the memory it read, or 0 where that was empty.
double readFactor(const Memory& memory, double denominator)
{
    return memory.empty() ? 0.0 : 1.0 / std::max(denominator, leastDenominator);
}

} // namespace

PastWeights::PastWeights(const Matrix& keys, const Options& options)
    : m_features(features(keys))
    , m_factors(Vector::Zero(keys.rows()))
    , m_options(options)
{
    if (!options.delta)
        return;
    const auto tokens = int(keys.rows());
    Memory memory = emptyMemory(int(keys.cols()), 0); // its z is enough
    for (int index = 0; index < segmentsOf(tokens, options.segment); ++index) {
        const TokenRange segment = segmentAt(index, tokens, options.segment);
        const Memory before = memory;
        for (int token = segment.first; token < segment.end(); ++token) {
            const Matrix f = m_features.row(token);
            const Memory& read = options.correction ? memory : before;
            m_factors(token) = readFactor(read, read.z.dot(f.row(0)));
            memory = written(memory, f, Matrix::Zero(1, 0), options);
        }
    }
}

bool PastWeights::empty(int before) const
{
    return !(m_features.topRows(before).array() > 0).any();
}

Matrix PastWeights::of(const Matrix& queryFeatures, int before, TokenRange keys) const
{
    const int end = std::clamp(before, keys.first, keys.end());
    const TokenRange inside{keys.first, end - keys.first};
    if (!m_options.delta)
        return queryFeatures * m_features.middleRows(inside.first, inside.count).transpose();
    // u·M_s = (u·Fᵀ)·V + (u − (u·Fᵀ ⊙ factors)·F)·M_{s−1}: from the last write back to the first.
    Matrix u = queryFeatures, all = Matrix::Zero(u.rows(), before);
    const int step = m_options.correction ? 1 : m_options.segment;
    for (int last = before; last > keys.first; last -= step) {
        const int first = std::max(0, last - step);
        const Matrix f = m_features.middleRows(first, last - first);
        const Matrix w = u * f.transpose();
        all.middleCols(first, last - first) = w;
        u -= (w.array().rowwise() * m_factors.segment(first, last - first).transpose().array()).matrix() * f;
    }
    return all.middleCols(inside.first, inside.count);
}

namespace {

// The exact part: cells of the query's own segment up to itself, times the local share.
void addLocal(Matrix& tile, const LayerTrace& trace, HeadIndex head, TokenRange rows, int start, TokenRange queries,
              TokenRange keys, const LayerContext& context, double share)
{
    const int first = std::max(start, keys.first), end = std::min(rows.end(), keys.end());
    if (first >= end)
        return;
    const Positions positions = localPositions(context);
    const Matrix q = rotate(positions, trace.queriesRaw(head, rows), rows.first - start);
    const Matrix k = rotate(positions, trace.keysRaw(head, {first, end - first}), first - start);
    const Matrix scores = q * k.transpose() / std::sqrt(double(context.shape.keyWidth));
    const Vector lse = trace.record("infini.lse", head, rows);
    for (int row = 0; row < rows.count; ++row) {
        const int visible = std::clamp(rows.first + row + 1 - first, 0, end - first);
        tile.row(rows.first + row - queries.first).segment(first - keys.first, visible) =
            share * (scores.row(row).head(visible).array() - lse(row)).exp();
    }
}

} // namespace

Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context)
{
    const Options options = optionsOf(context);
    const double gate = gates(context)[std::size_t(head.value)];
    Matrix tile = Matrix::Zero(queries.count, keys.count);
    if (queries.count == 0 || keys.count == 0)
        return tile;
    const int lastStart = (queries.end() - 1) / options.segment * options.segment;
    const PastWeights past(trace.keysRaw(head, {0, lastStart}), options);
    for (int first = queries.first; first < queries.end();) {
        const int start = first / options.segment * options.segment;
        const TokenRange rows{first, std::min(queries.end(), start + options.segment) - first};
        const bool empty = past.empty(start);
        const Mix mix = mixOf(gate, empty, options);
        addLocal(tile, trace, head, rows, start, queries, keys, context, mix.local);
        if (!empty && start > keys.first) {
            const Vector factor =
                mix.memory / trace.record("infini.denominator", head, rows).array().max(leastDenominator);
            const Matrix w = past.of(queryFeatures(trace.queriesRaw(head, rows), options), start, keys);
            tile.block(rows.first - queries.first, 0, rows.count, w.cols()) = w.array().colwise() * factor.array();
        }
        first = rows.end();
    }
    return tile;
}

} // namespace engine::infini
