// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/embedded.h"
#include "engine/methods/softmax/device.h"
#include "engine/methods/softmax/devicelinear.h"
#include "engine/methods/softmax/reference.h"

#include <cmath>

namespace engine::softmax {

const std::vector<Knob>& knobs()
{
    static const std::vector<Knob> all{
        {"scale", "Scale", "The factor on q·k before the exponential; 0 stands for 1/√d.", RealRange{-100, 100, 0}},
    };
    return all;
}

namespace {

std::vector<ProbeSpec> probeSpecs()
{
    return {
        {"softmax.lse", "Log-sum-exp", "ln Σ e^score of a row: its largest score, softened.", "", Look::Curve,
         Axis::Token, Axis::Head, Provenance::Computed, true},
        {"softmax.entropy", "Entropy",
         "−Σ a ln a of a row in nats: 0 where one key takes all, ln N where all get the same.", "", Look::Curve,
         Axis::Token, Axis::Head, Provenance::Computed, true},
    };
}

double exponential(double score, const KnobValues&)
{
    return std::exp(score);
}

// Per pair: score 2d, scaling, maximum, subtraction, e^x, sum and division 1 each, A·V 2d_v. The upper triangle of a
// causal layer is skipped.
Cost cost(const LayerShape& shape, const KnobValues&, int tokens)
{
    using Count = std::int64_t;
    const Count n = tokens, width = Count(shape.keyWidth) + shape.valueWidth;
    const Count pairs = shape.causal ? n * (n + 1) / 2 : n * n;
    Cost cost;
    cost.operations = shape.heads * pairs * (2 * width + 6);
    cost.bytesMoved = Count(sizeof(float)) * n * width * (shape.heads + shape.keyHeads);
    cost.stateBytes = Count(sizeof(float)) * n * width * shape.keyHeads;
    cost.form = "direct";
    cost.reason = "direct: softmax has one form; every query scores " +
                  std::string(shape.causal ? "the keys up to it" : "all keys") + ", " + std::to_string(pairs) +
                  " pairs a head at " + std::to_string(tokens) + (tokens == 1 ? " token" : " tokens");
    return cost;
}

// Four projections of d² and two feed-forward layers.
LinearCost linearCost(const BlockShape& shape, const KnobValues&, int tokens)
{
    using Count = std::int64_t;
    LinearCost cost;
    cost.readPerToken = Count(shape.width) * (4 * Count(shape.width) + 2 * Count(shape.feedForwardWidth));
    cost.storedNumbers = cost.readPerToken;
    cost.multiplyAdds = cost.readPerToken * tokens;
    cost.attention = 2 * Count(tokens) * tokens * shape.width;
    cost.classifier = Count(shape.vocabulary) * shape.width * tokens;
    cost.reason = "dense: four projections of " + std::to_string(shape.width) + "^2 and two feed-forward layers of " +
                  std::to_string(shape.feedForwardWidth) + ", the same for every token";
    return cost;
}

Method makeRow()
{
    Method method;
    method.info = {baseline,
                   "Exact softmax",
                   "Every query scores every key; the exponential of the scores, made to sum to one, mixes the values.",
                   "Vaswani et al.: Attention Is All You Need, NeurIPS 2017, arXiv 1706.03762",
                   knobs(),
                   probeSpecs(),
                   embedded("methods/softmax/about.md"),
                   0x0072B2,
                   0x0072B2,
                   0x56B0EA,
                   Dash::Solid,
                   Marker::Circle,
                   true,
                   true};
    method.mapRecords = {"softmax.lse"};
    method.attention = reference;
    method.linear = denseReference;
    method.weights = weights;
    method.pairwise = [](const LayerContext&) { return true; };
    method.deviceAttention = makeDevice;
    method.deviceWeights = deviceWeights;
    method.deviceLinear = makeDenseLinear;
    method.kernel = exponential;
    method.derive = derive;
    method.cost = cost;
    method.linearCost = linearCost;
    method.randomLinear = makeRandomLinear;
    return method;
}

} // namespace

const Method& row()
{
    static const Method method = makeRow();
    return method;
}

} // namespace engine::softmax
