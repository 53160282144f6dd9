// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/longmapwiring.h"

#include "app/longmaps/headfile.h"
#include "app/longmaps/longmappage.h"
#include "app/panels/heading.h"
#include "app/panels/modelpanel.h"
#include "app/panels/toolpanel.h"
#include "app/wording.h"
#include "widgets/colorbar.h"
#include "widgets/livestrip.h"
#include "widgets/numbers.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"

#include <algorithm>

namespace app {

namespace {

const QString tabId = QStringLiteral("map");
constexpr const char* scales[] = {"sqrt", "log", "linear"};

} // namespace

LongMapWiring::LongMapWiring(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_window(window)
    , m_work(document, lanes)
    , m_page(new LongMapPage(&window))
{
    window.addPage(tr("Map"), tabId, m_page);
    window.setPageVisible(tabId, false);
    connect(&document, &Document::headsChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::headsChanged, this, &LongMapWiring::showFile);
    connect(&document, &Document::planChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::lookChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::selectionChanged, &m_work, &LongMapWork::update);
    connect(&document, &Document::layoutChanged, this, &LongMapWiring::showPictures);
    connect(&m_work, &LongMapWork::runsChanged, this, &LongMapWiring::showRuns);
    connect(&m_work, &LongMapWork::picturesChanged, this, &LongMapWiring::showPictures);
    connect(m_page, &LongMapPage::mapAdded, this, &LongMapWiring::addMap);
    connect(&m_page->scale(), &widgets::Segment::chosen, this, [this](int chosen) {
        ViewLayout layout = m_document.state().layout;
        layout.mapScale = scales[std::clamp(chosen, 0, 2)];
        m_document.setLayout(layout);
    });
    connect(&m_page->bar(), &widgets::ColorBar::rangeChanged, this, [this](double, double high) {
        m_high = high;
        showPictures();
    });
    connect(&m_page->bar(), &widgets::ColorBar::fitRequested, this, [this] {
        m_high.reset();
        showPictures();
    });
}

void LongMapWiring::addMap(widgets::LongMapView* map)
{
    connect(map, &widgets::LongMapView::windowAsked, this, &LongMapWiring::moveTo);
    connect(map, &widgets::LongMapView::sizeChanged, this, &LongMapWiring::look);
    connect(map, &widgets::LongMapView::hovered, this, [this](widgets::Cell cell) {
        for (widgets::LongMapView* each : m_page->maps())
            each->setHovered(cell);
    });
    connect(map, &widgets::LongMapView::left, this, [this] {
        for (widgets::LongMapView* each : m_page->maps())
            each->setHovered(std::nullopt);
    });
}

void LongMapWiring::moveTo(const widgets::MapWindow& window)
{
    for (widgets::LongMapView* each : m_page->maps())
        each->setWindow(window);
    look();
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
        QString::fromStdString(heads->name), tr("queries, keys, values"),
        {tr("%1 heads of %2, %3 of keys and values")
             .arg(widgets::whole(shape.heads), widgets::whole(shape.keyWidth), widgets::whole(shape.keyHeads)),
         tr("no model: no prompt, no weights")});
}

// The cells in view at the pixels there are, of the smallest of the maps: they are linked.
void LongMapWiring::look()
{
    if (m_page->maps().empty() || m_work.map().tokens == 0)
        return;
    const widgets::MapWindow window = m_page->maps().front()->window();
    int elements = m_page->maps().front()->elements();
    for (const widgets::LongMapView* each : m_page->maps())
        elements = std::min(elements, each->elements());
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
    if (!map.name.isEmpty()) {
        m_window.setWindowTitle(map.name + QStringLiteral(" — Subquad"));
        m_window.tools().setShape(1, map.heads);
        m_window.setTab(tabId);
    }
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
    const double high = m_high.value_or(m_work.map().high);
    return {kind, 0, high > 0 ? high : 1, isSigned};
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
    m_page->scale().setCurrent(int(colors.scale));
    m_page->bar().setScale(colors);
    m_page->bar().setTitle(tr("attention weight, one range for all maps"));
    constexpr int bins = 64;
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
           "Wheel zooms, dragging pans, a double click shows all."));
}

} // namespace app
