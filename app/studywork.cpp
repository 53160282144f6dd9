// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/studywork.h"

#include "app/headwork.h"

#include <algorithm>

namespace app {

namespace {

const engine::TabSpec* tabOf(const engine::Method& method, std::string_view id)
{
    const auto found = std::find_if(method.info.tabs.begin(), method.info.tabs.end(),
                                    [&](const engine::TabSpec& tab) { return tab.id == id; });
    return found == method.info.tabs.end() ? nullptr : &*found;
}

engine::CellAsked askedOf(const CellRequest& request)
{
    return {request.head, request.query, request.key};
}

engine::LayerPair pairOf(const LayerAttention& exact, const LayerAttention& own)
{
    return {exact.attended, exact.context, own.attended, own.context};
}

} // namespace

std::optional<TabOwner> ownerOf(const DocumentState& state, std::string_view tab)
{
    std::vector<int> order{state.selection.lane.value};
    for (int lane = 1; lane < int(state.lanes.size()); ++lane)
        order.push_back(lane);
    for (const int lane : order) {
        if (lane < 1 || lane >= int(state.lanes.size()))
            continue;
        const engine::LayerPlan& plan = state.lanes[std::size_t(lane)].of(state.selection.layer);
        for (const engine::Part* part : {&plan.attention, &plan.linear}) {
            const engine::Method& method = engine::findMethod(part->method);
            if (const engine::TabSpec* spec = tabOf(method, tab); spec != nullptr && method.study != nullptr)
                return TabOwner{{lane}, &method, spec};
        }
    }
    return std::nullopt;
}

std::vector<const engine::TabSpec*> methodTabs()
{
    std::vector<const engine::TabSpec*> tabs;
    for (const engine::Method& method : engine::methods())
        for (const engine::TabSpec& tab : method.info.tabs)
            if (std::none_of(tabs.begin(), tabs.end(), [&](const engine::TabSpec* each) { return each->id == tab.id; }))
                tabs.push_back(&tab);
    return tabs;
}

engine::SessionPlan planWithTab(engine::SessionPlan plan, std::string_view tab)
{
    for (const engine::Method& method : engine::methods())
        for (const engine::TabSpec& spec : method.info.tabs)
            if (spec.id == tab) {
                engine::LayerPlan layer;
                const bool linear = !engine::replacesAttention(method);
                (linear ? layer.linear : layer.attention).method = std::string(method.info.id);
                plan.everywhere = layer;
                plan.overrides.clear();
                return plan;
            }
    return plan;
}

std::string ownTab(const engine::SessionPlan& plan)
{
    const engine::LayerPlan& layer = plan.of({0});
    for (const engine::Part* part : {&layer.attention, &layer.linear}) {
        const engine::Method& method = engine::findMethod(part->method);
        if (method.study != nullptr && !method.info.tabs.empty())
            return std::string(method.info.tabs.front().id);
    }
    return {};
}

std::shared_ptr<const StudyResult> studyOf(const StudyRequest& request,
                                           const std::shared_ptr<const LayerAttention>& exact,
                                           std::shared_ptr<const LayerAttention> own, const Accelerator* accelerator,
                                           engine::Job& job)
{
    noteEngineWork("study");
    const CellRequest& cell = request.cell;
    if (!own || own->own != cell.own || own->exact != cell.exact || own->layer != cell.layer)
        own = attendLayer(cell.exact, cell.own, cell.layer, true, own, accelerator, job);
    auto result = std::make_shared<StudyResult>();
    result->request = request;
    engine::RunPair runs{cell.own->plan, *cell.exact->trace, *cell.own->trace, cell.exact->losses, cell.own->losses};
    runs.tokens = cell.own->sequence->ids;
    if (request.before) {
        runs.before = request.before->trace.get();
        runs.tokensBefore = request.before->sequence->ids;
    }
    result->study = engine::study(engine::findMethod(request.method), request.tab, request.controls,
                                  pairOf(*exact, *own), askedOf(cell), runs, job);
    result->layer = std::move(own);
    return result;
}

std::shared_ptr<const ExplainResult> explainCell(const CellRequest& request,
                                                 const std::shared_ptr<const LayerAttention>& exact,
                                                 std::shared_ptr<const LayerAttention> own, engine::Job& job)
{
    noteEngineWork("explain");
    auto result = std::make_shared<ExplainResult>();
    result->request = request;
    result->explanation = engine::explain(pairOf(*exact, *own), askedOf(request), job);
    result->layer = std::move(own);
    return result;
}

} // namespace app
