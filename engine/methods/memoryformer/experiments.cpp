// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/experiments.h"

#include "engine/methods/memoryformer/fit.h"

#include <array>
#include <cmath>
#include <numbers>
#include <random>

// A chunk's output is z W with W of independent rows, so that R² of the output is R² of z itself: everything is
// measured on one table of `bits` entries.

namespace engine::memoryformer {
namespace {

// How chunks are drawn: N(mean, 1) entries, each correlated `rho` with the one before it.
struct Law
{
    double rho = 0, mean = 0;
};

// The scale on a row. "norm1" is a weight of the theory only.
enum class Scale
{
    One,
    P,
    Norm1,
    L1p
};

Matrix chunksOf(int count, int bits, const Law& law, std::mt19937_64& random)
{
    std::normal_distribution<double> normal;
    Matrix z(count, bits);
    for (int row = 0; row < count; ++row) {
        double before = normal(random);
        for (int i = 0; i < bits; ++i) {
            before = i == 0 ? before : law.rho * before + std::sqrt(1 - law.rho * law.rho) * normal(random);
            z(row, i) = before + law.mean;
        }
    }
    return z;
}

double scaleOf(std::span<const double> z, Scale scale, double t)
{
    double sum = 0;
    for (const double each : z)
        sum += std::abs(each);
    switch (scale) {
    case Scale::One:
        return 1;
    case Scale::P:
        return probability(z, t);
    case Scale::Norm1:
        return sum;
    case Scale::L1p:
        return sum * probability(z, t);
    }
    return 1;
}

// R² about the mean of held-out chunks by the closed form (a), u[c] = Σ a z / Σ a², fitted on as many others. Addresses
// are signs of z − edge.
double explained(int samples, int bits, const Law& law, Scale scale, double t, double edge, std::mt19937_64& random,
                 Job& job)
{
    job.check();
    const Matrix seen = chunksOf(samples, bits, law, random);
    Matrix above = Matrix::Zero(1 << bits, bits);
    Vector below = Vector::Zero(1 << bits);
    const auto addressOf = [&](const Matrix& z, Eigen::Index row) {
        int code = 0;
        for (int i = 0; i < bits; ++i)
            code = 2 * code + (z(row, i) >= edge ? 1 : 0);
        return code;
    };
    const auto factorOf = [&](const Matrix& z, Eigen::Index row) {
        return scaleOf({z.row(row).data(), std::size_t(bits)}, scale, t);
    };
    for (Eigen::Index row = 0; row < seen.rows(); ++row) {
        const int code = addressOf(seen, row);
        const double a = factorOf(seen, row);
        above.row(code) += a * seen.row(row);
        below(code) += a * a;
    }
    for (Eigen::Index code = 0; code < above.rows(); ++code) {
        if (below(code) > 0)
            above.row(code) /= below(code);
    }
    job.check();
    const Matrix unseen = chunksOf(samples, bits, law, random);
    Matrix found(unseen.rows(), bits);
    for (Eigen::Index row = 0; row < unseen.rows(); ++row)
        found.row(row) = factorOf(unseen, row) * above.row(addressOf(unseen, row));
    return qualityOf(unseen, found).explained;
}

Figure number(double value)
{
    Figure figure;
    figure.number = value;
    figure.digits = 4;
    return figure;
}

TableBody independent(int samples, std::uint64_t seed, Job& job)
{
    std::mt19937_64 random(seed);
    constexpr double signs = 2 / std::numbers::pi; // (E|z|)² / E z²
    TableBody body;
    body.columns = {"w = 1", "w = p", "w = norm1", "w = norm1 p", "predicted: w = 1", "predicted: w = norm1"};
    for (const int bits : {1, 2, 4, 8, 10}) {
        TableBody::Row row{"tau " + std::to_string(bits), {}, false, {}};
        for (const Scale scale : {Scale::One, Scale::P, Scale::Norm1, Scale::L1p})
            row.cells.push_back(number(explained(samples, bits, {}, scale, 1, 0, random, job)));
        row.cells.push_back(number(signs));
        row.cells.push_back(number(signs + (1 - signs) / bits));
        body.rows.push_back(std::move(row));
        job.report(bits / 11.0, body.rows.back().label);
    }
    return body;
}

TableBody temperature(int samples, std::uint64_t seed, Job& job)
{
    std::mt19937_64 random(seed);
    TableBody body;
    body.columns = {"w = p"};
    for (const double t : {0.25, 0.5, 1.0, 2.0, 4.0, 8.0}) {
        const std::string text = t < 1 ? std::to_string(t).substr(0, 4) : std::to_string(int(t));
        body.rows.push_back({"t " + text, {number(explained(samples, 8, {}, Scale::P, t, 0, random, job))}, false, {}});
    }
    return body;
}

TableBody correlated(int samples, std::uint64_t seed, Job& job)
{
    std::mt19937_64 random(seed);
    TableBody body;
    body.columns = {"w = 1", "w = p", "w = norm1 p"};
    for (const double rho : {0.0, 0.3, 0.6, 0.9, 0.97}) {
        TableBody::Row row{"rho " + std::to_string(rho).substr(0, 4), {}, false, {}};
        for (const Scale scale : {Scale::One, Scale::P, Scale::L1p})
            row.cells.push_back(number(explained(samples, 8, {rho, 0}, scale, 1, 0, random, job)));
        body.rows.push_back(std::move(row));
    }
    return body;
}

TableBody shifted(int samples, std::uint64_t seed, Job& job)
{
    std::mt19937_64 random(seed);
    TableBody body;
    body.columns = {"signs of z", "signs of z - mean"};
    for (const double mean : {0.0, 0.5, 1.0, 2.0}) {
        TableBody::Row row{"mean " + std::to_string(mean).substr(0, 3), {}, false, {}};
        for (const double edge : {0.0, mean})
            row.cells.push_back(number(explained(samples, 8, {0, mean}, Scale::One, 1, edge, random, job)));
        body.rows.push_back(std::move(row));
    }
    return body;
}

// By the code that fits and looks up: linear tables, the likeliest rows mixed.
TableBody probes(int samples, std::uint64_t seed, Job& job)
{
    std::mt19937_64 random(seed);
    TableBody body;
    body.columns = {"R²"};
    constexpr int bits = 8;
    for (const int count : {1, 2, 4, 9, 37, 256}) {
        const int own = std::max(512, samples / count);
        FitOptions options;
        options.bits = bits;
        options.rule = {count == 1 ? Weighting::One : Weighting::P, 4, count};
        options.rare = 0;
        const Matrix seen = chunksOf(own, bits, {}, random), unseen = chunksOf(own, bits, {}, random);
        const Counted counted = engine::memoryformer::count(seen, options);
        const Matrix rows = centroids(counted, {bits, bits}, 0, options);
        const Hashed hashed = hash(unseen, {bits, bits}, {}, options.rule);
        Matrix found = Matrix::Zero(unseen.rows(), bits);
        for (Eigen::Index token = 0; token < unseen.rows(); ++token) {
            for (int probe = 0; probe < count; ++probe)
                found.row(token) += hashed.scales(token, probe) * rows.row(hashed.code(token, 0, probe));
        }
        job.report(0.5, std::to_string(count) + " probes");
        body.rows.push_back({std::to_string(count) + (count == 1 ? " row" : " rows"),
                             {number(qualityOf(unseen, found).explained)},
                             false,
                             {}});
    }
    return body;
}

constexpr int samplesEach = 200000;

} // namespace

std::vector<Experiment> experiments()
{
    return {
        {"independent", "R² of tables for independent entries",
         "N(0, 1) entries, t = 1. Signs alone explain 2/π whatever tau is; norm1 adds (1 − 2/π)/tau.", samplesEach,
         independent},
        {"temperature", "R² by temperature", "N(0, 1) entries, tau 8, w = p.", samplesEach, temperature},
        {"correlated", "R² for correlated entries", "Each entry correlated rho with the one before it, tau 8, t = 1.",
         samplesEach, correlated},
        {"shifted", "R² about the mean for entries that are not centred",
         "N(mean, 1) entries, tau 8, w = 1: a threshold per channel brings 2/π back.", samplesEach, shifted},
        {"probes", "R² of several rows of a table mixed",
         "N(0, 1) entries, tau 8, t = 4: the likeliest rows by their softmax weights, all of them t tanh(z/t). Samples "
         "are divided by the number of rows.",
         samplesEach, probes},
    };
}

} // namespace engine::memoryformer
