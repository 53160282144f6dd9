// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/figures.h"
#include "app/studydata.h"

namespace app {

inline constexpr const char* mapTab = "map";

// The part of the Map tab's maps that is looked at, as matrices; longMapPage is its figure. Throws Error{Request} where
// there is none.
std::vector<DataMatrix> longMapMatrices(const FigureSource& source);

} // namespace app
