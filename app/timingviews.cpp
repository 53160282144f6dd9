// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timingviews.h"

#include "app/wording.h"
#include "widgets/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("timing", text);
}

bool ran(const engine::SweepRow* row)
{
    return row != nullptr && row->failure.empty() && !row->timing.samplesNs.empty();
}

int exactPlace(const SweepResult& result)
{
    for (std::size_t place = 0; place < result.request.methods.size(); ++place)
        if (result.request.methods[place].method == engine::baseline)
            return int(place);
    return -1;
}

std::int64_t stateOf(const engine::SweepRow& row)
{
    return row.stateBytes > 0 ? std::int64_t(row.stateBytes) : row.cost.stateBytes;
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

double predictedOf(const SweepResult& result, int place)
{
    for (const engine::SweepRow& row : result.sweep.rows)
        if (row.place == place && row.cost.crossover > 0)
            return row.cost.crossover;
    return 0;
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

// Operations a second that a row reached.
double rateOf(const engine::SweepRow& row)
{
    return double(row.cost.operations) / double(std::max<std::int64_t>(1, row.timing.medianNs));
}

double shareOfPeak(const SweepResult& result, const engine::SweepRow& row)
{
    return rateOf(row) * 1e9 / std::max(1.0, result.sweep.peaks.fmaFlops);
}

} // namespace

widgets::Identity identityAt(const SweepResult& result, int place)
{
    const engine::Part& part = result.request.methods.at(std::size_t(place));
    widgets::Identity identity = identityOf(part);
    const auto twins = std::count_if(result.request.methods.begin(), result.request.methods.end(),
                                     [&](const engine::Part& other) { return other.method == part.method; });
    if (const QString knobs = knobsInForce(part); twins > 1 && !knobs.isEmpty())
        identity.title += " " + knobs;
    return identity;
}

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
    if (quantity != SweepQuantity::Memory)
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

namespace {

// Between the stages the program prepares the next one, which is no part of a pass: from where on how much is left out.
std::vector<std::pair<std::int64_t, std::int64_t>> pausesOf(const std::vector<engine::Span>& stages)
{
    constexpr std::int64_t kept = 10000; // ns of each pause, to be seen
    std::vector<std::pair<std::int64_t, std::int64_t>> pauses;
    std::int64_t last = 0;
    for (const engine::Span& stage : stages) {
        if (stage.beginNs - last > kept)
            pauses.emplace_back(stage.beginNs, stage.beginNs - last - kept);
        last = std::max(last, stage.endNs);
    }
    return pauses;
}

std::int64_t leftOut(const std::vector<std::pair<std::int64_t, std::int64_t>>& pauses, std::int64_t at)
{
    std::int64_t sum = 0;
    for (const auto& [from, length] : pauses)
        if (at >= from)
            sum += length;
    return sum;
}

} // namespace

widgets::TimelineValue timelineOf(const PassSet& passes)
{
    widgets::TimelineValue value;
    value.rows = {tr("stages"), tr("kernels")};
    std::int64_t begin = 0;
    int next = 0;
    bool launches = false;
    for (const PassSet::Lane& lane : passes.lanes) {
        const widgets::Identity identity = identityOf(lane.layer->context.plan.attention);
        const engine::TrackIndex own{next++}, around{next++}, kernels{next++};
        std::int64_t end = 0;
        const std::vector<std::pair<std::int64_t, std::int64_t>> pauses = pausesOf(lane.times.stages);
        const auto place = [&](engine::Span span, engine::TrackIndex track, const std::string& label) {
            const std::int64_t left = leftOut(pauses, span.beginNs);
            span.track = track;
            span.beginNs -= left;
            span.endNs -= left;
            end = std::max(end, span.endNs);
            span.beginNs += begin;
            span.endNs += begin;
            if (!label.empty())
                span.label = label;
            value.timeline.add(std::span(&span, 1));
        };
        for (const engine::Span& span : lane.times.stages) {
            const bool counts = span.label == "attention";
            const std::string label = counts                     ? identity.title.toStdString()
                                      : span.label == "download" ? tr("read back").toStdString()
                                      : span.label == "map"      ? tr("map, not counted").toStdString()
                                                                 : tr("upload").toStdString();
            place(span, counts ? own : around, label);
        }
        for (const engine::Span& span : lane.times.launches)
            place(span, kernels, {});
        launches = launches || !lane.times.launches.empty();
        value.tracks.push_back({own, 0, identity, true});
        value.tracks.push_back({around, 0, std::nullopt, true});
        value.tracks.push_back({kernels, 1, identity, false});
        begin += end + end / 40;
        value.endNs = begin;
    }
    if (!launches) // the reference launches nothing
        value.rows.removeLast();
    return value;
}

widgets::Facts kernelTotals(const PassSet& passes)
{
    struct Total
    {
        int lane = 0, launches = 0;
        double ns = 0, longest = 0;
    };

    std::vector<std::pair<std::string, Total>> totals;
    for (std::size_t lane = 0; lane < passes.lanes.size(); ++lane)
        for (const engine::Span& span : passes.lanes[lane].times.launches) {
            auto found = std::find_if(totals.begin(), totals.end(), [&](const auto& each) {
                return each.first == span.label && each.second.lane == int(lane);
            });
            if (found == totals.end())
                found = totals.insert(totals.end(), {span.label, Total{int(lane)}});
            const double ns = double(span.endNs - span.beginNs);
            ++found->second.launches;
            found->second.ns += ns;
            found->second.longest = std::max(found->second.longest, ns);
        }
    std::stable_sort(totals.begin(), totals.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.lane, -a.second.ns) < std::pair(b.second.lane, -b.second.ns);
    });
    double most = 1;
    for (const auto& each : totals)
        most = std::max(most, each.second.ns);
    widgets::Facts facts;
    facts.labelShare = 0.34;
    facts.columns = {tr("launches"), tr("total"), tr("longest")};
    for (const auto& [label, total] : totals)
        facts.rows.push_back(
            {identityOf(passes.lanes[std::size_t(total.lane)].layer->context.plan.attention),
             QString::fromStdString(label),
             {widgets::whole(total.launches), widgets::duration(total.ns), widgets::duration(total.longest)},
             total.ns / most});
    if (totals.empty())
        facts.columns.clear();
    if (totals.empty())
        facts.text = tr("The reference launches no kernels: choose a device to see them.");
    return facts;
}

widgets::Facts stageFacts(const PassSet& passes)
{
    widgets::Facts facts;
    facts.labelShare = 0.34;
    facts.columns = {tr("median"), tr("20 – 80 %")};
    double most = 1;
    for (const PassSet::Lane& lane : passes.lanes)
        for (const engine::Timing* timing :
             {&lane.times.attention, &lane.times.upload, &lane.times.download, &lane.times.map})
            most = std::max(most, double(timing->p80Ns));
    for (const PassSet::Lane& lane : passes.lanes) {
        const widgets::Identity identity = identityOf(lane.layer->context.plan.attention);
        const auto add = [&](const QString& label, const engine::Timing& timing, bool counts) {
            if (timing.samplesNs.empty())
                return;
            widgets::Facts::Row row;
            row.identity = identity;
            row.label = label;
            row.values = {widgets::duration(double(timing.medianNs)), widgets::duration(double(timing.p20Ns)) +
                                                                          QStringLiteral(" – ") +
                                                                          widgets::duration(double(timing.p80Ns))};
            row.bar = double(timing.medianNs) / most;
            row.low = double(timing.p20Ns) / most;
            row.high = double(timing.p80Ns) / most;
            row.hollow = !counts;
            row.doubt = timing.disturbed;
            facts.rows.push_back(row);
        };
        add(identity.title, lane.times.attention, true);
        add(tr("upload of q, k, v"), lane.times.upload, false);
        add(tr("reading back"), lane.times.download, false);
        add(tr("one head's map, for you only"), lane.times.map, false);
    }
    return facts;
}

std::vector<widgets::Run> timingSentence(const SweepResult& result)
{
    const std::vector<int> lengths = lengthsOf(result.sweep);
    const int exact = exactPlace(result);
    for (int place = 0; place < int(result.request.methods.size()) && exact >= 0 && !lengths.empty(); ++place) {
        if (place == exact)
            continue;
        const QString title = identityAt(result, place).title;
        const double predicted = predictedOf(result, place);
        std::vector<widgets::Run> runs;
        if (const auto measured = engine::crossover(result.sweep, place)) {
            runs = {{tr("From ")},
                    {tr("%1 tokens").arg(widgets::whole(std::llround(*measured))), true},
                    {tr(" on, %1 beats exact attention on this machine").arg(title)}};
        } else {
            const engine::SweepRow* last = rowOf(result.sweep, place, lengths.back());
            const engine::SweepRow* other = rowOf(result.sweep, exact, lengths.back());
            const bool faster = ran(last) && ran(other) && last->timing.medianNs < other->timing.medianNs;
            runs = {{title, true},
                    {faster ? tr(" beats exact attention at every length measured, from ")
                            : tr(" does not beat exact attention on this machine up to ")},
                    {tr("%1 tokens").arg(widgets::whole(faster ? lengths.front() : lengths.back())), true}};
        }
        if (predicted > 0) {
            runs.push_back({tr("; the operation count says ")});
            runs.push_back({widgets::whole(std::llround(predicted)), true});
        }
        runs.push_back({QStringLiteral(".")});
        return runs;
    }
    return {{tr("Every method was timed; there is nothing to compare with exact attention.")}};
}

QString timingSecond(const SweepResult& result)
{
    const std::vector<int> lengths = lengthsOf(result.sweep);
    const int exact = exactPlace(result);
    QStringList parts;
    for (int place = 0; place < int(result.request.methods.size()) && exact >= 0 && !lengths.empty(); ++place) {
        const engine::SweepRow* own = rowOf(result.sweep, place, lengths.back());
        const engine::SweepRow* other = rowOf(result.sweep, exact, lengths.back());
        if (place == exact || !ran(own) || !ran(other))
            continue;
        const double ratio = double(other->timing.medianNs) / double(std::max<std::int64_t>(1, own->timing.medianNs));
        const QString words =
            ratio >= 1 ? tr("At %1 tokens %2 is %3 times faster.") : tr("At %1 tokens %2 is %3 times slower.");
        parts << words.arg(widgets::whole(lengths.back()), identityAt(result, place).title,
                           widgets::compact(ratio >= 1 ? ratio : 1 / ratio));
    }
    if (!result.complete)
        parts << tr("A partial sweep: it has not come to the longer lengths.");
    return parts.join(QStringLiteral(" "));
}

QString timingWords(const SweepResult& result)
{
    const engine::LayerShape& shape = result.request.shape;
    QStringList parts{tr("%1 heads, d %2, %3, %4")
                          .arg(shape.heads)
                          .arg(shape.keyWidth)
                          .arg(result.backend == engine::Backend::Reference ? tr("float64") : tr("float32"),
                               shape.causal ? tr("causal") : tr("no mask"))};
    parts << tr("median of %1 runs, methods interleaved, band 20 – 80 %").arg(result.request.repeats);
    return parts.join(QStringLiteral(" · "));
}

widgets::Facts machineFacts(const SweepResult& result)
{
    widgets::Facts facts;
    facts.title = tr("Machine");
    facts.note = tr("measured");
    const engine::Peaks& peaks = result.sweep.peaks;
    facts.rows.push_back(
        {std::nullopt, tr("peak"), {widgets::compact(peaks.fmaFlops / 1e9) + QStringLiteral(" GFLOP/s")}});
    facts.rows.push_back(
        {std::nullopt, tr("reading"), {widgets::compact(peaks.readBytesPerSecond / 1e9) + QStringLiteral(" GB/s")}});
    if (!result.sweep.rows.empty())
        facts.rows.push_back({std::nullopt, tr("threads"), {widgets::whole(result.sweep.rows.front().threads)}});
    widgets::Facts::Row quiet{std::nullopt, tr("other load"), {tr("none")}};
    if (disturbed(result.sweep)) {
        quiet.values = {tr("yes")};
        quiet.doubt = true;
    }
    facts.rows.push_back(quiet);
    facts.text = QString::fromStdString(result.sweep.machine);
    return facts;
}

widgets::Facts timesFacts(const SweepResult& result)
{
    widgets::Facts facts;
    facts.title = tr("At");
    facts.note = tr("tokens");
    const std::vector<int> lengths = lengthsOf(result.sweep);
    std::vector<int> chosen;
    for (std::size_t part = 0; part < 3 && !lengths.empty(); ++part)
        chosen.push_back(lengths[(lengths.size() - 1) * (part + 1) / 3]);
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (const int tokens : chosen)
        facts.columns << widgets::whole(tokens);
    for (int place = 0; place < int(result.request.methods.size()); ++place) {
        widgets::Facts::Row row;
        row.identity = identityAt(result, place);
        row.label = row.identity->title;
        for (const int tokens : chosen) {
            const engine::SweepRow* each = rowOf(result.sweep, place, tokens);
            row.values << (ran(each) ? widgets::compact(double(each->timing.medianNs) * 1e-6) : tr("n/a"));
            row.doubts.push_back(ran(each) && each->timing.disturbed);
        }
        facts.rows.push_back(row);
    }
    facts.text = tr("milliseconds, measured");
    return facts;
}

// The first length at which a method's kernels do no more operations than exact attention's, without mask; 0: none.
int countsAgree(const SweepResult& result, int place)
{
    constexpr int longest = 1 << 17;
    engine::LayerShape full = result.request.shape;
    full.causal = false;
    const auto operations = [&](int which, int tokens) {
        const engine::Part& part = result.request.methods[std::size_t(which)];
        return engine::findMethod(part.method).cost(full, part.knobs, tokens).operations;
    };
    const auto pays = [&](int tokens) { return operations(place, tokens) <= operations(exactPlace(result), tokens); };
    int high = 1;
    while (high < longest && !pays(high))
        high *= 2;
    if (high >= longest)
        return 0;
    int low = high / 2;
    while (high - low > 1)
        (pays((low + high) / 2) ? high : low) = (low + high) / 2;
    return high;
}

widgets::Facts countFacts(const SweepResult& result)
{
    widgets::Facts facts;
    const int exact = exactPlace(result);
    for (int place = 0; place < int(result.request.methods.size()) && exact >= 0; ++place) {
        const double predicted = predictedOf(result, place);
        if (place == exact || predicted <= 0)
            continue;
        const auto measured = engine::crossover(result.sweep, place);
        facts.title = measured && *measured < predicted   ? tr("Why the crossover is early")
                      : measured && *measured > predicted ? tr("Why the crossover is late")
                                                          : tr("The operation count");
        engine::LayerShape full = result.request.shape;
        full.causal = false;
        for (const int each : {exact, place}) {
            const engine::Part& part = result.request.methods[std::size_t(each)];
            const engine::Cost cost = engine::findMethod(part.method).cost(full, part.knobs, int(predicted));
            const widgets::Identity identity = identityAt(result, each);
            facts.rows.push_back({identity,
                                  identity.title,
                                  {widgets::compact(double(cost.operations) * 1e-6) + QStringLiteral(" MFLOP")}});
        }
        facts.rows.push_back({std::nullopt, tr("at N, no mask"), {widgets::whole(std::llround(predicted))}});
        const int agree = countsAgree(result, place);
        if (agree > 0 && std::abs(agree - predicted) > 0.05 * predicted)
            facts.rows.push_back({std::nullopt, tr("counts agree at"), {widgets::whole(agree)}});
        if (measured) {
            const int near = [&] { // the measured length nearest to the crossing
                const std::vector<int> lengths = lengthsOf(result.sweep);
                return *std::min_element(lengths.begin(), lengths.end(), [&](int a, int b) {
                    return std::abs(std::log(a / *measured)) < std::abs(std::log(b / *measured));
                });
            }();
            const engine::SweepRow* own = rowOf(result.sweep, place, near);
            const engine::SweepRow* other = rowOf(result.sweep, exact, near);
            if (ran(own) && ran(other))
                facts.text = tr("The count takes every operation for equally fast. At %1 tokens exact attention ran at "
                                "%2 GFLOP/s, %3 at %4: that moves the crossing from %5 to %6 tokens.")
                                 .arg(widgets::whole(near), widgets::compact(rateOf(*other)),
                                      identityAt(result, place).title, widgets::compact(rateOf(*own)),
                                      widgets::whole(std::llround(predicted)), widgets::whole(std::llround(*measured)));
        } else {
            facts.text = tr("Within the lengths measured the two do not cross.");
        }
        if (full.keyHeads < full.heads)
            facts.text += tr(" N is the paper's count, for a key and value head per query head; here %1 share one.")
                              .arg(full.heads / full.keyHeads);
        return facts;
    }
    return facts;
}

widgets::Facts memoryFacts(const SweepResult& result)
{
    widgets::Facts facts;
    facts.title = tr("Memory");
    const std::vector<int> lengths = lengthsOf(result.sweep);
    if (lengths.empty())
        return facts;
    facts.note = tr("at %1 tokens").arg(widgets::whole(lengths.back()));
    double most = 1;
    for (const engine::SweepRow& row : result.sweep.rows)
        if (row.tokens == lengths.back())
            most = std::max(most, double(stateOf(row)));
    for (int place = 0; place < int(result.request.methods.size()); ++place) {
        const engine::SweepRow* row = rowOf(result.sweep, place, lengths.back());
        if (row == nullptr)
            continue;
        const widgets::Identity identity = identityAt(result, place);
        facts.rows.push_back({identity, identity.title, {widgets::bytes(stateOf(*row))}, double(stateOf(*row)) / most});
    }
    return facts;
}

} // namespace app
