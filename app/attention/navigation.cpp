// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/navigation.h"

#include "app/headwork.h"
#include "app/turns.h"
#include "engine/compare/metrics.h"
#include "engine/session/attend.h"
#include "engine/session/layererrors.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace app {

namespace {

using engine::Grid;
using engine::HeadIndex;
using engine::Job;
using engine::TokenRange;

constexpr int thumbnailSide = 24;
constexpr int tileRows = 64;

// The largest magnitude of blocks of reduction × reduction cells, gathered tile by tile.
class Thumbnail
{
public:
    explicit Thumbnail(int tokens)
        : m_reduction((tokens + thumbnailSide - 1) / thumbnailSide)
        , m_side((tokens + m_reduction - 1) / m_reduction)
        , m_cells(std::size_t(m_side) * std::size_t(m_side), 0.0F)
    {
    }

    void add(TokenRange queries, const Grid& tile)
    {
        for (int row = 0; row < queries.count; ++row)
            for (int col = 0; col < tile.cols(); ++col) {
                float& cell = m_cells[std::size_t((queries.first + row) / m_reduction) * std::size_t(m_side) +
                                      std::size_t(col / m_reduction)];
                if (std::abs(tile.at(row, col)) > std::abs(cell))
                    cell = tile.at(row, col);
            }
    }

    Grid take() { return {std::move(m_cells), m_side, m_side}; }

private:
    int m_reduction, m_side;
    std::vector<float> m_cells;
};

Grid headOutput(const LayerAttention& layer, HeadIndex head)
{
    const int width = layer.context.shape.valueWidth;
    return layer.attended.output().columns(head.value * width, width);
}

struct Pair
{
    std::shared_ptr<const LayerAttention> exact, own;
    engine::DeviceContext *exactDevice, *ownDevice;
};

HeadSummary summarise(const Pair& pair, HeadIndex head, Job& job)
{
    const LayerAttention &exact = *pair.exact, &own = *pair.own;
    HeadSummary summary{exact.layer, head, {}, {}, {}, {}};
    const int tokens = exact.attended.output().rows();
    const bool causal = exact.context.shape.causal;
    const engine::MethodInfo& info = engine::findMethod(own.context.plan.attention.method).info;
    engine::MapMetrics metrics({info.nonNegative, info.rowsSumToOne});
    Thumbnail thumbnail(tokens);
    std::vector<float> whole; // of the exact map, where it is not too long
    for (int first = 0; first < tokens; first += tileRows) {
        job.check();
        const TokenRange queries{first, std::min(tileRows, tokens - first)};
        const TokenRange keys{0, tokens};
        const Grid a = engine::mapTile(exact.attended, exact.context, head, queries, keys, pair.exactDevice);
        const Grid b = engine::mapTile(own.attended, own.context, head, queries, keys, pair.ownDevice);
        for (int row = 0; row < queries.count; ++row) {
            const auto visible = std::size_t(causal ? first + row + 1 : tokens);
            metrics.add(a.row(row).first(visible), b.row(row).first(visible));
            if (tokens <= mapSide)
                whole.insert(whole.end(), a.row(row).begin(), a.row(row).end());
        }
        thumbnail.add(queries, b);
    }
    summary.thumbnail = thumbnail.take();
    summary.metrics = metrics.result();
    for (engine::Metric& metric : engine::outputMetrics(headOutput(exact, head), headOutput(own, head)))
        summary.metrics.push_back(std::move(metric));
    if (tokens <= mapSide) {
        const Grid map(std::move(whole), tokens, tokens);
        summary.rows = engine::rowStatistics(map);
        summary.behaviours = engine::behavioursOf(map, exact.exact->sequence->ids);
    } else {
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        summary.rows = {unknown, unknown};
    }
    return summary;
}

} // namespace

double navigationSize(const engine::Model& model, int tokens)
{
    const engine::ModelConfig& config = model.config();
    return 2.0 * config.layers * config.heads * double(tokens) * double(tokens);
}

std::shared_ptr<const Navigation> navigate(const NavigationRequest& request, Turns& turns, Job& job)
{
    noteEngineWork("navigate");
    const auto begin = std::chrono::steady_clock::now();
    const engine::Model& model = *request.own->model;
    LaneEngine& engine = LaneEngine::ofThisThread();
    auto found = std::make_shared<Navigation>();
    found->request = request;
    found->layers = model.config().layers;
    found->heads = model.config().heads;
    for (int layer = 0; layer < found->layers; ++layer) {
        const Turns::Turn turn = turns.take(job);
        const auto exact =
            attendLayer(request.exact, request.exact, {layer}, false, nullptr, request.exactAccelerator.get(), job);
        const auto own =
            attendLayer(request.exact, request.own, {layer}, false, nullptr, request.ownAccelerator.get(), job);
        const Pair pair{exact, own, engine.context(request.exactAccelerator.get()),
                        engine.context(request.ownAccelerator.get())};
        for (int head = 0; head < found->heads; ++head) {
            job.report((layer + double(head) / found->heads) / (found->layers + 1), "every head");
            found->all.push_back(summarise(pair, {head}, job));
        }
    }
    const Turns::Turn turn = turns.take(job);
    const engine::Trace& exact = *request.exact->trace;
    found->accumulated = engine::accumulatedErrors(exact, *request.own->trace, found->layers);
    found->local = engine::localErrors(request.own->model, request.own->plan, request.own->prepared, exact,
                                       request.own->sequence->ids, engine.context(request.ownAccelerator.get()),
                                       request.ownAccelerator ? request.ownAccelerator->model : nullptr, job);
    found->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return found;
}

double numberOf(const HeadSummary& head, const std::string& id)
{
    if (id == "entropy")
        return head.rows.entropy;
    if (id == "sink")
        return head.rows.sink;
    for (const engine::Behaviour& behaviour : head.behaviours)
        if (behaviour.id == id)
            return behaviour.rows > 0 ? behaviour.score : std::numeric_limits<double>::quiet_NaN();
    if (id == "lost@1") // so that larger is worse
        return 1 - numberOf(head, "topk@1");
    const engine::Metric metric = engine::metricOf(head.metrics, id);
    return metric.applies() ? metric.value : std::numeric_limits<double>::quiet_NaN();
}

} // namespace app
