// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/knobs.h"

namespace engine::memoryformer {

// How near y' comes to y over some tokens.
struct Quality
{
    double explained = 0; // R² = 1 − Σ‖y − y'‖² / Σ‖y − ȳ‖²
    double cosine = 0;    // mean over the tokens
    double off = 0;       // ‖y − y'‖ / ‖y‖ over all of them
};

Quality qualityOf(const Matrix& exact, const Matrix& approximate);

// What the tokens of a calibration text did to the tables of one input, whatever the projection.
struct Counted
{
    std::vector<float> thresholds;      // [width], empty: all 0
    Hashed hashed;                      // of the fitted tokens
    Matrix centred;                     // the fitted tokens, thresholds taken off
    std::vector<std::vector<int>> hits; // per table and row
};

// Hashes the fitted tokens [M, width]. Throws Error{Request} where they are so few that most rows would stay empty, and
// says how many.
Counted count(const Matrix& x, const FitOptions& options);

// Per table u[c] [rows, bits]: (a) Σ a z / Σ a² over the tokens of a row; (c) the signed centroid
// s_i(c) E|z_i| / mean a for a row with fewer than `rare` tokens, and (a) drawn towards it otherwise.
Matrix centroids(const Counted& counted, const Chunks& chunks, int table, const FitOptions& options);

// One projection y = x Wᵀ + b without b, W [outputs, width] row after row: tables and the bias that the thresholds
// leave. With sweeps > 0 each table is refitted to the residual of the others until `heldOut` is fitted no better.
Tables fit(const Counted& counted, std::span<const float> weight, int outputs, const Matrix& heldOut,
           const FitOptions& options, Job& job);

} // namespace engine::memoryformer
