// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report.h"

#include "app/cli/opened.h"
#include "app/figures.h"
#include "app/provenance.h"
#include "app/timingreport.h"
#include "engine/compute/device.h"
#include "engine/export/wholefile.h"

#include <QDateTime>
#include <QJsonDocument>

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

QByteArray reportProvenance(const SweepResult& result, const std::shared_ptr<const engine::Model>& model,
                            const DocumentState& state, const engine::DeviceContext* device, engine::Job& job)
{
    FigureSource source;
    source.state = state;
    source.model = model;
    source.sweep = std::make_shared<const SweepResult>(result);
    if (device != nullptr)
        source.device = device->device.info();
    for (engine::SessionPlan& plan : source.state.lanes)
        plan.backend = result.backend;
    source.weightsHash = cli::weightsHash(model->checkpoint(), job);
    return QJsonDocument(provenanceOf(source, "timing")).toJson(QJsonDocument::Compact);
}

SweepResult writeReport(const std::filesystem::path& folder, const ReportRequest& request,
                        engine::DeviceContext* device, engine::Job& job)
{
    SweepResult result;
    Timeable found = timeable(everyMethod(), request.shape);
    result.request.methods = std::move(found.methods);
    result.leftOut = std::move(found.leftOut);
    result.request.shape = request.shape;
    result.request.lengths = reportLengths(request.model->config().context);
    result.backend = device != nullptr ? engine::Backend::OpenCl : engine::Backend::Reference;
    result.sweep = engine::sweep(result.request, device, job);
    result.timeUtc = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
    const QByteArray provenance = reportProvenance(result, request.model, request.state, device, job);
    const std::string& title = request.model->checkpoint().name;
    engine::writeWhole(folder / "report.html",
                       [&](std::ostream& out) { writeTimingHtml(out, result, title, provenance, request.pictures); });
    engine::writeWhole(folder / "timing.csv", [&](std::ostream& out) { writeTimingCsv(out, result, provenance); });
    engine::writeWhole(folder / "timing.json", [&](std::ostream& out) { writeTimingJson(out, result, provenance); });
    return result;
}

} // namespace app
