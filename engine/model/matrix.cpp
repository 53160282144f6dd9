// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/matrix.h"

#include <vector>

namespace engine {

Matrix matrixOf(const Grid& grid)
{
    Matrix matrix(grid.rows(), grid.cols());
    for (int row = 0; row < grid.rows(); ++row) {
        const auto cells = grid.row(row);
        matrix.row(row) = Eigen::Map<const Eigen::RowVectorXf>(cells.data(), grid.cols()).cast<double>();
    }
    return matrix;
}

Grid gridOf(const Matrix& matrix)
{
    std::vector<float> cells(std::size_t(matrix.size()));
    const Eigen::Index rows = matrix.rows(), cols = matrix.cols();
    using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<FloatMatrix>(cells.data(), rows, cols) = matrix.cast<float>();
    return {std::move(cells), int(rows), int(cols)};
}

} // namespace engine
