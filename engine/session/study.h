// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace engine {

// A method and the exact one over the same queries, keys and values of a layer, and the runs they come from. References
// are borrowed for the call.
struct LayerPair
{
    const Attended& exact;
    const LayerContext& exactContext;
    const Attended& own; // for studies with every probe recorded
    const LayerContext& ownContext;
};

// The picked cell of a head; without a key the one that the exact query looks at most.
struct CellAsked
{
    HeadIndex head;
    TokenPos query;
    std::optional<TokenPos> key;
};

// The key with the largest exact weight in the query's row.
TokenPos strongestKey(const LayerPair& pair, HeadIndex head, TokenPos query);

struct RunPair
{
    const SessionPlan& plan; // the lane's
    const Trace& exact;
    const Trace& own;
    std::span<const float> exactLosses, ownLosses; // nats per token; NaN for the first
    std::span<const TokenId> tokens = {};
    const Trace* before = nullptr; // the lane's over the prompt before its last edit; null: none
    std::span<const TokenId> tokensBefore = {};
};

// Method::study with all that it may read. Throws Error{Internal} where the method has no study.
Study study(const Method& method, std::string_view tab, const KnobValues& controls, const LayerPair& pair,
            const CellAsked& cell, const RunPair& runs, Job& job);

// Why a weight is what it is: both accounts, laid side by side by the ids of their lines, and what stands around it.
struct Explanation
{
    TokenPos query, key;
    Derivation exact, own;     // without lines where a method gives no account
    std::vector<Panel> panels; // the row's scores under both kernels; what the head passes on
};

Explanation explain(const LayerPair& pair, const CellAsked& cell, Job& job);

} // namespace engine
