// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionview.h"
#include "app/attention/mapshapes.h"
#include "app/document.h"
#include "app/laneengine.h"
#include "app/results.h"
#include "engine/session/neurons.h"
#include "widgets/colorbar.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace app {

// Everything the Attention tab's maps are made of: made on the GUI thread, worked on by a worker.
struct MapsRequest
{
    std::vector<std::shared_ptr<const HeadLook>> looks;           // per lane; the exact one first, null: not there yet
    std::vector<std::shared_ptr<const Accelerator>> accelerators; // per lane; null: the reference
    int compared = 1;                                             // the lane beside the exact one
    AttentionView view;
    widgets::Scale scale = widgets::Scale::Root;
    std::optional<double> high, signedHigh; // locked ends of the colours
    int rows = 0;                           // queries in view
    int query = 0;                          // of the neurons
    // The query whose row is shown, where heads are joined and the maps are reduced, so that they do not have it.
    std::optional<int> rowOf = {};

    bool operator==(const MapsRequest&) const = default;
};

// What a document's state asks of its lanes' looks: of one head at one time; none while they are not all of it, so that
// old pictures stay until all the new ones are there. `compared`: the lane beside the exact one, `lastRow` the last
// query in view.
std::optional<MapsRequest> mapsRequestOf(const DocumentState& state, const std::vector<LaneResults>& lanes,
                                         std::vector<std::shared_ptr<const Accelerator>> accelerators, int compared,
                                         int lastRow);

// One map to draw.
struct MapColumn
{
    enum class Kind
    {
        Weights,
        Difference,    // method − exact
        Ratio,         // log2(method ÷ exact)
        RawProducts,   // q_d·k_d before positions
        TurnedProducts // after them
    };

    Kind kind = Kind::Weights;
    int lane = 0;
    engine::Grid cells;                     // what hovering tells
    engine::Grid drawn;                     // what is drawn, if less: not a number where blank
    std::int64_t blank = 0, impossible = 0; // cells left out by sinks or mass; cells without a ratio

    // In a few words, of weights: the mean share of the first key, and the largest weight on neither it nor the query.
    double firstKey = 0;
    std::optional<widgets::Cell> strongest = {};

    bool isSigned() const { return kind != Kind::Weights; }
};

inline constexpr std::size_t mostArcs = 600; // of a lane

// Arcs of one lane, the largest first.
struct LaneArcs
{
    struct Arc
    {
        int query = 0, key = 0;
        float weight = 0;
    };

    int lane = 0;
    std::vector<Arc> arcs;
    std::int64_t left = 0; // smaller ones that are not drawn
};

struct AttentionMaps
{
    MapsRequest request;
    std::vector<MapColumn> columns;
    std::vector<LaneArcs> arcs;
    std::vector<engine::TokenRange> groups; // the tokens of each cell of a side
    int rows = 0;                           // cells of a side that are in view
    std::vector<int> sinks;                 // cells of a side whose key is one
    double low = 0, high = 1, signedHigh = 1, sinkHigh = 1;
    std::int64_t clipped = 0; // drawn cells of weights and differences beyond the ends of their colours
    widgets::Histogram shared, difference;
    std::optional<widgets::Cell> worst; // where the compared method differs most, after the first row
    std::optional<engine::Neurons> neurons;
    // Where heads are joined: every lane's joined map, and the numbers of the sentence for it.
    std::vector<engine::Grid> joined;
    std::shared_ptr<const RowsMetrics> metrics;
    std::vector<std::vector<float>> joinedRow; // per lane, of request.rowOf
    // Per lane how much each key draws, where the view asks for it; empty of lanes that are not joined.
    std::vector<std::vector<float>> keyMeans;

    widgets::GridShape shape() const;

    const HeadLook& look(int lane) const { return *request.looks[std::size_t(lane)]; }
};

// Throws engine::Error; can be cancelled. Computes on the calling thread. `before`: of another request; where only its
// row differs, the maps are taken over.
std::shared_ptr<const AttentionMaps> makeMaps(const MapsRequest& request, engine::Job& job,
                                              const AttentionMaps* before = nullptr);

} // namespace app
