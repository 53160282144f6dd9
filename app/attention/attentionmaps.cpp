// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentionmaps.h"

#include "engine/compare/behaviour.h"
#include "engine/compare/metrics.h"
#include "engine/session/attend.h"

#include <QChar>
#include <QString>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace app {

namespace {

using engine::Grid;
using engine::Job;
using engine::TokenRange;
using widgets::GridShape;

constexpr float blankCell = std::numeric_limits<float>::quiet_NaN();
constexpr int bins = 64;
constexpr std::size_t mostArcs = 600; // of a lane
constexpr double leastWeight = 1e-12; // of a ratio, as kl clamps

// Calls visit(row, col, value) for the cells that can be and are a number.
template <typename Visit>
void eachCell(const Grid& grid, GridShape shape, Visit visit)
{
    for (int row = 0; row < grid.rows(); ++row)
        for (int col = 0; col < grid.cols() && widgets::canBe(grid, shape, {row, col}); ++col)
            if (const float value = grid.at(row, col); !std::isnan(value))
                visit(row, col, value);
}

template <typename Combine>
Grid combined(const Grid& a, const Grid& b, Combine combine)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(a.rows()) * std::size_t(a.cols()));
    for (int row = 0; row < a.rows(); ++row)
        for (int col = 0; col < a.cols(); ++col)
            cells.push_back(combine(a.at(row, col), b.at(row, col)));
    return {std::move(cells), a.rows(), a.cols()};
}

// Rows after those in view have not been reached: not a number, so that they are hatched and the map keeps its place.
Grid upTo(const Grid& grid, int rows)
{
    if (rows >= grid.rows())
        return grid;
    std::vector<float> cells(std::size_t(grid.rows()) * std::size_t(grid.cols()), blankCell);
    for (int row = 0; row < rows; ++row)
        std::copy_n(grid.row(row).begin(), grid.cols(), cells.begin() + std::ptrdiff_t(row) * grid.cols());
    return {std::move(cells), grid.rows(), grid.cols()};
}

Grid withoutColumns(const Grid& grid, const std::vector<int>& columns)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(grid.rows()) * std::size_t(grid.cols()));
    for (int row = 0; row < grid.rows(); ++row)
        cells.insert(cells.end(), grid.row(row).begin(), grid.row(row).end());
    for (const int column : columns)
        for (int row = 0; row < grid.rows(); ++row)
            cells[std::size_t(row) * std::size_t(grid.cols()) + std::size_t(column)] = blankCell;
    return {std::move(cells), grid.rows(), grid.cols()};
}

// What 99 of 100 drawn cells do not exceed in magnitude, rounded up to a number of one digit (or 1.5, 2.5), so that
// ranges of neighbouring heads look alike.
double fittedHigh(const std::vector<const Grid*>& grids, GridShape shape)
{
    double high = 0;
    for (const Grid* grid : grids) {
        std::vector<float> values;
        eachCell(*grid, shape, [&](int, int, float value) { values.push_back(std::abs(value)); });
        if (values.empty())
            continue;
        const auto place = values.begin() + std::ptrdiff_t(double(values.size() - 1) * 0.99);
        std::nth_element(values.begin(), place, values.end());
        high = std::max(high, double(*place));
    }
    if (!(high > 0))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(high)));
    for (const double digit : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (digit * power >= high * (1 - 1e-6))
            return digit * power;
    return 10 * power;
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
    const bool mean = request.view.heads == AttentionView::Heads::Mean;
    Grid sum;
    for (int head = 0; head < heads; ++head) {
        job.report(double(head) / heads, "joining heads");
        const Grid map =
            engine::mapPicture(layer.attended, layer.context, {head}, 1024, deviceOf(request, lane), job).cells;
        if (sum.empty())
            sum = combined(map, map, [&](float a, float) { return mean ? a / float(heads) : a; });
        else
            sum = combined(sum, map, [&](float a, float b) {
                return mean ? a + b / float(heads) : std::abs(b) > std::abs(a) ? b : a;
            });
    }
    return sum;
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
            columns.push_back({Kind::Weights, one.lane, one.weights, {}, 0, 0});
    if (lanes.size() == 1)
        return columns;
    if (mode == Mode::SideBySide)
        columns.push_back({Kind::Difference, lanes.back().lane, lanes.back().difference, {}, 0, 0});
    if (mode == Mode::Difference)
        for (std::size_t place = 1; place < lanes.size(); ++place)
            columns.push_back({Kind::Difference, lanes[place].lane, lanes[place].difference, {}, 0, 0});
    if (mode == Mode::Ratio) {
        MapColumn ratio{Kind::Ratio, lanes.back().lane, {}, {}, 0, 0};
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
        std::vector<const Grid*> all;
        for (const Grid& grid : grids)
            all.push_back(&grid);
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
    maps.columns = {{MapColumn::Kind::RawProducts, 0, maps.neurons->raw, {}, 0, 0},
                    {MapColumn::Kind::TurnedProducts, 0, maps.neurons->turned, {}, 0, 0}};
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

bool beginsWord(const std::string& piece)
{
    const QString text = QString::fromStdString(piece);
    return text.isEmpty() || text[0].isSpace() || !(text[0].isLetterOrNumber() || text[0] == u'\'');
}

} // namespace

GridShape AttentionMaps::shape() const
{
    if (request.view.picture == AttentionView::Picture::Neurons)
        return GridShape::Full;
    return request.looks.front()->layer->context.shape.causal ? GridShape::LowerTriangle : GridShape::Full;
}

std::vector<TokenRange> wordsOf(const Sequence& sequence)
{
    std::vector<TokenRange> words;
    for (int place = 0; place < int(sequence.pieces.size()); ++place) {
        const auto at = std::size_t(place);
        const bool apart = sequence.special[at] || (place > 0 && sequence.special[at - 1]);
        if (words.empty() || apart || beginsWord(sequence.pieces[at]))
            words.push_back({place, 0});
        ++words.back().count;
    }
    return words;
}

Grid joinedBy(const Grid& map, const std::vector<TokenRange>& groups)
{
    std::vector<float> cells;
    cells.reserve(groups.size() * groups.size());
    for (const TokenRange& queries : groups)
        for (const TokenRange& keys : groups) {
            double sum = 0;
            for (int query = queries.first; query < queries.end(); ++query)
                for (int key = keys.first; key < keys.end(); ++key)
                    sum += double(map.at(query, key));
            cells.push_back(float(sum / queries.count));
        }
    return {std::move(cells), int(groups.size()), int(groups.size())};
}

Grid logRatio(const Grid& other, const Grid& exact, std::int64_t& impossible)
{
    return combined(other, exact, [&](float b, float a) {
        if (std::isnan(a) || std::isnan(b))
            return blankCell;
        if (a < 0 || b < 0) {
            ++impossible;
            return blankCell;
        }
        return float(std::log2(std::max(double(b), leastWeight) / std::max(double(a), leastWeight)));
    });
}

Grid largestOf(const Grid& map, GridShape shape, double mass)
{
    std::vector<float> cells(std::size_t(map.rows()) * std::size_t(map.cols()), blankCell);
    std::vector<int> order;
    for (int row = 0; row < map.rows(); ++row) {
        order.clear();
        double total = 0;
        for (int col = 0; col < map.cols() && widgets::canBe(map, shape, {row, col}); ++col)
            if (!std::isnan(map.at(row, col))) {
                order.push_back(col);
                total += std::abs(double(map.at(row, col)));
            }
        std::sort(order.begin(), order.end(), [&](int a, int b) {
            const float left = std::abs(map.at(row, a)), right = std::abs(map.at(row, b));
            return left > right || (left == right && a < b);
        });
        double reached = 0;
        for (const int col : order) {
            if (reached >= mass * total * (1 - 1e-9) && reached > 0)
                break;
            cells[std::size_t(row) * std::size_t(map.cols()) + std::size_t(col)] = map.at(row, col);
            reached += std::abs(double(map.at(row, col)));
        }
    }
    return {std::move(cells), map.rows(), map.cols()};
}

std::shared_ptr<const AttentionMaps> makeMaps(const MapsRequest& request, Job& job)
{
    noteEngineWork("maps");
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
    if (request.view.picture == AttentionView::Picture::Arcs)
        for (const MapColumn& column : maps->columns)
            maps->arcs.push_back(arcsOf(column, maps->shape()));
    addMetrics(*maps);
    return maps;
}

} // namespace app
