// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/mapregion.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine {
namespace {

constexpr int tileSide = 2048; // of the cells held at once: 16 MiB of floats
constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

int tokensOf(const Attended& attended, const LayerContext& context)
{
    return attended.trace->grid(probes::mixed, {context.layer, allHeads, {}}).rows();
}

void checkRegion(const MapRegion& region, int tokens)
{
    const auto inside = [tokens](TokenRange range) {
        return range.first >= 0 && range.count > 0 && range.first <= tokens - range.count;
    };
    if (!inside(region.queries) || !inside(region.keys) || region.reduction < 1)
        throw Error(Fault::Request, "queries " + std::to_string(region.queries.first) + " to " +
                                        std::to_string(region.queries.end()) + " and keys " +
                                        std::to_string(region.keys.first) + " to " + std::to_string(region.keys.end()) +
                                        " at " + std::to_string(region.reduction) +
                                        " : 1 were asked for; the map has " + std::to_string(tokens) + " tokens");
}

// Whether some query of the row may look at some key of the column.
bool canBe(const MapRegion& region, bool causal, int row, int col)
{
    return !causal || region.keysOf(col).first < region.queriesOf(row).end();
}

int middleOf(TokenRange range)
{
    return range.first + range.count / 2;
}

// The tokens of the picture's middle cells, each once, in order.
std::vector<int> sampledTokens(const MapRegion& region)
{
    std::vector<int> tokens;
    for (int row = 0; row < region.rows(); ++row)
        tokens.push_back(middleOf(region.queriesOf(row)));
    for (int col = 0; col < region.cols(); ++col)
        tokens.push_back(middleOf(region.keysOf(col)));
    std::ranges::sort(tokens);
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    return tokens;
}

Grid gathered(const Grid& rows, const std::vector<int>& tokens)
{
    std::vector<float> cells;
    cells.reserve(tokens.size() * std::size_t(rows.cols()));
    for (const int token : tokens)
        cells.insert(cells.end(), rows.row(token).begin(), rows.row(token).end());
    return {std::move(cells), int(tokens.size()), rows.cols()};
}

// The same with the columns of one slot (a head) turned by the positions that the tokens had.
Grid turned(const Grid& rows, int slot, int slots, const std::vector<int>& tokens, const Positions& positions)
{
    const int width = rows.cols() / slots;
    Matrix all = matrixOf(gathered(rows, tokens));
    for (std::size_t place = 0; place < tokens.size(); ++place) {
        auto own = all.row(Eigen::Index(place)).segment(Eigen::Index(slot) * width, width);
        own = rotate(positions, Matrix(own), tokens[place]);
    }
    return gridOf(all);
}

// The run as if it had had these tokens only, with every row's own position, sums and states. A token stands before
// another here where it does in the run, so that a pairwise method's weights are the run's.
Attended runOf(const std::vector<int>& tokens, const Attended& attended, const LayerContext& context, HeadIndex head)
{
    const Where where{context.layer, allHeads, {}};
    const LayerShape& shape = context.shape;
    const auto rowsOf = [&](std::string_view probe) { return attended.trace->grid(probe, where); };
    std::vector<Trace::Record> records;
    const auto add = [&](std::string_view probe, Grid grid) {
        records.push_back({std::string(probe), where, Provenance::Computed, std::move(grid)});
    };
    add(probes::queryRaw, turned(rowsOf(probes::queryRaw), head.value, shape.heads, tokens, context.positions));
    add(probes::keyRaw,
        turned(rowsOf(probes::keyRaw), shape.keyHeadOf(head.value), shape.keyHeads, tokens, context.positions));
    add(probes::mixed, gathered(rowsOf(probes::mixed), tokens));
    for (const std::string_view probe : findMethod(context.plan.attention.method).mapRecords)
        add(probe, gathered(rowsOf(probe), tokens));
    Attended part = attended;
    part.trace = std::make_shared<const Trace>(std::move(records), false);
    return part;
}

int placeOf(const std::vector<int>& tokens, int token)
{
    return int(std::ranges::lower_bound(tokens, token) - tokens.begin());
}

// Bands of element rows whose queries fit a tile, from the top.
template <typename Visit>
void forBands(const MapRegion& region, Job& job, std::string_view what, const Visit& visit)
{
    const int most = std::max(1, tileSide / region.reduction);
    for (int row = 0; row < region.rows(); row += most) {
        job.report(double(row) / region.rows(), what);
        visit(row, std::min(most, region.rows() - row));
    }
}

// The pieces of a range that fit a tile.
std::vector<TokenRange> piecesOf(TokenRange range)
{
    std::vector<TokenRange> pieces;
    for (int first = range.first; first < range.end(); first += tileSide)
        pieces.push_back({first, std::min(tileSide, range.end() - first)});
    return pieces;
}

// Elements of some rows of a picture, being filled.
class Elements
{
public:
    Elements(const MapRegion& region, bool causal, int row, int rows)
        : m_region(region)
        , m_row(row)
        , m_rows(rows)
        , m_cells(std::size_t(rows) * std::size_t(region.cols()), 0.0F)
    {
        for (int y = 0; y < rows; ++y)
            for (int x = 0; x < region.cols(); ++x)
                if (!canBe(region, causal, row + y, x))
                    at(y, x) = unknown;
    }

    float& at(int y, int x) { return m_cells[std::size_t(y) * std::size_t(m_region.cols()) + std::size_t(x)]; }

    // Keeps the cells of a tile that are larger than what is there.
    void keepLargest(TokenRange queries, TokenRange keys, const Grid& tile)
    {
        const int step = m_region.reduction;
        for (int row = 0; row < tile.rows(); ++row) {
            const auto weights = tile.row(row);
            const int y = (queries.first + row - m_region.queries.first) / step - m_row;
            for (int key = 0; key < tile.cols();) {
                const int x = (keys.first + key - m_region.keys.first) / step;
                const int end = std::min(tile.cols(), m_region.keysOf(x).end() - keys.first);
                float& element = at(y, x);
                for (; key < end; ++key)
                    if (std::abs(weights[std::size_t(key)]) > std::abs(element))
                        element = weights[std::size_t(key)];
            }
        }
    }

    Grid take() { return {std::move(m_cells), m_rows, m_region.cols()}; }

private:
    MapRegion m_region;
    int m_row, m_rows;
    std::vector<float> m_cells;
};

// One head of a run that was made of the sampled tokens alone.
void samplePairs(Elements& elements, const Attended& attended, const LayerContext& context, HeadIndex head,
                 const MapRegion& region, DeviceContext* device, Job& job)
{
    const std::vector<int> tokens = sampledTokens(region);
    const Attended part = runOf(tokens, attended, context, head);
    LayerContext still = context;
    still.positions = {}; // the rows are turned already
    const int first = placeOf(tokens, middleOf(region.keysOf(0)));
    const TokenRange keys{first, placeOf(tokens, middleOf(region.keysOf(region.cols() - 1))) - first + 1};
    forBands({{0, region.rows()}, keys, 1}, job, "sampling the map", [&](int row, int rows) {
        const int top = placeOf(tokens, middleOf(region.queriesOf(row)));
        const int bottom = placeOf(tokens, middleOf(region.queriesOf(row + rows - 1)));
        const Grid tile = mapTile(part, still, head, {top, bottom - top + 1}, keys, device);
        for (int y = row; y < row + rows; ++y) {
            const auto weights = tile.row(placeOf(tokens, middleOf(region.queriesOf(y))) - top);
            for (int x = 0; x < region.cols(); ++x)
                if (canBe(region, context.shape.causal, y, x))
                    elements.at(y, x) = weights[std::size_t(placeOf(tokens, middleOf(region.keysOf(x))) - first)];
        }
    });
}

} // namespace

Grid sampleRegion(const Attended& attended, const LayerContext& context, HeadIndex head, const MapRegion& region,
                  DeviceContext* device, Job& job)
{
    checkRegion(region, tokensOf(attended, context));
    const bool causal = context.shape.causal;
    const Method& method = findMethod(context.plan.attention.method);
    Elements elements(region, causal, 0, region.rows());
    if (region.reduction == 1) { // the sample is the map
        const auto keep = [&](int row, const Grid& rows) {
            elements.keepLargest({region.queries.first + row, rows.rows()}, region.keys, rows);
        };
        refineRegion(attended, context, head, region, device, job, keep);
        return elements.take();
    }
    if (method.pairwise != nullptr && method.pairwise(context)) {
        samplePairs(elements, attended, context, head, region, device, job);
        return elements.take();
    }
    for (int row = 0; row < region.rows(); ++row) {
        job.report(double(row) / region.rows(), "sampling the map");
        const TokenRange query{middleOf(region.queriesOf(row)), 1};
        for (const TokenRange keys : piecesOf(region.keys)) {
            if (causal && keys.first > query.first)
                break;
            const Grid tile = mapTile(attended, context, head, query, keys, device);
            for (int col = 0; col < region.cols(); ++col) {
                const int key = middleOf(region.keysOf(col)) - keys.first;
                if (key >= 0 && key < keys.count && canBe(region, causal, row, col))
                    elements.at(row, col) = tile.at(0, key);
            }
        }
    }
    return elements.take();
}

void refineRegion(const Attended& attended, const LayerContext& context, HeadIndex head, const MapRegion& region,
                  DeviceContext* device, Job& job, const std::function<void(int row, Grid rows)>& done)
{
    checkRegion(region, tokensOf(attended, context));
    const bool causal = context.shape.causal;
    forBands(region, job, "refining the map", [&](int row, int rows) {
        Elements elements(region, causal, row, rows);
        const int first = region.queriesOf(row).first;
        for (const TokenRange queries : piecesOf({first, region.queriesOf(row + rows - 1).end() - first})) {
            for (const TokenRange keys : piecesOf(region.keys)) {
                if (causal && keys.first >= queries.end())
                    break;
                job.check();
                elements.keepLargest(queries, keys, mapTile(attended, context, head, queries, keys, device));
            }
        }
        done(row, elements.take());
    });
}

} // namespace engine
