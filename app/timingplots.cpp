// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timingplots.h"

#include "app/sweeprows.h"
#include "app/wording.h"
#include "widgets/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <functional>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("timing", text);
}

// The quantity of a time that a row took; NaN where there is none.
double valueOf(const SweepResult& result, const engine::SweepRow& row, std::int64_t ns, SweepQuantity quantity)
{
    switch (quantity) {
    case SweepQuantity::Time:
        return double(ns) * 1e-6;
    case SweepQuantity::PerToken:
        return double(ns) * 1e-3 / row.tokens;
    case SweepQuantity::Ratio: {
        const engine::SweepRow* exact = rowOf(result.sweep, exactPlace(result), row.tokens);
        return ran(exact) ? double(ns) / double(std::max<std::int64_t>(1, exact->timing.medianNs)) : std::nan("");
    }
    case SweepQuantity::Memory:
        return double(stateOf(row));
    }
    return std::nan("");
}

widgets::PlotSeries seriesOf(const SweepResult& result, int place, SweepQuantity quantity)
{
    widgets::PlotSeries series;
    series.identity = identityAt(result, place);
    series.name = series.identity->title;
    series.label = series.name;
    for (const int tokens : lengthsOf(result.sweep)) {
        const engine::SweepRow* row = rowOf(result.sweep, place, tokens);
        if (!ran(row))
            continue;
        const double value = valueOf(result, *row, row->timing.medianNs, quantity);
        if (!std::isfinite(value))
            continue;
        series.points.emplace_back(tokens, value);
        series.hollow.push_back(quantity != SweepQuantity::Memory && row->timing.disturbed);
        if (quantity != SweepQuantity::Memory)
            series.band.emplace_back(valueOf(result, *row, row->timing.p20Ns, quantity),
                                     valueOf(result, *row, row->timing.p80Ns, quantity));
    }
    return series;
}

// Where the exact curve is at a length between two measured ones, in the plot's logarithms.
double exactAt(const widgets::PlotSeries& exact, double tokens)
{
    for (std::size_t i = 1; i < exact.points.size(); ++i) {
        const QPointF a = exact.points[i - 1];
        const QPointF b = exact.points[i];
        if (tokens >= a.x() && tokens <= b.x())
            return a.y() * std::pow(b.y() / a.y(), std::log(tokens / a.x()) / std::log(b.x() / a.x()));
    }
    return std::nan("");
}

// Where a method's curve crosses the exact one.
struct Crossing
{
    int place = 0;
    std::optional<double> measured;
    std::optional<engine::CrossoverBand> band;
    double predicted = 0;
};

// The farthest first: its line passes no words of the others.
std::vector<Crossing> crossingsOf(const SweepResult& result)
{
    std::vector<Crossing> crossings;
    for (int place = 0; place < int(result.request.methods.size()); ++place)
        if (place != exactPlace(result))
            crossings.push_back({place, engine::crossover(result.sweep, place),
                                 engine::crossoverBand(result.sweep, place), predictedOf(result, place)});
    std::erase_if(crossings, [](const Crossing& each) { return !each.measured && each.predicted <= 0; });
    std::stable_sort(crossings.begin(), crossings.end(), [](const Crossing& a, const Crossing& b) {
        return a.measured.value_or(a.predicted) > b.measured.value_or(b.predicted);
    });
    return crossings;
}

void addMarks(widgets::PlotValue& plot, const SweepResult& result, const Crossing& crossing, int row, bool alone)
{
    const auto number = [](double value) { return widgets::whole(std::llround(value)); };
    const std::optional<widgets::Identity> identity =
        alone ? std::nullopt : std::optional(identityAt(result, crossing.place));
    if (crossing.measured) {
        widgets::PlotMark mark{*crossing.measured, tr("measured %1").arg(number(*crossing.measured))};
        if (crossing.band && alone)
            mark.second = tr("%1 – %2, %3 rounds")
                              .arg(number(crossing.band->low), number(crossing.band->high))
                              .arg(crossing.band->rounds);
        else if (crossing.band)
            mark.text += tr(", %1 – %2").arg(number(crossing.band->low), number(crossing.band->high));
        mark.identity = identity;
        mark.left = crossing.predicted <= 0 || crossing.predicted >= *crossing.measured;
        mark.row = row;
        plot.marks.push_back(mark);
        if (crossing.band)
            plot.regions.emplace_back(std::min(crossing.band->low, *crossing.measured),
                                      std::max(crossing.band->high, *crossing.measured));
    }
    if (crossing.predicted > 0) {
        widgets::PlotMark mark{crossing.predicted, tr("predicted %1").arg(number(crossing.predicted))};
        mark.identity = identity;
        mark.dashed = true;
        mark.left = crossing.measured && crossing.predicted < *crossing.measured;
        mark.row = row;
        plot.marks.push_back(mark);
    }
}

void addCrossovers(widgets::PlotValue& plot, const SweepResult& result)
{
    const std::vector<Crossing> crossings = crossingsOf(result);
    for (std::size_t row = 0; row < crossings.size(); ++row) {
        addMarks(plot, result, crossings[row], int(row), crossings.size() == 1);
        const int exact = exactPlace(result);
        if (const auto measured = crossings[row].measured; measured && exact >= 0)
            if (const double y = exactAt(plot.series[std::size_t(exact)], *measured); std::isfinite(y))
                plot.rings.emplace_back(*measured, y);
    }
}

// Where a method begins to keep less than exact attention, between two measured lengths in the plot's logarithms.
std::optional<double> savesFrom(const widgets::PlotSeries& own, const widgets::PlotSeries& exact)
{
    const std::size_t count = std::min(own.points.size(), exact.points.size());
    for (std::size_t i = 1; i < count; ++i) {
        const QPointF before = own.points[i - 1], after = own.points[i];
        if (before.x() != exact.points[i - 1].x() || after.x() != exact.points[i].x())
            return std::nullopt;
        const double from = std::log(before.y() / exact.points[i - 1].y()),
                     to = std::log(after.y() / exact.points[i].y());
        if (from > 0 && to <= 0)
            return before.x() * std::pow(after.x() / before.x(), from / (from - to));
    }
    return std::nullopt;
}

void addSavings(widgets::PlotValue& plot, const SweepResult& result)
{
    const int exact = exactPlace(result);
    std::vector<std::pair<double, int>> found;
    for (int place = 0; place < int(plot.series.size()) && exact >= 0; ++place)
        if (const auto from = place == exact
                                  ? std::nullopt
                                  : savesFrom(plot.series[std::size_t(place)], plot.series[std::size_t(exact)]))
            found.emplace_back(*from, place);
    std::ranges::sort(found, std::greater<>()); // the farthest first: its line passes no words of the others
    for (std::size_t row = 0; row < found.size(); ++row) {
        widgets::PlotMark mark{found[row].first,
                               tr("less from %1").arg(widgets::whole(std::llround(found[row].first)))};
        if (found.size() > 1)
            mark.identity = identityAt(result, found[row].second);
        mark.row = int(row);
        mark.left = true;
        plot.marks.push_back(mark);
    }
}

double shareOfPeak(const SweepResult& result, const engine::SweepRow& row)
{
    return rateOf(row) * 1e9 / std::max(1.0, result.sweep.peaks.fmaFlops);
}

} // namespace

widgets::PlotValue sweepPlot(const SweepResult& result, SweepQuantity quantity)
{
    widgets::PlotValue plot;
    plot.x.logarithmic = true;
    plot.x.title = tr("tokens");
    for (const int length : lengthsOf(result.sweep))
        plot.x.ticks.push_back(length);
    plot.y.logarithmic = true;
    plot.y.format = quantity == SweepQuantity::Memory  ? widgets::AxisSpec::Format::Bytes
                    : quantity == SweepQuantity::Ratio ? widgets::AxisSpec::Format::Times
                                                       : widgets::AxisSpec::Format::Number;
    for (int place = 0; place < int(result.request.methods.size()); ++place)
        plot.series.push_back(seriesOf(result, place, quantity));
    if (quantity == SweepQuantity::Memory)
        addSavings(plot, result);
    else
        addCrossovers(plot, result);
    QStringList notes;
    if (quantity != SweepQuantity::Memory && disturbed(result.sweep))
        notes << tr("open marks: disturbed");
    if (quantity == SweepQuantity::Memory)
        notes << (result.backend == engine::Backend::Reference ? tr("predicted") : tr("held on the device"));
    for (const engine::SweepRow& row : result.sweep.rows)
        if (!row.failure.empty()) {
            notes << tr("%1 at %2: did not fit").arg(identityAt(result, row.place).title, widgets::whole(row.tokens));
            break;
        }
    plot.note = notes.join(QStringLiteral(" · "));
    return plot;
}

QString sweepNumber(double value, SweepQuantity quantity)
{
    switch (quantity) {
    case SweepQuantity::Time:
        return widgets::duration(value * 1e6);
    case SweepQuantity::PerToken:
        return widgets::duration(value * 1e3);
    case SweepQuantity::Ratio:
        return widgets::compact(value) + QStringLiteral(" ×");
    case SweepQuantity::Memory:
        return widgets::bytes(std::llround(value));
    }
    return {};
}

QString sweepWords(SweepQuantity quantity)
{
    switch (quantity) {
    case SweepQuantity::Time:
        return tr("ms, both axes logarithmic");
    case SweepQuantity::PerToken:
        return tr("µs per token, both axes logarithmic");
    case SweepQuantity::Ratio:
        return tr("times of exact attention");
    case SweepQuantity::Memory:
        return tr("state kept between tokens");
    }
    return {};
}

widgets::PlotValue rooflinePlot(const SweepResult& result)
{
    widgets::PlotValue plot;
    plot.x.logarithmic = plot.y.logarithmic = true;
    plot.x.title = tr("flop per byte");
    double low = 1e300, high = 0, slowest = 1e300;
    for (int place = 0; place < int(result.request.methods.size()); ++place) {
        widgets::PlotSeries series;
        series.identity = identityAt(result, place);
        series.name = series.identity->title;
        series.thin = true;
        double best = 0;
        int bestTokens = 0;
        for (const int tokens : lengthsOf(result.sweep)) {
            const engine::SweepRow* row = rowOf(result.sweep, place, tokens);
            if (!ran(row) || row->cost.bytesMoved <= 0 || row->cost.operations <= 0)
                continue;
            const double intensity = double(row->cost.operations) / double(row->cost.bytesMoved);
            series.points.emplace_back(intensity, rateOf(*row));
            series.pointNames << tr("%1 tokens").arg(widgets::whole(tokens));
            series.sizes.push_back(0.7 + 0.12 * std::log2(double(tokens) / 32.0));
            series.hollow.push_back(row->timing.disturbed);
            low = std::min(low, intensity);
            high = std::max(high, intensity);
            slowest = std::min(slowest, rateOf(*row));
            if (const double share = shareOfPeak(result, *row); share > best) {
                best = share;
                bestTokens = tokens;
                series.labelAt = int(series.points.size()) - 1;
            }
        }
        if (best > 0)
            series.label = tr("%1 at %2").arg(widgets::percent(best), widgets::whole(bestTokens));
        plot.series.push_back(std::move(series));
    }
    const double top = result.sweep.peaks.fmaFlops / 1e9;
    const double read = result.sweep.peaks.readBytesPerSecond / 1e9;
    if (high > 0 && top > 0 && read > 0) {
        const double knee = top / read;
        const double from = std::min({low / 2, knee / 2, slowest / read}); // from the foot of the plot
        plot.roofs.push_back({{from, from * read}, {knee, top}, tr("%1 GB/s read").arg(widgets::compact(read))});
        plot.roofs.push_back({{knee, top},
                              {std::max(high, knee) * 4, top},
                              tr("%1 GFLOP/s, multiply-add").arg(widgets::whole(std::llround(top)))});
    }
    const std::vector<int> lengths = lengthsOf(result.sweep);
    if (!lengths.empty())
        plot.note = tr("marks: %1 to %2 tokens").arg(widgets::whole(lengths.front()), widgets::whole(lengths.back()));
    return plot;
}

} // namespace app
