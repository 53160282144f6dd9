// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/layer.h"
#include "engine/methods/method.h"

#include <vector>

namespace engine::memoryformer {

enum class Thresholds
{
    Zero,
    Mean,
    Median
};

// How tables are fitted to a dense projection (reference, §9.1).
struct FitOptions
{
    int bits = 8;
    HashRule rule;
    Thresholds thresholds = Thresholds::Zero;
    int sweeps = 0;        // (b): 0 leaves every table to itself, (a)
    double ridge = 1;      // λ of the sweeps
    int rare = 4;          // (c): rows with fewer tokens take the signed centroid; 0: they keep what they have
    double heldOut = 0.25; // the share of the text at its end that is not fitted on

    bool operator==(const FitOptions&) const = default;
};

const std::vector<Knob>& knobs();

HashRule ruleOf(const KnobValues& given);
FitOptions fitOptionsOf(const KnobValues& given);

// Whether the knobs ask for tables in the place of this projection.
bool asksFor(Weight projection, const KnobValues& given);

// The projections of a block that tables can stand in for, in their order.
std::span<const Weight> projections();

// Bytes of the tables that a layer of this model is fitted.
double fittedBytes(const Model& model, const KnobValues& given);

// Refuses more than 16 bits, multi-probe with another weight than p, and tables beyond the memory limit.
void check(const LayerContext& context);

} // namespace engine::memoryformer
