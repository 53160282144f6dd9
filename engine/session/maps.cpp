// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/metrics.h"
#include "engine/session/attend.h"

#include <algorithm>
#include <cmath>

namespace engine {
namespace {

// Cells of a band of rows that is held at once: 16 MiB of floats.
constexpr int bandCells = 1 << 22;

int bandRows(int keys)
{
    return std::max(1, bandCells / std::max(1, keys));
}

// Of the context's layer: the trace may be a whole session's.
Grid outputOf(const Attended& attended, const LayerContext& context)
{
    return attended.trace->grid(probes::mixed, {context.layer, allHeads, {}});
}

int tokensOf(const Attended& attended, const LayerContext& context)
{
    return outputOf(attended, context).rows();
}

// The keys that a band of queries may look at.
int keysOf(const LayerContext& context, TokenRange queries, int tokens)
{
    return context.shape.causal ? queries.end() : tokens;
}

Grid deviceTile(const LayerTrace& trace, const Method& method, const LayerContext& context, HeadIndex head,
                TokenRange queries, TokenRange keys, DeviceContext& device)
{
    std::vector<float> cells(std::size_t(queries.count) * std::size_t(keys.count));
    Buffer<float> tile(device.device, cells.size(), "a tile of the map");
    method.deviceWeights(trace, head, queries, keys, context, tile, device);
    device.queue.read(tile, std::span<float>(cells));
    return {std::move(cells), queries.count, keys.count};
}

// Calls visit(queries, tile) for bands of rows from the first to the last.
template <typename Visit>
void forBands(const Attended& attended, const LayerContext& context, HeadIndex head, int rowsAtOnce,
              DeviceContext* device, Job& job, const Visit& visit)
{
    const int tokens = tokensOf(attended, context);
    for (int first = 0; first < tokens; first += rowsAtOnce) {
        job.report(double(first) / tokens, "rebuilding the map");
        const TokenRange queries{first, std::min(rowsAtOnce, tokens - first)};
        const TokenRange keys{0, keysOf(context, queries, tokens)};
        visit(queries, mapTile(attended, context, head, queries, keys, device));
    }
}

float larger(float a, float b)
{
    return std::abs(b) > std::abs(a) ? b : a;
}

// The columns of one head, [N, d_v].
Grid headOutput(const Attended& attended, const LayerContext& context, HeadIndex head)
{
    return outputOf(attended, context).columns(head.value * context.shape.valueWidth, context.shape.valueWidth);
}

// A method says what its rows are; a knob (an output scale) may take it away. The first row tells, and costs nothing.
MapNature natureOf(const Attended& attended, const LayerContext& context, HeadIndex head, DeviceContext* device)
{
    const MethodInfo& info = findMethod(context.plan.attention.method).info;
    const int keys = keysOf(context, {0, 1}, tokensOf(attended, context));
    const Grid first = mapTile(attended, context, head, {0, 1}, {0, keys}, device);
    double sum = 0;
    for (const float cell : first.row(0))
        sum += double(cell);
    return {info.nonNegative, info.rowsSumToOne && std::abs(sum - 1) < 1e-3};
}

} // namespace

Grid mapTile(const Attended& attended, const LayerContext& context, HeadIndex head, TokenRange queries, TokenRange keys,
             DeviceContext* device)
{
    const int tokens = tokensOf(attended, context);
    const auto inside = [tokens](TokenRange range) {
        return range.first >= 0 && range.count > 0 && range.first <= tokens - range.count;
    };
    if (!inside(queries) || !inside(keys) || head.value < 0 || head.value >= context.shape.heads)
        throw Error(Fault::Request, "a tile of head " + std::to_string(head.value) + ", queries " +
                                        std::to_string(queries.first) + " to " + std::to_string(queries.end()) +
                                        ", keys " + std::to_string(keys.first) + " to " + std::to_string(keys.end()) +
                                        " was asked for; the run has " + std::to_string(context.shape.heads) +
                                        " heads and " + std::to_string(tokens) + " tokens");
    const Method& method = findMethod(context.plan.attention.method);
    if (method.weights == nullptr)
        throw Error(Fault::Request, std::string(method.info.title) + " implies no map of weights");
    LayerContext ready = context;
    if (ready.prepared == nullptr)
        ready.prepared = attended.prepared.get();
    const LayerTrace trace(attended.trace, ready.layer, ready.shape, ready.positions);
    if (device != nullptr && method.deviceWeights != nullptr)
        return deviceTile(trace, method, ready, head, queries, keys, *device);
    std::vector<float> cells;
    cells.reserve(std::size_t(queries.count) * std::size_t(keys.count));
    // The reference's float64 tiles are kept small.
    const int step = std::max(1, bandRows(keys.count) / 4);
    for (int first = queries.first; first < queries.end(); first += step) {
        const TokenRange rows{first, std::min(step, queries.end() - first)};
        const Grid part = gridOf(method.weights(trace, head, rows, keys, ready));
        for (int row = 0; row < part.rows(); ++row)
            cells.insert(cells.end(), part.row(row).begin(), part.row(row).end());
    }
    return {std::move(cells), queries.count, keys.count};
}

MapPicture mapPicture(const Attended& attended, const LayerContext& context, HeadIndex head, int maxSide,
                      DeviceContext* device, Job& job)
{
    if (maxSide < 1)
        throw Error(Fault::Request, "a picture " + std::to_string(maxSide) +
                                        " cells wide was asked for; at least 1 "
                                        "was expected");
    MapPicture picture;
    picture.tokens = tokensOf(attended, context);
    picture.reduction = (picture.tokens + maxSide - 1) / maxSide;
    const int reduction = picture.reduction, side = (picture.tokens + reduction - 1) / reduction;
    std::vector<float> cells(std::size_t(side) * std::size_t(side), 0.0F);
    const int rows = std::max(1, bandRows(picture.tokens) / reduction) * reduction;
    forBands(attended, context, head, rows, device, job, [&](TokenRange queries, const Grid& tile) {
        for (int row = 0; row < tile.rows(); ++row) {
            float* line = cells.data() + std::size_t((queries.first + row) / reduction) * std::size_t(side);
            const auto weights = tile.row(row);
            for (int key = 0; key < tile.cols(); ++key)
                line[key / reduction] = larger(line[key / reduction], weights[std::size_t(key)]);
        }
    });
    picture.cells = Grid(std::move(cells), side, side);
    return picture;
}

double proof(const Attended& attended, const LayerContext& context, HeadIndex head, DeviceContext* device, Job& job)
{
    const LayerTrace trace(attended.trace, context.layer, context.shape, context.positions);
    const Matrix values = trace.values(head, {0, tokensOf(attended, context)});
    // Where a norm or gate follows the sums, a method records them under this name (methods/README.md).
    const std::string before = context.plan.attention.method + ".sums";
    const bool normed = !attended.trace->grid(before, {context.layer, allHeads, {}}).empty();
    double difference = 0, size = 0;
    forBands(attended, context, head, bandRows(4 * values.rows()), device, job,
             [&](TokenRange queries, const Grid& tile) {
                 const Matrix mixed = normed ? trace.record(before, head, queries) : trace.mixed(head, queries);
                 difference += (matrixOf(tile) * values.topRows(tile.cols()) - mixed).squaredNorm();
                 size += mixed.squaredNorm();
             });
    return size > 0 ? std::sqrt(difference / size) : std::sqrt(difference);
}

Metrics headMetrics(const Attended& exact, const LayerContext& exactContext, const Attended& other,
                    const LayerContext& otherContext, HeadIndex head, DeviceContext* device, Job& job)
{
    const int tokens = tokensOf(exact, exactContext);
    if (tokensOf(other, otherContext) != tokens || !(exactContext.shape == otherContext.shape))
        throw Error(Fault::Request, "runs of " + std::to_string(tokens) + " and " +
                                        std::to_string(tokensOf(other, otherContext)) +
                                        " tokens were given; the same tokens and the same heads were expected");
    MapMetrics map(natureOf(other, otherContext, head, device));
    std::vector<Grid> exactBands, otherBands;
    const bool small = tokens <= rankLimit;
    forBands(exact, exactContext, head, bandRows(tokens), device, job, [&](TokenRange queries, const Grid& tile) {
        const Grid second = mapTile(other, otherContext, head, queries, {0, tile.cols()}, device);
        for (int row = 0; row < tile.rows(); ++row) {
            const auto visible = std::size_t(exactContext.shape.causal ? queries.first + row + 1 : tile.cols());
            map.add(tile.row(row).first(visible), second.row(row).first(visible));
        }
        if (small) { // one band holds the whole map
            exactBands.push_back(tile);
            otherBands.push_back(second);
        }
    });
    Metrics all = map.result();
    const auto add = [&all](const Metrics& more) { all.insert(all.end(), more.begin(), more.end()); };
    add(outputMetrics(headOutput(exact, exactContext, head), headOutput(other, otherContext, head)));
    add(small ? rankMetrics(exactBands.front(), otherBands.front())
              : rankMetrics(headOutput(exact, exactContext, head), headOutput(other, otherContext, head)));
    return all;
}

} // namespace engine
