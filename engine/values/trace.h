// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"
#include "engine/values/probe.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// The place of a record: `token` is 0 for a series with one row per token, and the token after which a snapshot
// (a memory, a state) was taken otherwise.
struct Where
{
    LayerIndex layer = wholeModel;
    HeadIndex head = allHeads;
    TokenPos token{};

    friend auto operator<=>(const Where&, const Where&) = default;
};

// The names of what the session itself records. Methods add their own probes.
namespace probes {
inline constexpr std::string_view queryRaw = "query_raw"; // [N, heads·d], before positions
inline constexpr std::string_view keyRaw = "key_raw";     // [N, keyHeads·d], before positions
inline constexpr std::string_view value = "value";        // [N, keyHeads·d_v]
inline constexpr std::string_view mixed = "mixed";        // [N, heads·d_v], before the output projection
inline constexpr std::string_view input = "input";        // [N, width], what the layer's attention reads, normed
inline constexpr std::string_view output = "output";      // [N, width], residual stream after the layer
inline constexpr std::string_view feedForwardInput = "feed_forward_input";   // [N, width], what its first layer reads
inline constexpr std::string_view feedForwardHidden = "feed_forward_hidden"; // [N, hidden], what its last layer reads
inline constexpr std::string_view logits = "logits";                         // [N, vocabulary], wholeModel
} // namespace probes

// The recorded run: immutable once taken from the Recorder, read by any thread.
class Trace
{
public:
    struct Record
    {
        std::string probe;
        Where where;
        Provenance provenance = Provenance::Computed;
        Grid grid;
    };

    Trace() = default;
    Trace(std::vector<Record> records, bool truncated); // sorts them by probe, where

    const std::vector<Record>& records() const { return m_records; }

    // The grid recorded at a place; an empty Grid if it was not recorded.
    Grid grid(std::string_view probe, Where where) const;

    // All snapshots of a probe in one layer and head, in the order of their tokens.
    std::vector<Record> snapshots(std::string_view probe, LayerIndex layer, HeadIndex head = allHeads) const;

    bool truncated() const { return m_truncated; } // the byte limit was reached: some records are missing

    std::size_t bytes() const;

private:
    std::vector<Record> m_records;
    bool m_truncated = false;
};

} // namespace engine
