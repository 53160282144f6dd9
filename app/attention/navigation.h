// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/laneengine.h"
#include "app/results.h"
#include "app/turns.h"
#include "engine/compare/behaviour.h"

#include <memory>
#include <vector>

namespace app {

// Every head of every layer, exact beside one method.
struct NavigationRequest
{
    std::shared_ptr<const LaneRun> exact, own;
    std::shared_ptr<const Accelerator> exactAccelerator, ownAccelerator; // null: the reference

    bool operator==(const NavigationRequest&) const = default;
};

struct HeadSummary
{
    engine::LayerIndex layer;
    engine::HeadIndex head;
    engine::Grid thumbnail;                    // the method's map, at most 24 cells a side
    engine::Metrics metrics;                   // tv, kl, js, topk@k, mass@k, fro, dH, out_rel, out_cos
    engine::RowStatistics rows;                // of the exact map
    std::vector<engine::Behaviour> behaviours; // of the exact map; empty where it is too long to be held whole

    const engine::Behaviour* label() const { return engine::labelOf(behaviours); }
};

struct Navigation
{
    NavigationRequest request;
    int layers = 0, heads = 0;
    std::vector<HeadSummary> all; // layer after layer
    // Relative error of the residual stream after each layer (explorer.md §2.2).
    std::vector<double> local, accumulated;
    double seconds = 0;

    const HeadSummary& of(engine::LayerIndex layer, engine::HeadIndex head) const
    {
        return all[std::size_t(layer.value) * std::size_t(heads) + std::size_t(head.value)];
    }
};

// What the work is in proportion to: cells of all maps of both lanes, and passes through the model.
double navigationSize(const engine::Model& model, int tokens);

// Takes a turn per layer, so that what the user does meanwhile is not kept waiting. Runs on a worker; can be cancelled.
std::shared_ptr<const Navigation> navigate(const NavigationRequest& request, Turns& turns, engine::Job& job);

// A number of a head, by which heads are shown and sorted: a metric's id, or "entropy", "sink", or a behaviour's id.
// Larger is worse, or more of it. Not a number where it does not apply.
double numberOf(const HeadSummary& head, const std::string& id);

} // namespace app
