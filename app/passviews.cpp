// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/passviews.h"

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

// "67.1 MFLOP, 76.0 GFLOP/s, 256 flop per byte": by the operation count and the median.
QString costWords(const engine::PassTimes& times)
{
    const double operations = double(times.cost.operations), bytes = double(times.cost.bytesMoved);
    if (operations <= 0 || times.attention.medianNs <= 0)
        return {};
    QString words =
        tr("%1 MFLOP, %2 GFLOP/s")
            .arg(widgets::compact(operations * 1e-6), widgets::compact(operations / double(times.attention.medianNs)));
    if (bytes > 0)
        words += tr(", %1 flop per byte").arg(widgets::compact(operations / bytes));
    return words;
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
        value.tracks.push_back({own, 0, identity, true, costWords(lane.times)});
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

} // namespace app
