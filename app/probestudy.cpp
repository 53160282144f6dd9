// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probestudy.h"

#include "app/wording.h"

#include <algorithm>
#include <cmath>

namespace app {

namespace {

const char* nameOf(engine::Axis axis)
{
    switch (axis) {
    case engine::Axis::Token:
        return "token";
    case engine::Axis::Layer:
        return "layer";
    case engine::Axis::Head:
        return "head";
    case engine::Axis::Bucket:
        return "bucket";
    case engine::Axis::Segment:
        return "segment";
    case engine::Axis::Feature:
    case engine::Axis::Unit:
        break;
    }
    return "feature";
}

engine::AxisLabels labelsOf(engine::Axis axis)
{
    engine::AxisLabels labels;
    labels.title = nameOf(axis);
    labels.axis = axis;
    labels.first = axis == engine::Axis::Token ? 0 : 1;
    return labels;
}

engine::Panel panelOf(const engine::ProbeSpec& spec, const engine::Grid& grid)
{
    engine::Panel panel;
    panel.id = std::string(spec.id);
    panel.title = std::string(spec.title);
    panel.note = std::string(spec.help);
    panel.provenance = spec.provenance;
    if (grid.rows() == 1 || grid.cols() == 1) { // one number per place
        engine::BarsBody bars;
        bars.labels = labelsOf(grid.rows() == 1 ? spec.cols : spec.rows);
        bars.series.push_back({panel.title, engine::Tint::Own, {}, {}, {}});
        for (int row = 0; row < grid.rows(); ++row)
            for (const float value : grid.row(row))
                bars.series.front().values.push_back(value);
        panel.body = std::move(bars);
        return panel;
    }
    engine::HeatBody heat;
    heat.maps.push_back({grid, {}, {}});
    heat.rows = labelsOf(spec.rows);
    heat.cols = labelsOf(spec.cols);
    for (int row = 0; row < grid.rows(); ++row)
        for (const float value : grid.row(row))
            heat.signedValues = heat.signedValues || value < 0;
    panel.body = std::move(heat);
    return panel;
}

} // namespace

std::shared_ptr<const StudyResult> probeStudy(const DocumentState& state, const std::vector<LaneResults>& lanes,
                                              int lastRow)
{
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        const auto& layer = lanes[lane].probes;
        if (!layer)
            continue;
        const engine::MethodInfo& info = engine::findMethod(layer->context.plan.shown().method).info;
        const auto spec = std::find_if(info.probes.begin(), info.probes.end(),
                                       [&](const engine::ProbeSpec& each) { return each.id == state.layout.probe; });
        if (spec == info.probes.end())
            continue;
        const engine::Grid grid = probeGrid(*layer, *spec, state.selection.head, {lastRow});
        if (grid.empty())
            return nullptr;
        auto result = std::make_shared<StudyResult>();
        result->request.cell.exact = layer->exact;
        result->request.cell.own = layer->own;
        result->request.cell.layer = layer->layer;
        result->request.cell.head = state.selection.head;
        result->request.lane = {int(lane)};
        result->request.method = std::string(info.id);
        result->request.tab = probesTab;
        result->layer = layer;
        result->study.words = "layer " + std::to_string(layer->layer.value + 1);
        if (spec->perHead)
            result->study.words += ", head " + std::to_string(state.selection.head.value + 1);
        result->study.words += " · " + std::to_string(layer->exact->sequence->ids.size()) + " tokens";
        result->study.panels = {panelOf(*spec, grid)};
        return result;
    }
    return nullptr;
}

} // namespace app
