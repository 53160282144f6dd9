// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/infini/memory.h"

#include <string>
#include <vector>

namespace engine::infini {

// The tab "memory": which segment's memory is shown, which cell of it, and under which write rule.
std::vector<TabSpec> tabs();

// The row of Method.
Study study(std::string_view tab, const StudyInput& input, Job& job);
Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context);

// One head as the tab sees it.
struct StudiedHead
{
    const StudyInput& input;
    Options options; // with the rule that the tab asks for
    double gate = 0.5;
    Matrix queries, keys, values; // before positions
    Matrix features;              // σ(keys)
    std::vector<Memory> memories; // after 0, 1, … segments
    int shown = 1;                // the memory after segment `shown`, counted from 1
    int row = 0, col = 0;         // its picked cell

    int tokens() const { return int(keys.rows()); }

    int segments() const { return int(memories.size()) - 1; }

    int querySegment() const { return input.query.value / options.segment; }

    const Memory& memory() const { return memories[std::size_t(shown)]; }

    const Memory& before() const { return memories[std::size_t(shown - 1)]; }

    // Tokens of segment `index`, from 0.
    TokenRange segment(int index) const { return segmentAt(index, tokens(), options.segment); }

    // Tokens that the shown memory has stored.
    int stored() const { return segment(shown - 1).end(); }
};

StudiedHead studiedHead(const StudyInput& input);

// How well a memory returns the value of every key it has stored, asked for by the key.
struct Recall
{
    Vector error;     // ‖read − v‖/‖v‖
    Vector cosine;    // of read and v
    Vector centred;   // the same, the means of all read-outs and of all values removed
    Vector normRatio; // ‖read‖/‖v‖
    double found = 0; // share of the keys (a sample of at most 256) whose own value is the nearest of all stored ones
};

Recall recallOf(const Memory& memory, const Matrix& features, const Matrix& values);

// Gates g of every layer that runs this method, a row each: NaN rows for the others.
Matrix gatesOfLayers(const StudyInput& input);

// Panels in the middle and at the side.
void addMemoryPanels(Study& study, const StudiedHead& head, Job& job);
void addDiagnosticPanels(Study& study, const StudiedHead& head, Job& job);
void addSidePanels(Study& study, const StudiedHead& head);

// Helpers of the panels.
Figure figure(double value, int digits = 3, std::string unit = {});
std::string shortNumber(double value, int significant);
std::string bytesOf(double bytes);

} // namespace engine::infini
