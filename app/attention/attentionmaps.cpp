// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentionmaps.h"

#include "app/attention/keymeans.h"
#include "app/headwork.h"
#include "engine/compare/behaviour.h"
#include "engine/compare/metrics.h"
#include "engine/session/attend.h"

#include <algorithm>
#include <cmath>

namespace app {

namespace {

using engine::Grid;
using engine::Job;
using widgets::GridShape;

constexpr int bins = 64;

widgets::Scale scaleNamed(const std::string& name)
{
    return name == "log" ? widgets::Scale::Log : name == "linear" ? widgets::Scale::Linear : widgets::Scale::Root;
}

engine::DeviceContext* deviceOf(const MapsRequest& request, int lane)
{
    return LaneEngine::ofThisThread().context(request.accelerators[std::size_t(lane)].get());
}

// The maps of all heads of a lane's layer in one.
Grid allHeads(const MapsRequest& request, int lane, Job& job)
{
    const HeadLook& look = *request.looks[std::size_t(lane)];
    const LayerAttention& layer = *look.layer;
    const int heads = layer.context.shape.heads;
    Grid joined;
    for (int head = 0; head < heads; ++head) {
        job.report(double(head) / heads, "joining heads");
        const Grid map =
            engine::mapPicture(layer.attended, layer.context, {head}, mapSide, deviceOf(request, lane), job).cells;
        joined = joinedOn(joined, map, request.view.heads, heads);
    }
    return joined;
}

// Which lanes' maps are on screen.
std::vector<int> lanesOf(const MapsRequest& request)
{
    using Mode = AttentionView::Mode;
    const Mode mode = request.view.mode;
    if (request.view.picture == AttentionView::Picture::Maps && (mode == Mode::Every || mode == Mode::Difference)) {
        std::vector<int> lanes;
        for (int lane = 0; lane < int(request.looks.size()); ++lane)
            if (request.looks[std::size_t(lane)])
                lanes.push_back(lane);
        return lanes;
    }
    if (request.compared > 0 && request.looks[std::size_t(request.compared)])
        return {0, request.compared};
    return {0};
}

// What the request makes of a lane: its weights, and its difference from the exact lane.
struct LaneMaps
{
    int lane = 0;
    Grid weights, difference;
};

// The largest magnitudes' difference where pictures are reduced, else cell by cell.
std::vector<LaneMaps> lanesMaps(const MapsRequest& request, AttentionMaps& maps, Job& job)
{
    const bool joinHeads = request.view.heads != AttentionView::Heads::One;
    std::vector<LaneMaps> all;
    const std::vector<int> lanes = lanesOf(request);
    if (joinHeads)
        maps.joined.resize(request.looks.size());
    for (const int lane : lanes) {
        const HeadLook& look = *request.looks[std::size_t(lane)];
        LaneMaps one{lane, joinHeads ? allHeads(request, lane, job) : look.map.cells, look.difference.cells};
        if (joinHeads) {
            maps.joined[std::size_t(lane)] = one.weights;
            one.difference = lane == 0 ? Grid() : combined(one.weights, all.front().weights, std::minus<>());
        }
        all.push_back(std::move(one));
    }
    const bool joinWords = request.view.words && request.looks.front()->map.reduction == 1;
    const int reduction = std::max(1, request.looks.front()->map.reduction);
    if (joinWords)
        maps.groups = wordsOf(*request.looks.front()->layer->exact->sequence);
    else
        for (int first = 0; first < request.looks.front()->map.tokens; first += reduction)
            maps.groups.push_back({first, std::min(reduction, request.looks.front()->map.tokens - first)});
    int rows = 0; // that are in view; words only when whole
    while (rows < int(maps.groups.size()) && (joinWords ? maps.groups[std::size_t(rows)].end() <= request.rows
                                                        : maps.groups[std::size_t(rows)].first < request.rows))
        ++rows;
    maps.rows = rows;
    for (LaneMaps& one : all) {
        if (joinWords) {
            one.weights = joinedBy(one.weights, maps.groups);
            one.difference = one.lane == 0 ? Grid() : joinedBy(one.difference, maps.groups);
        }
        one.weights = upTo(one.weights, rows);
        if (!one.difference.empty())
            one.difference = upTo(one.difference, rows);
    }
    return all;
}

std::vector<MapColumn> columnsOf(const MapsRequest& request, const std::vector<LaneMaps>& lanes)
{
    using Mode = AttentionView::Mode;
    using Kind = MapColumn::Kind;
    std::vector<MapColumn> columns;
    const Mode mode = request.view.mode;
    for (const LaneMaps& one : lanes)
        if (mode != Mode::Difference || lanes.size() == 1)
            columns.push_back({Kind::Weights, one.lane, one.weights, {}, 0, 0, 0, {}});
    if (lanes.size() == 1)
        return columns;
    if (mode == Mode::SideBySide)
        columns.push_back({Kind::Difference, lanes.back().lane, lanes.back().difference, {}, 0, 0, 0, {}});
    if (mode == Mode::Difference)
        for (std::size_t place = 1; place < lanes.size(); ++place)
            columns.push_back({Kind::Difference, lanes[place].lane, lanes[place].difference, {}, 0, 0, 0, {}});
    if (mode == Mode::Ratio) {
        MapColumn ratio{Kind::Ratio, lanes.back().lane, {}, {}, 0, 0, 0, {}};
        ratio.cells = logRatio(lanes.back().weights, lanes.front().weights, ratio.impossible);
        columns.push_back(std::move(ratio));
    }
    return columns;
}

// Leaves out what the view leaves out; the values stay.
void thin(AttentionMaps& maps)
{
    const AttentionView& view = maps.request.view;
    const GridShape shape = maps.shape();
    for (MapColumn& column : maps.columns) {
        Grid drawn;
        if (view.mass < 1 && column.kind == MapColumn::Kind::Weights)
            drawn = largestOf(column.cells, shape, view.mass);
        if (view.sinks == AttentionView::Sinks::Hidden && !maps.sinks.empty())
            drawn = withoutColumns(drawn.empty() ? column.cells : drawn, maps.sinks);
        if (drawn.empty())
            continue;
        std::int64_t before = 0, after = 0;
        eachCell(column.cells, shape, [&](int, int, float) { ++before; });
        eachCell(drawn, shape, [&](int, int, float) { ++after; });
        column.blank = before - after;
        column.drawn = std::move(drawn);
    }
}

void range(AttentionMaps& maps)
{
    const MapsRequest& request = maps.request;
    const GridShape shape = maps.shape();
    const bool own = request.view.sinks == AttentionView::Sinks::OwnScale && !maps.sinks.empty();
    std::vector<Grid> weights, differences;
    for (const MapColumn& column : maps.columns) {
        const Grid& drawn = column.drawn.empty() ? column.cells : column.drawn;
        if (column.isSigned())
            differences.push_back(drawn);
        else
            weights.push_back(own ? withoutColumns(drawn, maps.sinks) : drawn);
    }
    const auto pointers = [](const std::vector<Grid>& grids) {
        std::vector<const Grid*> all(grids.size());
        std::ranges::transform(grids, all.begin(), [](const Grid& grid) { return &grid; });
        return all;
    };
    maps.low = request.view.low.value_or(0);
    maps.high = std::max(request.high.value_or(fittedHigh(pointers(weights), shape)), maps.low * 1.05);
    maps.signedHigh = request.signedHigh.value_or(fittedHigh(pointers(differences), shape));
    if (!maps.columns.empty() && maps.columns.back().kind == MapColumn::Kind::Ratio)
        maps.signedHigh = fittedHigh(pointers(differences), shape); // powers of two, not weights: not locked with them
    if (own)
        for (const MapColumn& column : maps.columns)
            for (const int sink : maps.sinks)
                for (int row = 0; row < column.cells.rows() && !column.isSigned(); ++row)
                    if (const float value = column.cells.at(row, sink); !std::isnan(value))
                        maps.sinkHigh = row == 0 ? double(value) : std::max(maps.sinkHigh, double(value));
    maps.shared = widgets::histogramOf(weights, shape, {request.scale, maps.low, maps.high, false}, bins);
    maps.difference = widgets::histogramOf(differences, shape, {request.scale, 0, maps.signedHigh, true}, bins);
    maps.clipped = maps.shared.above + maps.shared.below + maps.difference.above + maps.difference.below;
}

// What a reader who does not see the map is told of it.
void summarise(AttentionMaps& maps)
{
    for (MapColumn& column : maps.columns) {
        if (column.isSigned() || maps.rows == 0)
            continue;
        column.firstKey = engine::rowStatistics(column.cells.rowRange(0, maps.rows)).sink;
        float most = 0;
        eachCell(column.cells, maps.shape(), [&](int row, int col, float value) {
            if (col > 0 && col != row && std::abs(value) > most) {
                most = std::abs(value);
                column.strongest = widgets::Cell{row, col};
            }
        });
    }
}

LaneArcs arcsOf(const MapColumn& column, GridShape shape)
{
    LaneArcs lane{column.lane, {}, 0};
    const Grid& drawn = column.drawn.empty() ? column.cells : column.drawn;
    eachCell(drawn, shape, [&](int row, int col, float weight) {
        if (row != col && weight > 0)
            lane.arcs.push_back({row, col, weight});
    });
    const auto larger = [](const LaneArcs::Arc& a, const LaneArcs::Arc& b) { return a.weight > b.weight; };
    const std::size_t kept = std::min(mostArcs, lane.arcs.size());
    std::partial_sort(lane.arcs.begin(), lane.arcs.begin() + std::ptrdiff_t(kept), lane.arcs.end(), larger);
    lane.left = std::int64_t(lane.arcs.size() - kept);
    lane.arcs.resize(kept);
    return lane;
}

void addNeurons(AttentionMaps& maps)
{
    const HeadLook& look = *maps.request.looks.front();
    const LayerAttention& layer = *look.layer;
    const engine::LayerTrace trace(layer.attended.trace, layer.context.layer, layer.context.shape,
                                   layer.context.positions);
    maps.neurons = engine::neuronsOf(trace, look.head, {std::clamp(maps.request.query, 0, look.map.tokens - 1)});
    maps.columns = {{MapColumn::Kind::RawProducts, 0, maps.neurons->raw, {}, 0, 0, 0, {}},
                    {MapColumn::Kind::TurnedProducts, 0, maps.neurons->turned, {}, 0, 0, 0, {}}};
    maps.signedHigh = fittedHigh({&maps.columns[0].cells, &maps.columns[1].cells}, GridShape::Full);
    const std::vector<Grid> both{maps.columns[0].cells, maps.columns[1].cells};
    maps.difference = widgets::histogramOf(both, GridShape::Full, {maps.request.scale, 0, maps.signedHigh, true}, bins);
    maps.clipped = maps.difference.above + maps.difference.below;
}

// The sentence's numbers where heads are joined: of the joined maps, and of the outputs of all heads side by side.
void addMetrics(AttentionMaps& maps)
{
    const MapsRequest& request = maps.request;
    if (maps.joined.empty() || lanesOf(request).size() < 2)
        return;
    const HeadLook& exact = *request.looks.front();
    const auto& look = request.looks[std::size_t(request.compared)];
    const Grid& a = maps.joined.front();
    const Grid& b = maps.joined[std::size_t(request.compared)];
    if (!look || b.empty() || exact.map.reduction > 1)
        return;
    const engine::MethodInfo& info = engine::findMethod(look->layer->context.plan.attention.method).info;
    engine::MapMetrics metrics(
        {info.nonNegative, info.rowsSumToOne && request.view.heads == AttentionView::Heads::Mean});
    const int rows = std::min(request.rows, a.rows());
    for (int row = 0; row < rows; ++row) {
        const auto keys = std::size_t(maps.shape() == GridShape::Full ? a.cols() : row + 1);
        metrics.add(a.row(row).first(keys), b.row(row).first(keys));
    }
    auto found = std::make_shared<RowsMetrics>(RowsMetrics{look, rows, metrics.result()});
    for (engine::Metric& metric : engine::outputMetrics(exact.layer->attended.output().rowRange(0, rows),
                                                        look->layer->attended.output().rowRange(0, rows)))
        found->metrics.push_back(std::move(metric));
    maps.metrics = std::move(found);
}

// Of the chosen head in every lane; of joined heads in those that are on screen.
void addKeyMeans(AttentionMaps& maps, Job& job)
{
    const MapsRequest& request = maps.request;
    maps.keyMeans.resize(request.looks.size());
    for (std::size_t lane = 0; lane < request.looks.size(); ++lane) {
        const auto& look = request.looks[lane];
        if (!look)
            continue;
        if (!maps.joined.empty() && maps.joined[lane].empty())
            continue;
        if (!maps.joined.empty() && look->map.reduction == 1)
            maps.keyMeans[lane] = keyMeans(maps.joined[lane], request.rows, look->layer->context.shape.causal);
        else
            maps.keyMeans[lane] =
                keyMeans(*look, request.view.heads, request.rows, request.accelerators[lane].get(), job);
    }
}

// One query's row of the joined heads, from the heads' own.
void addJoinedRow(AttentionMaps& maps, Job& job)
{
    const MapsRequest& request = maps.request;
    maps.joinedRow.assign(request.looks.size(), {});
    for (const int lane : lanesOf(request)) {
        const HeadLook& look = *request.looks[std::size_t(lane)];
        const LayerAttention& layer = *look.layer;
        const int heads = layer.context.shape.heads, tokens = look.map.tokens;
        Grid joined;
        for (int head = 0; head < heads; ++head) {
            job.check();
            joined = joinedOn(joined,
                              engine::mapTile(layer.attended, layer.context, {head}, {*request.rowOf, 1}, {0, tokens},
                                              deviceOf(request, lane)),
                              request.view.heads, heads);
        }
        const auto row =
            joined.row(0).first(layer.context.shape.causal ? std::size_t(*request.rowOf) + 1 : std::size_t(tokens));
        maps.joinedRow[std::size_t(lane)].assign(row.begin(), row.end());
    }
}

bool differOnlyInRow(MapsRequest a, const MapsRequest& b)
{
    a.rowOf = b.rowOf;
    return a == b;
}

// The cell of largest magnitude; the first row has but one weight, which every method agrees on or cannot help.
std::optional<widgets::Cell> worstOf(const Grid& difference, GridShape shape)
{
    std::optional<widgets::Cell> worst;
    float most = -1;
    eachCell(difference, shape, [&](int row, int col, float value) {
        if ((row > 0 || difference.rows() == 1) && std::abs(value) > most) {
            most = std::abs(value);
            worst = widgets::Cell{row, col};
        }
    });
    return worst;
}

} // namespace

std::optional<MapsRequest> mapsRequestOf(const DocumentState& state, const std::vector<LaneResults>& lanes,
                                         std::vector<std::shared_ptr<const Accelerator>> accelerators, int compared,
                                         int lastRow)
{
    if (lanes.empty() || !lanes.front().look)
        return std::nullopt;
    const HeadLook& exact = *lanes.front().look;
    MapsRequest request;
    for (const LaneResults& lane : lanes) {
        const bool together = lane.look && lane.look->layer->exact == exact.layer->exact &&
                              lane.look->layer->layer == exact.layer->layer && lane.look->head == exact.head;
        request.looks.push_back(together ? lane.look : nullptr);
    }
    if (compared > 0 && !request.looks[std::size_t(compared)])
        return std::nullopt;
    const ViewLayout& layout = state.layout;
    request.accelerators = std::move(accelerators);
    request.compared = compared;
    request.view = layout.attention;
    request.scale = scaleNamed(layout.mapScale);
    request.high = layout.mapHigh;
    request.signedHigh = layout.differenceHigh;
    request.rows = lastRow + 1;
    if (request.view.picture == AttentionView::Picture::Neurons)
        request.query = state.selection.query ? state.selection.query->value : lastRow;
    else if (request.view.heads != AttentionView::Heads::One && exact.map.reduction > 1 && !request.view.meanRow)
        request.rowOf = std::min(state.selection.query ? state.selection.query->value : lastRow, exact.map.tokens - 1);
    return request;
}

GridShape AttentionMaps::shape() const
{
    if (request.view.picture == AttentionView::Picture::Neurons)
        return GridShape::Full;
    return request.looks.front()->layer->context.shape.causal ? GridShape::LowerTriangle : GridShape::Full;
}

std::shared_ptr<const AttentionMaps> makeMaps(const MapsRequest& request, Job& job, const AttentionMaps* before)
{
    noteEngineWork("maps");
    if (request.rowOf && before != nullptr && differOnlyInRow(before->request, request)) {
        auto maps = std::make_shared<AttentionMaps>(*before);
        maps->request = request;
        addJoinedRow(*maps, job);
        return maps;
    }
    auto maps = std::make_shared<AttentionMaps>();
    maps->request = request;
    if (request.view.picture == AttentionView::Picture::Neurons) {
        addNeurons(*maps);
        return maps;
    }
    const std::vector<LaneMaps> lanes = lanesMaps(request, *maps, job);
    for (const LaneMaps& lane : lanes)
        if (lane.lane == request.compared && !lane.difference.empty())
            maps->worst = worstOf(lane.difference, maps->shape());
    if (request.view.sinks != AttentionView::Sinks::Kept)
        maps->sinks = engine::sinkKeys(lanes.front().weights.rowRange(0, maps->rows));
    maps->columns = columnsOf(request, lanes);
    if (request.view.picture == AttentionView::Picture::Arcs)
        std::erase_if(maps->columns, [](const MapColumn& column) { return column.isSigned(); });
    thin(*maps);
    job.check();
    range(*maps);
    summarise(*maps);
    if (request.view.picture == AttentionView::Picture::Arcs)
        for (const MapColumn& column : maps->columns)
            maps->arcs.push_back(arcsOf(column, maps->shape()));
    addMetrics(*maps);
    if (request.view.meanRow)
        addKeyMeans(*maps, job);
    if (request.rowOf)
        addJoinedRow(*maps, job);
    return maps;
}

} // namespace app
