// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace app {

// What of a state differs from another: one bit for each thing a user sees as one.
enum class Topic : std::uint32_t
{
    Checkpoint = 1 << 0,
    Device = 1 << 1,
    Prompt = 1 << 2,
    Generated = 1 << 3,
    LaneList = 1 << 4, // slots added, taken away or in another order
    Methods = 1 << 5,  // methods and knobs
    Layer = 1 << 6,
    Head = 1 << 7,
    Step = 1 << 8,
    Pin = 1 << 9,
    Lane = 1 << 10,
    Theme = 1 << 11,
    Scale = 1 << 12,
    Tab = 1 << 13,
    Colours = 1 << 14,
    Panels = 1 << 15,
    Marks = 1 << 16, // bookmarks and breakpoints
    Sight = 1 << 17, // what part of a view is looked at
    Other = 1 << 18
};

using Topics = std::uint32_t; // several

Topics topicsOf(const DocumentState& before, const DocumentState& after);

// The states a document went through: each is a whole immutable value, so that undoing is assigning. The present one
// is the document's and not in here. Values only; the clock is given.
class History
{
public:
    using Clock = std::chrono::steady_clock;

    // Changes of the same things that follow each other within this time are one step: a drag, a held key.
    static constexpr std::chrono::milliseconds together{700};
    static constexpr std::size_t longest = 1000;

    // `before` was left for `after` at `now`.
    void record(const DocumentState& before, const DocumentState& after, Clock::time_point now);
    void seal(); // what comes is a step of its own

    bool canUndo() const { return !m_past.empty(); }

    bool canRedo() const { return !m_future.empty(); }

    // What the next undo or redo would change; 0: there is none.
    Topics undoTopics() const { return m_past.empty() ? 0 : m_past.back().topics; }

    Topics redoTopics() const { return m_future.empty() ? 0 : m_future.back().topics; }

    // The state to go to; the present one is kept for the way back. Call only when there is one.
    DocumentState undo(const DocumentState& present);
    DocumentState redo(const DocumentState& present);

private:
    struct Step
    {
        std::shared_ptr<const DocumentState> state;
        Topics topics = 0; // that differ between it and the one after it
    };

    std::vector<Step> m_past, m_future; // the nearest is the last
    Clock::time_point m_last;
    bool m_sealed = true;
};

// The places one looked at, as a browser keeps pages.
struct Place
{
    Selection selection; // its step is left out: that is time, not place
    std::string tab;

    bool operator==(const Place&) const = default;
};

class Trail
{
public:
    static constexpr std::size_t longest = 200;

    // Passing through quickly leaves no place behind.
    void visit(const Place& place, History::Clock::time_point now);

    bool canGoBack() const { return m_now > 0; }

    bool canGoForward() const { return m_now + 1 < m_places.size(); }

    const Place& back();
    const Place& forward();

private:
    std::vector<Place> m_places;
    std::size_t m_now = 0;
    History::Clock::time_point m_last;
    bool m_arrived = false; // by back or forward: the next visit is a new place at once
};

} // namespace app
