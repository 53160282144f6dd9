// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/knobs.h"

#include <algorithm>
#include <cmath>

namespace engine::infini {
namespace {

constexpr int longestSegment = 65536;

const std::vector<float>* parameter(const LayerPlan& plan, std::string_view name)
{
    const auto found = plan.parameters.find(name);
    return found == plan.parameters.end() ? nullptr : &*found->second;
}

std::string parameterOf(std::string_view name, const LayerContext& context)
{
    return "parameter " + std::string(name) + " of layer " + std::to_string(context.layer.value);
}

void checkGates(const LayerContext& context)
{
    const auto* given = parameter(context.plan, "gate");
    if (given == nullptr)
        return;
    if (int(given->size()) != context.shape.heads)
        throw Error(Fault::Request, parameterOf("gate", context) + " has " + std::to_string(given->size()) +
                                        " numbers; " + std::to_string(context.shape.heads) +
                                        ", one per query head, were expected");
    if (!std::ranges::all_of(*given, [](float beta) { return std::isfinite(beta); }))
        throw Error(Fault::Request, parameterOf("gate", context) +
                                        " has a number that is not finite; finite ones, before the sigmoid, were "
                                        "expected");
}

void checkSegment(const LayerContext& context)
{
    const auto* given = parameter(context.plan, "segment");
    if (given == nullptr)
        return;
    const bool whole = given->size() == 1 && given->front() >= 1 && given->front() <= float(longestSegment) &&
                       given->front() == std::floor(given->front());
    if (!whole)
        throw Error(Fault::Request, parameterOf("segment", context) +
                                        (given->size() == 1 ? " is " + std::to_string(given->front())
                                                            : " has " + std::to_string(given->size()) + " numbers") +
                                        "; one whole number of tokens from 1 to " + std::to_string(longestSegment) +
                                        " was expected");
}

} // namespace

const std::vector<Knob>& knobs()
{
    static const std::vector<Knob> all{
        {"segment", "Segment",
         "Tokens of a segment: attention is exact inside one; what came before is read from the memory. A text that is "
         "not longer never reads it; the paper takes 2048, a preset of 16 gives a prompt of a few lines several.",
         IntRange{1, longestSegment, 16}},
        {"rule", "Write rule",
         "linear: M grows by σ(k)ᵀv. delta: by σ(k)ᵀ times what the memory does not already return for k; its "
         "normaliser grows all the same, so that read-outs come out too small.",
         Choice{{"linear", "delta"}, 0, false}},
        {"first", "First segment",
         "While the memory is empty: A, the gate applies and the output is (1 − g) times local attention, as in most "
         "reproductions; B, local attention alone, which leaves a trained model as it is. The paper does not say.",
         Choice{{"A", "B"}, 1, false}},
        {"gate", "Gate β",
         "Before the sigmoid; g = 1/(1 + e^−β) multiplies the memory, 1 − g local attention. 0 is even, −40 switches "
         "the memory off. A checkpoint's gates win over it.",
         RealRange{-40, 40, 0}, true},
        {"correction", "ARMT correction",
         "Of the delta rule alone: writes go token by token, and the normaliser grows only by what is new of a key "
         "(Rodkin et al. 2024). Not the paper's rule.",
         Flag{false}},
        {"rope_theta", "Rotary base",
         "Turns local queries and keys with this base, positions restarting in every segment. 0: the model's own "
         "positions, none where there is no model.",
         RealRange{0, 1e8, 0}},
        {"rope_pairs", "Rotary pairs",
         "What a rotary base above turns where the model has no positions of its own: feature i with i + d/2, or "
         "neighbours.",
         Choice{{"half", "interleaved"}, 0, false}},
        {"memory", "Memory",
         "Knocks the memory out, to see what it is good for. off: g = 0 in every head. zeroed: it returns nothing, the "
         "gate still applies. shuffled: it is read with the query's features in reversed order.",
         Choice{{"on", "off", "zeroed", "shuffled"}, 0, false}},
    };
    return all;
}

Options optionsOf(const KnobValues& given)
{
    return {intOf(knobs(), given, "segment"),
            choiceOf(knobs(), given, "rule") == "delta",
            choiceOf(knobs(), given, "first") == "A",
            flagOf(knobs(), given, "correction"),
            realOf(knobs(), given, "gate"),
            realOf(knobs(), given, "rope_theta"),
            choiceOf(knobs(), given, "rope_pairs") == "interleaved",
            Reading(intOf(knobs(), given, "memory"))};
}

Options optionsOf(const LayerContext& context)
{
    Options options = optionsOf(context.plan.attention.knobs);
    if (const auto* segment = parameter(context.plan, "segment"))
        options.segment = int(segment->front());
    return options;
}

std::vector<double> gates(const LayerContext& context)
{
    const auto heads = std::size_t(context.shape.heads);
    std::vector<double> betas(heads, optionsOf(context).beta);
    if (const auto* given = parameter(context.plan, "gate"))
        betas.assign(given->begin(), given->end());
    if (optionsOf(context).reading == Reading::Off) {
        betas.assign(heads, 0.0);
        return betas;
    }
    std::ranges::transform(betas, betas.begin(), [](double beta) { return 1.0 / (1.0 + std::exp(-beta)); });
    return betas;
}

bool sameBranches(const LayerPlan& a, const LayerPlan& b)
{
    const auto withoutGates = [](LayerPlan plan) {
        plan.parameters.erase("gate");
        return plan.parameters;
    };
    const auto branches = [](const LayerPlan& plan) {
        Options options = optionsOf(plan.attention.knobs);
        options.beta = 0;
        if (options.reading == Reading::Off) // gates of 0
            options.reading = Reading::On;
        return options;
    };
    return a.linear == b.linear && a.attention.method == b.attention.method && branches(a) == branches(b) &&
           withoutGates(a) == withoutGates(b);
}

Positions localPositions(const LayerContext& context)
{
    const Options options = optionsOf(context);
    Positions positions = context.positions;
    if (options.ropeTheta > 0) {
        positions.theta = options.ropeTheta;
        if (positions.kind == RopeKind::None)
            positions.kind = options.interleaved ? RopeKind::Interleaved : RopeKind::RotateHalf;
    }
    return positions;
}

void check(const LayerContext& context)
{
    if (!context.shape.causal)
        throw Error(Fault::Request, "a layer without causal mask was given; Infini-attention reads its memory of the "
                                    "segments before, a causal layer was expected");
    checkGates(context);
    checkSegment(context);
    const double theta = optionsOf(context).ropeTheta;
    if (theta > 0 && theta < 1)
        throw Error(Fault::Request,
                    "knob rope_theta: " + std::to_string(theta) + " was given; 0, or a base from 1 on, was expected");
    if (theta > 0 && context.shape.keyWidth % 2 != 0)
        throw Error(Fault::Request, "knob rope_theta: heads " + std::to_string(context.shape.keyWidth) +
                                        " wide were given; an even width was expected, rotary positions turn pairs");
}

} // namespace engine::infini
