// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/comparison.h"

#include "app/cli/grammar.h"
#include "app/cli/plan.h"
#include "engine/compare/metrics.h"
#include "engine/model/sampler.h"
#include "engine/session/attend.h"
#include "engine/session/fidelity.h"
#include "engine/session/projections.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace engine;

namespace app::cli {
namespace {

TraceFilter streamFilter()
{
    TraceFilter filter;
    filter.probes = {std::string(probes::output), std::string(probes::logits)};
    return filter;
}

constexpr int seedsCompared = 5;
constexpr std::string_view seedKnob = "seed";

// The seeds of a comparison: from the one in the spec on, as far as the knob's range goes.
std::vector<int> seedsOf(const Part& part)
{
    const std::vector<Knob>& knobs = findMethod(part.method).info.knobs;
    const auto knob = std::ranges::find(knobs, seedKnob, &Knob::id);
    if (knob == knobs.end() || !std::holds_alternative<IntRange>(knob->domain))
        return {};
    std::vector<int> seeds;
    for (int seed = intOf(knobs, part.knobs, seedKnob);
         seed <= std::get<IntRange>(knob->domain).high && int(seeds.size()) < seedsCompared; ++seed)
        seeds.push_back(seed);
    return seeds;
}

// One row of several runs: mean, standard deviation, least and largest. Where one run has no number there is none.
ComparisonRow spreadOf(const std::vector<Comparison>& runs, std::size_t place)
{
    ComparisonRow row = runs.front().rows[place];
    row.low = std::numeric_limits<double>::infinity();
    row.high = -row.low;
    double sum = 0, squares = 0;
    for (const Comparison& run : runs) {
        const Metric& metric = run.rows[place].metric;
        if (!metric.applies()) {
            row.metric = metric;
            return row;
        }
        sum += metric.value;
        row.low = std::min(row.low, metric.value);
        row.high = std::max(row.high, metric.value);
    }
    const auto count = double(runs.size());
    row.metric.value = sum / count;
    for (const Comparison& run : runs)
        squares += std::pow(run.rows[place].metric.value - row.metric.value, 2);
    row.metric.error = runs.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
    return row;
}

Metric named(std::string id, double value, std::string unit = {})
{
    Metric metric;
    metric.id = std::move(id);
    metric.value = value;
    metric.unit = std::move(unit);
    return metric;
}

} // namespace

Comparer::Comparer(Runner& runner, std::vector<TokenId> tokens, int generate, Job& job)
    : m_runner(runner)
    , m_tokens(std::move(tokens))
    , m_generate(runner.model().config().causal ? generate : 0) // without a mask nothing is predicted
    , m_job(job)
{
    m_exactPlan.backend = runner.machine().backend();
    m_exactPrepared = runner.prepare(m_exactPlan, m_tokens);
    TraceFilter filter = mapFilter(m_exactPlan);
    filter.probes.emplace(probes::logits);
    for (const std::string_view probe : projectionInputs())
        filter.probes.emplace(probe);
    m_exact = runner.trace(m_exactPlan, m_exactPrepared, m_tokens, filter);
    if (m_generate > 0)
        m_exactContinuation = greedy(m_exactPlan, m_exactPrepared);
}

Comparison Comparer::compare(const Part& part) const
{
    const std::vector<int> seeds = seedsOf(part);
    if (seeds.empty())
        return compareOnce(part);
    std::vector<Comparison> runs;
    for (const int seed : seeds) {
        Part drawn = part;
        drawn.knobs.insert_or_assign(std::string(seedKnob), seed);
        runs.push_back(compareOnce(drawn));
    }
    Comparison result;
    result.spec = printSpec(part);
    result.fidelity = runs.front().fidelity;
    result.seeds = seeds;
    for (std::size_t place = 0; place < runs.front().rows.size(); ++place)
        result.rows.push_back(spreadOf(runs, place));
    return result;
}

Comparison Comparer::compareOnce(const Part& part) const
{
    const SessionPlan plan = planWith(part, m_runner.machine().backend());
    const PreparedLayers prepared = m_runner.prepare(plan, m_tokens);
    Comparison result;
    result.spec = printSpec(part);
    result.fidelity = attentionFidelity(m_runner.model(), plan, LayerIndex{0});
    addHeads(result, plan, prepared);
    addProjections(result, plan, prepared);
    const auto other = m_runner.trace(plan, prepared, m_tokens, streamFilter());
    addResiduals(result, part, prepared, *other);
    addModel(result, *other);
    if (m_generate > 0)
        addFreeRun(result, plan, prepared);
    return result;
}

void Comparer::addHeads(Comparison& result, const SessionPlan& plan, const PreparedLayers& prepared) const
{
    const Model& model = m_runner.model();
    DeviceContext* device = m_runner.machine().device();
    for (int layer = 0; layer < model.config().layers; ++layer) {
        m_job.report(double(layer) / model.config().layers, result.spec + ", layer " + std::to_string(layer));
        const LayerContext exactContext = layerContext(model, m_exactPlan, LayerIndex{layer}, m_exactPrepared);
        const LayerContext otherContext = layerContext(model, plan, LayerIndex{layer}, prepared);
        const HeadTensors tensors = headTensors(*m_exact, LayerIndex{layer});
        const Attended exact = attend(tensors, exactContext, device, {}, m_job);
        const Attended other = attend(projected(tensors, otherContext), otherContext, device, {}, m_job);
        for (int head = 0; head < model.config().heads; ++head) {
            for (Metric& metric : headMetrics(exact, exactContext, other, otherContext, HeadIndex{head}, device, m_job))
                result.rows.push_back({layer, head, std::move(metric)});
        }
    }
}

void Comparer::addProjections(Comparison& result, const SessionPlan& plan, const PreparedLayers& prepared) const
{
    for (int layer = 0; layer < m_runner.model().config().layers; ++layer) {
        m_job.check();
        const LayerContext context = layerContext(m_runner.model(), plan, LayerIndex{layer}, prepared);
        for (const ProjectionError& error : projectionErrors(*m_exact, context))
            result.rows.push_back(
                {layer, std::nullopt, named("proj_" + std::string(nameOf(error.projection)), error.off)});
    }
}

void Comparer::addResiduals(Comparison& result, const Part& part, const PreparedLayers& prepared,
                            const Trace& other) const
{
    const SessionPlan everywhere = planWith(part, m_runner.machine().backend());
    for (int layer = 0; layer < m_runner.model().config().layers; ++layer) {
        const Where place{LayerIndex{layer}, allHeads, {}};
        // Only this layer differs, and it reads what it reads in the exact run.
        SessionPlan local = m_exactPlan;
        local.overrides.emplace(LayerIndex{layer}, everywhere.everywhere);
        TraceFilter filter;
        filter.probes = {std::string(probes::output)};
        filter.layers = {LayerIndex{layer}};
        const auto trace = m_runner.trace(local, prepared, m_tokens, filter);
        const Grid exact = m_exact->grid(probes::output, place);
        result.rows.push_back(
            {layer, std::nullopt, named("local_l", relativeDistance(exact, trace->grid(probes::output, place)))});
        result.rows.push_back(
            {layer, std::nullopt, named("acc_l", relativeDistance(exact, other.grid(probes::output, place)))});
    }
}

void Comparer::addModel(Comparison& result, const Trace& other) const
{
    std::vector<int> targets;
    for (std::size_t i = 1; i < m_tokens.size() && m_runner.model().config().causal; ++i)
        targets.push_back(m_tokens[i].value);
    for (Metric& metric : modelMetrics(m_exact->grid(probes::logits, {}), other.grid(probes::logits, {}), targets))
        result.rows.push_back({std::nullopt, std::nullopt, std::move(metric)});
}

void Comparer::addFreeRun(Comparison& result, const SessionPlan& plan, const PreparedLayers& prepared) const
{
    const std::vector<TokenId> continuation = greedy(plan, prepared);
    const auto same = std::ranges::mismatch(m_exactContinuation, continuation).in1 - m_exactContinuation.begin();
    Metric first = named("first_div", double(same), "tokens");
    if (same == m_generate)
        first.reason = "no difference within " + std::to_string(m_generate) + " greedy tokens";
    result.rows.push_back({std::nullopt, std::nullopt, first});
    result.rows.push_back({std::nullopt, std::nullopt, named("len_match", double(same), "tokens")});
}

std::vector<TokenId> Comparer::greedy(const SessionPlan& plan, const PreparedLayers& prepared) const
{
    auto session = m_runner.session(plan, prepared, m_tokens.size() + std::size_t(m_generate));
    Recorder nothing;
    Sampler sampler({});
    std::vector<TokenId> generated;
    std::vector<float> logits = session->feed(m_tokens, nothing, m_job);
    while (int(generated.size()) < m_generate) {
        generated.push_back(sampler.next(logits, m_runner.model().tokensInUse()));
        logits = session->feed(std::span(&generated.back(), 1), nothing, m_job);
    }
    return generated;
}

} // namespace app::cli
