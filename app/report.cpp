// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report.h"

#include "app/timingreport.h"

#include <QDateTime>

#include <algorithm>
#include <fstream>
#include <functional>

namespace app {

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::function<void(std::ostream&)>& fill)
{
    std::ofstream out(path, std::ios::binary);
    fill(out);
    out.flush();
    if (!out)
        throw engine::Error(engine::Fault::File, path.string() + " cannot be written");
}

} // namespace

std::vector<int> reportLengths(int context)
{
    std::vector<int> lengths;
    for (int length = 64; length < context; length *= 2)
        lengths.push_back(length);
    lengths.push_back(std::max(1, context));
    return lengths;
}

SweepResult writeReport(const fs::path& folder, const ReportRequest& request, engine::DeviceContext* device,
                        engine::Job& job)
{
    SweepResult result;
    Timeable found = timeable(everyMethod(), request.shape);
    result.request.methods = std::move(found.methods);
    result.leftOut = std::move(found.leftOut);
    result.request.shape = request.shape;
    result.request.lengths = reportLengths(request.context);
    result.backend = device != nullptr ? engine::Backend::OpenCl : engine::Backend::Reference;
    result.sweep = engine::sweep(result.request, device, job);
    result.timeUtc = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
    write(folder / "report.html",
          [&](std::ostream& out) { writeTimingHtml(out, result, request.checkpoint, request.pictures); });
    write(folder / "timing.csv", [&](std::ostream& out) { writeTimingCsv(out, result); });
    write(folder / "timing.json", [&](std::ostream& out) { writeTimingJson(out, result); });
    return result;
}

} // namespace app
