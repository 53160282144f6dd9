// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/embedded.h"
#include "engine/methods/taylorshift/device.h"
#include "engine/methods/taylorshift/form.h"
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/reference.h"
#include "engine/methods/taylorshift/study.h"
#include "engine/methods/taylorshift/temperature.h"

namespace engine::taylorshift {
namespace {

std::vector<ProbeSpec> probeSpecs()
{
    return {
        {"taylorshift.denominator", "Denominator", "Σ over the keys of p(x) = 1 + x + x²/2; never below N/2.", "",
         Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"taylorshift.constant", "Share of the constant term",
         "How much of a row's denominator the 1 of p gives: the part that looks at no key.", "", Look::Curve,
         Axis::Token, Axis::Head, Provenance::Computed, true},
        {"taylorshift.linear", "Share of the linear term", "Σ x over the denominator; negative where keys oppose.", "",
         Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"taylorshift.quadratic", "Share of the quadratic term", "Σ x²/2 over the denominator.", "", Look::Curve,
         Axis::Token, Axis::Head, Provenance::Computed, true},
        {"taylorshift.query_norm", "Query norm |q|", "The length that normalisation takes away from the query.", "",
         Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"taylorshift.key_norm", "Key norm |k|", "The length that normalisation takes away from the key.", "",
         Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"taylorshift.temperature", "Temperature τ", "The factor on cos(q, k), one per head.", "", Look::Bars,
         Axis::Unit, Axis::Head, Provenance::Computed, false},
        {"taylorshift.state", "State",
         "The running sum Σ ψ(k)[1 | v]ᵀ after the last token: rows are the constant, the d linear and the d(d+1)/2 "
         "quadratic features, columns the denominator and the values. Recurrent and chunked forms only.",
         "", Look::Heatmap, Axis::Feature, Axis::Unit, Provenance::Computed, false},
    };
}

double polynomial(double score, const KnobValues&)
{
    return 1.0 + score + 0.5 * score * score;
}

Method makeRow()
{
    Method method;
    method.info = {"taylorshift",
                   "TaylorShift",
                   "A second-order Taylor series stands in for exp, so that keys can be summed before queries come.",
                   "Nauen, Palacio, Dengel: TaylorShift, ICPR 2024, arXiv 2403.02920",
                   knobs(),
                   probeSpecs(),
                   embedded("methods/taylorshift/about.md"),
                   0xD55E00,
                   0xC45500,
                   0xF58A4B,
                   Dash::Dashed,
                   Marker::Triangle,
                   true,
                   true,
                   tabs()};
    method.mapRecords = {"taylorshift.denominator"};
    method.check = check;
    method.attention = reference;
    method.weights = weights;
    // The output's scale counts the tokens before a query.
    method.pairwise = [](const LayerContext& context) { return !optionsOf(context.plan.attention.knobs).outputScale; };
    method.deviceAttention = makeDevice;
    method.deviceWeights = deviceWeights;
    method.prepare = prepare;
    method.needsPrepare = needsPrepare;
    method.kernel = polynomial;
    method.study = study;
    method.derive = derive;
    method.cost = cost;
    method.info.place = 1;
    return method;
}

} // namespace

const Method& row()
{
    static const Method method = makeRow();
    return method;
}

} // namespace engine::taylorshift
