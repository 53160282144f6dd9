// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/forms.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine::dijiang {
namespace {

using Row = Eigen::RowVectorXd;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// −inf stands for a removed feature; NaN and +inf for a row that is not a number.
bool sound(const Row& logs)
{
    return (logs.array() < infinity).all();
}

// e^x, with e^(−inf − −inf) = 0: a feature that no key has.
double ratio(double x)
{
    return std::isnan(x) ? 0.0 : std::exp(x);
}

Sums emptySums(const Rows& rows)
{
    return {Matrix::Zero(rows.queries.rows(), rows.values.cols()), Vector::Constant(rows.queries.rows(), -infinity),
            State(rows.keys.cols(), rows.values.cols())};
}

// o = Σ p S / Σ p z with p = e^(b + M − c), c the largest of b + M; without denominator e^c Σ p S.
void read(Sums& sums, Eigen::Index row, const Row& b, const State& state, bool denominator)
{
    if (!sound(b)) {
        sums.mixed.row(row).setConstant(nan);
        sums.lse(row) = nan;
        return;
    }
    const Row c = b + state.maxima.transpose();
    const double top = c.maxCoeff();
    if (top == -infinity) // no key, or every weight 0
        return;
    const Row p = (c.array() - top).unaryExpr(&ratio);
    const double sum = p * state.norm;
    sums.mixed.row(row) = p * state.sum * (denominator ? 1 / sum : std::exp(top));
    sums.lse(row) = top + std::log(sum);
}

// Row i of the pairs (i, j), j in [first, end), in front of what `state` holds of the keys before `first`.
void readPairs(Sums& sums, Eigen::Index row, const Rows& rows, Eigen::Index first, Eigen::Index end, const State& state)
{
    // The state has seen the key before `first`; to this row it is `row − first + 1` tokens old.
    const double age = double(row - first + 1) * std::log(rows.decay);
    const Row b = rows.queries.row(row);
    if (!sound(b)) {
        read(sums, row, b, state, rows.denominator);
        return;
    }
    const Vector before = state.maxima.array() + age;
    double top = (b + before.transpose()).maxCoeff();
    std::vector<double> scores;
    for (Eigen::Index key = first; key < end; ++key) {
        const bool counts = sound(rows.keys.row(key));
        scores.push_back(counts ? logDot(b, rows.keys.row(key)) + double(row - key) * std::log(rows.decay) : -infinity);
        top = std::max(top, scores.back());
    }
    if (top == -infinity)
        return;
    const Row p = (b + before.transpose()).array().unaryExpr([top](double x) { return ratio(x - top); });
    double sum = p * state.norm;
    Row mixed = p * state.sum;
    for (Eigen::Index key = first; key < end; ++key) {
        const double weight = std::exp(scores[std::size_t(key - first)] - top);
        sum += weight;
        mixed += weight * rows.values.row(key);
    }
    sums.mixed.row(row) = mixed * (rows.denominator ? 1 / sum : std::exp(top));
    sums.lse(row) = top + std::log(sum);
}

void spoilRows(Sums& sums, const Rows& rows)
{
    for (Eigen::Index row = 0; row < rows.keys.rows(); ++row) {
        if (!sound(rows.keys.row(row))) {
            sums.mixed.row(row).setConstant(nan);
            sums.lse(row) = nan;
        }
    }
}

} // namespace

State::State(Eigen::Index features, Eigen::Index width)
    : sum(Matrix::Zero(features, width))
    , norm(Vector::Zero(features))
    , maxima(Vector::Constant(features, -infinity))
{
}

void State::add(const Row& logs, const Row& value, double decay)
{
    const bool counts = sound(logs);
    for (Eigen::Index feature = 0; feature < maxima.size(); ++feature) {
        const double old = maxima(feature) + std::log(decay);
        maxima(feature) = counts ? std::max(old, logs(feature)) : old;
        const double keep = ratio(old - maxima(feature));
        const double grow = counts ? ratio(logs(feature) - maxima(feature)) : 0.0;
        norm(feature) = keep * norm(feature) + grow;
        sum.row(feature) *= keep;
        if (grow > 0)
            sum.row(feature) += grow * value;
    }
}

Matrix State::plain(bool withNorm) const
{
    constexpr double most = std::numeric_limits<float>::max();
    Matrix all = sum;
    if (withNorm) {
        all.resize(sum.rows(), sum.cols() + 1);
        all << norm, sum;
    }
    for (Eigen::Index feature = 0; feature < all.rows(); ++feature)
        all.row(feature) *= std::exp(std::min(maxima(feature), 700.0));
    return all.cwiseMin(most).cwiseMax(-most);
}

Sums recurrent(const Rows& rows)
{
    Sums sums = emptySums(rows);
    for (Eigen::Index token = 0; token < rows.keys.rows(); ++token) {
        sums.state.add(rows.keys.row(token), rows.values.row(token), rows.decay);
        read(sums, token, rows.queries.row(token), sums.state, rows.denominator);
    }
    spoilRows(sums, rows);
    return sums;
}

Sums chunked(const Rows& rows)
{
    Sums sums = emptySums(rows);
    for (Eigen::Index first = 0; first < rows.keys.rows(); first += chunkTokens) {
        const Eigen::Index end = std::min<Eigen::Index>(first + chunkTokens, rows.keys.rows());
        for (Eigen::Index row = first; row < end; ++row)
            readPairs(sums, row, rows, first, row + 1, sums.state);
        for (Eigen::Index row = first; row < end; ++row)
            sums.state.add(rows.keys.row(row), rows.values.row(row), rows.decay);
    }
    spoilRows(sums, rows);
    return sums;
}

Sums quadratic(const Rows& rows)
{
    Sums sums = emptySums(rows);
    const State nothing = sums.state;
    for (Eigen::Index row = 0; row < rows.keys.rows(); ++row)
        readPairs(sums, row, rows, 0, row + 1, nothing);
    spoilRows(sums, rows);
    return sums;
}

Sums whole(const Rows& rows)
{
    Sums sums = emptySums(rows);
    for (Eigen::Index token = 0; token < rows.keys.rows(); ++token)
        sums.state.add(rows.keys.row(token), rows.values.row(token), 1);
    for (Eigen::Index token = 0; token < rows.queries.rows(); ++token)
        read(sums, token, rows.queries.row(token), sums.state, rows.denominator);
    spoilRows(sums, rows);
    return sums;
}

double logDot(const Row& a, const Row& b)
{
    const Row terms = a + b;
    const double top = terms.maxCoeff();
    return top == -infinity ? -infinity : top + std::log((terms.array() - top).exp().sum());
}

// Each pair by itself, whatever the size of its terms.
double pairWeight(const Row& a, const Row& b, double past)
{
    return (a + b).unaryExpr([past](double x) { return std::exp(x + past); }).sum();
}

Matrix pairWeights(const Matrix& queries, const Matrix& keys, const Vector& shift, double decay, int firstQuery,
                   int firstKey, bool causal)
{
    // Where every exponential is far from double's ends, one product of matrices gives all pairs.
    const Matrix b = queries.colwise() - shift;
    const Row top = keys.colwise().maxCoeff();
    constexpr double far = 300;
    const bool near = (keys.rowwise() - top).minCoeff() > -far && (b.rowwise() + top).cwiseAbs().maxCoeff() < far;
    Matrix tile = Matrix::Zero(queries.rows(), keys.rows());
    if (near)
        tile = Matrix((b.rowwise() + top).array().exp()) * Matrix((keys.rowwise() - top).array().exp()).transpose();
    for (Eigen::Index row = 0; row < queries.rows(); ++row) {
        for (Eigen::Index key = 0; key < keys.rows(); ++key) {
            const Eigen::Index age = firstQuery + row - firstKey - key;
            const double past = decay == 1.0 ? 0.0 : double(age) * std::log(decay);
            if (causal && age < 0)
                tile(row, key) = 0;
            else if (!near)
                tile(row, key) = pairWeight(keys.row(key), b.row(row), past);
            else if (past != 0)
                tile(row, key) *= std::exp(past);
        }
    }
    return tile;
}

} // namespace engine::dijiang
