// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/knobs.h"

#include "engine/values/plan.h"

namespace engine::dijiang {
namespace {

// A choice whose first option leaves it to the preset.
int chosen(const KnobValues& given, std::string_view id, int preset)
{
    const int place = intOf(knobs(), given, id);
    return place == 0 ? preset : place - 1;
}

} // namespace

const std::vector<Knob>& knobs()
{
    static const std::vector<Knob> all{
        {"preset", "Preset",
         "normalised: exp(T C x) with DCT-II, χ radii, divided by the row's sum. eq13: the same without division, the "
         "paper's eq. 13. official: what the released code computes: DCT-III, N(0, 1) radii, softmax over the "
         "features, "
         "a decay per head, GroupNorm.",
         Choice{{"normalised", "eq13", "official"}, 0, false}},
        {"qk_scale", "Scale on q and k",
         "Both are multiplied by it before the map. d^(−1/4) aims at softmax's 1/√d; the paper leaves it out (1).",
         RealRange{0, 10, 1}},
        {"m", "Features m", "Rows of the map, the lowest frequencies first; 0 stands for d, the most that the DCT has.",
         IntRange{0, 1024, 0, "d"}},
        {"seed", "Seed", "Of the radii and of random directions; every layer draws its own.", IntRange{0, 1000000, 0}},
        {"radius", "Radii",
         "χ with d degrees of freedom, as the theorem needs, or N(0, 1), as the code draws. A tensor radius wins.",
         Choice{{"preset", "normal", "chi_d"}, 0, false}},
        {"sampling", "Sampling",
         "Quantiles of independent numbers, or of (i + ½)/m in a random order: every part of the density once.",
         Choice{{"preset", "iid", "stratified"}, 0, false}},
        {"dct", "DCT", "II multiplies by C, III by its transpose.", Choice{{"preset", "II", "III"}, 0, false}},
        {"directions", "Directions",
         "dct: rows of the cosine matrix. sphere: random unit vectors, the paper's PFF (eq. 9, with its prefactor). "
         "gaussian: Performer's random features (with theirs).",
         Choice{{"dct", "sphere", "gaussian"}, 0, false}},
        {"antithetic", "Antithetic rows",
         "Every row once more with the opposite sign: 2m features, no first-order bias.", Flag{false}},
        {"weight", "Weights",
         "none; D: one per feature, ones where no tensor weight is given; feature_softmax: features sum to one.",
         Choice{{"preset", "none", "D", "feature_softmax"}, 0, false}},
        {"prefactor", "Prefactor",
         "gaussian: e^(−|x|²), unbiased for the Gaussian kernel. softmax: e^(−|x|²/2), for e^(q·k). The paper drops "
         "it.",
         Choice{{"preset", "none", "gaussian", baseline}, 0, false}},
        {"decay", "Decay γ", "A key that lies n tokens back counts γⁿ. A tensor decay wins. Needs a causal layer.",
         RealRange{1e-6, 1, 1}},
        {"decay_law", "Decay law",
         "constant: γ above for every head. retention: 1 − e^x with x evenly from ln 1/32 to ln 1/512 over the heads.",
         Choice{{"preset", "constant", "retention"}, 0, false}},
        {"normaliser", "Normaliser",
         "denominator: rows sum to one. groupnorm: d groups of the row, as the code. headnorm: one group per head.",
         Choice{{"preset", "none", "denominator", "groupnorm", "headnorm"}, 0, false}},
        {"norm_weight", "Norm weight", "What GroupNorm's channels are multiplied by. A tensor norm_weight wins.",
         RealRange{-100, 100, 1}},
        {"norm_bias", "Norm bias", "What is added to GroupNorm's channels. A tensor norm_bias wins.",
         RealRange{-100, 100, 0}},
        {"gate_input", "Gate",
         "Multiply by SiLU of a tensor gate_input (x·W_G), or of x times a checkpoint's gate, where one is there.",
         Flag{true}},
        {"transform", "Transform",
         "auto: the fast DCT where d is a power of two up to 512, else the dense product. The result is the same.",
         Choice{{"auto", "fast", "dense"}, 0, true}},
    };
    return all;
}

Options optionsOf(const KnobValues& given)
{
    const int preset = intOf(knobs(), given, "preset");
    const bool official = preset == 2;
    Options options;
    options.directions = Directions(intOf(knobs(), given, "directions"));
    options.transposed = chosen(given, "dct", official ? 1 : 0) == 1;
    options.chi = chosen(given, "radius", official ? 0 : 1) == 1;
    options.stratified = chosen(given, "sampling", official ? 0 : 1) == 1;
    options.seed = intOf(knobs(), given, "seed");
    options.rows = intOf(knobs(), given, "m");
    options.antithetic = flagOf(knobs(), given, "antithetic");
    options.weighting =
        Weighting(chosen(given, "weight", int(official ? Weighting::FeatureSoftmax : Weighting::Learned)));
    const Prefactor own[] = {Prefactor::None, Prefactor::Gaussian, Prefactor::Softmax}; // by directions
    options.prefactor = Prefactor(chosen(given, "prefactor", int(own[int(options.directions)])));
    options.scale = realOf(knobs(), given, "qk_scale");
    options.decay = realOf(knobs(), given, "decay");
    // A decay that was turned is not overruled by a preset.
    options.retention = chosen(given, "decay_law", official && options.decay == 1.0 ? 1 : 0) == 1;
    const Normaliser byPreset[] = {Normaliser::Denominator, Normaliser::None, Normaliser::GroupNorm};
    options.normaliser = Normaliser(chosen(given, "normaliser", int(byPreset[preset])));
    options.normWeight = realOf(knobs(), given, "norm_weight");
    options.normBias = realOf(knobs(), given, "norm_bias");
    options.gated = flagOf(knobs(), given, "gate_input");
    options.transform = Transform(intOf(knobs(), given, "transform"));
    return options;
}

} // namespace engine::dijiang
