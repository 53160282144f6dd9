// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/fit.h"

#include <map>
#include <optional>
#include <string>

namespace engine::memoryformer {

// What a projection's tables explain of the dense projection, on the tokens they were fitted to and on those held out.
struct FitReport
{
    Quality seen, heldOut;
};

// One layer's fitted tables.
struct Fitted : Prepared
{
    std::map<Weight, Tables> tables;
    std::map<Weight, FitReport> reports;
    int seen = 0, heldOut = 0; // tokens of the calibration text: the last ones are held out
    std::string textHash;      // SHA-256 of the text's token ids, hex
};

// What prepare() gave, null where nothing was fitted.
const Fitted* fittedOf(const LayerContext& context);

// Whether the plan brings tables of its own: a native checkpoint's.
bool hasNative(const LayerPlan& plan);

// The tables in the place of a projection; none: it is dense. Throws Error{Request} where tables were asked for and
// neither fitted nor in the checkpoint, Error{Shape} where the checkpoint's do not fit the projection.
std::optional<TableView> tablesOf(const LayerContext& context, Weight projection);

// What a projection of the block reads, by the name under which a run records it.
std::string_view inputProbe(Weight projection);

// Whether two layers may share one hash of their input.
bool sameHash(const TableView& a, const TableView& b);

} // namespace engine::memoryformer
