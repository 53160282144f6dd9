// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/running.h"
#include "engine/values/metrics.h"

#include <optional>
#include <string>
#include <vector>

namespace app::cli {

// One number of a comparison; no head: of the layer, no layer: of the whole model. Of several seeds it is their mean,
// its error their standard deviation, low and high the least and the largest.
struct ComparisonRow
{
    std::optional<int> layer, head;
    engine::Metric metric;
    double low = 0, high = 0;
};

struct Comparison
{
    std::string spec;
    engine::Fidelity fidelity = engine::Fidelity::DropIn;
    std::vector<int> seeds;          // drawn where the method has a knob `seed`; else empty
    std::vector<ComparisonRow> rows; // rows of one layer and head stand together
};

// Compares methods with exact attention on one prompt: per head on the q, k and v of the exact run (explorer.md §2.1,
// out_rel, out_cos), per layer the projections that the method replaces (proj_query, …: ‖y − y'‖/‖y‖ on the exact run's
// input) and the residual stream (local_l, acc_l), then the whole model (§2.2). Holds the exact run.
class Comparer
{
public:
    // `generate`: greedy tokens of the free-running comparison (first_div, len_match); 0 leaves it out.
    Comparer(Runner& runner, std::vector<engine::TokenId> tokens, int generate, engine::Job& job);

    // A method with a seed is run with several, from the given one on: one draw says nothing about the next.
    Comparison compare(const engine::Part& part) const;

private:
    Comparison compareOnce(const engine::Part& part) const;
    void addHeads(Comparison& result, const engine::SessionPlan& plan, const engine::PreparedLayers& prepared) const;
    void addProjections(Comparison& result, const engine::SessionPlan& plan,
                        const engine::PreparedLayers& prepared) const;
    void addResiduals(Comparison& result, const engine::Part& part, const engine::PreparedLayers& prepared,
                      const engine::Trace& other) const;
    void addModel(Comparison& result, const engine::Trace& other) const;
    void addFreeRun(Comparison& result, const engine::SessionPlan& plan, const engine::PreparedLayers& prepared) const;
    std::vector<engine::TokenId> greedy(const engine::SessionPlan& plan, const engine::PreparedLayers& prepared) const;

    Runner& m_runner;
    std::vector<engine::TokenId> m_tokens;
    int m_generate;
    engine::Job& m_job;
    engine::SessionPlan m_exactPlan;
    engine::PreparedLayers m_exactPrepared;
    std::shared_ptr<const engine::Trace> m_exact;
    std::vector<engine::TokenId> m_exactContinuation;
};

} // namespace app::cli
