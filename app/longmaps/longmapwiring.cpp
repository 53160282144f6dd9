// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/longmapwiring.h"

#include "app/attention/mapshapes.h"
#include "app/longmaps/headfile.h"
#include "app/longmaps/longmapfigure.h"
#include "app/longmaps/longmappage.h"
#include "app/panels/heading.h"
#include "app/panels/modelpanel.h"
#include "app/panels/toolpanel.h"
#include "app/wording.h"
#include "widgets/colorbar.h"
#include "widgets/iconbutton.h"
#include "widgets/livestrip.h"
#include "widgets/numbers.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace app {

namespace {

const QString tabId = QString::fromLatin1(mapTab);
constexpr int bins = 64;
constexpr const char* scales[] = {"sqrt", "log", "linear"};

widgets::MapWindow windowOf(const std::optional<Sight>& sight, int tokens)
{
    return sight ? widgets::MapWindow{int(sight->y), int(sight->x), int(sight->width)}
                 : widgets::MapWindow{0, 0, tokens};
}

} // namespace

LongMapWiring::LongMapWiring(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_window(window)
    , m_work(document, lanes)
    , m_page(new LongMapPage(&window))
    , m_sight(document, "map", [this](const auto& sight) { show(windowOf(sight, m_work.map().tokens)); })
{
    window.addPage(tr("Map"), tabId, m_page);
    window.setPageVisible(tabId, false);
    auto* save = new widgets::IconButton(widgets::Symbol::Export, tr("Export a figure"), &m_page->heading());
    m_page->heading().addLastTool(save);
    connect(save, &widgets::IconButton::clicked, this, &LongMapWiring::exportAsked);
    connect(&document, &Document::headsChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::headsChanged, this, &LongMapWiring::showFile);
    connect(&document, &Document::planChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::lookChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::selectionChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::selectionChanged, this, &LongMapWiring::showPinned);
    connect(&document, &Document::hoverChanged, this, &LongMapWiring::showHovered);
    connect(&document, &Document::layoutChanged, this, &LongMapWiring::showPictures);
    connect(&m_work, &LongMapWork::runsChanged, this, &LongMapWiring::showRuns);
    connect(&m_work, &LongMapWork::picturesChanged, this, &LongMapWiring::showPictures);
    connect(m_page, &LongMapPage::mapAdded, this, &LongMapWiring::addMap);
    connect(m_page, &LongMapPage::differenceShown, this, &LongMapWiring::showDifference);
    addMap(&m_page->difference());
    connect(&m_page->scale(), &widgets::Segment::chosen, this, [this](int chosen) {
        ViewLayout layout = m_document.state().layout;
        layout.mapScale = scales[std::clamp(chosen, 0, 2)];
        m_document.setLayout(layout);
    });
    const auto end = [this](std::optional<double> ViewLayout::*where, std::optional<double> high) {
        ViewLayout layout = m_document.state().layout;
        layout.*where = high;
        m_document.setLayout(layout);
    };
    connect(&m_page->bar(), &widgets::ColorBar::rangeChanged, this,
            [end](double, double high) { end(&ViewLayout::mapHigh, high); });
    connect(&m_page->bar(), &widgets::ColorBar::fitRequested, this, [end] { end(&ViewLayout::mapHigh, std::nullopt); });
    connect(&m_page->differenceBar(), &widgets::ColorBar::rangeChanged, this, [end](double low, double high) {
        end(&ViewLayout::differenceHigh, std::max(std::abs(low), std::abs(high)));
    });
    connect(&m_page->differenceBar(), &widgets::ColorBar::fitRequested, this,
            [end] { end(&ViewLayout::differenceHigh, std::nullopt); });
}

void LongMapWiring::addMap(widgets::LongMapView* map)
{
    connect(map, &widgets::LongMapView::windowAsked, this, &LongMapWiring::moveTo);
    connect(map, &widgets::LongMapView::sizeChanged, this, &LongMapWiring::look);
    connect(map, &widgets::LongMapView::hovered, this,
            [this](widgets::Cell cell) { m_document.hover(engine::TokenPos{cell.row}, engine::TokenPos{cell.col}); });
    connect(map, &widgets::LongMapView::left, this, [this] { m_document.hover(std::nullopt, std::nullopt); });
    connect(map, &widgets::LongMapView::picked, this,
            [this](widgets::Cell cell) { m_document.pin(engine::TokenPos{cell.row}, engine::TokenPos{cell.col}); });
    connect(map, &widgets::LongMapView::released, this, [this] { m_document.pin(std::nullopt, std::nullopt); });
}

// The cell that is locked, in every map: of a model the one that every panel has.
void LongMapWiring::showPinned()
{
    const Selection& selection = m_document.state().selection;
    const int tokens = m_work.map().tokens;
    std::optional<widgets::Cell> cell;
    if (selection.query && selection.key && selection.query->value < tokens && selection.key->value < tokens)
        cell = widgets::Cell{selection.query->value, selection.key->value};
    for (widgets::LongMapView* each : m_page->maps())
        each->setPinned(cell);
    m_page->difference().setPinned(cell);
}

// What is pointed at is the document's too: of a model the token strip has it.
void LongMapWiring::showHovered()
{
    const auto &query = m_document.hoveredQuery(), &key = m_document.hoveredKey();
    const int tokens = m_work.map().tokens;
    std::optional<widgets::Cell> cell;
    if (query && key && query->value < tokens && key->value < tokens)
        cell = widgets::Cell{query->value, key->value};
    for (widgets::LongMapView* each : m_page->maps())
        each->setHovered(cell);
    m_page->difference().setHovered(cell);
}

void LongMapWiring::show(const widgets::MapWindow& window)
{
    for (widgets::LongMapView* each : m_page->maps())
        each->setWindow(window);
    m_page->difference().setWindow(window);
    look();
}

void LongMapWiring::moveTo(const widgets::MapWindow& window)
{
    show(window);
    const double count = window.count;
    m_sight.moved(window.count < m_work.map().tokens
                      ? std::optional(Sight{double(window.key), double(window.query), count, count})
                      : std::nullopt);
}

// A file of heads is open in place of a model, or no longer.
void LongMapWiring::showFile()
{
    const auto& heads = m_document.heads();
    m_window.setModelShown(heads == nullptr, tabId);
    if (!heads)
        return;
    m_window.live().setValue({}); // the times were the model's
    const engine::LayerShape& shape = heads->shape;
    m_window.model().setModel(
        QString::fromStdString(heads->name), {},
        {tr("queries, keys and values"),
         tr("%1 heads of %2, %3 of keys and values")
             .arg(widgets::whole(shape.heads), widgets::whole(shape.keyWidth), widgets::whole(shape.keyHeads)),
         tr("no model: no prompt, no weights")});
}

// The cells in view at the pixels there are, of the smallest of the maps: they are linked.
void LongMapWiring::look()
{
    if (m_page->maps().empty() || m_work.map().tokens == 0)
        return;
    const widgets::MapWindow window = m_page->maps().front()->window();
    std::optional<int> least;
    for (const widgets::LongMapView* each : m_page->maps())
        if (!each->isHidden()) // another one has the window to itself
            least = std::min(least.value_or(each->elements()), each->elements());
    const int elements = least.value_or(m_page->difference().elements());
    m_work.look(engine::fittingRegion({window.query, window.count}, {window.key, window.count}, elements, elements));
}

void LongMapWiring::showRuns()
{
    const LongMap& map = m_work.map();
    m_window.setPageVisible(tabId, map.tokens > 0);
    if (map.tokens == 0)
        return;
    m_page->setMaps(map.runs.size());
    showPictures();
    showPinned();
    if (!map.name.isEmpty()) {
        m_window.setWindowTitle(map.name + QStringLiteral(" — Subquad"));
        m_window.tools().setShape(1, map.heads);
        m_window.setTab(tabId);
    }
    m_sight.again();
    look();
}

widgets::ColorScale LongMapWiring::scale() const
{
    const std::string& name = m_document.state().layout.mapScale;
    const auto kind = name == "log"      ? widgets::Scale::Log
                      : name == "linear" ? widgets::Scale::Linear
                                         : widgets::Scale::Root;
    bool isSigned = false;
    for (const LongRun& run : m_work.map().runs)
        isSigned = isSigned || !engine::findMethod(run.context.plan.attention.method).info.nonNegative;
    const double high = m_document.state().layout.mapHigh.value_or(m_work.map().high);
    return {kind, 0, high > 0 ? high : 1, isSigned};
}

// Of the lane in comparison, where every weight of the part in view is drawn.
void LongMapWiring::showDifference()
{
    const LongMap& map = m_work.map();
    const std::size_t which = std::size_t(std::max(1, m_document.comparedLane().value));
    if (which >= map.runs.size() || m_page->difference().isHidden())
        return;
    widgets::LongMapValue value;
    value.heading.method = identityOf(map.runs[which].context.plan.attention);
    value.heading.minus = identityOf(map.runs.front().context.plan.attention);
    value.heading.name = tr("difference");
    value.heading.label = tr("signed");
    value.tokens = map.tokens;
    value.causal = map.causal;
    value.pieces = map.pieces;
    const bool exact = which < map.pictures.size() && map.pictures[which].region.reduction == 1 &&
                       map.pictures[which].region == map.pictures.front().region;
    std::vector<engine::Grid> grids;
    if (exact) {
        const engine::RegionPicture& other = map.pictures[which];
        value.picture = {other.region, combined(other.cells, map.pictures.front().cells, std::minus<>()),
                         other.exactRows};
        grids.push_back(value.picture.cells);
    }
    const double fitted = grids.empty() ? 1 : fittedHigh({&grids.front()}, widgets::GridShape::Full);
    const widgets::ColorScale colors{scale().scale, 0, m_document.state().layout.differenceHigh.value_or(fitted), true};
    m_page->difference().setValue(value);
    m_page->difference().setScale(colors);
    widgets::ColorBar& bar = m_page->differenceBar();
    bar.setScale(colors);
    bar.setHistogram(widgets::histogramOf(grids, widgets::GridShape::Full, colors, bins));
    bar.setEnds(tr("← gives less"), tr("gives more →")); // the method of the title
}

void LongMapWiring::showPictures()
{
    const LongMap& map = m_work.map();
    if (map.tokens == 0 || m_page->maps().size() != map.runs.size())
        return;
    const widgets::ColorScale colors = scale();
    std::vector<engine::Grid> grids;
    for (std::size_t place = 0; place < map.runs.size(); ++place) {
        const LongRun& run = map.runs[place];
        widgets::LongMapValue value;
        value.heading.method = identityOf(run.context.plan.attention);
        value.heading.name = value.heading.method->title;
        if (run.fidelity != engine::Fidelity::Reference)
            value.heading.label = fidelityText(run.fidelity);
        value.tokens = map.tokens;
        value.causal = map.causal;
        value.pieces = map.pieces;
        if (place < map.pictures.size()) {
            value.picture = map.pictures[place];
            grids.push_back(value.picture.cells);
        }
        m_page->maps()[place]->setValue(value);
        m_page->maps()[place]->setScale(colors);
    }
    showDifference();
    m_page->scale().setCurrent(int(colors.scale));
    m_page->bar().setScale(colors);
    m_page->bar().setTitle(tr("attention weight, one range for all maps"));
    m_page->bar().setHistogram(widgets::histogramOf(grids, widgets::GridShape::Full, colors, bins));
    m_page->heading().setWords(map.name.isEmpty()
                                   ? tr("head %1 of the layer in view").arg(map.head.value + 1)
                                   : tr("%1, head %2 of %3").arg(map.name).arg(map.head.value + 1).arg(map.heads));
    const auto tokens = std::int64_t(map.tokens);
    std::vector<widgets::Run> sentence{{widgets::whole(tokens), true},
                                       {tr(" tokens make "), false},
                                       {widgets::whole(map.causal ? tokens * (tokens + 1) / 2 : tokens * tokens), true},
                                       {tr(" weights a head"), false}};
    if (!map.pictures.empty()) {
        const int by = map.pictures.front().region.reduction;
        sentence.push_back(
            {by > 1 ? tr("; here a pixel stands for ") : tr("; here every weight of the part in view is "), false});
        sentence.push_back({by > 1 ? tr("%1 × %1").arg(widgets::whole(by)) : tr("drawn"), true});
    }
    sentence.push_back({QStringLiteral("."), false});
    m_page->sentence().setRuns(sentence);
    m_page->sentence().setSecond(
        tr("No map is stored: every cell is computed anew from queries, keys and the method's records. "
           "Wheel zooms, dragging pans, a click locks a place, a double click shows all."));
}

} // namespace app
