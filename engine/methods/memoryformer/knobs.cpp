// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/knobs.h"

#include <array>
#include <cmath>

namespace engine::memoryformer {
namespace {

constexpr int mostBits = 16;
constexpr std::array all{Weight::Query, Weight::Key, Weight::Value, Weight::Output,
                         Weight::Gate,  Weight::Up,  Weight::Down};

Knob projectionKnob(std::string_view id, std::string_view title, bool preset)
{
    return {id, title, "Tables in the place of this projection of a dense checkpoint, fitted on the calibration text.",
            Flag{preset}};
}

} // namespace

const std::vector<Knob>& knobs()
{
    static const std::vector<Knob> list{
        {"kernel", "Weight",
         "The factor on a picked row. p: probability that noise leaves every sign as it is, as published. l1p: times "
         "the sum of |z|, as the released code. one: none. cos: cosine between the chunk and its signs.",
         Choice{{"p", "l1p", "one", "cos"}, 0, false}},
        {"t", "Temperature t",
         "Of p: entries well above t count as certain. The paper names no value and the code has none, that is 1; for "
         "tables fitted to a dense layer 4 to 8 explain more.",
         RealRange{0.001, 1000, 1}},
        {"tau", "Bits per row",
         "Entries of a chunk, so a table has 2^τ rows and an input of width d has d/τ tables. Only for tables fitted "
         "here: a checkpoint's tables say their own.",
         IntRange{1, 24, 8}},
        {"probes", "Probes",
         "How many of the likeliest rows of a table are mixed, by their softmax weights. An extension: the paper reads "
         "one. Tables are then linear in the signs, and all rows at a large t are the dense layer.",
         IntRange{1, 256, 1}},
        {"thresholds", "Thresholds",
         "What an entry is compared with: zero as published, or each channel's mean or median over the calibration "
         "text, which balances the bits at no cost. An extension.",
         Choice{{"zero", "mean", "median"}, 0, false}},
        {"sweeps", "Sweeps",
         "0: every table is fitted by itself. Otherwise so many rounds of refitting each table to what the others "
         "leave, ended early when the held-out error stops falling.",
         IntRange{0, 100, 0}},
        {"ridge", "Ridge λ", "Pulls the rows of a sweep towards zero: less over-fitting on a short text.",
         RealRange{0, 1e6, 1}},
        {"rare", "Rare row",
         "A row that fewer tokens reach takes the signs of its code times the mean size of the entries; rows above "
         "are drawn towards it. 0: rows that no token reaches stay empty.",
         IntRange{0, 1000, 4}},
        {"held_out", "Held out", "The share of the calibration text, at its end, that tables are not fitted on.",
         RealRange{0, 0.9, 0.25}},
        projectionKnob("query", "Query", true),
        projectionKnob("key", "Key", true),
        projectionKnob("value", "Value", true),
        projectionKnob("output", "Output", false),
        projectionKnob("gate", "Gate", false),
        projectionKnob("up", "Up", false),
        projectionKnob("down", "Down", false),
    };
    return list;
}

HashRule ruleOf(const KnobValues& given)
{
    return {Weighting(intOf(knobs(), given, "kernel")), realOf(knobs(), given, "t"), intOf(knobs(), given, "probes")};
}

FitOptions fitOptionsOf(const KnobValues& given)
{
    FitOptions options;
    options.bits = intOf(knobs(), given, "tau");
    options.rule = ruleOf(given);
    options.thresholds = Thresholds(intOf(knobs(), given, "thresholds"));
    options.sweeps = intOf(knobs(), given, "sweeps");
    options.ridge = realOf(knobs(), given, "ridge");
    options.rare = intOf(knobs(), given, "rare");
    options.heldOut = realOf(knobs(), given, "held_out");
    return options;
}

bool asksFor(Weight projection, const KnobValues& given)
{
    return flagOf(knobs(), given, nameOf(projection));
}

std::span<const Weight> projections()
{
    return all;
}

double fittedBytes(const Model& model, const KnobValues& given)
{
    const int bits = intOf(knobs(), given, "tau");
    double cells = 0;
    for (const Weight projection : all) {
        const WeightShape shape = model.shape(projection);
        const bool there = projection != Weight::Output || model.config().outputProjection;
        if (there && asksFor(projection, given))
            cells += double(Chunks{shape.cols, bits}.count()) * std::exp2(bits) * shape.rows;
    }
    return cells * sizeof(float);
}

void check(const LayerContext& context)
{
    const KnobValues& given = context.plan.linear.knobs;
    const HashRule rule = ruleOf(given);
    if (rule.probes > 1 && rule.weighting != Weighting::P)
        throw Error(Fault::Request, "knob probes: " + std::to_string(rule.probes) +
                                        " rows are mixed by their softmax weights; kernel=p was expected with it");
    const int bits = intOf(knobs(), given, "tau");
    const int width = context.model != nullptr ? context.model->config().width : bits;
    const Chunks chunks{width, bits};
    if (bits > mostBits)
        throw Error(Fault::Request, "knob tau: " + std::to_string(bits) + " bits make tables of " +
                                        std::to_string(std::int64_t(1) << bits) + " rows, " +
                                        std::to_string(std::int64_t(chunks.count()) * (std::int64_t(1) << bits) * 4) +
                                        " bytes for every output; at most " + std::to_string(mostBits) +
                                        " bits were expected");
    if (context.model == nullptr)
        return;
    const double bytes = fittedBytes(*context.model, given);
    if (bytes > double(memoryLimit()))
        throw Error(Fault::Memory, "the tables of layer " + std::to_string(context.layer.value) + " need " +
                                       std::to_string(bytes / 1e9) + " GB; the limit is " +
                                       std::to_string(double(memoryLimit()) / 1e9) +
                                       " GB: fewer bits, or fewer projections");
}

} // namespace engine::memoryformer
