// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/records.h"
#include "engine/methods/infini/study.h"

#include <algorithm>
#include <cmath>
#include <limits>

// Diagnostics below the memories: recall, spectrum, denominators, gates, shares, the delta rule, loss by place.

namespace engine::infini {
namespace {

constexpr int ageBins = 16, gateBins = 20;

enum Row
{
    First = 3,
    Second,
    Third
};

Panel panelWith(std::string id, std::string title, std::string words, int row)
{
    Panel panel;
    panel.id = std::move(id);
    panel.title = std::move(title);
    panel.words = std::move(words);
    panel.row = row;
    return panel;
}

std::vector<double> numbers(const Vector& from)
{
    return {from.begin(), from.end()};
}

std::vector<double> counted(Eigen::Index n, double first)
{
    std::vector<double> all;
    for (Eigen::Index i = 0; i < n; ++i)
        all.push_back(first + double(i));
    return all;
}

CurvesBody::Curve curveOf(std::string title, Tint tint, std::vector<double> x, std::vector<double> y)
{
    CurvesBody::Curve curve;
    curve.title = std::move(title);
    curve.tint = tint;
    curve.x = std::move(x);
    curve.y = std::move(y);
    return curve;
}

CurvesBody::Curve byAge(std::string title, Tint tint, const Vector& from)
{
    const auto count = int(from.size());
    const int bins = std::min(ageBins, count);
    CurvesBody::Curve curve = curveOf(std::move(title), tint, {}, {});
    for (int bin = 0; bin < bins; ++bin) {
        const int begin = count * bin / bins, end = count * (bin + 1) / bins;
        curve.x.push_back((begin + end + 1) / 2.0);
        curve.y.push_back(from.segment(count - end, end - begin).mean());
    }
    return curve;
}

Panel recall(const StudiedHead& head)
{
    const int stored = head.stored();
    const Recall recall = recallOf(head.memory(), head.features.topRows(stored), head.values.topRows(stored));
    Panel panel = panelWith("recall", "Recall by age", "a value asked for by its own key", First);
    panel.value = percentOf(recall.found) + " nearest";
    const double d = double(head.keys.cols());
    CurvesBody body;
    body.curves = {byAge("means removed", Tint::Own, recall.centred), byAge("raw cosine", Tint::Ink, recall.cosine),
                   byAge("norm ratio", Tint::Grey, recall.normRatio)};
    body.curves.front().points = true;
    body.x.title = "age, tokens";
    body.y.title = "cosine";
    body.marks = {{false, std::sqrt(d / (d + stored)), "√(d/(d + n))"}};
    panel.body = std::move(body);
    panel.note = "raw cosines look good wherever values share a mean; the law is for random keys and values";
    return panel;
}

Panel spectrum(const StudiedHead& head)
{
    const Vector now = singularValues(head.memory().m), first = singularValues(head.memories[1].m);
    Panel panel = panelWith("spectrum", "Singular values", "of M", First);
    panel.value = "rank " + shortNumber(effectiveRankOf(now), 2);
    CurvesBody body;
    body.curves = {curveOf("segment " + std::to_string(head.shown), Tint::Own, counted(now.size(), 1), numbers(now))};
    if (head.shown > 1)
        body.curves.push_back(curveOf("segment 1", Tint::Grey, counted(first.size(), 1), numbers(first)));
    body.curves.front().points = true;
    body.x.title = "place";
    body.y.title = "σ";
    panel.body = std::move(body);
    panel.note = now.size() > 1 && now(1) > 0
                     ? "the first is " + shortNumber(now(0) / now(1), 3) +
                           " times the second; |M| = " + shortNumber(head.memory().m.norm(), 3) +
                           ", max |M| = " + shortNumber(head.memory().m.cwiseAbs().maxCoeff(), 3)
                     : "";
    return panel;
}

Panel denominators(const StudiedHead& head)
{
    const TokenRange all{0, head.tokens()};
    const Vector den = head.input.trace.record("infini.denominator", head.input.head, all);
    int clamped = 0, read = 0;
    CurvesBody::Curve curve = curveOf("σ(q)·z", Tint::Own, {}, {});
    for (int token = 0; token < all.count; ++token) {
        if (den(token) <= 0)
            continue; // the memory was empty
        ++read;
        clamped += den(token) < leastDenominator;
        curve.x.push_back(token);
        curve.y.push_back(den(token));
    }
    Panel panel = panelWith("denominators", "Denominators", "σ(q)·z", First);
    panel.value = std::to_string(clamped) + " clamped";
    if (read == 0) {
        Figure nothing;
        nothing.reason = "the memory was never read";
        panel.body = TableBody{{}, {{"denominators", {nothing}, false, {}}}, -1, {}};
        return panel;
    }
    CurvesBody body;
    body.curves = {curve};
    body.x.title = "token";
    body.x.axis = Axis::Token;
    body.y.title = "σ(q)·z";
    panel.body = std::move(body);
    panel.note = std::to_string(clamped) + " of " + std::to_string(read) + " raised to 1e-6; mean σ(k) " +
                 shortNumber(head.features.mean(), 3) + ", " +
                 percentOf((head.keys.array() < 0).cast<double>().mean()) + " of the key numbers below 0";
    return panel;
}

Panel share(const StudiedHead& head)
{
    const TokenRange all{0, head.tokens()};
    const Vector shares = head.input.trace.record("infini.share", head.input.head, all);
    Panel panel = panelWith("share", "Share of the memory branch", "|g A_mem| of both norms", Second);
    const int read = std::max(0, all.count - head.options.segment);
    panel.value = read > 0 ? "mean " + percentOf(shares.tail(read).mean()) : "";
    CurvesBody body;
    body.curves = {curveOf("share", Tint::Own, counted(all.count, 0), numbers(shares))};
    body.curves.front().area = true;
    body.x.title = "token";
    body.x.axis = Axis::Token;
    body.y.title = "share";
    body.marks = {{false, head.gate, "gate"}};
    panel.body = std::move(body);
    return panel;
}

// Of each segment: what is new of its values, how much M moved, and what is left of M along the mean feature after the
// delta rule's I − Σ FᵀF/(F·z).
Panel writes(const StudiedHead& head)
{
    std::vector<double> novelty, update, kept;
    for (int index = 0; index < head.segments(); ++index) {
        const TokenRange segment = head.segment(index);
        const Memory& before = head.memories[std::size_t(index)];
        const Memory& after = head.memories[std::size_t(index) + 1];
        const Matrix f = head.features.middleRows(segment.first, segment.count);
        const Matrix v = head.values.middleRows(segment.first, segment.count);
        const ReadOut known = readOut(before, f);
        novelty.push_back((v - known.rows).norm() / std::max(v.norm(), 1e-300));
        update.push_back((after.m - before.m).norm() / std::max(after.m.norm(), 1e-300));
        if (before.empty()) {
            kept.push_back(std::numeric_limits<double>::quiet_NaN());
            continue;
        }
        const Vector mean = f.colwise().mean().transpose().normalized();
        kept.push_back(1 - ((f * mean).array().square() / known.denominators.array().max(leastDenominator)).sum());
    }
    Panel panel = panelWith("writes", "Writes", "of each segment", Second);
    CurvesBody body;
    const std::vector<double> x = counted(head.segments(), 1);
    body.curves = {curveOf("novelty |V − known|/|V|", Tint::Own, x, novelty),
                   curveOf("|ΔM|/|M|", Tint::Ink, x, update)};
    if (head.segments() > 1)
        body.curves.push_back(curveOf("mean direction kept by delta", Tint::Grey, {x.begin() + 1, x.end()},
                                      {kept.begin() + 1, kept.end()}));
    for (CurvesBody::Curve& curve : body.curves)
        curve.points = true;
    body.x.title = "segment";
    body.x.axis = Axis::Segment;
    body.handle = head.shown;
    body.pick = {Pick::Sets::Control, "segment", {}};
    panel.body = std::move(body);
    panel.note = head.options.delta
                     ? "the delta rule's z grows by every key, M only by what is new: repeats read too small"
                     : "under the linear rule M takes every value whole, known or not";
    return panel;
}

Panel histogram(const StudiedHead& head)
{
    std::vector<double> counts(gateBins, 0);
    int local = 0, even = 0, memory = 0, all = 0;
    const Matrix gates = gatesOfLayers(head.input);
    for (const double gate : gates.reshaped()) {
        if (!std::isfinite(gate))
            continue;
        ++all;
        counts[std::size_t(std::min(gateBins - 1, int(gate * gateBins)))] += 1;
        local += gate < 0.1;
        even += gate >= 0.4 && gate <= 0.6;
        memory += gate > 0.9;
    }
    Panel panel = panelWith("gate_histogram", "Gate histogram", "heads of every layer", Second);
    BarsBody body;
    body.series = {{"heads", Tint::Own, counts, {}, {}}};
    for (int bin = 0; bin < gateBins; ++bin)
        body.labels.texts.push_back(shortNumber(double(bin) / gateBins, 2));
    body.labels.title = "g";
    body.quantity = "heads";
    body.regions = {{0, 2, "local"}, {8, 12, "mixers"}, {18, 20, "memory"}};
    panel.body = std::move(body);
    panel.note = std::to_string(local) + " local below 0.1, " + std::to_string(even) + " mixers, " +
                 std::to_string(memory) + " memory above 0.9, of " + std::to_string(all) + " heads";
    return panel;
}

CurvesBody::Curve lossByPlace(std::string title, Tint tint, std::span<const float> losses, int segment)
{
    const int places = std::min<int>(segment, int(losses.size()));
    std::vector<double> sum(std::size_t(places), 0), count(std::size_t(places), 0);
    for (std::size_t token = std::size_t(segment); token < losses.size(); ++token) { // from the second segment on
        if (!std::isfinite(losses[token]))
            continue;
        sum[token % std::size_t(segment)] += double(losses[token]);
        count[token % std::size_t(segment)] += 1;
    }
    CurvesBody::Curve curve = curveOf(std::move(title), tint, {}, {});
    for (int place = 0; place < places; ++place) {
        if (count[std::size_t(place)] > 0) {
            curve.x.push_back(place + 1);
            curve.y.push_back(sum[std::size_t(place)] / count[std::size_t(place)]);
        }
    }
    return curve;
}

Panel loss(const StudiedHead& head)
{
    Panel panel = panelWith("loss", "Loss by place in the segment", "from the second segment on", Third);
    CurvesBody body;
    body.curves = {
        lossByPlace("exact", Tint::Exact, head.input.exactLosses, head.options.segment),
        lossByPlace("with memory", Tint::Own, head.input.ownLosses, head.options.segment),
    };
    body.x.title = "place in the segment";
    body.y.title = "nats";
    if (body.curves.back().x.empty()) {
        Figure nothing;
        nothing.reason = "there is no second segment, or no loss was computed";
        panel.body = TableBody{{}, {{"loss", {nothing}, false, {}}}, -1, {}};
        return panel;
    }
    panel.body = std::move(body);
    panel.note = "the first tokens of a segment see nothing exact before them";
    return panel;
}

} // namespace

void addDiagnosticPanels(Study& study, const StudiedHead& head, Job& job)
{
    job.report(0.7, "diagnostics");
    for (const auto make : {recall, spectrum, denominators, share, writes, histogram, loss}) {
        study.panels.push_back(make(head));
        job.check();
    }
}

} // namespace engine::infini
