// SPDX-License-Identifier: GPL-3.0-or-later
// Singular values, alone in this file: Eigen's solvers take long to compile.
#include "engine/compare/metrics.h"
#include "engine/compare/naming.h"

#include <Eigen/Eigenvalues>

#include <cassert>
#include <cmath>

namespace engine {

double effectiveRank(const Grid& map)
{
    assert(map.rows() <= rankLimit && map.cols() <= rankLimit);
    if (map.empty())
        return 0;
    Eigen::MatrixXd cells(map.rows(), map.cols());
    for (int i = 0; i < map.rows(); ++i) {
        for (int j = 0; j < map.cols(); ++j)
            cells(i, j) = double(map.at(i, j));
    }
    // σ² are the eigenvalues of AᵀA. Those below 1e-15 of the largest are rounding, which blurs σ below 3e-8 of the
    // largest: next to nothing in the entropy of at most 1024 of them.
    Eigen::MatrixXd product = Eigen::MatrixXd::Zero(cells.cols(), cells.cols());
    product.selfadjointView<Eigen::Lower>().rankUpdate(cells.transpose()); // the half that the solver reads
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(product, Eigen::EigenvaluesOnly);
    const Eigen::ArrayXd squares = solver.eigenvalues().array();
    const double floor = 1e-15 * squares.maxCoeff();
    double sum = 0;
    for (const double square : squares)
        sum += square > floor ? std::sqrt(square) : 0;
    if (!(sum > 0))
        return 0;
    double entropy = 0;
    for (const double square : squares) {
        const double share = square > floor ? std::sqrt(square) / sum : 0;
        entropy -= share > 0 ? share * std::log(share) : 0;
    }
    return std::exp(entropy);
}

Metrics rankMetrics(const Grid& exact, const Grid& other)
{
    const int side = std::max({exact.rows(), exact.cols(), other.rows(), other.cols()});
    const std::string reason =
        side > rankLimit ? "the map has more than " + std::to_string(rankLimit) + " rows or columns" : "";
    return {metricFrom("rank_exact", reason.empty() ? effectiveRank(exact) : 0, "", reason),
            metricFrom("rank", reason.empty() ? effectiveRank(other) : 0, "", reason)};
}

} // namespace engine
