// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"

#include <filesystem>
#include <string>
#include <vector>

namespace app {

// What a timing report is about: every method there is, on the shape of a model's heads.
struct ReportRequest
{
    std::string checkpoint; // its name, for the heading
    engine::LayerShape shape;
    int context = 0; // the longest length
    std::vector<std::string> pictures;
};

// Powers of two from 64 up to the context, the context last.
std::vector<int> reportLengths(int context);

// Runs the sweep and writes report.html, timing.csv and timing.json into the folder. Throws engine::Error{File} where
// that cannot be written. Computes: on a worker only.
SweepResult writeReport(const std::filesystem::path& folder, const ReportRequest& request,
                        engine::DeviceContext* device, engine::Job& job);

} // namespace app
