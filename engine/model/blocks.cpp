// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/blocks.h"

#include "engine/values/error.h"

#include <cassert>
#include <cmath>
#include <string>

namespace engine {

Matrix rotate(const Positions& positions, const Matrix& rows, int first)
{
    if (positions.kind == RopeKind::None)
        return rows;
    const Eigen::Index width = rows.cols(), pairs = width / 2;
    if (width % 2 != 0)
        throw Error(Fault::Shape, "rotary positions turn pairs of features; the heads are " + std::to_string(width) +
                                      " wide and an even width was expected");
    const bool interleaved = positions.kind == RopeKind::Interleaved;
    const auto exponents = Eigen::ArrayXd::LinSpaced(pairs, 0.0, double(pairs - 1)) * (-2.0 / double(width));
    const Eigen::ArrayXd frequencies = (exponents * std::log(positions.theta)).exp();
    Matrix turned(rows.rows(), width);
    for (Eigen::Index row = 0; row < rows.rows(); ++row) {
        for (Eigen::Index pair = 0; pair < pairs; ++pair) {
            const double angle = double(first + row) * frequencies(pair);
            const double cosine = std::cos(angle), sine = std::sin(angle);
            const Eigen::Index a = interleaved ? 2 * pair : pair;
            const Eigen::Index b = interleaved ? a + 1 : pair + pairs;
            turned(row, a) = rows(row, a) * cosine - rows(row, b) * sine;
            turned(row, b) = rows(row, a) * sine + rows(row, b) * cosine;
        }
    }
    return turned;
}

Matrix rmsNorm(const Matrix& x, std::span<const float> weight, double eps)
{
    assert(Eigen::Index(weight.size()) == x.cols());
    const Eigen::RowVectorXd gain =
        Eigen::Map<const Eigen::RowVectorXf>(weight.data(), Eigen::Index(weight.size())).cast<double>();
    Matrix out(x.rows(), x.cols());
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
        const double meanSquare = x.row(row).squaredNorm() / double(x.cols());
        out.row(row) = x.row(row).cwiseProduct(gain) / std::sqrt(meanSquare + eps);
    }
    return out;
}

Matrix layerNorm(const Matrix& x, std::span<const float> gain, std::span<const float> bias, double eps)
{
    assert(Eigen::Index(gain.size()) == x.cols() && gain.size() == bias.size());
    const auto wide = [](std::span<const float> numbers) -> Eigen::RowVectorXd {
        return Eigen::Map<const Eigen::RowVectorXf>(numbers.data(), Eigen::Index(numbers.size())).cast<double>();
    };
    const Eigen::RowVectorXd scale = wide(gain), shift = wide(bias);
    Matrix out(x.rows(), x.cols());
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
        const Eigen::RowVectorXd centred = x.row(row).array() - x.row(row).mean();
        const double variance = centred.squaredNorm() / double(x.cols());
        out.row(row) = centred.cwiseProduct(scale) / std::sqrt(variance + eps) + shift;
    }
    return out;
}

Matrix dense(const Matrix& x, std::span<const float> weight, int out)
{
    assert(Eigen::Index(weight.size()) == x.cols() * out);
    using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Matrix wide = Eigen::Map<const FloatMatrix>(weight.data(), out, x.cols()).cast<double>();
    return x * wide.transpose();
}

Matrix swiGlu(const Matrix& gate, const Matrix& up)
{
    const auto silu = gate.array() / (1.0 + (-gate.array()).exp());
    return (silu * up.array()).matrix();
}

} // namespace engine
