// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report.h"

#include "app/timingreport.h"
#include "engine/export/wholefile.h"

#include <QDateTime>

#include <algorithm>

namespace app {

std::vector<int> reportLengths(int context)
{
    std::vector<int> lengths;
    for (int length = 64; length < context; length *= 2)
        lengths.push_back(length);
    lengths.push_back(std::max(1, context));
    return lengths;
}

SweepResult writeReport(const std::filesystem::path& folder, const ReportRequest& request,
                        engine::DeviceContext* device, engine::Job& job)
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
    engine::writeWhole(folder / "report.html",
                       [&](std::ostream& out) { writeTimingHtml(out, result, request.checkpoint, request.pictures); });
    engine::writeWhole(folder / "timing.csv", [&](std::ostream& out) { writeTimingCsv(out, result); });
    engine::writeWhole(folder / "timing.json", [&](std::ostream& out) { writeTimingJson(out, result); });
    return result;
}

} // namespace app
