// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/keymeans.h"

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

std::vector<float> keyMeans(const HeadLook& look, int rows, const Accelerator* accelerator, engine::Job& job)
{
    const bool causal = look.layer->context.shape.causal;
    if (look.map.reduction == 1)
        return keyMeans(look.map.cells, rows, causal);
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(accelerator);
    const int tokens = look.map.tokens;
    rows = std::min(rows, tokens);
    Sums sums(causal ? rows : tokens, causal);
    for (int first = 0; first < rows; first += tileRows) {
        job.report(double(first) / rows, "mean over queries");
        const engine::TokenRange queries{first, std::min(tileRows, rows - first)};
        const engine::Grid tile =
            engine::mapTile(look.layer->attended, look.layer->context, look.head, queries, {0, tokens}, device);
        for (int row = 0; row < queries.count; ++row)
            sums.add(first + row, tile.row(row));
    }
    return sums.means();
}

} // namespace app
