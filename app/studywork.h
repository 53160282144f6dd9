// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"
#include "app/laneengine.h"
#include "app/results.h"
#include "engine/session/study.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// The tabs that methods show of themselves, and their work: which there are, whose they are, and the functions that
// compute them on a worker.

// Whose a tab is now: the lane whose plan has, in the selected layer, a method that declares it.
struct TabOwner
{
    engine::LaneIndex lane;
    const engine::Method* method = nullptr;
    const engine::TabSpec* tab = nullptr;
};

// The chosen lane goes first, then the others in their order; none where no lane's method has the tab.
std::optional<TabOwner> ownerOf(const DocumentState& state, std::string_view tab);

// Every tab of any method, once, in the order of the methods.
std::vector<const engine::TabSpec*> methodTabs();

// The first tab of a plan's own methods; empty where they have none. A checkpoint trained with a method opens on it.
std::string ownTab(const engine::SessionPlan& plan);

// A plan whose method has the tab: as its attention, or as its linear layers where it leaves attention to the baseline.
engine::SessionPlan planWithTab(engine::SessionPlan plan, std::string_view tab);

// What a study or an explanation depends on. Equal ones have equal results.
struct CellRequest
{
    std::shared_ptr<const LaneRun> exact, own;
    engine::LayerIndex layer;
    engine::HeadIndex head;
    engine::TokenPos query;
    std::optional<engine::TokenPos> key; // none: the one that the exact query looks at most

    bool operator==(const CellRequest&) const = default;
};

struct StudyRequest
{
    CellRequest cell;
    engine::LaneIndex lane;
    std::string method, tab;
    engine::KnobValues controls;
    std::shared_ptr<const LaneRun> before = nullptr; // the lane's run over the prompt before its last edit, if known

    bool operator==(const StudyRequest&) const = default;
};

struct StudyResult
{
    StudyRequest request;
    std::shared_ptr<const LayerAttention> layer; // with every probe recorded, to be used again
    engine::Study study;
};

struct ExplainResult
{
    CellRequest request;
    std::shared_ptr<const LayerAttention> layer; // the compared lane's
    engine::Explanation explanation;
};

// `exact` is the exact lane's layer; `own` the lane's with every probe recorded, from another plan or
// null: then it is computed here.
std::shared_ptr<const StudyResult> studyOf(const StudyRequest& request,
                                           const std::shared_ptr<const LayerAttention>& exact,
                                           std::shared_ptr<const LayerAttention> own, const Accelerator* accelerator,
                                           engine::Job& job);

std::shared_ptr<const ExplainResult> explainCell(const CellRequest& request,
                                                 const std::shared_ptr<const LayerAttention>& exact,
                                                 std::shared_ptr<const LayerAttention> own, engine::Job& job);

} // namespace app
