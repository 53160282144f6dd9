// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/radii.h"

#include "engine/methods/dijiang/dct.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

namespace engine::dijiang {
namespace {

// P(a, x): the regularised lower incomplete gamma function, by its series or, past a + 1, its continued fraction.
double gammaShare(double a, double x)
{
    if (x <= 0)
        return 0;
    const double front = std::exp(a * std::log(x) - x - std::lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; std::abs(term) > 1e-17 * std::abs(sum); ++n)
            sum += term *= x / (a + n);
        return front * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d; // Lentz
    for (int n = 1; n < 10000; ++n) {
        const double top = -n * (n - a);
        b += 2;
        d = 1 / (top * d + b);
        c = b + top / c;
        h *= d * c;
        if (std::abs(d * c - 1) < 1e-16)
            break;
    }
    return 1 - front * h;
}

double clamped(double u)
{
    const double edge = std::ldexp(1.0, -24);
    return std::clamp(u, edge, 1 - edge);
}

// Where an increasing function reaches u, to the last bit that bisection finds.
template <typename Function>
double inverse(double u, double low, double high, const Function& function)
{
    for (int step = 0; step < 200 && low < high; ++step) {
        const double middle = 0.5 * (low + high);
        if (middle == low || middle == high)
            break;
        (function(middle) < u ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

// std's distributions differ between libraries; the generator does not.
double uniform(std::mt19937& random)
{
    return (random() + 0.5) / 4294967296.0;
}

// u of every row: independent, or (i + ½)/m in a random order.
std::vector<double> places(const Options& options, int rows, std::mt19937& random)
{
    std::vector<double> all;
    for (int row = 0; row < rows; ++row)
        all.push_back(options.stratified ? (row + 0.5) / rows : uniform(random));
    for (int row = rows - 1; options.stratified && row > 0; --row)
        std::swap(all[std::size_t(row)], all[std::size_t(uniform(random) * (row + 1))]);
    return all;
}

Matrix gaussian(int rows, int width, std::mt19937& random)
{
    Matrix all(rows, width);
    for (double& cell : all.reshaped())
        cell = normalQuantile(uniform(random));
    return all;
}

} // namespace

double normalQuantile(double u)
{
    return inverse(clamped(u), -9, 9, [](double x) { return 0.5 * std::erfc(-x * std::numbers::sqrt2 / 2); });
}

double chiQuantile(double u, int degrees)
{
    const double high = std::sqrt(double(degrees)) + 12;
    return inverse(clamped(u), 0, high, [degrees](double r) { return gammaShare(0.5 * degrees, 0.5 * r * r); });
}

double chiDensity(double r, int degrees)
{
    const double half = 0.5 * degrees;
    return r <= 0 ? 0
                  : std::exp((degrees - 1) * std::log(r) - 0.5 * r * r - (half - 1) * std::numbers::ln2 -
                             std::lgamma(half));
}

Draw draw(const Options& options, int width, int layer)
{
    const int rows = options.rows > 0 ? options.rows : width;
    std::seed_seq seed{options.seed, layer};
    std::mt19937 random(seed);
    Draw drawn{Vector::Ones(rows), {}};
    if (options.directions == Directions::Gaussian) {
        drawn.directions = gaussian(rows, width, random);
        return drawn;
    }
    const std::vector<double> u = places(options, rows, random);
    for (int row = 0; row < rows; ++row)
        drawn.radii(row) = options.chi ? chiQuantile(u[std::size_t(row)], width) : normalQuantile(u[std::size_t(row)]);
    if (options.directions == Directions::Sphere) {
        drawn.directions = gaussian(rows, width, random).rowwise().normalized();
    } else {
        const Matrix c = dctMatrix(width);
        drawn.directions = (options.transposed ? Matrix(c.transpose()) : c).topRows(std::min(rows, width));
    }
    return drawn;
}

} // namespace engine::dijiang
