// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timingviews.h"

#include "app/sweeprows.h"
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

} // namespace

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
