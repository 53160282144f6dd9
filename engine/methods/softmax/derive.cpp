// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/softmax/reference.h"

#include <cmath>

namespace engine::softmax {
namespace {

Figure number(double value)
{
    Figure figure;
    figure.number = value;
    return figure;
}

} // namespace

Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context)
{
    const double scale = scaleOf(context);
    const int visible = context.shape.causal ? query.value + 1 : trace.tokens();
    const Matrix q = trace.queries(head, {query.value, 1});
    const Vector scores = scale * trace.keys(head, {0, visible}) * q.transpose();
    const double top = scores.maxCoeff();
    const double sum = (scores.array() - top).exp().sum();

    const double product = trace.keys(head, {key.value, 1}).row(0).dot(q.row(0));
    const double kernel = std::exp(scale * product - top);
    const bool asUsual = std::abs(scale * std::sqrt(double(context.shape.keyWidth)) - 1) < 1e-9;
    Derivation derivation;
    derivation.lines = {
        {"product", "q · k", "", number(product), false},
        {"score", "score x", asUsual ? "q·k ÷ √d" : "scale × q·k", number(scale * product), false},
        {"kernel", "kernel", "exp(x − max)", number(kernel), false},
        {"sum", "sum of row", "", number(sum), false},
        {"weight", "weight", "", number(key.value < visible ? kernel / sum : 0), true},
    };
    return derivation;
}

} // namespace engine::softmax
