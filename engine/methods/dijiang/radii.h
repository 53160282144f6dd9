// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/dijiang/knobs.h"
#include "engine/model/matrix.h"

namespace engine::dijiang {

// Quantiles; u is clamped to [2^−24, 1 − 2^−24] first, so that they are finite.
double normalQuantile(double u);
double chiQuantile(double u, int degrees);

double chiDensity(double r, int degrees);

// What a layer draws once from its seed, the same for all heads and for q and k.
struct Draw
{
    Vector radii;      // [m]; ones where the directions carry their own lengths
    Matrix directions; // [m, d]
};

// The rows of the map: DCT rows with random radii, unit vectors with random radii, or Gaussian rows. The same seed and
// layer give the same numbers on every machine.
Draw draw(const Options& options, int width, int layer);

} // namespace engine::dijiang
