// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/study.h"

#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/reference.h"
#include "engine/methods/taylorshift/studyforms.h"
#include "engine/methods/taylorshift/temperature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>

namespace engine::taylorshift {
namespace {

constexpr int mostRows = 256;      // queries that numbers over the head are taken from, evenly
constexpr int mostMapTokens = 512; // side of the maps of terms: the last tokens
constexpr int scoreBins = 48, curvePlaces = 161;
constexpr std::array triedTaus{1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32};

double polynomial(double x)
{
    return 1.0 + x + 0.5 * x * x;
}

std::string text(double value, int digits)
{
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, std::abs(value));
    return (value < 0 ? "−" : "") + std::string(buffer.data());
}

std::string percent(double share)
{
    return text(share * 100, share < 0.0995 ? 1 : 0) + " %";
}

Figure figure(double value, int digits = 3)
{
    Figure result;
    result.number = value;
    result.digits = digits;
    return result;
}

Figure shareOf(double value)
{
    Figure result;
    result.text = percent(value);
    return result;
}

// One head as the tab sees it: unit queries and keys, cos(q, k) of some rows against all keys, and the exact weights of
// the same rows.
struct Head
{
    Matrix queries, keys, values; // queries and keys of length 1
    bool causal = true;
    std::vector<int> rows; // of the sample
    Matrix cosines, exact; // [sample, N]

    int tokens() const { return int(queries.rows()); }

    int visible(int row) const { return causal ? row + 1 : tokens(); }
};

Head headOf(const StudyInput& input, Job& job)
{
    const TokenRange all{0, input.trace.tokens()};
    Head head;
    head.queries = unit(input.trace.queries(input.head, all));
    head.keys = unit(input.trace.keys(input.head, all));
    head.values = input.trace.values(input.head, all);
    head.causal = input.context.shape.causal;
    const int step = (all.count + mostRows - 1) / mostRows;
    for (int row = (all.count - 1) % step; row < all.count; row += step)
        head.rows.push_back(row);
    head.cosines.resize(Eigen::Index(head.rows.size()), all.count);
    head.exact.resize(Eigen::Index(head.rows.size()), all.count);
    for (Eigen::Index place = 0; place < head.cosines.rows(); ++place) {
        job.report(0.3 * double(place) / double(head.cosines.rows()), "scores");
        const int row = head.rows[std::size_t(place)];
        head.cosines.row(place) = head.queries.row(row) * head.keys.transpose();
        head.exact.row(place) = input.exactWeights({row, 1}, all);
    }
    return head;
}

// Mean over the sample's rows of ½ Σ |a − b|, a and b given per row over the visible keys.
template <typename A, typename B>
double moved(const Head& head, const A& a, const B& b)
{
    double sum = 0;
    for (Eigen::Index place = 0; place < head.cosines.rows(); ++place)
        sum += 0.5 * (a(place) - b(place)).cwiseAbs().sum();
    return sum / double(head.cosines.rows());
}

// Where the difference to softmax comes from, at one τ.
struct Moved
{
    double scores = 0; // softmax over q·k/√d against softmax over τ cos
    double kernel = 0; // softmax over τ cos against p over τ cos
    double both = 0;
};

Moved movedAt(const Head& head, double tau)
{
    const auto cosines = [&](Eigen::Index place) {
        return Eigen::ArrayXd(tau *
                              head.cosines.row(place).head(head.visible(head.rows[std::size_t(place)])).transpose());
    };
    const auto exact = [&](Eigen::Index place) {
        return Vector(head.exact.row(place).head(head.visible(head.rows[std::size_t(place)])).transpose());
    };
    const auto softmax = [&](Eigen::Index place) {
        const Eigen::ArrayXd x = cosines(place);
        const Eigen::ArrayXd e = (x - x.maxCoeff()).exp();
        return Vector(e / e.sum());
    };
    const auto taylor = [&](Eigen::Index place) {
        const Eigen::ArrayXd x = cosines(place);
        const Eigen::ArrayXd p = 1 + x + 0.5 * x.square();
        return Vector(p / p.sum());
    };
    return {moved(head, exact, softmax), moved(head, softmax, taylor), moved(head, exact, taylor)};
}

std::vector<double> scoresOf(const Head& head, double tau)
{
    std::vector<double> scores;
    for (Eigen::Index place = 0; place < head.cosines.rows(); ++place)
        for (int key = 0; key < head.visible(head.rows[std::size_t(place)]); ++key)
            scores.push_back(tau * head.cosines(place, key));
    return scores;
}

// Counts as a staircase that fills the lower third of the plot from `low` to `high`.
CurvesBody::Curve histogram(const std::vector<double>& scores, double reach, double low, double high, Scale scale)
{
    std::vector<int> counts(scoreBins);
    for (const double score : scores)
        ++counts[std::size_t(std::clamp(int((score / reach + 1) / 2 * scoreBins), 0, scoreBins - 1))];
    const int most = *std::max_element(counts.begin(), counts.end());
    CurvesBody::Curve curve;
    curve.title = "scores of this head";
    curve.tint = Tint::Grey;
    curve.line = false;
    curve.area = true;
    for (int bin = 0; bin < scoreBins; ++bin)
        for (const int edge : {bin, bin + 1}) {
            const double share = counts[std::size_t(bin)] / (3.0 * most);
            curve.x.push_back(reach * (2.0 * edge / scoreBins - 1));
            curve.y.push_back(scale == Scale::Log ? low * std::pow(high / low, share) : high * share);
        }
    return curve;
}

Panel kernelPanel(const std::vector<double>& scores, double tau)
{
    const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
    const double reach = std::max({std::abs(*least), std::abs(*most), 1.0}) * 1.15;
    Panel panel;
    panel.id = "kernel.curve";
    panel.title = "exp and its polynomial";
    panel.words = "over the scores x = τ cos(q, k), τ = " + text(tau, 2);
    panel.width = 1.5;
    CurvesBody body;
    body.yScale = reach > 4 ? Scale::Log : Scale::Linear;
    CurvesBody::Curve exact, own;
    exact.title = "exp x";
    exact.tint = Tint::Exact;
    own.title = "1 + x + ½x²";
    for (int place = 0; place < curvePlaces; ++place) {
        const double x = reach * (2.0 * place / (curvePlaces - 1) - 1);
        exact.x.push_back(x);
        exact.y.push_back(std::exp(x));
        own.x.push_back(x);
        own.y.push_back(polynomial(x));
    }
    const double high = std::max(exact.y.back(), own.y.back());
    CurvesBody::Curve ground = histogram(scores, reach, exact.y.front(), high, body.yScale);
    body.curves = {std::move(exact), std::move(own), std::move(ground)};
    body.x.title = "score x";
    body.y.title = "weight before the row's sum";
    if (reach > 1.2)
        body.marks.push_back({true, -1, "rises again below −1"});
    panel.body = std::move(body);
    return panel;
}

Panel sourcePanel(const Moved& shares)
{
    Panel panel;
    panel.id = "kernel.source";
    panel.title = "Where the difference comes from";
    panel.words = "attention moved";
    TableBody body;
    body.rows = {{"τ cos(q, k) in place of q·k/√d", {shareOf(shares.scores)}, false, {}},
                 {"the polynomial in place of exp", {shareOf(shares.kernel)}, false, {}},
                 {"both, against exact attention", {shareOf(shares.both)}, true, {}}};
    panel.body = std::move(body);
    panel.note = "Each step against the one before it; the two may cancel in part.";
    return panel;
}

// What 99 of 100 cells do not exceed, in magnitude: where the colours end, so that one row of few keys does not pale
// all others.
double usualHigh(std::span<const HeatBody::Map> maps)
{
    std::vector<float> sizes;
    for (const HeatBody::Map& map : maps)
        for (int row = 0; row < map.cells.rows(); ++row)
            for (const float cell : map.cells.row(row))
                if (std::isfinite(cell))
                    sizes.push_back(std::abs(cell));
    const auto place = sizes.begin() + std::ptrdiff_t((sizes.size() - 1) * 99 / 100);
    std::ranges::nth_element(sizes, place);
    return *place;
}

// Maps of some terms, over the tokens from `first` on.
Panel mapsPanel(const Head& head, int first, std::vector<HeatBody::Map> maps, const StudyInput& input)
{
    Panel panel;
    panel.row = 1;
    panel.height = 1.1;
    panel.width = double(maps.size());
    HeatBody body;
    body.high = usualHigh(maps);
    body.maps = std::move(maps);
    body.rows = {"query", Axis::Token, {}, {}, first};
    body.cols = {"key", Axis::Token, {}, {}, first};
    body.quantity = "share of the row's sum";
    body.signedValues = true;
    body.scale = Scale::Sqrt;
    body.pickedRow = input.query.value - first;
    body.pickedCol = input.key.value - first;
    body.row.sets = Pick::Sets::Query;
    body.col.sets = Pick::Sets::Key;
    for (int token = first; token < head.tokens(); ++token) {
        body.row.values.push_back(token);
        body.col.values.push_back(token);
    }
    panel.body = std::move(body);
    return panel;
}

// The terms of p over one row sum, so that they add up to the weights, and what the series leaves out, which is too
// little to be seen in their colours.
void addTerms(Study& study, const Head& head, double tau, const StudyInput& input)
{
    const int count = std::min(head.tokens(), mostMapTokens), first = head.tokens() - count;
    const Matrix x = tau * head.queries.bottomRows(count) * head.keys.transpose();
    std::array<std::vector<float>, 4> cells;
    for (auto& map : cells)
        map.assign(std::size_t(count) * std::size_t(count), std::numeric_limits<float>::quiet_NaN());
    std::array<double, 4> mass{};
    for (int row = 0; row < count; ++row) {
        const int visible = head.visible(first + row);
        const auto scores = x.row(row).head(visible);
        const double sum = scores.unaryExpr([](double each) { return polynomial(each); }).sum();
        for (int key = 0; key < visible; ++key) {
            const double score = scores(key);
            const std::array<double, 4> terms{1, score, 0.5 * score * score, std::exp(score) - polynomial(score)};
            for (std::size_t term = 0; term < 4; ++term) {
                mass[term] += terms[term] / sum / count;
                if (key >= first)
                    cells[term][std::size_t(row) * std::size_t(count) + std::size_t(key - first)] =
                        float(terms[term] / sum);
            }
        }
    }
    const std::array names{"constant 1", "linear x", "quadratic ½x²", "exp x − p"};
    std::vector<HeatBody::Map> maps;
    for (std::size_t term = 0; term < 4; ++term)
        maps.push_back({Grid(std::move(cells[term]), count, count), names[term], percent(mass[term])});
    const HeatBody::Map rest = std::move(maps.back());
    maps.pop_back();
    const bool scaled = optionsOf(input.context.plan.attention.knobs).outputScale;
    Panel terms = mapsPanel(head, first, std::move(maps), input);
    terms.id = "kernel.terms";
    terms.title = "Terms of the weights";
    terms.words = std::string("each over the row's sum: together the weight") +
                  (scaled ? ", before the output scale" : "") +
                  (first > 0 ? "; the last " + std::to_string(count) + " tokens" : "");
    Panel left = mapsPanel(head, first, {rest}, input);
    left.id = "kernel.rest";
    left.title = "Left out: exp x − p";
    left.value = percent(mass[3]);
    auto& alone = std::get<HeatBody>(left.body); // as large as one of the others
    alone.maps.front().caption.clear();
    alone.maps.front().value.clear();
    alone.rows.title.clear();
    alone.cols.title.clear();
    study.panels.push_back(std::move(terms));
    study.panels.push_back(std::move(left));
}

Panel tauPanel(const Head& head, double tau, double fitted, Job& job)
{
    Panel panel;
    panel.id = "kernel.tau";
    panel.title = "What τ does";
    panel.words = "attention moved, in per cent";
    panel.row = 2;
    CurvesBody body;
    CurvesBody::Curve both, kernel;
    both.title = "against exact attention";
    both.points = true;
    kernel.title = "by the polynomial alone";
    kernel.tint = Tint::Grey;
    for (std::size_t place = 0; place < triedTaus.size(); ++place) {
        job.report(0.5 + 0.4 * double(place) / double(triedTaus.size()), "trying temperatures");
        const Moved shares = movedAt(head, triedTaus[place]);
        for (CurvesBody::Curve* curve : {&both, &kernel})
            curve->x.push_back(triedTaus[place]);
        both.y.push_back(shares.both * 100);
        kernel.y.push_back(shares.kernel * 100);
        body.pick.values.push_back(triedTaus[place]);
    }
    body.curves = {std::move(both), std::move(kernel)};
    body.xScale = Scale::Log;
    body.x.title = "τ";
    body.marks = {{true, std::clamp(fitted, 1.0, 32.0), "|q||k|/√d of this prompt"}};
    body.handle = std::clamp(std::abs(tau), 1.0, 32.0);
    body.pick.sets = Pick::Sets::Control;
    body.pick.control = "tau";
    panel.body = std::move(body);
    return panel;
}

Panel rowPanel(const Head& head, double tau, const StudyInput& input)
{
    const int visible = head.visible(input.query.value);
    const Vector x = tau * head.keys.topRows(visible) * head.queries.row(input.query.value).transpose();
    const double sum = visible + x.sum() + 0.5 * x.squaredNorm();
    Panel panel;
    panel.id = "kernel.row";
    panel.title = "Terms of this row’s sum";
    panel.words = "query " + std::to_string(input.query.value + 1);
    panel.side = true;
    TableBody body;
    body.rows = {{"constant", {figure(visible), shareOf(visible / sum)}, false, {}},
                 {"linear", {figure(x.sum()), shareOf(x.sum() / sum)}, false, {}},
                 {"quadratic", {figure(0.5 * x.squaredNorm()), shareOf(0.5 * x.squaredNorm() / sum)}, false, {}},
                 {"sum", {figure(sum), shareOf(1)}, true, {}}};
    panel.body = std::move(body);
    return panel;
}

double fittedTau(const StudyInput& input)
{
    const TokenRange all{0, input.trace.tokens()};
    return input.trace.queriesRaw(input.head, all).rowwise().norm().mean() *
           input.trace.keysRaw(input.head, all).rowwise().norm().mean() /
           std::sqrt(double(input.context.shape.keyWidth));
}

} // namespace

std::vector<TabSpec> tabs()
{
    return {{"kernel",
             "Kernel",
             {{"tau", "try τ", "Shows everything here with another temperature; 0: the one the method runs with.",
               IntRange{0, triedTaus.back(), 0, "own"}}},
             ""}};
}

Study study(std::string_view, const StudyInput& input, Job& job)
{
    const double own = temperatures(input.context)[std::size_t(input.head.value)];
    const int tried = intOf(tabs().front().controls, input.controls, "tau");
    const double tau = tried > 0 ? tried : own;
    const Head head = headOf(input, job);
    const std::vector<double> scores = scoresOf(head, tau);
    const Moved shares = movedAt(head, tau);
    const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
    double off = 0;
    for (const double x : scores)
        off = std::max(off, std::abs(polynomial(x) / std::exp(x) - 1));
    const bool far = off > 9; // only above exp: below it, off is at most 1
    const auto rising = std::count_if(scores.begin(), scores.end(), [](double x) { return x < -1; });

    Study study;
    study.words = "layer " + std::to_string(input.context.layer.value + 1) + ", head " +
                  std::to_string(input.head.value + 1) + " · " + std::to_string(head.tokens()) + " tokens";
    study.sentence = {{"Scores lie between ", false},
                      {text(*least, 2), true},
                      {" and ", false},
                      {text(*most, 2), true},
                      {far ? "; there the polynomial is up to " : "; there the polynomial strays up to ", false},
                      {far ? text(1 + off, 0) + " times" : percent(off), true},
                      {far ? " exp; " : " from exp; ", false},
                      {percent(shares.both), true},
                      {" of the attention is moved elsewhere.", false}};
    study.second = (tried > 0 ? "τ = " + text(tau, 0) + ", tried here only; the method runs with τ = " + text(own, 2)
                              : "τ = " + text(own, 2)) +
                   " · " + std::to_string(scores.size()) + " scores" +
                   (int(head.rows.size()) < head.tokens() ? " of " + std::to_string(head.rows.size()) + " rows" : "") +
                   " · float64";
    if (rising * 100 > std::ssize(scores))
        study.notices.push_back(
            {percent(double(rising) / double(scores.size())) + " of the scores lie below −1.",
             "There the polynomial rises again: the more a key opposes the query, the more it gets."});
    study.panels = {kernelPanel(scores, tau), sourcePanel(shares)};
    addTerms(study, head, tau, input);
    study.panels.push_back(tauPanel(head, tau, fittedTau(input), job));
    study.panels.push_back(formPanel(input, head.tokens()));
    job.report(0.95, "comparing forms");
    addDifferences(study, tau * head.queries, head.keys, head.values, tried > 0, input);
    study.panels.push_back(rowPanel(head, tau, input));
    return study;
}

} // namespace engine::taylorshift
