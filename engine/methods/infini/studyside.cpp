// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/cost.h"
#include "engine/methods/infini/map.h"
#include "engine/methods/infini/study.h"

#include <cmath>

// The right dock: how the picked value comes about, gates, what the memory costs; and the account of one weight.

namespace engine::infini {
namespace {

Panel sidePanel(std::string id, std::string title, std::string words)
{
    Panel panel;
    panel.id = std::move(id);
    panel.title = std::move(title);
    panel.words = std::move(words);
    panel.side = true;
    return panel;
}

// The local branch of the picked query, from the run's output: mixed = share·A_mem + local·A_dot.
struct Branches
{
    Vector read, local, mixed;
    double denominator = 0;
    Mix mix;
};

Branches branchesOf(const StudiedHead& head)
{
    const int query = head.input.query.value, start = head.querySegment() * head.options.segment;
    const Memory& memory = head.memories[std::size_t(head.querySegment())];
    const ReadOut read = readOut(memory, queryFeatures(head.queries.row(query), head.options));
    const Positions positions = localPositions(head.input.context);
    const Matrix q = rotate(positions, head.queries.row(query), query - start);
    const Matrix k = rotate(positions, head.keys.middleRows(start, query - start + 1), 0);
    const Vector scores = k * q.transpose() / std::sqrt(double(k.cols()));
    const Vector weights = (scores.array() - scores.maxCoeff()).exp();
    Branches branches;
    branches.read = read.rows.row(0);
    branches.denominator = read.denominators(0);
    branches.local = head.values.middleRows(start, query - start + 1).transpose() * weights / weights.sum();
    branches.mix = mixOf(head.gate, memory.empty(), head.options);
    branches.mixed = branches.mix.memory * branches.read + branches.mix.local * branches.local;
    return branches;
}

Panel reads(const StudiedHead& head, const Branches& branches)
{
    Panel panel = sidePanel("reads", "Value " + std::to_string(head.col + 1) + " of the read-out",
                            head.querySegment() > 0 ? "after segment " + std::to_string(head.querySegment())
                                                    : "of a memory that is still empty");
    const Eigen::Index col = head.col;
    const auto row = [](std::string label, double number, bool strong = false) {
        return TableBody::Row{std::move(label), {figure(number, 4)}, strong, {}};
    };
    panel.body = TableBody{{},
                           {row("σ(q) · z", branches.denominator),
                            row("σ(q) M", branches.read(col) * std::max(branches.denominator, leastDenominator)),
                            row("read-out", branches.read(col)), row("local attention", branches.local(col)),
                            row("gate σ(β)", head.gate), row("output", branches.mixed(col), true)},
                           -1,
                           {}};
    return panel;
}

Panel against(const StudiedHead& head, const Branches& branches)
{
    Panel panel = sidePanel("against", "Read-out against local",
                            percentOf(branches.mix.memory) + " and " + percentOf(branches.mix.local));
    BarsBody body;
    body.series = {{"local attention", Tint::Exact, {branches.local.begin(), branches.local.end()}, {}, {}},
                   {"read-out", Tint::Own, {branches.read.begin(), branches.read.end()}, {}, {}}};
    body.labels.title = "value";
    body.labels.axis = Axis::Feature;
    body.labels.first = 1;
    body.picked = head.col;
    body.pick = {Pick::Sets::Control, "value_feature", {}};
    for (Eigen::Index i = 0; i < branches.local.size(); ++i)
        body.pick.values.push_back(int(i) + 1);
    panel.body = std::move(body);
    return panel;
}

Panel gatesPanel(const StudiedHead& head)
{
    Panel panel = sidePanel("gates", "Gates", "share taken from the memory");
    panel.value = shortNumber(head.gate, 3);
    HeatBody body;
    body.maps = {{gridOf(gatesOfLayers(head.input)), "", ""}};
    body.rows.title = "layer";
    body.rows.axis = Axis::Layer;
    body.rows.first = 1;
    body.cols.title = "head";
    body.cols.axis = Axis::Head;
    body.cols.first = 1;
    body.quantity = "g";
    body.high = 1;
    body.pickedRow = head.input.context.layer.value;
    body.pickedCol = head.input.head.value;
    body.row.sets = Pick::Sets::Layer;
    body.col.sets = Pick::Sets::Head;
    panel.body = std::move(body);
    return panel;
}

Panel ledger(const StudiedHead& head)
{
    const double d = double(head.keys.cols()), dv = double(head.values.cols());
    const LayerShape& shape = head.input.context.shape;
    Panel panel = sidePanel("ledger", "Ledger", "per head");
    panel.provenance = Provenance::Predicted;
    const auto row = [](std::string label, double number, const char* unit) {
        return TableBody::Row{std::move(label), {figure(number, 7, unit)}, false, {}};
    };
    panel.body = TableBody{{},
                           {row("memory M and z", 4 * d * (dv + 1), "B"),
                            row("KV cache at " + std::to_string(head.tokens()), 4 * (d + dv) * head.tokens(), "B"),
                            row("write, per token", 2 * d * dv + 2 * d, "flop"),
                            row("read, per token", 2 * d * dv + 2 * d + dv, "flop"),
                            row("smaller than the cache from", std::ceil(d * (dv + 1) / (d + dv)), "tokens"),
                            row("memory, all heads of the layer", 4 * double(memoryNumbers(shape)), "B"),
                            row("layer's state, open segment included",
                                4 * double(stateNumbers(shape, head.options.segment, head.tokens())), "B")},
                           -1,
                           {}};
    return panel;
}

// The paper's Table 1 for the paper's model and for this one.
Panel paperTable(const StudiedHead& head)
{
    const LayerShape& shape = head.input.context.shape;
    TableModel here;
    here.layers = head.input.context.model != nullptr ? head.input.context.model->config().layers : 1;
    here.width =
        head.input.context.model != nullptr ? head.input.context.model->config().width : shape.heads * shape.keyWidth;
    here.heads = shape.keyHeads;
    here.keyWidth = shape.keyWidth;
    here.valueWidth = shape.valueWidth;
    here.segment = head.options.segment;
    here.tokens = head.tokens();
    const std::vector<TableRow> paper = memoryTable({}), ours = memoryTable(here);
    Panel panel = sidePanel("table1", "Numbers that a model keeps", "Table 1");
    panel.provenance = Provenance::Predicted;
    TableBody body;
    body.columns = {"paper's model", "this one"};
    for (std::size_t i = 0; i < paper.size(); ++i)
        body.rows.push_back({std::string(paper[i].model),
                             {figure(paper[i].numbers, 3), figure(ours[i].numbers, 3)},
                             i + 1 == paper.size(),
                             {}});
    panel.body = std::move(body);
    const double cached = paper[2].numbers + paper[0].numbers, own = paper.back().numbers;
    const double millions = std::round(cached / 1e6), ownMillions = std::round(own / 1e5) / 10;
    panel.note = "The paper's " + shortNumber(std::round(millions / ownMillions), 3) + "× is " +
                 shortNumber(millions, 3) + " M numbers of a 65K-token cache beside Transformer-XL's over " +
                 shortNumber(ownMillions, 2) + " M of this memory (" + shortNumber(cached / own, 4) +
                 " before rounding); not parameters.";
    return panel;
}

DerivationLine line(std::string id, std::string label, std::string formula, double value, bool result = false)
{
    return {std::move(id), std::move(label), std::move(formula), figure(value, 4), result};
}

} // namespace

void addSidePanels(Study& study, const StudiedHead& head)
{
    const Branches branches = branchesOf(head);
    study.panels.push_back(reads(head, branches));
    study.panels.push_back(against(head, branches));
    study.panels.push_back(gatesPanel(head));
    study.panels.push_back(ledger(head));
    study.panels.push_back(paperTable(head));
}

Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context)
{
    const Options options = optionsOf(context);
    const double gate = gates(context)[std::size_t(head.value)];
    const int start = query.value / options.segment * options.segment;
    const PastWeights past(trace.keysRaw(head, {0, start}), options);
    const bool empty = past.empty(start);
    const Mix mix = mixOf(gate, empty, options);
    const Matrix q = trace.queriesRaw(head, {query.value, 1}), k = trace.keysRaw(head, {key.value, 1});
    Derivation derivation;
    if (key.value > query.value) {
        derivation.lines = {line("weight", "weight", "", 0, true)};
        derivation.note = "The key comes after the query: a causal layer gives it nothing.";
        return derivation;
    }
    if (key.value >= start) {
        const Positions positions = localPositions(context);
        const int seen = query.value - start + 1;
        const Matrix turned = rotate(positions, q, query.value - start);
        const Vector products = rotate(positions, trace.keysRaw(head, {start, seen}), 0) * turned.transpose();
        const Vector scores = products / std::sqrt(double(q.cols()));
        const Eigen::Index place = key.value - start;
        const double kernel = std::exp(scores(place) - scores.maxCoeff());
        const double sum = (scores.array() - scores.maxCoeff()).exp().sum();
        derivation.lines = {line("product", "q · k", "", products(place)),
                            line("score", "score x", "q·k ÷ √d", scores(place)),
                            line("kernel", "kernel", "exp(x − max)", kernel),
                            line("sum", "sum of row", "", sum),
                            line("gate", "share of local", empty ? "memory empty" : "1 − g", mix.local),
                            line("weight", "weight", "", mix.local * kernel / sum, true)};
        derivation.note = "Query and key stand in one segment: exact attention over " + std::to_string(seen) +
                          (empty ? " tokens; the memory is still empty." : " tokens; the memory has the rest.");
        return derivation;
    }
    const double denominator = trace.record("infini.denominator", head, {query.value, 1})(0, 0);
    const double kernel = empty ? 0 : past.of(queryFeatures(q, options), start, {key.value, 1})(0, 0);
    const double product = queryFeatures(q, options).row(0).dot(features(k).row(0));
    derivation.lines = {line("product", "q · k", "without positions", q.row(0).dot(k.row(0))),
                        line("kernel", "kernel", "σ(q)·σ(k)", product)};
    if (options.delta)
        derivation.lines.push_back(line("rewritten", "after later writes", "delta rule", kernel));
    derivation.lines.push_back(line("sum", "sum of row", "σ(q)·z", denominator));
    derivation.lines.push_back(line("gate", "gate g", "1/(1 + e^−β)", mix.memory));
    derivation.lines.push_back(
        line("weight", "weight", "", empty ? 0 : mix.memory * kernel / std::max(denominator, leastDenominator), true));
    derivation.note =
        "The key stands in an earlier segment: only the memory knows it, without its place, and σ(q)·σ(k) "
        "is nearly the same for all keys.";
    return derivation;
}

} // namespace engine::infini
