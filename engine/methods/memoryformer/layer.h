// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/matrix.h"

#include <cstdint>
#include <span>
#include <vector>

// The Memory Layer (arXiv 2411.12992, §2.2) in float64: y = Σ_k a_k T_k[c_k] + b.

namespace engine::memoryformer {

// How a table row is scaled. P is the paper's eq. 10, L1p what the released code computes.
enum class Weighting
{
    P,
    L1p,
    One,
    Cos
};

// How a chunk becomes addresses and scales. With more than one probe the likeliest rows of a table are mixed, by their
// softmax weights (eq. 9) renormalised, and `weighting` is not used.
struct HashRule
{
    Weighting weighting = Weighting::P;
    double temperature = 1;
    int probes = 1;

    bool operator==(const HashRule&) const = default;
};

// `width` entries cut into chunks of `bits`; the last may be shorter, and then uses the first rows of its table only.
struct Chunks
{
    int width = 0, bits = 1;

    bool operator==(const Chunks&) const = default;

    int count() const { return (width + bits - 1) / bits; }

    int first(int table) const { return table * bits; }

    int bitsOf(int table) const { return table == count() - 1 ? width - first(table) : bits; }

    int rowsOf(int table) const { return 1 << bitsOf(table); }

    int stride() const { return 1 << bits; } // rows of a table as it is stored
};

// Borrowed numbers of one Memory Layer.
struct TableView
{
    Chunks chunks;
    int outputs = 0;
    std::span<const float> cells;      // [K, 2^bits, outputs]
    std::span<const float> bias;       // [outputs], or empty
    std::span<const float> thresholds; // [width], or empty: all 0

    std::span<const float> row(int table, int code) const
    {
        const std::size_t place = std::size_t(table) * std::size_t(chunks.stride()) + std::size_t(code);
        return cells.subspan(place * std::size_t(outputs), std::size_t(outputs));
    }
};

// One Memory Layer that owns its numbers.
struct Tables
{
    Chunks chunks;
    int outputs = 0;
    std::vector<float> cells, bias, thresholds;

    TableView view() const { return {chunks, outputs, cells, bias, thresholds}; }
};

// Numbers of a table set; throws Error{Memory} with the bytes where they would exceed the machine's limit.
std::size_t tableCells(const Chunks& chunks, int outputs, const std::string& what);

// Addresses and scales of all tokens: [N, K·probes], the probes of a table side by side, the likeliest first.
struct Hashed
{
    int tables = 0, probes = 1;
    std::vector<std::int32_t> codes;
    Matrix scales;

    std::int32_t code(Eigen::Index token, int table, int probe = 0) const
    {
        return codes[std::size_t(token) * std::size_t(tables * probes) + std::size_t(table * probes + probe)];
    }
};

// p(z) = Π 1/(1 + e^(−2|z_i|/t)): the weight of the chosen row in the softmax over all rows (eq. 10).
double probability(std::span<const double> z, double temperature);

// w(z) of the rule for one chunk, thresholds already taken off.
double weightOf(std::span<const double> z, const HashRule& rule);

// The address of a chunk, most significant bit first: a bit is 1 where z_i ≥ 0, and −0 ≥ 0.
int codeOf(std::span<const double> z);

// The `count` likeliest addresses of a chunk with their renormalised softmax weights, the likeliest first: those that
// flip the entries nearest to zero. Sums are taken in float32 so that every back end finds the same order.
struct Probe
{
    std::int32_t code = 0;
    double weight = 0;
};

std::vector<Probe> likeliest(std::span<const double> z, double temperature, int count);

// One pass over x [N, width]; layers that read the same input share it. Throws Error{Request} where a number of x is
// not finite.
Hashed hash(const Matrix& x, const Chunks& chunks, std::span<const float> thresholds, const HashRule& rule);

// The scaled rows summed, [N, outputs].
Matrix lookUp(const Hashed& hashed, const TableView& tables);

} // namespace engine::memoryformer
