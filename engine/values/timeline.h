// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace engine {

// One thing that ran, on the host's steady clock in nanoseconds.
struct Span
{
    std::string label;
    TrackIndex track;
    std::int64_t beginNs = 0, endNs = 0;
};

// What ran when. Spans of one track are kept in the order of their begin.
class Timeline
{
public:
    void add(std::span<const Span> spans);

    std::vector<TrackIndex> tracks() const;

    const std::vector<Span>& of(TrackIndex track) const;

    // What a view `pixels` wide needs of one track: for each pixel column the longest span that touches it, once.
    std::vector<Span> visible(TrackIndex track, std::int64_t fromNs, std::int64_t toNs, int pixels) const;

private:
    std::map<TrackIndex, std::vector<Span>> m_tracks;
};

} // namespace engine
