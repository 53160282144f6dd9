// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/reference.h"

#include "engine/methods/taylorshift/form.h"
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/temperature.h"

#include <algorithm>
#include <cmath>

// T-SM(QKᵀ)V with p(x) = 1 + x + x²/2 in place of e^x (Nauen et al. 2024), rows of Q and K normalised, Q times τ.
// The factors α, 1/N and √(d/N) of the official code only limit ranges and cancel in the ratio: they are left out.

namespace engine::taylorshift {
namespace {

// What a form computes of one head: Ŷ = [terms | numerator] before the division.
struct Sums
{
    Matrix numerator; // Σ p(x)·v, [N, d_v]
    Matrix terms;     // [N, 3]: Σ 1, Σ x, Σ x²/2; together the denominator
    Matrix state;     // Σ ψ(k)[1 | v]ᵀ after the last token, [F, d_v + 1], where the form has one
};

// [1 | V]: the column in front becomes the denominator.
Matrix withOnes(const Matrix& values)
{
    Matrix extended(values.rows(), values.cols() + 1);
    extended << Vector::Ones(values.rows()), values;
    return extended;
}

// (A ⊠ A)ₙ = vec(aₙaₙᵀ), [N, d²].
Matrix boxProduct(const Matrix& a)
{
    const Eigen::Index d = a.cols();
    Matrix product(a.rows(), d * d);
    for (Eigen::Index i = 0; i < d; ++i)
        product.middleCols(i * d, d) = a.array().colwise() * a.col(i).array();
    return product;
}

// ψ(x) = [1, xᵢ, √½·xᵢ², xᵢxⱼ (i < j)] of every row, [N, F]: the box product without what its symmetry repeats.
Matrix features(const Matrix& a)
{
    const Eigen::Index d = a.cols();
    Matrix psi(a.rows(), featureWidth(int(d)));
    psi << Vector::Ones(a.rows()), a, std::sqrt(0.5) * a.cwiseAbs2(), Matrix::Zero(a.rows(), d * (d - 1) / 2);
    Eigen::Index place = 2 * d + 1;
    for (Eigen::Index i = 0; i + 1 < d; ++i) {
        const Eigen::Index count = d - 1 - i;
        psi.middleCols(place, count) = a.rightCols(count).array().colwise() * a.col(i).array();
        place += count;
    }
    return psi;
}

Sums emptySums(const Matrix& queries, const Matrix& values)
{
    return {Matrix::Zero(queries.rows(), values.cols()), Matrix::Zero(queries.rows(), 3), {}};
}

Sums direct(const Matrix& queries, const Matrix& keys, const Matrix& values, bool causal)
{
    Sums sums = emptySums(queries, values);
    for (Eigen::Index row = 0; row < queries.rows(); ++row) {
        const Eigen::Index visible = causal ? row + 1 : keys.rows();
        const Vector x = keys.topRows(visible) * queries.row(row).transpose();
        const Vector p = 1.0 + x.array() + 0.5 * x.array().square();
        sums.numerator.row(row) = p.transpose() * values.topRows(visible);
        sums.terms.row(row) << double(visible), x.sum(), 0.5 * x.squaredNorm();
    }
    return sums;
}

// Ŷ = ½(Q⊠Q)A_mod + QL + 1sᵀ with A_mod = (K⊠K)ᵀV', L = KᵀV', s = ΣV'. Row blocks keep the box product small.
Sums efficient(const Matrix& queries, const Matrix& keys, const Matrix& values)
{
    const Matrix extended = withOnes(values);
    const Eigen::Index d = keys.cols();
    Matrix quadratic = Matrix::Zero(d * d, extended.cols());
    for (Eigen::Index first = 0; first < keys.rows(); first += chunkTokens) {
        const Eigen::Index count = std::min<Eigen::Index>(chunkTokens, keys.rows() - first);
        quadratic += boxProduct(keys.middleRows(first, count)).transpose() * extended.middleRows(first, count);
    }
    const Matrix linear = keys.transpose() * extended;
    const Eigen::RowVectorXd constant = extended.colwise().sum();

    Sums sums = emptySums(queries, values);
    for (Eigen::Index first = 0; first < queries.rows(); first += chunkTokens) {
        const Eigen::Index count = std::min<Eigen::Index>(chunkTokens, queries.rows() - first);
        const Matrix rows = queries.middleRows(first, count);
        const Matrix second = 0.5 * boxProduct(rows) * quadratic;
        const Matrix first1 = rows * linear;
        const Matrix whole = (second + first1).rowwise() + constant;
        sums.numerator.middleRows(first, count) = whole.rightCols(values.cols());
        sums.terms.middleRows(first, count) << Vector::Constant(count, constant(0)), first1.col(0), second.col(0);
    }
    return sums;
}

// Adds what the state gives to rows [first, first + count) of the sums.
void readState(Sums& sums, const Matrix& queries, Eigen::Index first, Eigen::Index count)
{
    const Eigen::Index d = queries.cols();
    const Matrix psi = features(queries.middleRows(first, count));
    sums.numerator.middleRows(first, count) += psi * sums.state.rightCols(sums.numerator.cols());
    const Vector ones = sums.state.col(0);
    sums.terms.col(0).segment(first, count).array() += ones(0);
    sums.terms.col(1).segment(first, count) += psi.middleCols(1, d) * ones.segment(1, d);
    const Eigen::Index pairs = psi.cols() - 1 - d;
    sums.terms.col(2).segment(first, count) += psi.rightCols(pairs) * ones.tail(pairs);
}

// S ← S + ψ(kₜ)[1 | vₜ]ᵀ, then row t reads ψ(qₜ)S.
Sums recurrent(const Matrix& queries, const Matrix& keys, const Matrix& values)
{
    const Matrix extended = withOnes(values);
    Sums sums = emptySums(queries, values);
    sums.state = Matrix::Zero(featureWidth(int(keys.cols())), extended.cols());
    for (Eigen::Index token = 0; token < queries.rows(); ++token) {
        sums.state += features(keys.row(token)).transpose() * extended.row(token);
        readState(sums, queries, token, 1);
    }
    return sums;
}

// Direct inside a chunk, the state of the chunks before it across.
Sums chunked(const Matrix& queries, const Matrix& keys, const Matrix& values)
{
    const Matrix extended = withOnes(values);
    Sums sums = emptySums(queries, values);
    sums.state = Matrix::Zero(featureWidth(int(keys.cols())), extended.cols());
    for (Eigen::Index first = 0; first < queries.rows(); first += chunkTokens) {
        const Eigen::Index count = std::min<Eigen::Index>(chunkTokens, queries.rows() - first);
        const Sums inside = direct(queries.middleRows(first, count), keys.middleRows(first, count),
                                   values.middleRows(first, count), true);
        sums.numerator.middleRows(first, count) = inside.numerator;
        sums.terms.middleRows(first, count) = inside.terms;
        readState(sums, queries, first, count);
        sums.state += features(keys.middleRows(first, count)).transpose() * extended.middleRows(first, count);
    }
    return sums;
}

Sums sumsOf(Form form, const Matrix& queries, const Matrix& keys, const Matrix& values, bool causal)
{
    switch (form) {
    case Form::Direct:
        return direct(queries, keys, values, causal);
    case Form::Efficient:
        return efficient(queries, keys, values);
    case Form::Recurrent:
        return recurrent(queries, keys, values);
    case Form::Chunked:
        return chunked(queries, keys, values);
    }
    throw Error(Fault::Internal, "a form of TaylorShift that is not implemented");
}

// √(N/d), per row √((t+1)/d) in a causal layer; 1 where the knob is off.
Vector outputScale(const LayerContext& context, TokenRange rows, int tokens)
{
    Vector scale = Vector::Ones(rows.count);
    if (!optionsOf(context.plan.attention.knobs).outputScale)
        return scale;
    for (int row = 0; row < rows.count; ++row) {
        const int seen = context.shape.causal ? rows.first + row + 1 : tokens;
        scale(row) = std::sqrt(double(seen) / context.shape.keyWidth);
    }
    return scale;
}

// What the probes show, all heads side by side.
struct Records
{
    Matrix denominator, constant, linear, quadratic, queryNorm, keyNorm; // [N, heads]

    Records(Eigen::Index tokens, Eigen::Index heads)
        : denominator(tokens, heads)
        , constant(tokens, heads)
        , linear(tokens, heads)
        , quadratic(tokens, heads)
        , queryNorm(tokens, heads)
        , keyNorm(tokens, heads)
    {
    }

    void append(Recorder& recorder, LayerIndex layer) const
    {
        recorder.append("taylorshift.denominator", layer, denominator);
        recorder.append("taylorshift.constant", layer, constant);
        recorder.append("taylorshift.linear", layer, linear);
        recorder.append("taylorshift.quadratic", layer, quadratic);
        recorder.append("taylorshift.query_norm", layer, queryNorm);
        recorder.append("taylorshift.key_norm", layer, keyNorm);
    }
};

} // namespace

Matrix unit(const Matrix& rows)
{
    Matrix result(rows.rows(), rows.cols());
    for (Eigen::Index row = 0; row < rows.rows(); ++row)
        result.row(row) = rows.row(row) / std::max(rows.row(row).stableNorm(), 1e-12);
    return result;
}

Matrix mixedRows(Form form, const Matrix& queries, const Matrix& keys, const Matrix& values, bool causal)
{
    const Sums sums = sumsOf(form, queries, keys, values, causal);
    const Vector denominator = sums.terms.rowwise().sum();
    return sums.numerator.array().colwise() / denominator.array();
}

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder)
{
    const LayerShape& shape = context.shape;
    const auto tokens = int(input.queries.front().rows());
    const Form form = chooseForm(shape, context.plan.attention.knobs, tokens);
    const std::vector<double> tau = temperatures(context);
    const Vector scale = outputScale(context, {0, tokens}, tokens);
    Matrix mixed(tokens, shape.heads * shape.valueWidth);
    Records records(tokens, shape.heads);
    for (int head = 0; head < shape.heads; ++head) {
        const auto shared = std::size_t(shape.keyHeadOf(head));
        const Matrix& queries = input.queries[std::size_t(head)];
        const Matrix& keys = input.keys[shared];
        const Matrix q = tau[std::size_t(head)] * unit(rotate(context.positions, queries, 0));
        const Matrix k = unit(rotate(context.positions, keys, 0));
        const Sums sums = sumsOf(form, q, k, input.values[shared], shape.causal);
        const Vector denominator = sums.terms.rowwise().sum();
        mixed.middleCols(head * shape.valueWidth, shape.valueWidth) =
            sums.numerator.array().colwise() * (scale.array() / denominator.array());

        records.denominator.col(head) = denominator;
        records.constant.col(head) = sums.terms.col(0).cwiseQuotient(denominator);
        records.linear.col(head) = sums.terms.col(1).cwiseQuotient(denominator);
        records.quadratic.col(head) = sums.terms.col(2).cwiseQuotient(denominator);
        records.queryNorm.col(head) = queries.rowwise().stableNorm();
        records.keyNorm.col(head) = keys.rowwise().stableNorm();
        recorder.keep("taylorshift.state", {context.layer, {head}, {tokens - 1}}, sums.state);
    }
    records.append(recorder, context.layer);
    recorder.keep("taylorshift.temperature", {context.layer, allHeads, {}},
                  Eigen::Map<const Eigen::RowVectorXd>(tau.data(), shape.heads));
    return mixed;
}

Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context)
{
    const double tau = temperatures(context)[std::size_t(head.value)];
    const Matrix x = tau * unit(trace.queries(head, queries)) * unit(trace.keys(head, keys)).transpose();
    const Vector denominator = trace.record("taylorshift.denominator", head, queries);
    const Vector factor = outputScale(context, queries, trace.tokens()).cwiseQuotient(denominator);
    Matrix tile = (1.0 + x.array() + 0.5 * x.array().square()).colwise() * factor.array();
    for (int row = 0; context.shape.causal && row < queries.count; ++row) {
        const int visible = std::clamp(queries.first + row + 1 - keys.first, 0, keys.count);
        tile.row(row).tail(keys.count - visible).setZero();
    }
    return tile;
}

} // namespace engine::taylorshift
