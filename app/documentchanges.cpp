// SPDX-License-Identifier: GPL-3.0-or-later
// The changing half of Document: what the user may do to the state, and how it is undone.
#include "app/document.h"
#include "app/results.h"

#include <algorithm>

namespace app {

using engine::LaneIndex;
using engine::SessionPlan;
using engine::TokenPos;

namespace {

// The pinned places of a selection moved into a model and a sequence of these sizes.
Selection clamped(const Selection& given, const engine::Model* model, int tokens)
{
    Selection selection = given;
    if (model != nullptr) {
        selection.layer.value = std::clamp(selection.layer.value, 0, std::max(0, model->config().layers - 1));
        selection.head.value = std::clamp(selection.head.value, 0, std::max(0, model->config().heads - 1));
    }
    if (tokens > 0) {
        const auto inside = [tokens](std::optional<TokenPos>& place) {
            if (place && place->value >= tokens)
                place.reset();
        };
        inside(selection.query);
        inside(selection.key);
        if (selection.step && selection.step->value >= tokens - 1)
            selection.step.reset();
    }
    if (!selection.query)
        selection.key.reset();
    return selection;
}

// Which lane of `before` each lane of `after` is: the equal one, first at its own place, then anywhere; else the one at
// its own place with another plan; else none (−1).
std::vector<int> originsOf(const std::vector<SessionPlan>& before, const std::vector<SessionPlan>& after)
{
    std::vector<int> from(after.size(), -1);
    std::vector<bool> used(before.size(), false);
    const auto take = [&](std::size_t to, std::size_t old) {
        from[to] = int(old);
        used[old] = true;
    };
    for (std::size_t place = 0; place < std::min(before.size(), after.size()); ++place)
        if (before[place] == after[place])
            take(place, place);
    for (std::size_t to = 0; to < after.size(); ++to)
        for (std::size_t old = 0; old < before.size() && from[to] < 0; ++old)
            if (!used[old] && before[old] == after[to])
                take(to, old);
    for (std::size_t place = 0; place < std::min(before.size(), after.size()); ++place)
        if (from[place] < 0 && !used[place])
            take(place, place);
    return from;
}

bool staysAsItIs(const std::vector<int>& from, std::size_t count)
{
    for (std::size_t place = 0; place < from.size(); ++place)
        if (from[place] != int(place))
            return false;
    return from.size() == count;
}

Place placeOf(const DocumentState& state)
{
    Place place{state.selection, state.layout.tab};
    place.selection.step.reset();
    return place;
}

} // namespace

void Document::change(DocumentState next)
{
    m_thread.check();
    if (next == m_state)
        return;
    m_history.record(m_state, next, History::Clock::now());
    assume(std::move(next));
    note();
}

void Document::note()
{
    m_trail.visit(placeOf(m_state), History::Clock::now());
    emit historyChanged();
}

void Document::assume(DocumentState next)
{
    m_thread.check();
    const DocumentState before = std::exchange(m_state, std::move(next));
    const std::vector<int> from = originsOf(before.lanes, m_state.lanes);
    const bool moved = !staysAsItIs(from, before.lanes.size());
    if (moved)
        moveResults(from);
    const Topics topics = topicsOf(before, m_state);
    const auto has = [topics](Topic topic) { return (topics & Topics(topic)) != 0; };
    if (has(Topic::Checkpoint))
        emit checkpointChanged();
    if (moved)
        emit lanesChanged(from);
    for (std::size_t lane = 0; lane < from.size(); ++lane)
        if (from[lane] >= 0 && m_state.lanes[lane] != before.lanes[std::size_t(from[lane])])
            emit planChanged({int(lane)});
    if (has(Topic::Device))
        emit deviceNameChanged();
    if (has(Topic::Prompt))
        emit promptChanged();
    else if (has(Topic::Generated))
        emit generatedChanged();
    if (before.selection != m_state.selection)
        emit selectionChanged();
    if (before.layout != m_state.layout)
        emit layoutChanged();
    if (has(Topic::Marks))
        emit marksChanged();
}

void Document::moveResults(const std::vector<int>& from)
{
    std::map<LaneIndex, LaneResults> moved;
    for (std::size_t to = 0; to < from.size(); ++to)
        if (const auto found = m_lanes.find({from[to]}); found != m_lanes.end())
            moved[{int(to)}] = found->second;
    // What was seen against another exact lane, or as it, is of no use beside the new one.
    if (!from.empty() && from.front() != 0)
        for (auto& [lane, results] : moved)
            results = {results.run, nullptr, nullptr, nullptr, results.timing, nullptr};
    m_lanes = std::move(moved);
}

void Document::become(const DocumentState& state)
{
    m_history.seal();
    DocumentState next = state;
    next.lanes.resize(std::clamp(next.lanes.size(), std::size_t(1), mostLanes));
    setPlaying(false);
    m_takesNative = false;
    change(std::move(next));
    m_history.seal();
}

void Document::undo()
{
    if (!canUndo())
        return;
    setPlaying(false);
    m_takesNative = false;
    assume(m_history.undo(m_state));
    note();
}

void Document::redo()
{
    if (!canRedo())
        return;
    setPlaying(false);
    m_takesNative = false;
    assume(m_history.redo(m_state));
    note();
}

void Document::sealStep()
{
    m_history.seal();
}

void Document::goBack()
{
    if (!canGoBack())
        return;
    const Place& place = m_trail.back();
    goTo({place.selection, place.tab, {}});
}

void Document::goForward()
{
    if (!canGoForward())
        return;
    const Place& place = m_trail.forward();
    goTo({place.selection, place.tab, {}});
}

void Document::goTo(const Bookmark& bookmark)
{
    DocumentState next = m_state;
    const std::optional<TokenPos> step = m_state.selection.step;
    next.selection = clamped(bookmark.selection, m_model.get(), tokenCount());
    next.selection.lane.value = std::min(next.selection.lane.value, laneCount() - 1);
    next.selection.step = next.selection.query && step && *step < *next.selection.query ? next.selection.query : step;
    next.layout.tab = bookmark.tab;
    change(std::move(next));
}

void Document::open(const std::filesystem::path& checkpoint, const std::filesystem::path& tokenizer)
{
    setPlaying(false);
    m_takesNative = true;
    DocumentState next = m_state;
    next.checkpoint = checkpoint;
    next.tokenizer = tokenizer;
    next.generated = 0;
    const bool same = next.checkpoint == m_state.checkpoint && next.tokenizer == m_state.tokenizer;
    if (!same)
        next.layout.sights.clear(); // another one's maps are seen whole first
    change(std::move(next));
    if (same)
        emit checkpointChanged(); // the same path again reads the file again: it may have changed
}

void Document::keepOpened()
{
    if (!m_model)
        return;
    m_state.checkpoint = m_opened.first;
    m_state.tokenizer = m_opened.second;
}

void Document::setPrompt(const std::string& prompt)
{
    if (m_state.prompt == prompt)
        return;
    setPlaying(false);
    DocumentState next = m_state;
    next.prompt = prompt;
    next.generated = 0;
    next.selection.step.reset();
    next.selection.query.reset();
    next.selection.key.reset();
    change(std::move(next));
}

void Document::setGenerated(int count)
{
    DocumentState next = m_state;
    next.generated = std::max(0, count);
    change(std::move(next));
}

void Document::setPlan(LaneIndex lane, const SessionPlan& plan)
{
    if (lane.value < 0 || lane.value >= laneCount())
        return;
    DocumentState next = m_state;
    next.lanes[std::size_t(lane.value)] = plan;
    change(std::move(next));
}

void Document::adopt(LaneIndex lane, const SessionPlan& plan)
{
    if (lane.value >= 0 && lane.value < laneCount() && assign(m_state.lanes[std::size_t(lane.value)], plan))
        emit planChanged(lane);
}

void Document::setLanes(std::vector<SessionPlan> lanes)
{
    lanes.resize(std::clamp(lanes.size(), std::size_t(1), mostLanes));
    DocumentState next = m_state;
    const std::vector<int> from = originsOf(m_state.lanes, lanes);
    const auto kept = std::find(from.begin(), from.end(), m_state.selection.lane.value);
    next.selection.lane.value = kept != from.end() ? int(kept - from.begin()) : std::min(1, int(lanes.size()) - 1);
    next.lanes = std::move(lanes);
    change(std::move(next));
}

void Document::addLane(const SessionPlan& plan)
{
    if (m_state.lanes.size() >= mostLanes)
        return;
    DocumentState next = m_state;
    next.lanes.push_back(plan);
    next.selection.lane.value = laneCount();
    change(std::move(next));
}

void Document::removeLane(LaneIndex lane)
{
    if (lane.value < 1 || lane.value >= laneCount())
        return;
    std::vector<SessionPlan> lanes = m_state.lanes;
    lanes.erase(lanes.begin() + lane.value);
    setLanes(std::move(lanes));
}

void Document::makeReference(LaneIndex lane)
{
    if (lane.value < 1 || lane.value >= laneCount())
        return;
    DocumentState next = m_state;
    std::swap(next.lanes[0], next.lanes[std::size_t(lane.value)]);
    next.selection.lane = lane; // what was the reference is what one looks at
    change(std::move(next));
}

void Document::setDeviceName(const std::string& name)
{
    DocumentState next = m_state;
    next.device = name;
    change(std::move(next));
}

void Document::useReference(bool reference)
{
    DocumentState next = m_state;
    for (SessionPlan& plan : next.lanes)
        plan.backend = reference ? engine::Backend::Reference : engine::Backend::OpenCl;
    change(std::move(next));
}

void Document::select(const Selection& selection)
{
    choose(selection, m_state.layout);
}

// Not a change of the user's: nothing to undo. Tokens that are still to be generated count.
void Document::keepInside()
{
    const int wanted = m_sequence ? std::max(tokenCount(), m_sequence->promptCount + m_state.generated) : 0;
    const Selection inside = clamped(m_state.selection, m_model.get(), wanted);
    if (inside == m_state.selection)
        return;
    m_state.selection = inside;
    emit selectionChanged();
}

void Document::setLayout(const ViewLayout& layout)
{
    DocumentState next = m_state;
    next.layout = layout;
    next.layout.scale = std::clamp(layout.scale, 0.8, 3.0);
    if (layout.tab != m_state.layout.tab && layout.maximised.starts_with("dock/"))
        next.layout.maximised.clear(); // it would hide the tab
    change(std::move(next));
}

void Document::choose(const Selection& selection, const ViewLayout& layout)
{
    DocumentState next = m_state;
    next.selection = clamped(selection, m_model.get(), tokenCount());
    next.selection.lane.value = std::clamp(next.selection.lane.value, 0, laneCount() - 1);
    next.layout = layout;
    next.layout.scale = std::clamp(layout.scale, 0.8, 3.0);
    change(std::move(next));
}

void Document::prefer(const ViewLayout& layout)
{
    if (assign(m_state.layout, layout))
        emit layoutChanged();
}

void Document::toggleBreakpoint(int token)
{
    if (token < 0)
        return;
    DocumentState next = m_state;
    const auto place = std::lower_bound(next.breakpoints.begin(), next.breakpoints.end(), token);
    if (place != next.breakpoints.end() && *place == token)
        next.breakpoints.erase(place);
    else
        next.breakpoints.insert(place, token);
    change(std::move(next));
}

void Document::addBookmark(const std::string& name)
{
    DocumentState next = m_state;
    next.bookmarks.push_back({m_state.selection, m_state.layout.tab, name});
    change(std::move(next));
}

void Document::setPlaying(bool playing)
{
    if (assign(m_playing, playing))
        emit playingChanged();
}

void Document::hover(std::optional<TokenPos> query, std::optional<TokenPos> key)
{
    const bool queryChanged = assign(m_hoveredQuery, query), keyChanged = assign(m_hoveredKey, key);
    if (queryChanged || keyChanged)
        emit hoverChanged();
}

void Document::pin(std::optional<TokenPos> query, std::optional<TokenPos> key)
{
    Selection selection = m_state.selection;
    selection.query = query;
    selection.key = key;
    if (query && selection.step && query->value > selection.step->value)
        selection.step = query;
    select(selection);
}

void Document::stepTo(int row)
{
    Selection selection = m_state.selection;
    if (row >= tokenCount() - 1)
        selection.step.reset();
    else
        selection.step = TokenPos{std::max(0, row)};
    select(selection);
}

void Document::stepForward()
{
    if (tokenCount() == 0)
        return;
    if (m_state.selection.step) {
        stepTo(lastRow() + 1);
        return;
    }
    // The next token is asked for once the one before it is there.
    if (m_sequence->promptCount + m_state.generated == tokenCount())
        setGenerated(m_state.generated + 1);
}

void Document::stepBack()
{
    if (lastRow() > 0)
        stepTo(lastRow() - 1);
}

void Document::stepFirst()
{
    stepTo(0);
}

void Document::stepLast()
{
    stepTo(tokenCount() - 1);
}

} // namespace app
