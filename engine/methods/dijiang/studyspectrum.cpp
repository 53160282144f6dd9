// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/subject.h"

#include <algorithm>
#include <cmath>
#include <numeric>

// Energy, basis, spectrogram, and the features of the picked token.

namespace engine::dijiang {
namespace {

std::vector<double> listed(const Vector& numbers)
{
    return {numbers.begin(), numbers.end()};
}

Vector energy(const Matrix& spectrum)
{
    return spectrum.cwiseAbs2().colwise().mean();
}

// Cumulative shares of numbers taken largest first, from 0 for none of them.
std::vector<double> cumulated(Vector numbers)
{
    std::sort(numbers.begin(), numbers.end(), std::greater<>());
    const double whole = std::max(numbers.sum(), 1e-300);
    std::vector<double> shares{0};
    for (const double number : numbers)
        shares.push_back(shares.back() + number / whole);
    return shares;
}

int countFor(const std::vector<double>& shares, double share)
{
    const auto found = std::ranges::find_if(shares, [share](double reached) { return reached >= share - 1e-12; });
    return int(std::min<std::ptrdiff_t>(found - shares.begin(), std::ptrdiff_t(shares.size()) - 1));
}

Pick picksRow()
{
    return {Pick::Sets::Control, "row", {}};
}

Panel energyPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "energy";
    panel.title = "Energy per frequency";
    panel.words = "mean over " + std::to_string(subject.tokens) + (subject.tokens == 1 ? " token" : " tokens");
    panel.row = 0;
    panel.width = 1.35;
    BarsBody bars;
    bars.series = {{"queries", Tint::Ink, listed(energy(subject.querySpectrum)), {}, {}},
                   {"keys", Tint::Grey, listed(energy(subject.keySpectrum)), {}, {}}};
    bars.labels.axis = Axis::Feature;
    bars.picked = subject.row;
    bars.pick = picksRow();
    panel.body = bars;
    return panel;
}

Panel keptPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "kept";
    panel.title = "Energy kept";
    panel.words = "largest first";
    panel.row = 0;
    panel.width = 0.95;
    CurvesBody body;
    std::vector<double> places(std::size_t(subject.shape.keyWidth) + 1);
    std::iota(places.begin(), places.end(), 0.0);
    const auto add = [&](const char* title, Tint tint, const Matrix& spectrum) {
        CurvesBody::Curve curve;
        curve.title = title;
        curve.tint = tint;
        curve.x = places;
        for (const double share : cumulated(energy(spectrum)))
            curve.y.push_back(100 * share);
        body.curves.push_back(curve);
    };
    add("queries", Tint::Ink, subject.querySpectrum);
    add("keys", Tint::Grey, subject.keySpectrum);
    body.x.title = "frequencies";
    body.y.title = "%";
    const int half = frequenciesFor(subject, 0.5), most = frequenciesFor(subject, 0.9);
    body.marks = {{true, double(half), std::to_string(half)}, {true, double(most), std::to_string(most) + " for 90 %"}};
    panel.body = body;
    return panel;
}

Panel basisPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "basis";
    panel.title = "Basis";
    panel.words = "row " + std::to_string(subject.row) + " picked";
    panel.row = 0;
    panel.width = 0.62;
    HeatBody heat;
    heat.maps = {{gridOf(subject.map.directions), {}, {}}};
    heat.signedValues = true;
    heat.rows.axis = Axis::Feature;
    heat.cols.axis = Axis::Unit;
    heat.pickedRow = subject.row;
    heat.row = picksRow();
    panel.body = heat;
    return panel;
}

Panel wavePanel(const Subject& subject)
{
    Panel panel;
    panel.id = "wave";
    const int d = subject.shape.keyWidth, j = subject.row;
    const bool cosine = subject.options.directions == Directions::Dct;
    panel.title = !cosine                      ? "Row " + std::to_string(j)
                  : subject.options.transposed ? "cos jπ(2·" + std::to_string(j) + "+1)/" + std::to_string(2 * d)
                                               : "cos " + std::to_string(j) + "π(2i+1)/" + std::to_string(2 * d);
    panel.row = 0;
    CurvesBody body;
    CurvesBody::Curve points;
    points.tint = Tint::Ink;
    points.points = true;
    for (int i = 0; i < d; ++i) {
        points.x.push_back(i);
        points.y.push_back(subject.map.directions(j, i));
    }
    body.curves = {points};
    body.x.title = "entry i of the vector";
    body.marks = {{false, 0, {}}};
    panel.body = body;
    return panel;
}

Panel spectrogramPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "spectrogram";
    panel.title = "Spectrogram";
    panel.words = "one column per token, one row per frequency, colour is the signed coefficient";
    panel.row = 1;
    panel.width = 2.9;
    panel.height = 2.2;
    HeatBody heat;
    heat.maps = {{gridOf(subject.querySpectrum.transpose()), "queries", {}},
                 {gridOf(subject.keySpectrum.transpose()), "keys", {}}};
    heat.rows.axis = Axis::Feature;
    heat.cols.axis = Axis::Token;
    heat.signedValues = true;
    heat.pickedCol = subject.input.query.value;
    heat.col.sets = Pick::Sets::Query;
    heat.row = picksRow();
    panel.body = heat;
    return panel;
}

Panel featuresPanel(const Subject& subject)
{
    Panel panel;
    panel.id = "features";
    panel.title = "Features of the query";
    panel.words = "before, after exp";
    panel.row = 1;
    panel.width = 1;
    panel.height = 2.2;
    const Matrix x = subject.queries.row(subject.input.query.value);
    const Matrix logs = subject.map.logs(x);
    BarsBody bars;
    bars.horizontal = true;
    bars.series = {{"T C q", Tint::Grey, listed(subject.map.exponents(x).row(0).transpose()), {}, {}},
                   {"φ(q), largest = 1",
                    Tint::Own,
                    listed((logs.array() - logs.maxCoeff()).exp().matrix().row(0).transpose()),
                    {},
                    {}}};
    bars.labels.axis = Axis::Feature;
    for (int feature = 0; subject.map.antithetic && feature < subject.map.features(); ++feature)
        bars.labels.texts.push_back((feature < subject.rows() ? "+" : "−") + std::to_string(feature % subject.rows()));
    bars.picked = subject.row;
    bars.pick = picksRow();
    panel.body = bars;
    return panel;
}

} // namespace

int frequenciesFor(const Subject& subject, double share)
{
    return std::max(countFor(cumulated(energy(subject.querySpectrum)), share),
                    countFor(cumulated(energy(subject.keySpectrum)), share));
}

std::vector<Panel> spectrumPanels(const Subject& subject)
{
    return {energyPanel(subject), keptPanel(subject),        basisPanel(subject),
            wavePanel(subject),   spectrogramPanel(subject), featuresPanel(subject)};
}

} // namespace engine::dijiang
