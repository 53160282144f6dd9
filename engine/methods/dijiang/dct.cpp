// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/dct.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace engine::dijiang {

using std::numbers::pi;

Matrix dctMatrix(int d)
{
    Matrix c(d, d);
    for (int j = 0; j < d; ++j) {
        for (int k = 0; k < d; ++k)
            c(j, k) = std::sqrt((j == 0 ? 1.0 : 2.0) / d) * std::cos(pi * (2 * k + 1) * j / (2.0 * d));
    }
    return c;
}

bool hasFastDct(int d)
{
    return d >= 2 && d <= 512 && std::has_single_bit(unsigned(d));
}

std::int64_t dctOperations(int d, bool fast)
{
    const std::int64_t n = d;
    return fast ? 2 * n * std::bit_width(unsigned(d) / 2) - n + 1 : 2 * n * n;
}

std::vector<double> dctFactors(int d)
{
    std::vector<double> factors(std::size_t(d), 0.0);
    for (int n = 2; n <= d; n *= 2) {
        for (int i = 0; i < n / 2; ++i)
            factors[std::size_t(n / 2 + i)] = 0.5 / std::cos((i + 0.5) * pi / n);
    }
    return factors;
}

// Splits a vector into sums and weighted differences of its ends, down to single numbers, and interleaves the halves'
// transforms on the way up. The transpose walks the same butterflies backwards.
Vector fastDct(const Vector& x, bool transposed)
{
    const auto d = int(x.size());
    const std::vector<double> factors = dctFactors(d);
    Vector from = x, to(d);
    const auto ends = [&](int n) {
        for (int b = 0; b < d; b += n) {
            for (int i = 0; i < n / 2; ++i) {
                const double factor = factors[std::size_t(n / 2 + i)];
                const int first = b + i, last = b + n - 1 - i, half = b + n / 2 + i;
                if (transposed) {
                    to(first) = from(first) + factor * from(half);
                    to(last) = from(first) - factor * from(half);
                } else {
                    to(first) = from(first) + from(last);
                    to(half) = factor * (from(first) - from(last));
                }
            }
        }
        from.swap(to);
    };
    const auto weave = [&](int n) {
        for (int b = 0; b < d; b += n) {
            for (int i = 0; i < n / 2; ++i) {
                const int half = b + n / 2 + i;
                if (transposed) {
                    to(b + i) = from(b + 2 * i);
                    to(half) = from(b + 2 * i + 1) + (i > 0 ? from(b + 2 * i - 1) : 0.0);
                } else {
                    to(b + 2 * i) = from(b + i);
                    to(b + 2 * i + 1) = from(half) + (i + 1 < n / 2 ? from(half + 1) : 0.0);
                }
            }
        }
        from.swap(to);
    };
    if (transposed) {
        for (int n = d; n >= 2; n /= 2)
            weave(n);
        for (int n = 2; n <= d; n *= 2)
            ends(n);
    } else {
        for (int n = d; n >= 2; n /= 2)
            ends(n);
        for (int n = 2; n <= d; n *= 2)
            weave(n);
    }
    return from;
}

} // namespace engine::dijiang
