// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/reference.h"

#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/featuremap.h"
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/norm.h"

#include <limits>

// Frequency domain kernelisation (Chen et al. 2024): φ(x) = D ⊙ exp(T C x) (eq. 12) stands in for the exponential of
// q·k, so that o_i = Σ_j φ(q_i)·φ(k_j) v_j / Σ_j φ(q_i)·φ(k_j) (eqs. 4, 13) is a sum over keys that grows token by
// token.

namespace engine::dijiang {
namespace {

// Columns of one head in a record of all heads.
void place(Matrix& record, int head, const Matrix& columns)
{
    record.middleCols(head * columns.cols(), columns.cols()) = columns;
}

// What the probes show, heads side by side.
struct Records
{
    Matrix lse, querySpectrum, keySpectrum, queryLogs, keyLogs;

    Records(Eigen::Index tokens, const LayerShape& shape, int features)
        : lse(tokens, shape.heads)
        , querySpectrum(tokens, shape.heads * shape.keyWidth)
        , keySpectrum(tokens, shape.heads * shape.keyWidth)
        , queryLogs(tokens, shape.heads * features)
        , keyLogs(tokens, shape.heads * features)
    {
    }

    void append(Recorder& recorder, LayerIndex layer, bool denominator) const
    {
        if (denominator)
            recorder.append("dijiang.lse", layer, lse);
        recorder.append("dijiang.query_spectrum", layer, querySpectrum);
        recorder.append("dijiang.key_spectrum", layer, keySpectrum);
        recorder.append("dijiang.query_logs", layer, queryLogs);
        recorder.append("dijiang.key_logs", layer, keyLogs);
    }
};

// Refuses sums that float32 does not hold, as the device does.
void checkHeld(const Matrix& mixed, LayerIndex layer)
{
    constexpr double most = std::numeric_limits<float>::max();
    for (Eigen::Index token = 0; token < mixed.rows(); ++token) {
        if ((mixed.row(token).array().abs() > most).any())
            throw tooLarge(layer, int(token));
    }
}

} // namespace

Error tooLarge(LayerIndex layer, int token)
{
    return {Fault::Request, "layer " + std::to_string(layer.value) + ", token " + std::to_string(token) +
                                ": the sum of φ(q)·φ(k) v without a denominator is more than float32 holds (about "
                                "e^88); normaliser=denominator, or a smaller qk_scale, was expected"};
}

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder)
{
    const LayerShape& shape = context.shape;
    const Options options = optionsOf(context.plan.attention.knobs);
    const LayerMaps maps = mapsOf(context);
    const Eigen::Index tokens = input.queries.front().rows();
    const Matrix c = dctMatrix(shape.keyWidth), dct = options.transposed ? Matrix(c.transpose()) : c;
    Matrix mixed(tokens, shape.heads * shape.valueWidth);
    Records records(tokens, shape, featuresOf(shape, options));
    for (int head = 0; head < shape.heads; ++head) {
        const auto shared = std::size_t(shape.keyHeadOf(head));
        const FeatureMap& map = maps.of({head}, shape);
        const Matrix q = rotate(context.positions, input.queries[std::size_t(head)], 0);
        const Matrix k = rotate(context.positions, input.keys[shared], 0);
        const Matrix queryLogs = map.logs(q), keyLogs = map.logs(k);
        const Rows rows{queryLogs, keyLogs, input.values[shared], maps.decayOf({head}, shape),
                        options.normaliser == Normaliser::Denominator};
        const Sums sums = shape.causal ? recurrent(rows) : whole(rows);
        place(mixed, head, sums.mixed);

        // Weights of zero leave no sum: the logarithm of 0 is kept as a number that stands for it.
        records.lse.col(head) = sums.lse.cwiseMax(noSum);
        place(records.querySpectrum, head, q * dct.transpose());
        place(records.keySpectrum, head, k * dct.transpose());
        place(records.queryLogs, head, queryLogs.cwiseMax(noSum));
        place(records.keyLogs, head, keyLogs.cwiseMax(noSum));
        recorder.keep("dijiang.state", {context.layer, {head}, {int(tokens) - 1}}, sums.state.plain(rows.denominator));
    }
    if (options.normaliser != Normaliser::Denominator)
        checkHeld(mixed, context.layer);
    records.append(recorder, context.layer, options.normaliser == Normaliser::Denominator);
    recorder.keep("dijiang.radii", {context.layer, allHeads, {}}, maps.radii());
    recorder.keep("dijiang.decay", {context.layer, allHeads, {}},
                  Eigen::Map<const Eigen::RowVectorXd>(maps.decays.data(), maps.states()));
    if (!hasNorm(context))
        return mixed;
    recorder.append("dijiang.sums", context.layer, mixed);
    return normed(context, mixed, input.x);
}

Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context)
{
    const LayerShape& shape = context.shape;
    const LayerMaps maps = mapsOf(context);
    const FeatureMap& map = maps.of(head, shape);
    if (map.empty())
        return Matrix::Zero(queries.count, keys.count);
    const bool denominator = optionsOf(context.plan.attention.knobs).normaliser == Normaliser::Denominator;
    const Vector shift =
        denominator ? Vector(trace.record("dijiang.lse", head, queries)) : Vector(Vector::Zero(queries.count));
    return pairWeights(map.logs(trace.queries(head, queries)), map.logs(trace.keys(head, keys)), shift,
                       maps.decayOf(head, shape), queries.first, keys.first, shape.causal);
}

} // namespace engine::dijiang
