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

// The linear layers of one transformer block, and the classifier beside it.
struct BlockShape
{
    int width = 0;
    int feedForwardWidth = 0;
    int vocabulary = 0;
};

// What the linear layers of a block cost for one pass over `tokens` tokens; a multiply and an add together count 1, as
// papers of linear layers do.
struct LinearCost
{
    std::int64_t multiplyAdds = 0;  // of the projections
    std::int64_t attention = 0;     // 2 s² d of the block's scores and mixing, without mask
    std::int64_t classifier = 0;    // of the whole model's last layer, that belongs to no block
    std::int64_t storedNumbers = 0; // of the block
    std::int64_t readPerToken = 0;  // numbers, one token alone
    std::string reason;
};

} // namespace engine
