// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// What a head does on a text, as a share of its attention. Weights of a row are taken as they are, from keys up to the
// query; all sums in float64.
struct Behaviour
{
    std::string_view id;         // "previous"
    std::string_view title;      // "previous token"
    std::string_view definition; // one sentence with the sum that is taken
    double score = 0;            // mean share of attention, 0 to 1
    double enough = 0;           // from here on the head is called by this name
    int rows = 0;                // queries in the mean; 0: the text has none, and the score means nothing

    bool named() const { return rows > 0 && score >= enough; }
};

// Every behaviour there is, in a fixed order: previous, self, sink, duplicate, induction, local, broad.
// `map` is one head's causal map [N, N]; `tokens` its N tokens (which are alike decides duplicate and induction).
std::vector<Behaviour> behavioursOf(const Grid& map, std::span<const TokenId> tokens);

// The behaviour a head is called by: of those with enough score the most specific (in the order induction, duplicate,
// previous, self, sink, local, broad the one with the largest score among the first five, else local, else broad).
// Null: none, the head is mixed.
const Behaviour* labelOf(std::span<const Behaviour> behaviours);

// Mean entropy of the rows in nats, and the mean weight on the first key over the rows after the first.
struct RowStatistics
{
    double entropy = 0;
    double sink = 0;
};

RowStatistics rowStatistics(const Grid& map);

// Keys that draw attention whatever the query: the mean weight that key j gets from the queries at and after it exceeds
// 0.3, over at least max(4, N/4) queries.
std::vector<int> sinkKeys(const Grid& map);

} // namespace engine
