// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/cost.h"
#include "engine/methods/memoryformer/study.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

// Panels about one token's addresses, the bits of the channels, drift, and what it all costs.

namespace engine::memoryformer {
namespace {

constexpr double noise = 0.05; // relative, of the chance of a flip

// The entry of a chunk nearest to its threshold: what flips first.
std::pair<int, double> leastMargin(const std::vector<double>& z)
{
    const auto least = std::ranges::min_element(z, {}, [](double each) { return std::abs(each); });
    return {int(least - z.begin()), std::abs(*least)};
}

std::string bitsText(int code, int bits)
{
    std::string text;
    for (int bit = bits - 1; bit >= 0; --bit)
        text += (code >> bit & 1) != 0 ? '1' : '0';
    return text;
}

// P(a code changes) when every entry gets noise of `sigma` times its spread: 1 − (1 − atan(σ)/π)^τ.
double flipChance(double sigma, int bits)
{
    return 1 - std::pow(1 - std::atan(sigma) / std::numbers::pi, bits);
}

// Mean share of bits that differ between two sets of codes, token by token.
double bitsApart(const Hashed& a, const Hashed& b, Eigen::Index tokenA, Eigen::Index tokenB, int width)
{
    int apart = 0;
    for (int table = 0; table < a.tables; ++table)
        apart += std::popcount(unsigned(a.code(tokenA, table) ^ b.code(tokenB, table)));
    return double(apart) / width;
}

} // namespace

Panel codesPanel(const BucketLook& look)
{
    const int bits = look.tables.chunks.bits;
    Matrix cells = Matrix::Constant(look.tableCount(), bits, std::numeric_limits<double>::quiet_NaN());
    HeatBody body;
    for (int table = 0; table < look.tableCount(); ++table) {
        const std::vector<double> z = look.chunk(look.token, table);
        for (std::size_t i = 0; i < z.size(); ++i)
            cells(table, Eigen::Index(i)) = z[i];
        body.rows.texts.push_back(std::to_string(table + 1));
    }
    body.maps = {{gridOf(cells), "", ""}};
    body.rows.title = "table";
    body.cols = {"entry", Axis::Feature, {}, {}, 1};
    body.quantity = "entry; 0 to the left of nought, 1 from it on";
    body.signedValues = true;
    body.pickedRow = look.table;
    body.pickedCol = leastMargin(look.chunk(look.token, look.table)).first;
    body.row = {Pick::Sets::Control, "table", {}};
    for (int table = 0; table < look.tableCount(); ++table)
        body.row.values.push_back(table + 1);
    Panel panel = titled("buckets.codes", "Token " + std::to_string(look.token + 1), "sign and margin of every entry");
    panel.row = 1;
    panel.width = 0.8;
    panel.height = 1.25;
    panel.body = std::move(body);
    panel.note = "Ringed: the entry of the picked table that flips first.";
    return panel;
}

Panel tokenPanel(const BucketLook& look)
{
    TableBody body;
    body.columns = {"row", "w(z)", "least margin", "flips"};
    const double norm = look.x.row(look.token).norm();
    int fragile = 0;
    for (int table = 0; table < look.tableCount(); ++table) {
        const std::vector<double> z = look.chunk(look.token, table);
        const auto [entry, margin] = leastMargin(z);
        const bool close = margin < 0.005 * norm;
        fragile += close ? 1 : 0;
        body.rows.push_back({std::to_string(table + 1),
                             {{"", double(look.hashed.code(look.token, table)), 6, "", ""},
                              {"", look.hashed.scales(look.token, table), 2, "", ""},
                              {"", margin, 2, "", ""},
                              {(close ? "! entry " : "entry ") + std::to_string(entry + 1), std::nullopt, 3, "", ""}},
                             false,
                             std::nullopt});
    }
    body.picked = look.table;
    body.pick = {Pick::Sets::Control, "table", {}};
    for (int table = 0; table < look.tableCount(); ++table)
        body.pick.values.push_back(table + 1);
    Panel panel = titled("buckets.token", "Its rows", "and what would flip first");
    panel.row = 1;
    panel.width = 1;
    panel.height = 1.25;
    panel.value = std::to_string(fragile) + " of " + std::to_string(look.tableCount()) + " fragile";
    panel.note = "!: within 0.5 % of the input's length of another row.";
    panel.body = std::move(body);
    return panel;
}

Panel bitsPanel(const BucketLook& look)
{
    const std::vector<double> z = look.chunk(look.token, look.table);
    const int bits = int(z.size()), code = look.hashed.code(look.token, look.table);
    TableBody body;
    body.columns = {"entry", "bit", "counts"};
    for (int i = 0; i < bits; ++i)
        body.rows.push_back({std::to_string(look.tables.chunks.first(look.table) + i + 1),
                             {{"", z[std::size_t(i)], 2, "", ""},
                              {z[std::size_t(i)] >= 0 ? "1" : "0", std::nullopt, 3, "", ""},
                              {"", double(1 << (bits - 1 - i)), 6, "", ""}},
                             false,
                             std::nullopt});
    const auto add = [&](const std::string& label, Figure figure, bool strong) {
        body.rows.push_back({label,
                             {{"", std::nullopt, 3, "", ""}, {"", std::nullopt, 3, "", ""}, std::move(figure)},
                             strong,
                             std::nullopt});
    };
    add("row " + bitsText(code, bits), {"", double(code), 6, "", ""}, true);
    add("weight w(z)", {"", look.hashed.scales(look.token, look.table), 2, "", ""}, false);
    add("chance of a flip at 5 % noise", {"", 100 * flipChance(noise, bits), 2, "%", ""}, false);
    Panel panel = titled("buckets.bits",
                         "Token " + std::to_string(look.token + 1) + " in table " + std::to_string(look.table + 1),
                         "entries " + std::to_string(look.tables.chunks.first(look.table) + 1) + " – " +
                             std::to_string(look.tables.chunks.first(look.table) + bits) + " of the input");
    panel.side = true;
    panel.note = "The row is found without a multiplication: the signs are its number.";
    panel.body = std::move(body);
    return panel;
}

Panel ledgerPanel(const BucketLook& look)
{
    const LayerCost cost = layerCost(look.tables.chunks, look.tables.outputs, look.rule.probes);
    std::set<std::pair<int, int>> touched;
    for (int token = 0; token < look.tokens(); ++token) {
        for (int table = 0; table < look.tableCount(); ++table)
            touched.insert({table, look.hashed.code(token, table)});
    }
    constexpr double kilobyte = 1024.0 / sizeof(float);
    TableBody body;
    body.columns = {"exact", "MemoryFormer"};
    const auto add = [&](const std::string& label, double exact, double tables, const std::string& unit) {
        body.rows.push_back({label, {{"", exact, 6, unit, ""}, {"", tables, 6, unit, ""}}, false, std::nullopt});
    };
    const double dense = double(cost.denseNumbers), outputs = double(look.tables.outputs);
    add("multiply-adds, one token", dense, double(cost.multiplyAdds), "");
    add("read, one token", dense / kilobyte, double(cost.readNumbers) / kilobyte, "KB");
    add("read at least once, this text", dense / kilobyte, double(touched.size()) * outputs / kilobyte, "KB");
    add("stored", dense / kilobyte, double(cost.storedNumbers) / kilobyte, "KB");
    Panel panel = titled("buckets.ledger", "Ledger", "one projection");
    panel.side = true;
    panel.provenance = Provenance::Predicted;
    const double fetched = double(look.tokens()) * look.tableCount();
    panel.value = percent(1 - double(touched.size()) / fetched) + " reused";
    panel.note = "float32. Hashing adds " + std::to_string(look.tables.chunks.width) +
                 " exponentials a token, shared by query, key and value.";
    panel.body = std::move(body);
    return panel;
}

Panel balancePanel(const BucketLook& look)
{
    BarsBody body;
    body.series = {{"share of 1 bits", Tint::Own, {}, {}, {}}};
    for (int entry = 0; entry < look.tables.chunks.width; ++entry) {
        const double limit = look.tables.thresholds.empty() ? 0 : double(look.tables.thresholds[std::size_t(entry)]);
        double ones = 0;
        for (int token = 0; token < look.tokens(); ++token)
            ones += look.x(token, entry) >= limit ? 1 : 0;
        body.series[0].values.push_back(100 * ones / look.tokens());
    }
    body.labels = {"channel", Axis::Feature, {}, {}, 1};
    body.quantity = "tokens with a 1, %";
    body.marks = {{false, 50, "balanced"}};
    const int picked = look.tables.chunks.first(look.table);
    body.regions = {{double(picked), double(picked + look.tables.chunks.bitsOf(look.table)), ""}};
    Panel panel = titled("buckets.balance", "Bit balance",
                         "share of tokens whose entry is at or above its threshold, " +
                             std::to_string(look.tables.chunks.width) + " channels");
    panel.row = 2;
    panel.width = 1;
    panel.height = 0.7;
    panel.body = std::move(body);
    return panel;
}

Panel correlationPanel(const BucketLook& look)
{
    const int bits = look.tables.chunks.bitsOf(look.table);
    Matrix ones(look.tokens(), bits);
    for (int token = 0; token < look.tokens(); ++token) {
        const std::vector<double> z = look.chunk(token, look.table);
        for (int i = 0; i < bits; ++i)
            ones(token, i) = z[std::size_t(i)] >= 0 ? 1 : 0;
    }
    const Matrix centred = ones.rowwise() - ones.colwise().mean();
    const Matrix products = centred.transpose() * centred;
    Matrix cells(bits, bits);
    for (int a = 0; a < bits; ++a) {
        for (int b = 0; b < bits; ++b) {
            const double scale = std::sqrt(products(a, a) * products(b, b));
            // A bit that never changes goes with none.
            cells(a, b) = scale > 0 ? products(a, b) / scale : std::numeric_limits<double>::quiet_NaN();
        }
    }
    HeatBody body;
    body.maps = {{gridOf(cells), "", ""}};
    body.rows = body.cols = {"entry", Axis::Feature, {}, {}, 1};
    body.quantity = "correlation of two bits";
    body.signedValues = true;
    body.high = 1;
    Panel panel = titled("buckets.correlation", "Bits that go together", "table " + std::to_string(look.table + 1));
    panel.row = 3;
    panel.width = 0.6;
    panel.height = 0.8;
    panel.note = "Correlated bits leave rows empty. Hatched: a bit that never changes.";
    panel.body = std::move(body);
    return panel;
}

Panel driftPanel(const BucketLook& look, const StudyInput& input)
{
    const int width = look.tables.chunks.width;
    HashRule plain;
    const auto hashedOf = [&](const Matrix& x) { return hash(x, look.tables.chunks, look.tables.thresholds, plain); };
    CurvesBody body;
    body.x = {"token", Axis::Token, {}, {}, 0};
    body.y.title = "bits that differ, %";
    const auto add = [&](const char* title, Tint tint, int first, const auto& apart) {
        CurvesBody::Curve curve;
        curve.title = title;
        curve.tint = tint;
        for (int token = first; token < look.tokens(); ++token) {
            curve.x.push_back(token);
            curve.y.push_back(100 * apart(token));
        }
        body.curves.push_back(std::move(curve));
    };
    add("from the token before", Tint::Own, 1,
        [&](int token) { return bitsApart(look.hashed, look.hashed, token, token - 1, width); });
    const Grid below = input.ownRun.grid(inputProbe(look.projection), {{input.context.layer.value - 1}, allHeads, {}});
    if (below.rows() == look.tokens() && below.cols() == width) {
        const Hashed before = hashedOf(matrixOf(below));
        add("from the layer before", Tint::Grey, 0,
            [&](int token) { return bitsApart(look.hashed, before, token, token, width); });
    }
    const Hashed exact = hashedOf(look.exactInput);
    double moved = 0;
    for (int token = 0; token < look.tokens(); ++token)
        moved += bitsApart(look.hashed, exact, token, token, width) / look.tokens();
    add("from the exact run", Tint::Exact, 0,
        [&](int token) { return bitsApart(look.hashed, exact, token, token, width); });
    body.handle = look.token;
    body.pick = {Pick::Sets::Query, "", {}};
    for (int token = 1; token < look.tokens(); ++token) // places are those of the first curve
        body.pick.values.push_back(token);
    Panel panel = titled("buckets.drift", "Drift", "bits of all tables that change");
    panel.row = 4;
    panel.height = 0.8;
    panel.value = percent(moved) + " moved by earlier layers";
    if (input.before == nullptr && !input.tokens.empty())
        panel.note = "Edit a word of the prompt and run it again: how far its codes move will stand beside this.";
    panel.body = std::move(body);
    return panel;
}

} // namespace engine::memoryformer
