// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/neurons.h"

namespace engine {
namespace {

// Each key's products with the one query, and their sums in float64.
Matrix products(const Matrix& query, const Matrix& keys)
{
    return keys.array().rowwise() * query.row(0).array();
}

std::vector<double> sums(const Matrix& rows)
{
    const Eigen::VectorXd all = rows.rowwise().sum();
    return {all.begin(), all.end()};
}

} // namespace

Neurons neuronsOf(const LayerTrace& trace, HeadIndex head, TokenPos query)
{
    if (query.value < 0 || query.value >= trace.tokens())
        throw Error(Fault::Request, "query " + std::to_string(query.value) + " was asked for; the run has " +
                                        std::to_string(trace.tokens()) + " tokens");
    const TokenRange row{query.value, 1};
    const TokenRange all{0, trace.shape().causal ? query.value + 1 : trace.tokens()};
    const Matrix queryRaw = trace.queriesRaw(head, row), turnedQuery = trace.queries(head, row);
    const Matrix keysRaw = trace.keysRaw(head, all), turnedKeys = trace.keys(head, all);
    const Matrix raw = products(queryRaw, keysRaw), turned = products(turnedQuery, turnedKeys);
    return {gridOf(queryRaw), gridOf(turnedQuery), gridOf(keysRaw), gridOf(turnedKeys),
            gridOf(raw),      gridOf(turned),      sums(raw),       sums(turned)};
}

} // namespace engine
