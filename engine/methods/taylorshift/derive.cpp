// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/reference.h"
#include "engine/methods/taylorshift/study.h"
#include "engine/methods/taylorshift/temperature.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace engine::taylorshift {
namespace {

double polynomial(double x)
{
    return 1.0 + x + 0.5 * x * x;
}

Figure number(double value)
{
    Figure figure;
    figure.number = value;
    return figure;
}

} // namespace

Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context)
{
    const double tau = temperatures(context)[std::size_t(head.value)];
    const int visible = context.shape.causal ? query.value + 1 : trace.tokens();
    const Matrix q = trace.queries(head, {query.value, 1});
    const Matrix keys = trace.keys(head, {0, visible});
    const Vector scores = tau * unit(keys) * unit(q).transpose();
    const double sum = scores.unaryExpr([](double x) { return polynomial(x); }).sum();

    const bool seen = key.value < visible;
    const Matrix k = seen ? Matrix(keys.row(key.value)) : trace.keys(head, {key.value, 1});
    const double x = tau * unit(k).row(0).dot(unit(q).row(0));
    const bool scaled = optionsOf(context.plan.attention.knobs).outputScale;
    const double scale = scaled ? std::sqrt(double(visible) / context.shape.keyWidth) : 1;
    const double weight = seen ? scale * polynomial(x) / sum : 0;
    Derivation derivation;
    derivation.lines = {
        {"product", "q · k", "", number(k.row(0).dot(q.row(0))), false},
        {"lengths", "|q| |k|", "", number(q.norm() * k.norm()), false},
        {"score", "score x", "τ cos(q, k)", number(x), false},
        {"kernel", "kernel", "1 + x + ½x²", number(polynomial(x)), false},
        {"sum", "sum of row", "", number(sum), false},
        {"weight", "weight", "", number(weight), true},
    };
    if (scaled)
        derivation.lines.insert(derivation.lines.end() - 1,
                                {"scale", "output scale", "√(tokens ÷ d)", number(scale), false});
    derivation.note = "Normalised queries and keys keep every score inside ±τ, here τ = " +
                      std::to_string(tau).substr(0, std::to_string(tau).find('.') + 3) +
                      ", so no key can stand out as far as exp lets it: rows flatten, and sharp heads pay most.";
    if (x < -1)
        derivation.note += " This score lies below −1, where the polynomial rises again: an opposite key gains weight.";
    if (!seen)
        derivation.note = "The key comes after the query: a causal layer gives it nothing.";
    return derivation;
}

} // namespace engine::taylorshift
