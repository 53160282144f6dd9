// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/radii.h"
#include "engine/methods/dijiang/subject.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

// Kernel value, decay, row sums, the state; and in the side panel the terms of a product and the radii.

namespace engine::dijiang {
namespace {

constexpr int mostPoints = 512; // of a curve

std::string shortest(double number)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", number);
    return text;
}

int stepOf(int count)
{
    return std::max(1, (count + mostPoints - 1) / mostPoints);
}

// The keys of the picked row by their exact score: what softmax gives them, and what the map gives them.
Panel kernelPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "kernel";
    panel.title = "Kernel value";
    panel.words = "φ(q)·φ(k) and exp(q·k/√d) over q·k/√d, rows sum to 1";
    panel.row = 3;
    panel.width = 1.2;
    const int query = subject.input.query.value, seen = subject.visible(query);
    const Vector scores =
        subject.keys.topRows(seen) * subject.queries.row(query).transpose() / std::sqrt(double(subject.shape.keyWidth));
    const Matrix own = normalisedRows(subject, subject.map, subject.decay, {query});
    const double logSum = scores.maxCoeff() + std::log((scores.array() - scores.maxCoeff()).exp().sum());
    std::vector<int> order(std::size_t(seen), 0);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](int a, int b) { return scores(a) < scores(b); });
    CurvesBody::Curve exact, found;
    exact.title = "exp(q·k/√d)";
    exact.tint = Tint::Exact;
    found.title = "φ(q)·φ(k)";
    found.points = true;
    found.line = false;
    for (std::size_t i = 0; i < order.size(); i += std::size_t(stepOf(seen))) {
        const int key = order[i];
        exact.x.push_back(scores(key));
        exact.y.push_back(std::exp(scores(key) - logSum));
        found.x.push_back(scores(key));
        found.y.push_back(own(0, key));
    }
    CurvesBody body;
    body.curves = {exact, found};
    body.x.title = "q·k/√d";
    body.yScale = Scale::Log;
    if (subject.input.key.value < seen)
        body.marks = {{true, scores(subject.input.key.value), "picked key"}};
    panel.body = body;
    return panel;
}

Panel decayPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "decay";
    panel.title = "Decay";
    panel.words = "γⁿ of a key n tokens back";
    panel.row = 3;
    panel.width = 0.8;
    CurvesBody body;
    const int own = subject.maps.stateOf(subject.input.head.value, subject.shape);
    const int most = std::max(1, subject.tokens - 1);
    for (int state = 0; state < subject.maps.states(); ++state) {
        CurvesBody::Curve curve;
        const double decay = subject.maps.decays[std::size_t(state)];
        const bool picked = state == own;
        curve.title = picked ? "this head" : "";
        curve.tint = picked ? Tint::Own : Tint::Grey;
        for (int age = 0; age <= most; age += stepOf(most)) {
            curve.x.push_back(age);
            curve.y.push_back(std::pow(decay, age));
        }
        if (picked)
            panel.value = "γ " + shortest(decay);
        body.curves.push_back(curve);
    }
    std::rotate(body.curves.begin(), body.curves.begin() + own + 1, body.curves.end()); // the picked one is drawn last
    body.x.title = "tokens back";
    panel.body = body;
    return panel;
}

// ln of the sum of every row: what a map without denominator leaves to the norm.
Panel sumsPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "sums";
    panel.title = "Row sums";
    panel.words = "ln Σ φ(q)·φ(k)";
    panel.row = 3;
    panel.width = 0.9;
    const Matrix a = subject.map.logs(subject.keys), b = subject.map.logs(subject.queries);
    const Rows rows{b, a, subject.values, subject.decay, true};
    const Vector lse = subject.shape.causal ? recurrent(rows).lse : whole(rows).lse;
    CurvesBody body;
    CurvesBody::Curve curve;
    for (int token = 0; token < subject.tokens; token += stepOf(subject.tokens)) {
        curve.x.push_back(token + 1);
        curve.y.push_back(lse(token));
    }
    body.curves = {curve};
    body.x.title = "token";
    body.marks = {{true, double(subject.input.query.value + 1), {}}};
    panel.body = body;
    return panel;
}

State stateAt(const Subject& subject, int query)
{
    State state(subject.map.features(), subject.shape.valueWidth);
    const int seen = subject.visible(query);
    const Matrix a = subject.map.logs(subject.keys.topRows(seen));
    for (int key = 0; key < seen; ++key)
        state.add(a.row(key), subject.values.row(key), subject.decay);
    return state;
}

std::vector<Panel> statePanels(const Subject& subject)
{
    const State state = stateAt(subject, subject.input.query.value);
    // Exponents may be large: relative to the largest feature's scale.
    const double top = state.maxima.maxCoeff();
    const Vector scale = (state.maxima.array() - top).exp();
    const Matrix sum = scale.asDiagonal() * state.sum;
    const Vector norm = scale.cwiseProduct(state.norm);
    Panel heat;
    heat.id = "state";
    heat.title = "S";
    heat.words = "Σ φ(k)vᵀ up to the query";
    heat.row = 3;
    heat.width = 0.8;
    HeatBody body;
    body.maps = {{gridOf(sum), {}, {}}};
    body.rows.axis = Axis::Feature;
    body.rows.title = "feature";
    body.cols.axis = Axis::Unit;
    body.signedValues = true;
    body.pickedRow = subject.row;
    body.row = {Pick::Sets::Control, "row", {}};
    heat.body = body;
    Panel bars;
    bars.id = "norm";
    bars.title = "z";
    bars.words = "Σ φ(k)";
    bars.row = 3;
    bars.width = 0.45;
    BarsBody z;
    z.horizontal = true;
    z.series = {{"z", Tint::Own, {norm.begin(), norm.end()}, {}, {}}};
    z.labels.axis = Axis::Feature;
    z.picked = subject.row;
    z.pick = {Pick::Sets::Control, "row", {}};
    bars.body = z;
    return {heat, bars};
}

// φ(q)·φ(k) of the picked cell, feature by feature.
Panel termsPanel(const Subject& subject)
{
    constexpr int most = 6;
    Panel panel;
    panel.id = "terms";
    panel.title = "Terms of φ(q)·φ(k)";
    panel.side = true;
    const Vector terms = (subject.map.logs(subject.queries.row(subject.input.query.value)) +
                          subject.map.logs(subject.keys.row(subject.input.key.value)))
                             .row(0)
                             .transpose();
    std::vector<int> order(std::size_t(terms.size()), 0);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](int a, int b) { return terms(a) > terms(b); });
    order.resize(std::min<std::size_t>(order.size(), most));
    panel.words = std::to_string(order.size()) + " of " + std::to_string(terms.size());
    // Numbers too large for a reader are given relative to the largest.
    const double shift = std::abs(terms.maxCoeff()) > 20 ? terms.maxCoeff() : 0;
    if (shift != 0)
        panel.note = "Relative to the largest, which is e^" + std::to_string(int(std::lround(shift))) + ".";
    BarsBody bars;
    bars.horizontal = true;
    bars.series = {{"term", Tint::Own, {}, {}, {}}};
    for (const int feature : order) {
        const int row = feature % subject.rows();
        bars.series[0].values.push_back(std::exp(terms(feature) - shift));
        bars.labels.texts.push_back((feature < subject.rows() ? "frequency " : "− frequency ") + std::to_string(row));
        bars.pick.values.push_back(row);
        if (row == subject.row)
            bars.picked = int(bars.labels.texts.size()) - 1;
    }
    bars.pick.sets = Pick::Sets::Control;
    bars.pick.control = "row";
    panel.body = bars;
    return panel;
}

// The radii of the map over the density they stand for.
Panel radiiPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "radii";
    panel.title = "Radii";
    panel.side = true;
    const bool chi = subject.options.chi;
    const int d = subject.shape.keyWidth;
    panel.words = (chi ? "χ with " + std::to_string(d) + " degrees" : std::string("N(0, 1)")) +
                  (subject.drawn ? ", seed " + std::to_string(subject.options.seed) : ", given");
    const double low = chi ? std::max(0.0, std::sqrt(double(d)) - 3) : -3.5,
                 high = chi ? std::sqrt(double(d)) + 3 : 3.5;
    CurvesBody::Curve density, radii;
    density.title = "density";
    density.tint = Tint::Grey;
    density.area = true;
    const auto at = [&](double r) {
        return chi ? chiDensity(r, d) : std::exp(-0.5 * r * r) / std::sqrt(2 * std::acos(-1.0));
    };
    for (int i = 0; i <= 80; ++i) {
        density.x.push_back(low + (high - low) * i / 80);
        density.y.push_back(at(density.x.back()));
    }
    radii.title = "radii";
    radii.points = true;
    radii.line = false;
    for (const double radius : subject.map.radii) {
        radii.x.push_back(radius);
        radii.y.push_back(at(radius));
    }
    CurvesBody body;
    body.curves = {density, radii};
    body.marks = {{true, subject.map.radii(subject.row), {}}};
    panel.body = body;
    return panel;
}

} // namespace

std::vector<Panel> kernelPanels(const Subject& subject)
{
    std::vector<Panel> panels{kernelPanel(subject), decayPanel(subject), sumsPanel(subject)};
    for (Panel& panel : statePanels(subject))
        panels.push_back(std::move(panel));
    return panels;
}

std::vector<Panel> sidePanels(const Subject& subject)
{
    std::vector<Panel> panels{termsPanel(subject)};
    if (subject.options.directions != Directions::Gaussian)
        panels.push_back(radiiPanel(subject));
    return panels;
}

} // namespace engine::dijiang
