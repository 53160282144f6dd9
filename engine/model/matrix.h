// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"

#include <Eigen/Core>

namespace engine {

// The numbers of every float64 reference: rows are tokens.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

Matrix matrixOf(const Grid& grid); // widened
Grid gridOf(const Matrix& matrix); // rounded to float

} // namespace engine
