// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <string_view>
#include <vector>

namespace engine {

// The records that projectionErrors() reads.
std::vector<std::string_view> projectionInputs();

struct ProjectionError
{
    Weight projection{};
    double off = 0; // ‖y − y'‖ / ‖y‖ over all tokens
};

// How far the projections that the layer's linear part replaces are from the dense ones, each on what it reads in the
// exact run; in float64. Empty where the part is dense or the model has no dense projections to compare with.
std::vector<ProjectionError> projectionErrors(const Trace& exact, const LayerContext& context);

} // namespace engine
