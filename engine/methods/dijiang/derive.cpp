// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/subject.h"

#include <cmath>

namespace engine::dijiang {

Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context)
{
    const LayerShape& shape = context.shape;
    const Options options = optionsOf(context.plan.attention.knobs);
    const LayerMaps maps = mapsOf(context);
    const FeatureMap& map = maps.of(head, shape);
    const double decay = maps.decayOf(head, shape);
    const Matrix q = trace.queries(head, {query.value, 1}), k = trace.keys(head, {key.value, 1});
    const double logValue = logDot(map.logs(q).row(0), map.logs(k).row(0));
    const auto number = [](double value) {
        Figure figure;
        if (std::isfinite(value))
            figure.number = value;
        else
            figure.reason = "larger than a double holds";
        return figure;
    };
    const bool hidden = shape.causal && key > query;
    const double past = hidden || !shape.causal ? 0 : double(query.value - key.value) * std::log(decay);
    const bool denominator = options.normaliser == Normaliser::Denominator;
    const double lse = denominator ? trace.record("dijiang.lse", head, {query.value, 1})(0, 0) : 0.0;

    Derivation derivation;
    auto& lines = derivation.lines;
    lines.push_back({"score", "score", "q·k/√d", number(q.row(0).dot(k.row(0)) / std::sqrt(double(shape.keyWidth)))});
    lines.push_back({"exponent", "ln φ(q)·φ(k)", "ln Σ D² exp(TCq + TCk)", number(logValue)});
    lines.push_back({"kernel", "φ(q)·φ(k)", "φ(q)·φ(k)", number(std::exp(logValue))});
    if (decay != 1.0)
        lines.push_back({"decay", "decay", "γ^(i−j)", number(std::exp(past))});
    if (denominator)
        lines.push_back({"sum", "sum of row", "Σ φ(q)·φ(k)", number(std::exp(lse))});
    const double weight = hidden || map.empty() ? 0.0 : std::exp(logValue + past - lse);
    lines.push_back({"weight", "weight", denominator ? "kernel / sum" : "kernel", number(weight), true});
    if (!denominator)
        derivation.note = "Nothing is divided here: the rows' sums are left to GroupNorm, or, in eq. 13, to nobody.";
    else
        derivation.note = "The score is what exact attention would use; this method never forms it.";
    return derivation;
}

} // namespace engine::dijiang
