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
    for (int n = 2; n < d; n *= 2) {
        for (int k = 0; k < n / 2; ++k) {
            factors[std::size_t(n + 2 * k)] = std::cos((2 * k + 1) * pi / (4 * n));
            factors[std::size_t(n + 2 * k + 1)] = std::sin((2 * k + 1) * pi / (4 * n));
        }
    }
    return factors;
}

bool isDct4(int block)
{
    return std::countr_one(unsigned(block)) % 2 == 1;
}

namespace {

// What a pass reads and writes: block after block of n, each halved on the way down and woven on the way up.
struct Pass
{
    const Vector& from;
    Vector& to;
    int n;
    bool transposed;

    void halve(int first) const // DCT-II: its sums go to a DCT-II, its differences to a DCT-IV
    {
        const double leaf = n == 2 ? std::numbers::sqrt2 / 2 : 1; // the DCT-IV of one number
        for (int k = 0; k < n / 2; ++k) {
            const int begin = first + k, end = first + n - 1 - k, half = first + n / 2 + k;
            if (transposed) {
                to(begin) = from(begin) + leaf * from(half);
                to(end) = from(begin) - leaf * from(half);
            } else {
                to(begin) = from(begin) + from(end);
                to(half) = leaf * (from(begin) - from(end));
            }
        }
    }

    void turn(int first, const std::vector<double>& factors) const // DCT-IV: rotated ends go to two DCT-II
    {
        for (int k = 0; k < n / 2; ++k) {
            const int begin = first + k, end = first + n - 1 - k, half = first + n / 2 + k;
            const double cosine = factors[std::size_t(n + 2 * k)], sine = factors[std::size_t(n + 2 * k + 1)];
            const double sign = k % 2 == 0 ? 1 : -1;
            if (transposed) {
                to(begin) = cosine * from(begin) + sine * sign * from(half);
                to(end) = sine * from(begin) - cosine * sign * from(half);
            } else {
                to(begin) = cosine * from(begin) + sine * from(end);
                to(half) = sign * (sine * from(begin) - cosine * from(end));
            }
        }
    }

    void weave(int first) const // of a DCT-II: even frequencies from the first half, odd ones from the second
    {
        for (int k = 0; k < n / 2; ++k) {
            const int half = first + n / 2 + k, even = first + 2 * k;
            (transposed ? to(first + k) : to(even)) = transposed ? from(even) : from(first + k);
            (transposed ? to(half) : to(even + 1)) = transposed ? from(even + 1) : from(half);
        }
    }

    void cross(int first) const // of a DCT-IV: frequencies 2k−1 and 2k from the two halves, the second read backwards
    {
        const int last = first + n - 1, half = first + n / 2;
        to(first) = from(first);
        (transposed ? to(half) : to(last)) = transposed ? from(last) : from(half);
        for (int k = 1; k < n / 2; ++k) {
            const int even = first + 2 * k, back = half + n / 2 - k;
            if (transposed) {
                to(first + k) = from(even - 1) + from(even);
                to(back) = from(even - 1) - from(even);
            } else {
                to(even - 1) = from(first + k) + from(back);
                to(even) = from(first + k) - from(back);
            }
        }
    }
};

} // namespace

Vector fastDct(const Vector& x, bool transposed)
{
    const auto d = int(x.size());
    const std::vector<double> factors = dctFactors(d);
    Vector from = x, to(d);
    const auto down = [&](int n) {
        const Pass pass{from, to, n, transposed};
        for (int block = 0; block < d / n; ++block)
            isDct4(block) ? pass.turn(block * n, factors) : pass.halve(block * n);
        from.swap(to);
    };
    const auto up = [&](int n) {
        const Pass pass{from, to, n, transposed};
        for (int block = 0; block < d / n; ++block)
            isDct4(block) ? pass.cross(block * n) : pass.weave(block * n);
        from.swap(to);
    };
    // The transpose walks the same passes backwards.
    for (int n = d; n >= 2; n /= 2)
        transposed ? up(n) : down(n);
    for (int n = 2; n <= d; n *= 2)
        transposed ? down(n) : up(n);
    return from;
}

} // namespace engine::dijiang
