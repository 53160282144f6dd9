// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionview.h"
#include "engine/values/ids.h"
#include "engine/values/plan.h"

#include <QJsonObject>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace app {

// The one selection that every panel shows and changes.
struct Selection
{
    engine::LayerIndex layer;
    engine::HeadIndex head;
    std::optional<engine::TokenPos> step;  // the last row in view; none: the newest token
    std::optional<engine::TokenPos> query; // the pinned cell
    std::optional<engine::TokenPos> key;
    engine::LaneIndex lane{1}; // whose method the left dock sets

    bool operator==(const Selection&) const = default;
};

// The part of a view that is in sight, in the view's own units: cells, tokens, nanoseconds.
struct Sight
{
    double x = 0, y = 0, width = 0, height = 0;

    bool operator==(const Sight&) const = default;
};

// What a sweep is set to, as texts: they are parsed by whoever runs it.
struct SweepForm
{
    QString lengths, repeats;
    bool causal = false;
    bool everyMethod = false; // else those that are compared

    bool operator==(const SweepForm&) const = default;
};

// How the Timing tab shows what it shows.
struct TimingView
{
    int quantity = 0;              // time, per token, ratio, memory
    int taken = 0;                 // timeline, by kernel, stages
    std::optional<SweepForm> form; // none: as the model asks for

    bool operator==(const TimingView&) const = default;
};

// How the window is arranged.
struct ViewLayout
{
    bool dark = false;
    double scale = 1; // of the interface, 0.8 to 3
    std::string tab = "attention";
    std::string probe;             // of the Probes tab
    std::string mapScale = "sqrt"; // sqrt, log, linear
    // Where the colours end; none: fitted to each head.
    std::optional<double> mapHigh, differenceHigh;
    std::map<std::string, engine::KnobValues, std::less<>> controls; // of the methods' own tabs, by the tab's id
    AttentionView attention = {};
    TimingView timing = {};
    std::string tensor;                                    // the one looked at; empty: none
    std::map<std::string, Sight, std::less<>> sights = {}; // by the view's name; a view without one shows all it has
    // Whether the docks are open; none: as the width of the window allows.
    std::optional<bool> leftDock, rightDock;
    // What fills the window: "tab", "TAB/PART" of a tab's view, "dock/SECTION"; empty: nothing.
    std::string maximised;
    QJsonObject unknown; // keys of a later version

    bool operator==(const ViewLayout&) const = default;
};

// A place to come back to.
struct Bookmark
{
    Selection selection;
    std::string tab, name;

    bool operator==(const Bookmark&) const = default;
};

// How many methods can be compared at once.
inline constexpr std::size_t mostLanes = 6;

// The lane the others are compared with; which of them the views of two show is Document::comparedLane().
inline constexpr engine::LaneIndex exactLane{0};

// Exactly what is saved.
struct DocumentState
{
    std::filesystem::path checkpoint, tokenizer;
    std::string device; // part of its name; empty: the default one
    std::string prompt;
    int generated = 0;                      // tokens after the prompt, each the exact lane's most likely one
    std::vector<engine::SessionPlan> lanes; // 1 to mostLanes; the first is what the others are compared with
    std::vector<Bookmark> bookmarks;
    std::vector<int> breakpoints; // tokens at which playing stops, ascending
    Selection selection;
    ViewLayout layout;
    QJsonObject unknown; // keys of a later version, kept as they are

    bool operator==(const DocumentState&) const = default;
};

// Two lanes: the exact method in every layer, and the first other method there is.
DocumentState startState();

inline constexpr int stateVersion = 1;

QJsonObject toJson(const DocumentState& state);

// Throws engine::Error{Format} with the key, what was found and what was expected; a method or knob nobody knows is
// an Error{Request}.
DocumentState fromJson(const QJsonObject& json);

} // namespace app
