// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>

namespace engine {

// Numbers that must not be mixed up have distinct types. All count from 0.
template <typename Tag>
struct Index
{
    int value = 0;

    friend auto operator<=>(Index, Index) = default;
};

using LayerIndex = Index<struct LayerTag>;
using HeadIndex = Index<struct HeadTag>;    // a query head
using TokenPos = Index<struct TokenPosTag>; // a place in the sequence
using TokenId = Index<struct TokenIdTag>;   // a row of the vocabulary
using TrackIndex = Index<struct TrackTag>;  // a row of a timeline
using LaneIndex = Index<struct LaneTag>;    // a slot of the compare shelf

// A run of tokens or of map rows and columns: [first, first + count).
struct TokenRange
{
    int first = 0;
    int count = 0;

    int end() const { return first + count; }

    bool operator==(const TokenRange&) const = default;
};

// The layer of what belongs to no layer: embedding, logits.
inline constexpr LayerIndex wholeModel{-1};
// The head of a record that holds all heads side by side.
inline constexpr HeadIndex allHeads{-1};

} // namespace engine
