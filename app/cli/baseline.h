// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/sweep.h"

#include <ostream>
#include <string>
#include <vector>

namespace app::cli {

// A row of an earlier `bench --json`.
struct BaselineRow
{
    std::string method, form;
    engine::LayerShape shape;
    int tokens = 0;
    double medianNs = 0;
};

// Reads the file. Throws Error{File} or Error{Format} that says what is wrong with it.
std::vector<BaselineRow> readBaseline(const std::string& path);

// Compares rows of the same method, form and shape, one line each on `log`; returns the largest slowdown as a share of
// the earlier median. Throws Error{Format} if no row has a counterpart.
double worstSlowdown(const std::vector<BaselineRow>& base, const engine::Sweep& now, std::ostream& log);

} // namespace app::cli
