// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/map.h"
#include "engine/methods/infini/records.h"
#include "engine/methods/infini/study.h"

#include <algorithm>
#include <cmath>
#include <numeric>

// What stands in the middle of the tab: the memories, the picked one taken apart, read-out, recall, bytes.

namespace engine::infini {
namespace {

constexpr int mostMaps = 8;    // small multiples in a row
constexpr int mostWriters = 9; // tokens that wrote a cell
constexpr int mostPlaces = 1024;
constexpr int ageBins = 16;

enum Row
{
    Multiples,
    Apart,
    ReadOutRow
};

Panel panelWith(std::string id, std::string title, std::string words, int row, double width, double height)
{
    Panel panel;
    panel.id = std::move(id);
    panel.title = std::move(title);
    panel.words = std::move(words);
    panel.row = row;
    panel.width = width;
    panel.height = height;
    return panel;
}

Pick control(std::string id, std::vector<int> values)
{
    return {Pick::Sets::Control, std::move(id), std::move(values)};
}

// 1, 2, … n.
std::vector<int> counted(Eigen::Index n)
{
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 1);
    return all;
}

AxisLabels features(const char* title)
{
    AxisLabels labels;
    labels.title = title;
    labels.axis = Axis::Feature;
    labels.first = 1;
    return labels;
}

// At most mostMaps segments, the shown one and the last among them.
std::vector<int> mapSegments(const StudiedHead& head)
{
    const int all = head.segments();
    if (all <= mostMaps)
        return counted(all);
    std::vector<int> segments;
    for (int i = 0; i < mostMaps; ++i)
        segments.push_back(1 + int(std::lround(double(i) * (all - 1) / (mostMaps - 1))));
    if (std::ranges::find(segments, head.shown) == segments.end()) {
        const auto near = std::ranges::min_element(
            segments, {}, [&](int segment) { return std::abs(segment - head.shown) + (segment == all ? all : 0); });
        *near = head.shown;
    }
    std::ranges::sort(segments);
    return segments;
}

Panel multiples(const StudiedHead& head)
{
    Panel panel = panelWith("memories", "Memory after each segment",
                            std::to_string(head.keys.cols()) + " keys × " + std::to_string(head.values.cols()) +
                                " values, one scale for all",
                            Multiples, 1, 0.9);
    HeatBody body;
    const std::vector<int> segments = mapSegments(head);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const Matrix& m = head.memories[std::size_t(segments[i])].m;
        body.maps.push_back(
            {gridOf(m), std::to_string(segments[i]), "rank " + shortNumber(effectiveRankOf(singularValues(m)), 2)});
        if (segments[i] == head.shown)
            body.pickedMap = int(i);
    }
    body.rows = features("key");
    body.cols = features("value");
    body.quantity = "M";
    body.signedValues = true;
    body.map = control("segment", segments);
    panel.body = std::move(body);
    if (int(segments.size()) < head.segments())
        panel.note = std::to_string(segments.size()) + " of " + std::to_string(head.segments()) + " segments";
    return panel;
}

Panel normaliser(const StudiedHead& head)
{
    Panel panel = panelWith("z", "z", "", Apart, 0.45, 2.2);
    const Vector& z = head.memory().z;
    BarsBody body;
    body.series = {{"z", Tint::Own, {z.begin(), z.end()}, {}, {}}};
    body.labels = features("key");
    body.quantity = "Σ σ(k)";
    body.horizontal = true;
    body.picked = head.row;
    body.pick = control("key_feature", counted(z.size()));
    panel.body = std::move(body);
    return panel;
}

Panel matrix(const StudiedHead& head, std::string id, std::string title, const Matrix& m)
{
    Panel panel = panelWith(std::move(id), std::move(title), "", Apart, 1.3, 2.2);
    panel.value = shortNumber(m(head.row, head.col), 4);
    HeatBody body;
    body.maps = {{gridOf(m), "", ""}};
    body.rows = features("key");
    body.cols = features("value");
    body.quantity = "M";
    body.signedValues = true;
    body.pickedRow = head.row;
    body.pickedCol = head.col;
    body.row = control("key_feature", counted(m.rows()));
    body.col = control("value_feature", counted(m.cols()));
    panel.body = std::move(body);
    return panel;
}

// What each token of the shown segment added to the picked cell: σ(k)_row times its value there, under the delta rule
// less what the memory already returned.
Vector contributions(const StudiedHead& head)
{
    const TokenRange segment = head.segment(head.shown - 1);
    const Matrix f = head.features.middleRows(segment.first, segment.count);
    const Matrix v = head.values.middleRows(segment.first, segment.count);
    if (!head.options.delta || !head.options.correction) {
        Vector value = v.col(head.col);
        if (head.options.delta)
            value -= readOut(head.before(), f).rows.col(head.col);
        return f.col(head.row).cwiseProduct(value);
    }
    Vector added(segment.count);
    Memory memory = head.before();
    for (Eigen::Index token = 0; token < added.size(); ++token) {
        const Memory next = written(memory, f.row(token), v.row(token), head.options);
        added(token) = next.m(head.row, head.col) - memory.m(head.row, head.col);
        memory = next;
    }
    return added;
}

Panel writers(const StudiedHead& head)
{
    const TokenRange segment = head.segment(head.shown - 1);
    const Vector added = contributions(head);
    std::vector<int> order(std::size_t(added.size()));
    std::iota(order.begin(), order.end(), 0);
    const auto most = std::min<std::size_t>(order.size(), mostWriters);
    std::ranges::partial_sort(order, order.begin() + std::ptrdiff_t(most), {},
                              [&](int token) { return -std::abs(added(token)); });
    order.resize(most);
    Panel panel =
        panelWith("writers", "Who wrote cell " + std::to_string(head.row + 1) + ", " + std::to_string(head.col + 1), "",
                  Apart, 1.3, 2.2);
    BarsBody body;
    body.series = {{"written", Tint::Own, {}, {}, {}}};
    double shown = 0;
    for (const int token : order) {
        body.series.front().values.push_back(added(token));
        body.labels.tokens.push_back(segment.first + token);
        body.pick.values.push_back(segment.first + token);
        shown += std::abs(added(token));
    }
    body.labels.axis = Axis::Token;
    body.quantity = "added to the cell";
    body.horizontal = true;
    body.pick.sets = Pick::Sets::Key;
    const auto picked = std::ranges::find(body.labels.tokens, head.input.key.value);
    if (picked != body.labels.tokens.end())
        body.picked = int(picked - body.labels.tokens.begin());
    panel.body = std::move(body);
    const double all = added.cwiseAbs().sum();
    panel.note = std::to_string(most) + " of " + std::to_string(segment.count) + " tokens, " +
                 std::to_string(int(std::lround(all > 0 ? 100 * shown / all : 0))) + " % of the write";
    return panel;
}

std::vector<Region> segmentRegions(const StudiedHead& head, int tokens)
{
    std::vector<Region> regions;
    for (int index = 0; index * head.options.segment < tokens && regions.size() < mostMaps * 4; ++index)
        regions.push_back({double(index * head.options.segment),
                           double(std::min(tokens, (index + 1) * head.options.segment)),
                           "segment " + std::to_string(index + 1)});
    return regions;
}

// The implied weights of the memory over the past, and the exact ones over the same tokens, made to sum to one.
Panel readOutPanel(const StudiedHead& head)
{
    const int past = head.querySegment() * head.options.segment;
    Panel panel = panelWith("readout", "Read-out",
                            "which of the " + std::to_string(past) + " past tokens the query draws from, √ scale",
                            ReadOutRow, 3.4, 0.9);
    panel.provenance = Provenance::Reconstructed;
    if (past == 0) {
        Figure nothing;
        nothing.reason = "the query stands in the first segment, nothing has been stored yet";
        panel.words = "what the query draws from the past";
        panel.body = TableBody{{}, {{"past tokens", {nothing}, false, {}}}, -1, {}};
        return panel;
    }
    const int first = std::max(0, past - mostPlaces), count = past - first;
    const int query = head.input.query.value;
    const Matrix f = queryFeatures(head.queries.row(query), head.options);
    const Memory& memory = head.memories[std::size_t(head.querySegment())];
    const double denominator = std::max(leastDenominator, memory.z.dot(f.row(0)));
    const Vector own =
        PastWeights(head.keys.topRows(past), head.options).of(f, past, {first, count}).row(0) / denominator;
    Vector exact = head.input.exactWeights({query, 1}, {0, past}).row(0);
    const double share = exact.sum();
    if (share > 0)
        exact /= share;
    BarsBody body;
    body.series = {{"exact attention over the same past", Tint::Exact, {}, {}, {}},
                   {"memory, implied", Tint::Own, {own.begin(), own.end()}, {}, {}}};
    const Vector same = exact.tail(count);
    body.series.front().values.assign(same.begin(), same.end());
    body.labels.axis = Axis::Token;
    body.labels.first = first;
    body.quantity = "weight";
    body.mirrored = true;
    body.scale = Scale::Sqrt;
    body.picked = head.input.key.value >= first && head.input.key.value < past ? head.input.key.value - first : -1;
    body.pick.sets = Pick::Sets::Key;
    for (int place = first; place < past; ++place)
        body.pick.values.push_back(place);
    for (Region region : segmentRegions(head, past)) {
        if (region.to > first)
            body.regions.push_back({std::max(0.0, region.from - first), region.to - first, region.text});
    }
    panel.body = std::move(body);
    panel.note = "exact attention gives the past " + percentOf(share) + " of its row; the largest weight is " +
                 shortNumber(exact.maxCoeff() * past, 3) + " times the mean there and " +
                 shortNumber(own.maxCoeff() * past, 3) + " times in the memory";
    return panel;
}

// Means over equal stretches of age; age 1 is the newest stored token.
CurvesBody::Curve byAge(std::string title, Tint tint, const Vector& numbers)
{
    CurvesBody::Curve curve;
    curve.title = std::move(title);
    curve.tint = tint;
    curve.points = true;
    const auto count = int(numbers.size());
    const int bins = std::min(ageBins, count);
    for (int bin = 0; bin < bins; ++bin) {
        const int from = count * bin / bins, to = count * (bin + 1) / bins;
        curve.x.push_back((from + to + 1) / 2.0);
        curve.y.push_back(numbers.segment(count - to, to - from).mean());
    }
    return curve;
}

Panel recallError(const StudiedHead& head)
{
    Panel panel = panelWith("recall_error", "Recall error by age", "", Apart, 1.3, 2.2);
    CurvesBody body;
    for (const bool delta : {false, true}) {
        Options options = head.options;
        options.delta = delta;
        const int stored = head.stored();
        const Memory memory =
            delta == head.options.delta
                ? head.memory()
                : memoriesOf(head.keys.topRows(stored), head.values.topRows(stored), options, "the other rule").back();
        const Recall recall = recallOf(memory, head.features.topRows(stored), head.values.topRows(stored));
        CurvesBody::Curve curve =
            byAge(delta ? "delta" : "linear", delta == head.options.delta ? Tint::Own : Tint::Grey, recall.error);
        curve.points = delta == head.options.delta;
        body.curves.push_back(std::move(curve));
    }
    body.x.title = "age, tokens";
    body.y.title = "|read − v|/|v|";
    panel.body = std::move(body);
    panel.note = "a stored value asked for by its own key";
    return panel;
}

Panel bytes(const StudiedHead& head)
{
    Panel panel = panelWith("bytes", "Kilobytes per head", "", ReadOutRow, 1, 0.9);
    const double d = double(head.keys.cols()), dv = double(head.values.cols()), tokens = head.tokens();
    CurvesBody body;
    CurvesBody::Curve cache{"KV cache", Tint::Exact, {0, tokens}, {0, 4 * tokens * (d + dv) / 1024}, {}, {}};
    CurvesBody::Curve memory{"memory", Tint::Own, {0, tokens}, {}, {}, {}};
    memory.y.assign(2, 4 * d * (dv + 1) / 1024);
    body.curves = {cache, memory};
    body.x.title = "tokens";
    body.y.title = "KB";
    body.marks = {{true, std::ceil(d * (dv + 1) / (d + dv)), "equal"}};
    panel.provenance = Provenance::Predicted;
    panel.body = std::move(body);
    return panel;
}

} // namespace

void addMemoryPanels(Study& study, const StudiedHead& head, Job& job)
{
    const std::string shown = std::to_string(head.shown);
    study.panels.push_back(multiples(head));
    study.panels.push_back(normaliser(head));
    study.panels.push_back(matrix(head, "memory", "M after segment " + shown, head.memory().m));
    study.panels.push_back(matrix(head, "written", "written by segment " + shown, head.memory().m - head.before().m));
    study.panels.push_back(writers(head));
    job.report(0.4, "recall of every stored key");
    study.panels.push_back(recallError(head));
    job.report(0.6, "read-out");
    study.panels.push_back(readOutPanel(head));
    study.panels.push_back(bytes(head));
}

} // namespace engine::infini
