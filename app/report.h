// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"
#include "app/timing.h"

#include <QByteArray>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace app {

// What a timing report is about: every method there is, on the shape of a model's heads.
struct ReportRequest
{
    std::shared_ptr<const engine::Model> model;
    DocumentState state; // what the window would show
    engine::LayerShape shape;
    std::vector<std::string> pictures;
};

// The provenance of a sweep of a checkpoint's heads, as JSON: for a report. Reads the weights for their hash.
QByteArray reportProvenance(const SweepResult& result, const std::shared_ptr<const engine::Model>& model,
                            const DocumentState& state, const engine::DeviceContext* device, engine::Job& job);

// Powers of two from 64 up to the context, the context last.
std::vector<int> reportLengths(int context);

// Runs the sweep and writes report.html, timing.csv and timing.json into the folder. Throws engine::Error{File} where
// that cannot be written. Computes: on a worker only.
SweepResult writeReport(const std::filesystem::path& folder, const ReportRequest& request,
                        engine::DeviceContext* device, engine::Job& job);

} // namespace app
