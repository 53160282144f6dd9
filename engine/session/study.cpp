// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/study.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine {
namespace {

constexpr int mostScores = 512; // of a row's keys, evenly taken
constexpr int scoreBins = 24;
constexpr int curvePlaces = 121;

// With what attend() fitted on its own input, where the context brought nothing.
LayerContext readyContext(const Attended& attended, LayerContext context)
{
    if (context.prepared == nullptr)
        context.prepared = attended.prepared.get();
    return context;
}

LayerTrace traceOf(const Attended& attended, const LayerContext& context)
{
    return {attended.trace, context.layer, context.shape, context.positions};
}

const Method& methodOf(const LayerContext& context)
{
    return findMethod(context.plan.attention.method);
}

Derivation deriveOf(const Attended& attended, const LayerContext& context, const CellAsked& cell, TokenPos key)
{
    const Method& method = methodOf(context);
    if (method.derive == nullptr)
        return {};
    return method.derive(traceOf(attended, context), cell.head, cell.query, key, readyContext(attended, context));
}

std::optional<double> numberOf(const Derivation& derivation, std::string_view id)
{
    for (const DerivationLine& line : derivation.lines)
        if (line.id == id)
            return line.value.number;
    return std::nullopt;
}

// What the method's own account calls the score of each key of the row.
std::vector<double> rowScores(const LayerPair& pair, const CellAsked& cell, Job& job)
{
    const int tokens = traceOf(pair.own, pair.ownContext).tokens();
    const int keys = pair.ownContext.shape.causal ? cell.query.value + 1 : tokens;
    const int step = (keys + mostScores - 1) / mostScores;
    std::vector<double> scores;
    for (int key = 0; key < keys; key += step) {
        job.check();
        const auto score = numberOf(deriveOf(pair.own, pair.ownContext, cell, {key}), "score");
        if (!score)
            return {};
        scores.push_back(*score);
    }
    return scores;
}

// A lane that replaces linear layers mixes tokens like the baseline and still has its own name.
std::string titleOf(const LayerContext& context)
{
    return std::string(findMethod(context.plan.shown().method).info.title);
}

CurvesBody::Curve kernelCurve(const Method& method, const KnobValues& knobs, bool exact, double low, double high)
{
    CurvesBody::Curve curve;
    curve.tint = exact ? Tint::Exact : Tint::Own;
    for (int place = 0; place < curvePlaces; ++place) {
        const double x = low + (high - low) * place / (curvePlaces - 1);
        curve.x.push_back(x);
        curve.y.push_back(method.kernel(x, knobs));
    }
    return curve;
}

// How many scores lie where, as a staircase whose highest step reaches a third of `height`.
CurvesBody::Curve histogram(const std::vector<double>& scores, double low, double high, double height)
{
    std::vector<int> counts(scoreBins);
    for (const double score : scores)
        ++counts[std::size_t(std::clamp(int((score - low) / (high - low) * scoreBins), 0, scoreBins - 1))];
    const int most = *std::max_element(counts.begin(), counts.end());
    CurvesBody::Curve curve;
    curve.title = "scores";
    curve.tint = Tint::Grey;
    curve.line = false;
    curve.area = true;
    for (int bin = 0; bin < scoreBins; ++bin)
        for (const int edge : {bin, bin + 1}) {
            curve.x.push_back(low + (high - low) * edge / scoreBins);
            curve.y.push_back(height / 3 * counts[std::size_t(bin)] / most);
        }
    return curve;
}

std::optional<Panel> scoresPanel(const LayerPair& pair, const CellAsked& cell, const Derivation& own, Job& job)
{
    const Method& method = methodOf(pair.ownContext);
    const Method& exact = methodOf(pair.exactContext);
    if (method.kernel == nullptr || exact.kernel == nullptr)
        return std::nullopt;
    const std::vector<double> scores = rowScores(pair, cell, job);
    if (scores.empty())
        return std::nullopt;
    const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
    const double reach = std::max({std::abs(*least), std::abs(*most), 1.0}) * 1.1;
    const KnobValues& knobs = pair.ownContext.plan.attention.knobs;
    Panel panel;
    panel.id = "explain.scores";
    panel.title = "Scores of this row";
    panel.words = std::to_string(scores.size()) + " keys";
    panel.side = true;
    CurvesBody body;
    body.curves = {kernelCurve(exact, pair.exactContext.plan.attention.knobs, true, -reach, reach),
                   kernelCurve(method, knobs, false, -reach, reach)};
    body.curves[0].title = "exact";
    body.curves[1].title = titleOf(pair.ownContext);
    double height = 0;
    for (const CurvesBody::Curve& curve : body.curves)
        height = std::max(height, *std::max_element(curve.y.begin(), curve.y.end()));
    body.curves.push_back(histogram(scores, -reach, reach, height));
    if (const auto picked = numberOf(own, "score"))
        body.marks.push_back({true, *picked, "this key"});
    body.x.title = "score";
    panel.body = std::move(body);
    return panel;
}

// The head's output of the query, exact beside own, and how far they are apart.
Panel outputPanel(const LayerPair& pair, const CellAsked& cell)
{
    const TokenRange row{cell.query.value, 1};
    const Matrix exact = traceOf(pair.exact, pair.exactContext).mixed(cell.head, row);
    const Matrix own = traceOf(pair.own, pair.ownContext).mixed(cell.head, row);
    Panel panel;
    panel.id = "explain.output";
    panel.title = "What the head passes on";
    const double off = (own - exact).norm() / std::max(exact.norm(), std::numeric_limits<double>::min());
    panel.value = "off by " + std::to_string(int(std::lround(off * 100))) + " %";
    panel.side = true;
    BarsBody body;
    body.series.resize(2);
    body.series[0].title = "exact";
    body.series[0].tint = Tint::Exact;
    body.series[0].values.assign(exact.data(), exact.data() + exact.size());
    body.series[1].title = titleOf(pair.ownContext);
    body.series[1].values.assign(own.data(), own.data() + own.size());
    body.labels.axis = Axis::Feature;
    body.labels.first = 1;
    panel.body = std::move(body);
    return panel;
}

} // namespace

TokenPos strongestKey(const LayerPair& pair, HeadIndex head, TokenPos query)
{
    const int tokens = traceOf(pair.exact, pair.exactContext).tokens();
    const int keys = pair.exactContext.shape.causal ? query.value + 1 : tokens;
    const Grid row = mapTile(pair.exact, pair.exactContext, head, {query.value, 1}, {0, keys}, nullptr);
    const auto cells = row.row(0);
    return {int(std::max_element(cells.begin(), cells.end()) - cells.begin())};
}

Study study(const Method& method, std::string_view tab, const KnobValues& controls, const LayerPair& pair,
            const CellAsked& cell, const RunPair& runs, Job& job)
{
    if (method.study == nullptr)
        throw Error(Fault::Internal, std::string(method.info.title) + " has no study \"" + std::string(tab) + "\"");
    const LayerTrace trace = traceOf(pair.own, pair.ownContext);
    const LayerContext context = readyContext(pair.own, pair.ownContext);
    const StudyInput input{
        trace,
        context,
        cell.head,
        cell.query,
        cell.key.value_or(strongestKey(pair, cell.head, cell.query)),
        controls,
        [&](TokenRange queries, TokenRange keys) {
            return matrixOf(mapTile(pair.exact, pair.exactContext, cell.head, queries, keys, nullptr));
        },
        runs.plan,
        runs.exact,
        runs.own,
        runs.exactLosses,
        runs.ownLosses,
        runs.tokens,
        runs.before,
        runs.tokensBefore,
    };
    return method.study(tab, input, job);
}

Explanation explain(const LayerPair& pair, const CellAsked& cell, Job& job)
{
    Explanation explanation;
    explanation.query = cell.query;
    explanation.key = cell.key.value_or(strongestKey(pair, cell.head, cell.query));
    explanation.exact = deriveOf(pair.exact, pair.exactContext, cell, explanation.key);
    explanation.own = deriveOf(pair.own, pair.ownContext, cell, explanation.key);
    if (auto scores = scoresPanel(pair, cell, explanation.own, job))
        explanation.panels.push_back(std::move(*scores));
    explanation.panels.push_back(outputPanel(pair, cell));
    return explanation;
}

} // namespace engine
