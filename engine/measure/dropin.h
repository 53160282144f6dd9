// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace engine {

// How much attention moves when a method takes softmax's place without any training: ½ Σ |a − b| between the two rows
// of weights, each row divided by its sum, averaged over queries, heads and layers.

struct Candidate
{
    std::string words;
    std::optional<Part> part; // none: even attention, every visible key the same
};

// The q, k, v of one layer; `context` without a plan.
struct DropInLayer
{
    HeadTensors heads;
    LayerContext context;
};

// What a draw looks at. Each draw takes the next seed of a method that has one.
struct DropInInput
{
    std::function<std::vector<DropInLayer>(int draw)> layers;
    int draws = 1;
    bool fresh = false; // every draw has numbers of its own, so that methods without a seed are run as often
};

struct DropInRow
{
    Candidate candidate;
    std::vector<double> draws; // mean share of attention moved, one per draw; empty where the method refused
    std::string refusal;       // why it did

    double mean() const;
    double deviation() const; // of the draws; 0 for one
};

// Even attention, then for every attention method but the baseline the settings its row names, or its presets.
std::vector<Candidate> candidatesFor(const LayerShape& shape);

// In the order of the candidates, by the float64 references. Throws what attend() throws for bad input.
std::vector<DropInRow> dropIn(const std::vector<Candidate>& candidates, const DropInInput& input, Job& job);

// `draws` times one head of q, k ~ N(0, spread²) without mask and positions, `tokens` of each.
DropInInput randomHeads(int width, int tokens, double spread, int draws, std::uint64_t seed);

} // namespace engine
