// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/keymeans.h"

#include "app/attention/mapshapes.h"
#include "engine/session/attend.h"

#include <algorithm>
#include <span>

namespace app {

namespace {

constexpr int tileRows = 64;

class Sums
{
public:
    Sums(int keys, bool causal)
        : m_causal(causal)
        , m_sums(std::size_t(keys), 0.0)
        , m_counts(std::size_t(keys), 0)
    {
    }

    void add(int query, std::span<const float> weights)
    {
        const std::size_t keys = std::min(m_sums.size(), m_causal ? std::size_t(query) + 1 : weights.size());
        for (std::size_t key = 0; key < keys; ++key) {
            m_sums[key] += double(weights[key]);
            ++m_counts[key];
        }
    }

    std::vector<float> means() const
    {
        std::vector<float> means(m_sums.size());
        for (std::size_t key = 0; key < means.size(); ++key)
            means[key] = float(m_sums[key] / std::max(1, m_counts[key]));
        return means;
    }

private:
    bool m_causal;
    std::vector<double> m_sums;
    std::vector<int> m_counts;
};

} // namespace

std::vector<float> keyMeans(const engine::Grid& map, int rows, bool causal)
{
    rows = std::min(rows, map.rows());
    Sums sums(causal ? rows : map.cols(), causal);
    for (int query = 0; query < rows; ++query)
        sums.add(query, map.row(query));
    return sums.means();
}

std::vector<float> keyMeans(const HeadLook& look, AttentionView::Heads heads, int rows, const Accelerator* accelerator,
                            engine::Job& job)
{
    const bool one = heads == AttentionView::Heads::One;
    const bool causal = look.layer->context.shape.causal;
    if (one && look.map.reduction == 1)
        return keyMeans(look.map.cells, rows, causal);
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(accelerator);
    const int first = one ? look.head.value : 0, count = one ? 1 : look.layer->context.shape.heads;
    const int tokens = look.map.tokens;
    rows = std::min(rows, tokens);
    Sums sums(causal ? rows : tokens, causal);
    for (int query = 0; query < rows; query += tileRows) {
        const engine::TokenRange queries{query, std::min(tileRows, rows - query)};
        engine::Grid tile;
        for (int head = first; head < first + count; ++head) {
            job.report(double(query) / rows, "mean over queries");
            const engine::Grid own =
                engine::mapTile(look.layer->attended, look.layer->context, {head}, queries, {0, tokens}, device);
            tile = one ? own : joinedOn(tile, own, heads, count);
        }
        for (int row = 0; row < queries.count; ++row)
            sums.add(query + row, tile.row(row));
    }
    return sums.means();
}

} // namespace app
