// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/study.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

// Panels about the rows of the tables: how full they are, who is in them, what they hold.

namespace engine::memoryformer {
namespace {

constexpr int mostShown = 1024; // rows of a table that a line of the picture has room for
constexpr int mostLoads = 12;   // the last bar stands for this load and above
constexpr std::size_t mostChips = 24;
constexpr int mostNeighbours = 8;

double nan()
{
    return std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::string> tableNames(const BucketLook& look, bool used)
{
    std::vector<std::string> names;
    for (int table = 0; table < look.tableCount(); ++table) {
        std::string name = std::to_string(table + 1);
        if (used) {
            const std::vector<int> loads = look.loads(table);
            const auto reached = std::ranges::count_if(loads, [](int load) { return load > 0; });
            name += "  " + percent(double(reached) / double(loads.size()));
        }
        names.push_back(std::move(name));
    }
    return names;
}

// What clicking table i sets: tables are counted from 1.
Pick pickTable(const BucketLook& look)
{
    Pick pick{Pick::Sets::Control, "table", {}};
    for (int table = 0; table < look.tableCount(); ++table)
        pick.values.push_back(table + 1);
    return pick;
}

std::vector<int> allLoads(const BucketLook& look)
{
    std::vector<int> all;
    for (int table = 0; table < look.tableCount(); ++table) {
        const std::vector<int> loads = look.loads(table);
        all.insert(all.end(), loads.begin(), loads.end());
    }
    return all;
}

// Tokens of a row, a chip for each.
ChipsBody::Group groupOf(const BucketLook& look, std::span<const int> codes, const std::string& title)
{
    ChipsBody::Group group;
    group.title = title;
    int tokens = 0;
    for (int token = 0; token < look.tokens(); ++token) {
        if (std::ranges::find(codes, look.hashed.code(token, look.table)) == codes.end())
            continue;
        if (++tokens <= int(mostChips))
            group.chips.push_back({"", token, 1});
    }
    group.value = std::to_string(tokens) + (tokens == 1 ? " token" : " tokens");
    if (tokens > int(mostChips))
        group.chips.push_back({"+" + std::to_string(tokens - int(mostChips)), std::nullopt, 1});
    return group;
}

std::vector<int> neighbours(const BucketLook& look)
{
    std::vector<int> codes;
    const int own = look.hashed.code(look.token, look.table);
    for (int bit = look.tables.chunks.bitsOf(look.table) - 1; bit >= 0; --bit)
        codes.push_back(own ^ 1 << bit);
    return codes;
}

} // namespace

Panel occupancyPanel(const BucketLook& look)
{
    const int rows = look.tables.chunks.rowsOf(0), shown = std::min(rows, mostShown);
    Matrix cells = Matrix::Constant(look.tableCount(), shown, nan());
    int most = 0, pickedPlace = -1;
    for (int table = 0; table < look.tableCount(); ++table) {
        std::vector<int> loads = look.loads(table);
        std::vector<int> order(loads.size());
        std::iota(order.begin(), order.end(), 0);
        std::ranges::stable_sort(order, std::greater{}, [&](int row) { return loads[std::size_t(row)]; });
        for (int place = 0; place < std::min(shown, int(order.size())); ++place) {
            const int load = loads[std::size_t(order[std::size_t(place)])];
            most = std::max(most, load);
            if (load > 0)
                cells(table, place) = load;
            if (table == look.table && order[std::size_t(place)] == look.hashed.code(look.token, table))
                pickedPlace = place;
        }
    }
    HeatBody body;
    body.maps = {{gridOf(cells), "", ""}};
    body.rows = {"table", Axis::Bucket, tableNames(look, true), {}, 1};
    body.cols = {"rows, the fullest first; never reached: hatched", Axis::Unit, {}, {}, 1};
    body.quantity = "tokens in a row";
    body.high = most;
    body.scale = Scale::Sqrt;
    body.pickedRow = look.table;
    body.pickedCol = pickedPlace;
    body.row = pickTable(look);
    Panel panel =
        titled("buckets.occupancy", "Occupancy", "one line per table, rows sorted by how many tokens land there");
    panel.row = 0;
    panel.width = 1.75;
    panel.height = 1.4;
    panel.value = "fullest " + std::to_string(most);
    panel.body = std::move(body);
    if (rows > shown)
        panel.note = "the fullest " + std::to_string(shown) + " of " + std::to_string(rows) + " rows";
    return panel;
}

Panel loadPanel(const BucketLook& look)
{
    const std::vector<int> loads = allLoads(look);
    BarsBody body;
    body.series = {{"rows", Tint::Own, std::vector<double>(mostLoads + 1), {}, {}},
                   {"even hashing (Poisson)", Tint::Ink, {}, {}, {}}};
    for (const int load : loads)
        body.series[0].values[std::size_t(std::min(load, mostLoads))] += 100.0 / double(loads.size());
    // Rows of a ragged last table are fewer and fuller: every table has its own expectation.
    std::vector<double> even(mostLoads + 1);
    for (int table = 0; table < look.tableCount(); ++table) {
        const int rows = look.tables.chunks.rowsOf(table);
        const double expected = double(look.tokens()) / rows, share = 100.0 * rows / double(loads.size());
        double below = 0;
        for (int load = 0; load < mostLoads; ++load) {
            const double chance = std::exp(load * std::log(expected) - expected - std::lgamma(load + 1.0));
            even[std::size_t(load)] += share * chance;
            below += chance;
        }
        even[mostLoads] += share * std::max(0.0, 1 - below);
    }
    body.series[1].values = std::move(even);
    body.labels.title = "tokens in a row";
    for (int load = 0; load <= mostLoads; ++load)
        body.labels.texts.push_back(std::to_string(load) + (load == mostLoads ? "+" : ""));
    body.quantity = "share of the rows, %";
    Panel panel = titled("buckets.load", "Load", "all " + std::to_string(loads.size()) + " rows");
    panel.row = 0;
    panel.body = std::move(body);
    return panel;
}

Panel evennessPanel(const BucketLook& look)
{
    double entropy = 0;
    for (int table = 0; table < look.tableCount(); ++table) {
        for (const int load : look.loads(table)) {
            const double share = double(load) / look.tokens();
            entropy -= load > 0 ? share * std::log2(share) : 0;
        }
    }
    entropy /= look.tableCount();
    std::vector<int> loads = allLoads(look);
    std::ranges::sort(loads);
    double weighted = 0, sum = 0;
    for (std::size_t i = 0; i < loads.size(); ++i) {
        weighted += (2.0 * double(i + 1) - double(loads.size()) - 1) * loads[i];
        sum += loads[i];
    }
    const auto dead = std::ranges::count(loads, 0);
    const int bits = look.tables.chunks.bits;
    TableBody body;
    const auto add = [&](const std::string& label, Figure figure) {
        body.rows.push_back({label, {std::move(figure)}, false, std::nullopt});
    };
    add("entropy of " + std::to_string(bits) + " bits", {"", entropy, 3, "", ""});
    add("rows it would fill evenly", {"", std::exp2(entropy), 3, "", ""});
    add("Gini", {"", weighted / (double(loads.size()) * sum), 2, "", ""});
    add("fullest row", {"", double(loads.back()), 4, "tokens", ""});
    add("even load", {"", double(look.tokens()) / look.tables.chunks.rowsOf(0), 3, "tokens", ""});
    add("dead rows", {"", double(dead), 6, "", ""});
    Panel panel = titled("buckets.evenness", "Evenness", "over all tables");
    panel.side = true;
    panel.note = "A text of N tokens can give at most log2 N bits of entropy.";
    panel.body = std::move(body);
    return panel;
}

Panel sharingPanel(const BucketLook& look)
{
    const int own = look.hashed.code(look.token, look.table);
    const int bits = look.tables.chunks.bitsOf(look.table);
    ChipsBody body;
    body.groups.push_back(groupOf(look, std::span(&own, 1), "same row, " + std::to_string(bits) + " bits alike"));
    body.groups.push_back(groupOf(look, neighbours(look), "one bit away"));
    Panel panel = titled("buckets.sharing", "Who shares the row",
                         "table " + std::to_string(look.table + 1) + ", row " + std::to_string(own));
    panel.row = 1;
    panel.width = 1.1;
    panel.body = std::move(body);
    return panel;
}

Panel rowsPanel(const BucketLook& look)
{
    std::vector<int> codes{look.hashed.code(look.token, look.table)};
    const std::vector<int> near = neighbours(look);
    codes.insert(codes.end(), near.begin(), near.begin() + std::min<std::ptrdiff_t>(mostNeighbours, std::ssize(near)));
    Matrix cells(Eigen::Index(codes.size()), look.tables.outputs);
    HeatBody body;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const auto row = look.tables.row(look.table, codes[i]);
        cells.row(Eigen::Index(i)) =
            Eigen::Map<const Eigen::RowVectorXf>(row.data(), Eigen::Index(row.size())).cast<double>();
        body.rows.texts.push_back(std::to_string(codes[i]));
    }
    body.maps = {{gridOf(cells), "", ""}};
    body.rows.title = "row";
    body.cols = {"outputs", Axis::Feature, {}, {}, 1};
    body.quantity = "number in the table";
    body.signedValues = true;
    body.pickedRow = 0;
    Panel panel = titled("buckets.rows", "The picked row of the table",
                         std::to_string(look.tables.outputs) + " outputs, and the rows one bit away");
    panel.row = 2;
    panel.width = 1.5;
    panel.height = 0.7;
    panel.body = std::move(body);
    return panel;
}

// cos between two rows of the picked table against how many bits of their addresses differ.
Panel geometryPanel(const BucketLook& look)
{
    constexpr int mostRows = 256;
    const int bits = look.tables.chunks.bitsOf(look.table), rows = look.tables.chunks.rowsOf(look.table);
    const int step = std::max(1, rows / mostRows);
    std::vector<double> sums(std::size_t(bits) + 1), squares(sums.size()), counts(sums.size());
    std::vector<std::pair<int, Eigen::RowVectorXd>> unit;
    for (int code = 0; code < rows; code += step) {
        const auto row = look.tables.row(look.table, code);
        Eigen::RowVectorXd wide =
            Eigen::Map<const Eigen::RowVectorXf>(row.data(), Eigen::Index(row.size())).cast<double>();
        if (wide.norm() > 0)
            unit.emplace_back(code, wide / wide.norm());
    }
    for (std::size_t i = 0; i < unit.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const auto apart = std::size_t(__builtin_popcount(unsigned(unit[i].first ^ unit[j].first)));
            const double cosine = unit[i].second.dot(unit[j].second);
            sums[apart] += cosine;
            squares[apart] += cosine * cosine;
            ++counts[apart];
        }
    }
    CurvesBody body;
    CurvesBody::Curve found, line;
    found.title = "rows of this table";
    found.points = true;
    line.title = "linear: 1 − 2·bits/τ";
    line.tint = Tint::Grey;
    for (int apart = 0; apart <= bits; ++apart) {
        line.x.push_back(apart);
        line.y.push_back(1 - 2.0 * apart / bits);
        const double n = counts[std::size_t(apart)];
        if (n == 0)
            continue;
        const double mean = sums[std::size_t(apart)] / n;
        const double spread = std::sqrt(std::max(0.0, squares[std::size_t(apart)] / n - mean * mean));
        found.x.push_back(apart);
        found.y.push_back(mean);
        found.low.push_back(mean - spread);
        found.high.push_back(mean + spread);
    }
    body.curves = {std::move(found), std::move(line)};
    body.x.title = "bits apart";
    body.y.title = "cosine";
    Panel panel = titled("buckets.geometry", "Row geometry",
                         "cosine between two rows of table " + std::to_string(look.table + 1) + " by bits apart");
    panel.row = 3;
    panel.height = 0.8;
    panel.body = std::move(body);
    panel.note = "Rows that only stand in for a matrix follow the line; what leaves it is not linear.";
    if (step > 1)
        panel.note += " Every " + std::to_string(step) + "th row.";
    return panel;
}

// How much of what a token reads is warm already: it grows with the text, and generated tokens stand at its end.
Panel reusePanel(const BucketLook& look)
{
    std::set<std::pair<int, int>> read;
    CurvesBody::Curve curve;
    curve.title = "rows read before";
    for (int token = 0; token < look.tokens(); ++token) {
        int before = 0;
        for (int table = 0; table < look.tableCount(); ++table)
            before += read.insert({table, look.hashed.code(token, table)}).second ? 0 : 1;
        curve.x.push_back(token);
        curve.y.push_back(100.0 * before / look.tableCount());
    }
    Panel panel = titled("buckets.reuse", "Reuse", "rows of a token that one before it has read");
    panel.row = 4;
    panel.height = 0.8;
    panel.value = percent(curve.y[std::size_t(look.token)] / 100) + " of token " + std::to_string(look.token + 1);
    CurvesBody body;
    body.curves = {std::move(curve)};
    body.x = {"token", Axis::Token, {}, {}, 0};
    body.y.title = "rows, %";
    body.handle = look.token;
    body.pick = {Pick::Sets::Query, "", {}};
    for (int token = 0; token < look.tokens(); ++token)
        body.pick.values.push_back(token);
    panel.body = std::move(body);
    return panel;
}

Panel pairsPanel(const BucketLook& look)
{
    constexpr int mostTokens = 256;
    const int step = std::max(1, look.tokens() / mostTokens);
    std::vector<double> atLeast(std::size_t(look.tableCount()) + 1);
    double pairs = 0;
    for (int a = 0; a < look.tokens(); a += step) {
        for (int b = 0; b < a; b += step) {
            int shared = 0;
            for (int table = 0; table < look.tableCount(); ++table)
                shared += look.hashed.code(a, table) == look.hashed.code(b, table) ? 1 : 0;
            for (int m = 1; m <= shared; ++m)
                ++atLeast[std::size_t(m)];
            ++pairs;
        }
    }
    BarsBody body;
    body.series = {{"pairs of tokens", Tint::Own, {}, {}, {}}};
    for (int m = 1; m <= look.tableCount(); ++m)
        body.series[0].values.push_back(pairs > 0 ? 100 * atLeast[std::size_t(m)] / pairs : 0);
    body.labels = {"tables shared, at least", Axis::Unit, {}, {}, 1};
    body.quantity = "share of the pairs, %";
    Panel panel = titled("buckets.pairs", "Collisions", "pairs of tokens that share so many tables");
    panel.row = 4;
    panel.height = 0.8;
    panel.body = std::move(body);
    if (step > 1)
        panel.note = "every " + std::to_string(step) + "th token";
    return panel;
}

} // namespace engine::memoryformer
