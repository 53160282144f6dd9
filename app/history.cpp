// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/history.h"

#include <utility>

namespace app {

namespace {

Topics topicIf(bool differs, Topic topic)
{
    return differs ? Topics(topic) : 0;
}

Topics topicsOf(const Selection& a, const Selection& b)
{
    return topicIf(a.layer != b.layer, Topic::Layer) | topicIf(a.head != b.head, Topic::Head) |
           topicIf(a.step != b.step, Topic::Step) | topicIf(a.query != b.query || a.key != b.key, Topic::Pin) |
           topicIf(a.lane != b.lane, Topic::Lane);
}

Topics topicsOf(const ViewLayout& a, const ViewLayout& b)
{
    ViewLayout rest = b; // what has no topic of its own
    rest.dark = a.dark;
    rest.scale = a.scale;
    rest.tab = a.tab;
    rest.mapScale = a.mapScale;
    rest.mapHigh = a.mapHigh;
    rest.differenceHigh = a.differenceHigh;
    rest.attention.low = a.attention.low;
    rest.leftDock = a.leftDock;
    rest.rightDock = a.rightDock;
    rest.maximised = a.maximised;
    rest.sights = a.sights;
    const bool colours = a.mapScale != b.mapScale || a.mapHigh != b.mapHigh || a.differenceHigh != b.differenceHigh ||
                         a.attention.low != b.attention.low;
    const bool panels = a.leftDock != b.leftDock || a.rightDock != b.rightDock || a.maximised != b.maximised;
    return topicIf(a.dark != b.dark, Topic::Theme) | topicIf(a.scale != b.scale, Topic::Scale) |
           topicIf(a.tab != b.tab, Topic::Tab) | topicIf(colours, Topic::Colours) | topicIf(panels, Topic::Panels) |
           topicIf(a.sights != b.sights, Topic::Sight) | topicIf(rest != a, Topic::Other);
}

} // namespace

Topics topicsOf(const DocumentState& before, const DocumentState& after)
{
    const bool sameCount = before.lanes.size() == after.lanes.size();
    return topicIf(before.checkpoint != after.checkpoint || before.tokenizer != after.tokenizer, Topic::Checkpoint) |
           topicIf(before.device != after.device, Topic::Device) |
           topicIf(before.prompt != after.prompt, Topic::Prompt) |
           topicIf(before.generated != after.generated, Topic::Generated) | topicIf(!sameCount, Topic::LaneList) |
           topicIf(sameCount && before.lanes != after.lanes, Topic::Methods) |
           topicIf(before.bookmarks != after.bookmarks || before.breakpoints != after.breakpoints, Topic::Marks) |
           topicIf(before.unknown != after.unknown, Topic::Other) | topicsOf(before.selection, after.selection) |
           topicsOf(before.layout, after.layout);
}

void History::record(const DocumentState& before, const DocumentState& after, Clock::time_point now)
{
    const Topics topics = topicsOf(before, after);
    if (topics == 0)
        return;
    const bool goesOn = !m_sealed && !m_past.empty() && m_past.back().topics == topics && now - m_last < together;
    m_future.clear();
    m_last = now;
    m_sealed = false;
    if (goesOn) {
        if (*m_past.back().state == after) { // there and back again
            m_past.pop_back();
            m_sealed = true;
        }
        return;
    }
    m_past.push_back({std::make_shared<const DocumentState>(before), topics});
    if (m_past.size() > longest)
        m_past.erase(m_past.begin());
}

void History::seal()
{
    m_sealed = true;
}

DocumentState History::undo(const DocumentState& present)
{
    const Step step = std::move(m_past.back());
    m_past.pop_back();
    m_future.push_back({std::make_shared<const DocumentState>(present), step.topics});
    m_sealed = true;
    return *step.state;
}

DocumentState History::redo(const DocumentState& present)
{
    const Step step = std::move(m_future.back());
    m_future.pop_back();
    m_past.push_back({std::make_shared<const DocumentState>(present), step.topics});
    m_sealed = true;
    return *step.state;
}

void Trail::visit(const Place& place, History::Clock::time_point now)
{
    if (!m_places.empty() && m_places[m_now] == place)
        return;
    const bool passedThrough = !m_places.empty() && !m_arrived && now - m_last < History::together;
    m_last = now;
    m_arrived = false;
    m_places.resize(m_places.empty() ? 0 : m_now + 1);
    if (passedThrough)
        m_places.back() = place;
    else
        m_places.push_back(place);
    if (m_places.size() > longest)
        m_places.erase(m_places.begin());
    m_now = m_places.size() - 1;
}

const Place& Trail::back()
{
    m_arrived = true;
    return m_places[--m_now];
}

const Place& Trail::forward()
{
    m_arrived = true;
    return m_places[++m_now];
}

} // namespace app
