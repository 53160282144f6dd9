// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/running.h"
#include "engine/values/filter.h"

#include <span>
#include <string>

namespace app::cli {

// `run --dump`: what is written to the file, and so what has to be recorded.
struct DumpRequest
{
    std::string file;  // empty: nothing
    std::string asked; // separated by commas: "weights" and probes of the methods
    engine::SessionPlan plan;

    // Throws Error{Request} for a probe that no method of the plan has, Error{Memory} where the maps of `tokens` tokens
    // do not fit.
    engine::TraceFilter filter(const engine::Model& model, std::size_t tokens) const;
};

// Writes tokens, logits and per layer query, key (after positions), query_raw, key_raw, value, mixed, output, and the
// probes that were asked for.
void writeDump(const DumpRequest& request, Runner& runner, std::span<const engine::TokenId> tokens,
               const engine::PreparedLayers& prepared, const std::shared_ptr<const engine::Trace>& trace,
               Context& context);

} // namespace app::cli
