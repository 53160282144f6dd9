// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/timeline.h"

#include <algorithm>

namespace engine {

void Timeline::add(std::span<const Span> spans)
{
    for (const Span& span : spans) {
        std::vector<Span>& track = m_tracks[span.track];
        track.insert(std::ranges::upper_bound(track, span.beginNs, {}, &Span::beginNs), span);
    }
}

std::vector<TrackIndex> Timeline::tracks() const
{
    std::vector<TrackIndex> found;
    for (const auto& [track, spans] : m_tracks)
        found.push_back(track);
    return found;
}

const std::vector<Span>& Timeline::of(TrackIndex track) const
{
    static const std::vector<Span> none;
    const auto found = m_tracks.find(track);
    return found == m_tracks.end() ? none : found->second;
}

std::vector<Span> Timeline::visible(TrackIndex track, std::int64_t fromNs, std::int64_t toNs, int pixels) const
{
    const std::vector<Span>& spans = of(track);
    if (pixels <= 0 || toNs <= fromNs)
        return {};
    std::vector<int> longest(std::size_t(pixels), -1);
    const double perNs = double(pixels) / double(toNs - fromNs);
    for (std::size_t i = 0; i < spans.size() && spans[i].beginNs < toNs; ++i) {
        if (spans[i].endNs <= fromNs)
            continue;
        const auto column = [&](std::int64_t ns) {
            return std::clamp(int(double(ns - fromNs) * perNs), 0, pixels - 1);
        };
        for (int x = column(spans[i].beginNs); x <= column(spans[i].endNs - 1); ++x) {
            const int held = longest[std::size_t(x)];
            const auto length = [&](int which) {
                return spans[std::size_t(which)].endNs - spans[std::size_t(which)].beginNs;
            };
            if (held < 0 || length(int(i)) > length(held))
                longest[std::size_t(x)] = int(i);
        }
    }
    std::vector<Span> found;
    int last = -1;
    for (const int which : longest) {
        if (which >= 0 && which != last)
            found.push_back(spans[std::size_t(which)]);
        last = which;
    }
    return found;
}

} // namespace engine
