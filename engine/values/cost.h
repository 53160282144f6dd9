// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace engine {

// The heads of one layer: shapes that a method's cost and buffers follow from.
struct LayerShape
{
    int heads = 1;
    int keyHeads = 1;
    int keyWidth = 0;   // d
    int valueWidth = 0; // d_v
    bool causal = true;

    bool operator==(const LayerShape&) const = default;

    // Query head h reads key/value head ⌊h·keyHeads/heads⌋.
    int keyHeadOf(int head) const { return int(std::int64_t(head) * keyHeads / heads); }
};

// What a method's layer costs for one pass over `tokens` tokens (Provenance::Predicted). A multiply and an add count 1
// each.
struct Cost
{
    std::int64_t operations = 0;
    std::int64_t bytesMoved = 0;
    std::int64_t stateBytes = 0; // what must survive from token to token after the pass
    std::string form;            // the form that runs: "direct", "efficient", …
    std::string reason;          // why, in a sentence with the numbers
    double crossover = 0;        // length from which it needs fewer operations than the baseline, without mask; 0: none
};

} // namespace engine
