// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionmaps.h"
#include "app/document.h"
#include "app/pagestudy.h"
#include "app/results.h"
#include "app/studywork.h"
#include "app/timing.h"
#include "widgets/figure.h"

#include <filesystem>
#include <optional>

namespace app {

struct LongMap;

// What a view shows as a figure: pages from results, provenance, files. Pure but for the writing; any thread.

// Everything that a figure tells: shared results and the state they belong to.
struct FigureSource
{
    DocumentState state;
    std::vector<LaneResults> lanes;
    std::shared_ptr<const AttentionMaps> maps; // of the attention view: makeMaps of what it asks for
    std::shared_ptr<const SweepResult> sweep;  // of the timing view
    std::shared_ptr<const PassSet> passes;
    std::shared_ptr<const StudyResult> study;   // of a method's own tab
    std::shared_ptr<const PageStudy> page;      // of a tab that belongs to no method
    std::shared_ptr<const LongMap> longMap;     // of the map view
    std::shared_ptr<const engine::Model> model; // where no lane has run: what was timed alone
    std::optional<engine::DeviceInfo> device;
    std::string weightsHash; // sha256, where it was computed
    bool withText = true;    // the prompt's text goes into the provenance, so that the view can be opened again
};

// The Attention view: its maps as the tab shows them, the picked query's row, caption. Throws Error{Request} where
// there are no maps.
widgets::FigurePage attentionPage(const FigureSource& source);

// The Timing view: what there is of timeline, time against length, roofline. Throws Error{Request} where there is
// nothing.
widgets::FigurePage timingPage(const FigureSource& source);

// The Map view: the part of every method's map that is looked at. Throws Error{Request} where there is none.
widgets::FigurePage longMapPage(const FigureSource& source);

// A method's own tab, logits or a tensor: the panels of its study. Throws Error{Request} where there is none of this
// tab.
widgets::FigurePage studyPage(const FigureSource& source, const std::string& tab);

// The page of a view by its tab's id.
widgets::FigurePage pageOf(const FigureSource& source, const std::string& view);

// The views that have a figure, in the order of the tabs; throws Error{Request} for another one.
std::vector<std::string> figureViews();
void checkFigureView(const std::string& view);

// The model a caption speaks of: "stories-1m (sha256 4c1f…a07e)".
QString modelWords(const FigureSource& source, const engine::Model& model);

// By the suffix: .svg, .pdf, .png; .npy and .csv write the matrices shown: one CSV with named columns, one .npy and its
// JSON beside it for each. Throws Error{Request} for another suffix, Error{File} where it cannot be written.
void writeFigure(const std::filesystem::path& path, const FigureSource& source, const std::string& view,
                 double widthMm);
void checkFigurePath(const std::filesystem::path& path);

// The query and key whose weight the compared method changes most, in the later half: what a reader would point at.
void pointAtChange(FigureSource& source);

} // namespace app
