// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/layer.h"

#include "engine/model/model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace engine::memoryformer {
namespace {

// On the bits, so that no compiler option can reason it away.
bool finite(double value)
{
    constexpr std::uint64_t exponent = 0x7FF0000000000000;
    return (std::bit_cast<std::uint64_t>(value) & exponent) != exponent;
}

void checkFinite(const Matrix& x)
{
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
        for (Eigen::Index col = 0; col < x.cols(); ++col) {
            if (!finite(x(row, col)))
                throw Error(Fault::Request, "input: the number at token " + std::to_string(row) + ", column " +
                                                std::to_string(col) +
                                                " is not finite; a Memory Layer hashes finite numbers");
        }
    }
}

double norm1(std::span<const double> z)
{
    return std::accumulate(z.begin(), z.end(), 0.0, [](double sum, double each) { return sum + std::abs(each); });
}

// A set of entries to flip: the sum of their |z|, the largest place among them, and the set as bits of places.
struct Flips
{
    float sum = 0;
    int last = -1;
    std::uint32_t set = 0;
};

// Sets of sorted magnitudes in the order of their sums: every set is made once, from a smaller one, by moving its last
// place on or adding the next.
std::vector<Flips> smallestSets(std::span<const float> sorted, int count)
{
    std::vector<Flips> found{{}}, waiting;
    if (!sorted.empty())
        waiting.push_back({sorted[0], 0, 1U});
    while (int(found.size()) < count && !waiting.empty()) {
        const auto least = std::ranges::min_element(waiting, {}, &Flips::sum);
        const Flips now = *least;
        waiting.erase(least);
        found.push_back(now);
        const auto next = std::size_t(now.last) + 1;
        if (next >= sorted.size())
            continue;
        const std::uint32_t bit = 1U << next;
        waiting.push_back({now.sum + sorted[next], int(next), now.set | bit});
        waiting.push_back({now.sum - sorted[next - 1] + sorted[next], int(next), (now.set ^ (bit >> 1U)) | bit});
    }
    return found;
}

} // namespace

std::size_t tableCells(const Chunks& chunks, int outputs, const std::string& what)
{
    const double cells = double(chunks.count()) * std::exp2(chunks.bits) * outputs;
    if (cells * sizeof(float) > double(memoryLimit()))
        throw Error(Fault::Memory, what + ": " + std::to_string(chunks.count()) + " tables of 2^" +
                                       std::to_string(chunks.bits) + " rows of " + std::to_string(outputs) +
                                       " numbers need " + std::to_string(cells * sizeof(float) / 1e9) +
                                       " GB; the limit is " + std::to_string(double(memoryLimit()) / 1e9) + " GB");
    return std::size_t(cells);
}

double probability(std::span<const double> z, double temperature)
{
    double product = 1;
    for (const double each : z)
        product /= 1 + std::exp(-2 * std::abs(each) / temperature);
    return product;
}

double weightOf(std::span<const double> z, const HashRule& rule)
{
    switch (rule.weighting) {
    case Weighting::P:
        return probability(z, rule.temperature);
    case Weighting::L1p:
        return norm1(z) * probability(z, rule.temperature);
    case Weighting::One:
        return 1;
    case Weighting::Cos: {
        // The largest goes first, so that squares neither vanish nor overflow.
        const double top =
            std::accumulate(z.begin(), z.end(), 0.0, [](double most, double e) { return std::max(most, std::abs(e)); });
        if (top == 0)
            return 0;
        double squares = 0;
        for (const double each : z)
            squares += (each / top) * (each / top);
        return norm1(z) / top / std::sqrt(double(z.size()) * squares);
    }
    }
    return 0;
}

int codeOf(std::span<const double> z)
{
    int code = 0;
    for (const double each : z)
        code = 2 * code + (each >= 0 ? 1 : 0);
    return code;
}

std::vector<Probe> likeliest(std::span<const double> z, double temperature, int count)
{
    const std::size_t bits = z.size();
    std::vector<float> sizes(bits), sorted(bits);
    for (std::size_t i = 0; i < bits; ++i)
        sizes[i] = std::abs(float(z[i]));
    std::vector<std::size_t> order(bits);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return sizes[i]; });
    for (std::size_t i = 0; i < bits; ++i)
        sorted[i] = sizes[order[i]];

    const int code = codeOf(z);
    std::vector<Probe> probes;
    double total = 0;
    for (const Flips& flips : smallestSets(sorted, count)) {
        std::int32_t flipped = code;
        for (std::size_t i = 0; i < bits; ++i) {
            if ((flips.set >> i & 1U) != 0)
                flipped ^= 1 << (bits - 1 - order[i]);
        }
        probes.push_back({flipped, std::exp(-2 * double(flips.sum) / temperature)});
        total += probes.back().weight;
    }
    for (Probe& probe : probes)
        probe.weight /= total;
    return probes;
}

Hashed hash(const Matrix& x, const Chunks& chunks, std::span<const float> thresholds, const HashRule& rule)
{
    checkFinite(x);
    Hashed hashed;
    hashed.tables = chunks.count();
    hashed.probes = rule.probes;
    const Eigen::Index terms = Eigen::Index(hashed.tables) * rule.probes;
    hashed.codes.assign(std::size_t(x.rows() * terms), 0);
    hashed.scales = Matrix::Zero(x.rows(), terms);
    std::vector<double> centred(std::size_t(chunks.width));
    for (Eigen::Index token = 0; token < x.rows(); ++token) {
        for (std::size_t i = 0; i < centred.size(); ++i)
            centred[i] = x(token, Eigen::Index(i)) - (thresholds.empty() ? 0.0 : double(thresholds[i]));
        for (int table = 0; table < hashed.tables; ++table) {
            const auto z = std::span<const double>(centred).subspan(std::size_t(chunks.first(table)),
                                                                    std::size_t(chunks.bitsOf(table)));
            const Eigen::Index place = Eigen::Index(table) * rule.probes;
            std::int32_t* codes = hashed.codes.data() + token * terms + place;
            if (rule.probes == 1) {
                codes[0] = codeOf(z);
                hashed.scales(token, place) = weightOf(z, rule);
                continue;
            }
            Eigen::Index probe = 0;
            for (const auto& [code, weight] : likeliest(z, rule.temperature, rule.probes)) {
                codes[probe] = code;
                hashed.scales(token, place + probe++) = weight;
            }
        }
    }
    return hashed;
}

Matrix lookUp(const Hashed& hashed, const TableView& tables)
{
    Matrix out = Matrix::Zero(hashed.scales.rows(), tables.outputs);
    const auto wide = [&](std::span<const float> numbers) {
        return Eigen::Map<const Eigen::RowVectorXf>(numbers.data(), Eigen::Index(numbers.size())).cast<double>();
    };
    for (Eigen::Index token = 0; token < out.rows(); ++token) {
        for (int table = 0; table < hashed.tables; ++table) {
            for (int probe = 0; probe < hashed.probes; ++probe)
                out.row(token) += hashed.scales(token, Eigen::Index(table) * hashed.probes + probe) *
                                  wide(tables.row(table, hashed.code(token, table, probe)));
        }
        if (!tables.bias.empty())
            out.row(token) += wide(tables.bias);
    }
    return out;
}

} // namespace engine::memoryformer
