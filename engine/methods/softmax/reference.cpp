// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/softmax/reference.h"

#include <algorithm>
#include <cmath>

// softmax(QKᵀ/√d)V (Vaswani et al. 2017, eq. 1), row by row.

namespace engine::softmax {

double scaleOf(const LayerContext& context)
{
    const double given = realOf(knobs(), context.plan.attention.knobs, "scale");
    return given != 0.0 ? given : 1.0 / std::sqrt(double(context.shape.keyWidth));
}

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder)
{
    const LayerShape& shape = context.shape;
    const Eigen::Index tokens = input.queries.front().rows();
    const double scale = scaleOf(context);
    Matrix mixed(tokens, shape.heads * shape.valueWidth), lse(tokens, shape.heads), entropy(tokens, shape.heads);
    for (int head = 0; head < shape.heads; ++head) {
        const auto shared = std::size_t(shape.keyHeadOf(head));
        const Matrix q = rotate(context.positions, input.queries[std::size_t(head)], 0);
        const Matrix k = rotate(context.positions, input.keys[shared], 0);
        const Matrix& v = input.values[shared];
        for (Eigen::Index row = 0; row < tokens; ++row) {
            const Eigen::Index visible = shape.causal ? row + 1 : tokens;
            const Vector scores = scale * (k.topRows(visible) * q.row(row).transpose());
            // The row's maximum goes first: exp of a large score is infinite.
            const double top = scores.maxCoeff();
            const double logSum = top + std::log((scores.array() - top).exp().sum());
            const Vector a = (scores.array() - logSum).exp();
            mixed.row(row).segment(head * shape.valueWidth, shape.valueWidth) = a.transpose() * v.topRows(visible);
            lse(row, head) = logSum;
            entropy(row, head) = a.dot((logSum - scores.array()).matrix());
        }
    }
    recorder.append("softmax.lse", context.layer, lse);
    recorder.append("softmax.entropy", context.layer, entropy);
    return mixed;
}

void refuseWithoutDense(const LayerContext& context)
{
    if (!context.model->config().denseProjections)
        throw Error(Fault::Request, context.model->checkpoint().name +
                                        " has no dense projections; it runs with its own linear layers only");
}

std::vector<Matrix> denseReference(const Matrix& x, std::span<const Weight> which, const LayerContext& context,
                                   Recorder&)
{
    refuseWithoutDense(context);
    std::vector<Matrix> out;
    for (const Weight weight : which)
        out.push_back(dense(x, context.model->weight(weight, context.layer), context.model->shape(weight).rows));
    return out;
}

// a_ij = e^(scale·q_i·k_j − lse_i), with the log-sum-exp that the run kept.
Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context)
{
    const Matrix scores = scaleOf(context) * trace.queries(head, queries) * trace.keys(head, keys).transpose();
    const Vector lse = trace.record("softmax.lse", head, queries);
    Matrix tile = Matrix::Zero(queries.count, keys.count);
    for (int row = 0; row < queries.count; ++row) {
        const int visible =
            context.shape.causal ? std::clamp(queries.first + row + 1 - keys.first, 0, keys.count) : keys.count;
        tile.row(row).head(visible) = (scores.row(row).head(visible).array() - lse(row)).exp();
    }
    return tile;
}

} // namespace engine::softmax
