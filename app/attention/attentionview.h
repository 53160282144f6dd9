// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>

#include <optional>
#include <string>

namespace app {

// How the Attention tab shows what it shows: part of the saved state.
struct AttentionView
{
    // What stands side by side.
    enum class Mode
    {
        SideBySide, // exact, the chosen method, their difference
        Difference, // every method minus exact
        Ratio,      // exact, the chosen method, log2 of their ratio
        Swipe,      // one map: exact left of a line, the chosen method right of it
        Every       // exact and every method
    };

    enum class Picture
    {
        Maps,
        Arcs,   // weights as arcs over the tokens
        Neurons // q·k by dimension, before and after positions
    };

    // Keys that draw attention whatever the query (engine::sinkKeys).
    enum class Sinks
    {
        Kept,
        Hidden,
        OwnScale
    };

    enum class Heads
    {
        One,
        Mean,
        Largest
    };

    Mode mode = Mode::SideBySide;
    Picture picture = Picture::Maps;
    Sinks sinks = Sinks::Kept;
    Heads heads = Heads::One;
    bool meanRow = false; // the row plot: each key's mean over queries, else the picked query's weights
    bool words = false;   // pieces of a word joined: keys summed, queries averaged
    double mass = 1;      // of each row only the largest weights that together reach this share are drawn
    bool hatch = true;
    bool magnifier = true;     // 9 × 9 cells around the pick, where cells are small
    double swipe = 0.5;        // where the line stands, as a share of the map's width
    int dimension = 0;         // the picked one of the neurons
    std::optional<double> low; // where the colours of weights begin; none: 0
    std::string metric = "tv"; // what the head navigator shows
    std::string order;         // of its heads: empty: by number; error, entropy, sink

    bool operator==(const AttentionView&) const = default;
};

// By name; values of a later version become the preset. Throws engine::Error{Format} for a number out of range.
QJsonObject toJson(const AttentionView& view);
AttentionView attentionViewFromJson(const QJsonObject& json);

} // namespace app
