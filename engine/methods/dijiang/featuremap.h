// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/dijiang/knobs.h"
#include "engine/methods/method.h"

#include <vector>

namespace engine::dijiang {

// φ of one head. Everything is kept as logarithms: ln φ_i(x) = t_i·v_i·x̃ + ln D_i − c‖x̃‖², x̃ = scale·x, so that no
// input is too large for it.
struct FeatureMap
{
    Matrix directions; // [rows, d]: v_i
    Vector radii;      // [rows]: t_i
    Vector logWeight;  // [rows]: ln D_i; −inf: the feature is removed
    double scale = 1;
    double norm = 0;     // c: 1 for the Gaussian kernel's prefactor, ½ for softmax's
    double constant = 0; // −½ ln m where the map stands for an expectation (eqs. 5, 9)
    bool antithetic = false;
    bool softmax = false; // over the features

    int rows() const { return int(radii.size()); }

    int features() const { return antithetic ? 2 * rows() : rows(); }

    // t_i·v_i·scale, [rows, d]: what a vector is multiplied with.
    Matrix projection() const { return (radii * scale).asDiagonal() * directions; }

    // Of rotated rows x [N, d]: T C x̃, [N, features], and ln φ(x).
    Matrix exponents(const Matrix& x) const;
    Matrix logs(const Matrix& x) const;

    // Removed features leave nothing: the output is 0.
    bool empty() const;

    // The map of its first `count` rows.
    FeatureMap first(int count) const;
};

// Maps and decays of a layer. There is one map per key/value head, which all its query heads read; a layer whose
// parameters differ between query heads of one key head keeps a state per query head.
struct LayerMaps
{
    std::vector<FeatureMap> maps; // one per state
    std::vector<double> decays;   // γ likewise

    int states() const { return int(maps.size()); }

    Matrix radii() const; // [states, rows]

    int stateOf(int head, const LayerShape& shape) const { return int(std::int64_t(head) * states() / shape.heads); }

    const FeatureMap& of(HeadIndex head, const LayerShape& shape) const
    {
        return maps[std::size_t(stateOf(head.value, shape))];
    }

    double decayOf(HeadIndex head, const LayerShape& shape) const
    {
        return decays[std::size_t(stateOf(head.value, shape))];
    }
};

// Drawn from the knobs' seed; the parameters `radius`, `weight` and `decay` win. Throws what check() throws.
LayerMaps mapsOf(const LayerContext& context);

// Refuses more rows than the DCT has, parameters of the wrong length or range, a decay without causal mask, a fast
// transform where there is none, and groups that hold one channel.
void check(const LayerContext& context);

// Whether the map goes through the fast transform: where there is one, unless the dense product is asked for.
bool usesFastDct(const LayerShape& shape, const Options& options);

// m of the layer: antithetic rows counted.
int featuresOf(const LayerShape& shape, const Options& options);

} // namespace engine::dijiang
