// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/claims.h"

#include "engine/methods/dijiang/knobs.h"

#include <algorithm>
#include <cmath>

namespace engine::dijiang {
namespace {

// The maps of methods/dijiang.md §5: how much each moves attention before any training.
std::vector<Variant> variants(const LayerShape& shape)
{
    const auto option = [](std::string_view id, std::string_view text) {
        return std::pair<const std::string, KnobValue>(
            id, parseKnob(*std::ranges::find(knobs(), id, &Knob::id), std::string(text)));
    };
    const auto scale = [width = double(shape.keyWidth)](double power) {
        return std::pair<const std::string, KnobValue>("qk_scale", std::pow(width, power));
    };
    const auto official = option("preset", "official"), divided = option("normaliser", "denominator");
    const auto prefactor = option("prefactor", baseline), twice = option("antithetic", "true");
    const auto softmaxed = option("weight", "feature_softmax"), iid = option("sampling", "iid");
    return {
        {"official: N(0, 1) radii, raw q and k, feature softmax, DCT-III", {official, divided}},
        {"N(0, 1) radii, q and k · d^(1/4), feature softmax", {official, divided, scale(0.25)}},
        {"χ radii, DCT rows, q and k · d^(−1/4), e^(−|k|²/2)", {iid, scale(-0.25), prefactor}},
        {"the same without prefactor (eq. 12)", {iid, scale(-0.25)}},
        {"χ radii, ± DCT rows (m = 2d), prefactor", {iid, scale(-0.25), prefactor, twice}},
        {"χ radii, ± DCT rows (m = 2d), feature softmax", {iid, scale(-0.25), softmaxed, twice}},
        {"Performer's random features, m = d", {scale(-0.25), option("directions", "gaussian")}},
        {"presets", {}},
    };
}

} // namespace

const Claims& claims()
{
    static const Claims claims{"dijiang", variants, {}, nullptr};
    return claims;
}

} // namespace engine::dijiang
