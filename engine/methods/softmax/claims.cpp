// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/claims.h"

#include "engine/methods/method.h"

namespace engine::softmax {
namespace {

// The weight once, whatever the number of tokens.
double projectionReads(int width, int outputs, const KnobValues& /*knobs*/, int /*tokens*/)
{
    return double(sizeof(float)) * width * outputs;
}

double linearOperations(const LayerContext& context)
{
    double operations = 0;
    for (const auto& [which, layer] : weightsOf(context.model->config())) {
        const WeightShape shape = context.model->shape(which);
        operations += layer == context.layer && !isVector(which) ? 2.0 * shape.rows * shape.cols : 0;
    }
    return operations;
}

} // namespace

const Claims& claims()
{
    static const Claims claims{baseline, nullptr, {}, projectionReads, linearOperations};
    return claims;
}

} // namespace engine::softmax
