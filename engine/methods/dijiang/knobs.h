// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/knob.h"

#include <vector>

namespace engine::dijiang {

const std::vector<Knob>& knobs();

// Where the rows that a vector is multiplied with come from.
enum class Directions
{
    Dct,     // rows of the orthonormal DCT (eq. 12)
    Sphere,  // unit vectors drawn evenly from the sphere: PFF (eq. 9)
    Gaussian // N(0, I) rows without radii: Performer's positive random features (eq. 5)
};

enum class Weighting
{
    None,
    Learned, // D; ones where no parameter `weight` is given
    FeatureSoftmax
};

enum class Prefactor
{
    None,
    Gaussian, // e^(−‖x‖²): the Gaussian kernel
    Softmax   // e^(−‖x‖²/2): e^(q·k)
};

enum class Normaliser
{
    None,
    Denominator,
    GroupNorm, // d groups over a row of all heads, as the released code
    HeadNorm   // one group per head, as RetNet
};

enum class Transform
{
    Auto,
    Fast,
    Dense
};

// The knobs as the code reads them, what the preset leaves open filled in.
struct Options
{
    Directions directions = Directions::Dct;
    bool transposed = false; // DCT-III: Cᵀx instead of Cx
    bool chi = true;         // radii of χ_d; else of N(0, 1)
    bool stratified = true;
    int seed = 0;
    int rows = 0; // m before antithetic doubling; 0: d
    bool antithetic = false;
    Weighting weighting = Weighting::Learned;
    Prefactor prefactor = Prefactor::None;
    double scale = 1;       // on q and on k
    double decay = 1;       // γ of every head
    bool retention = false; // γ per head by RetNet's law instead
    Normaliser normaliser = Normaliser::Denominator;
    double normWeight = 1, normBias = 0; // of every channel
    bool gated = true;                   // where there is something to gate with
    Transform transform = Transform::Auto;
};

Options optionsOf(const KnobValues& given);

} // namespace engine::dijiang
