// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/figures.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace app {

// Names of one side of a matrix: places (none: counted from 0) and, where they have some, their words.
struct DataAxis
{
    std::string name;
    std::vector<int> places;
    std::vector<std::string> pieces;
};

struct DataMatrix
{
    std::string name, meaning;
    DataAxis rows, cols;
    engine::Grid cells;
    bool lower = false; // only columns up to the row can be
};

// Every heat map of a method's own tab. Throws Error{Request} where it shows none.
std::vector<DataMatrix> studyMatrices(const FigureSource& source, const std::string& tab);

// Every number of the tab's panels, one line each, with a data dictionary.
void writeStudyCsv(std::ostream& out, const FigureSource& source, const std::string& tab);

} // namespace app
