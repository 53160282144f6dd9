// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentionwiring.h"

#include "app/attention/attentiontools.h"
#include "app/attention/gotocell.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/headspanel.h"
#include "app/panels/mapsrow.h"
#include "app/wording.h"
#include "widgets/arcsview.h"
#include "widgets/colorbar.h"
#include "widgets/heatmapview.h"
#include "widgets/layererrors.h"
#include "widgets/rowplot.h"
#include "widgets/sentence.h"

#include <QAction>
#include <QActionGroup>
#include <QMenu>

#include <algorithm>
#include <cmath>

namespace app {

using engine::TokenPos;

namespace {

constexpr const char* scales[] = {"sqrt", "log", "linear"};
constexpr int modes = 5;

// What the numbers of the sentence are, in their order, as the navigator calls them.
constexpr const char* sentenceMetrics[] = {"tv", "lost@1", "out_rel"};

} // namespace

AttentionWiring::AttentionWiring(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_window(window)
    , m_work(document, lanes)
    , m_presenter(document, window, m_work)
    , m_zoom(document, window)
{
    addMenu();
    wireWork();
    wireResults();
    wireMaps();
    wireControls();
    wireHeads();
}

void AttentionWiring::start()
{
    m_presenter.showTools();
    m_presenter.showHeading();
    m_presenter.showHeads();
    checkEntries();
}

void AttentionWiring::wireWork()
{
    connect(&m_document, &Document::lookChanged, &m_work, &AttentionWork::updateMaps);
    connect(&m_document, &Document::selectionChanged, &m_work, &AttentionWork::updateMaps);
    connect(&m_document, &Document::layoutChanged, &m_work, &AttentionWork::updateMaps);
    connect(&m_document, &Document::sequenceChanged, &m_work, &AttentionWork::updateMaps);
    connect(&m_document, &Document::lanesChanged, &m_work, &AttentionWork::updateMaps);
    connect(&m_document, &Document::lanesChanged, &m_work, &AttentionWork::updateNavigation);
    connect(&m_document, &Document::runChanged, &m_work, &AttentionWork::updateNavigation);
    connect(&m_document, &Document::selectionChanged, &m_work, &AttentionWork::updateNavigation);
    connect(&m_document, &Document::playingChanged, &m_work, &AttentionWork::updateNavigation);
}

void AttentionWiring::wireResults()
{
    const auto show = [this](const auto* sender, auto signal, void (AttentionPresenter::*what)()) {
        connect(sender, signal, this, [this, what] { (m_presenter.*what)(); });
    };
    show(&m_work, &AttentionWork::mapsChanged, &AttentionPresenter::showMaps);
    connect(&m_work, &AttentionWork::mapsChanged, &m_zoom, &MapZoom::again);
    show(&m_work, &AttentionWork::mapsChanged, &AttentionPresenter::showMarks);
    show(&m_work, &AttentionWork::mapsChanged, &AttentionPresenter::showSentence);
    show(&m_work, &AttentionWork::mapsChanged, &AttentionPresenter::showRow);
    show(&m_work, &AttentionWork::navigationChanged, &AttentionPresenter::showHeads);
    show(&m_work, &AttentionWork::navigationChanged, &AttentionPresenter::showHeading);
    show(&m_document, &Document::lanesChanged, &AttentionPresenter::showSentence);
    show(&m_document, &Document::lanesChanged, &AttentionPresenter::showRow);
    show(&m_document, &Document::rowsChanged, &AttentionPresenter::showSentence);
    show(&m_document, &Document::rowChanged, &AttentionPresenter::showRow);
    show(&m_document, &Document::hoverChanged, &AttentionPresenter::showMarks);
    show(&m_document, &Document::selectionChanged, &AttentionPresenter::showMarks);
    show(&m_document, &Document::selectionChanged, &AttentionPresenter::showHeading);
    show(&m_document, &Document::selectionChanged, &AttentionPresenter::showHeads);
    show(&m_document, &Document::modelChanged, &AttentionPresenter::showHeads);
    connect(&m_document, &Document::selectionChanged, this, [this] {
        if (m_presenter.neurons())
            m_presenter.showMaps(); // their titles and sentence are of the picked key
        m_presenter.showSentence();
    });
    show(&m_window.attention(), &AttentionPanel::onlyChanged, &AttentionPresenter::showMaps);
    show(&m_window.attention(), &AttentionPanel::onlyChanged, &AttentionPresenter::showMarks);
    connect(&m_document, &Document::layoutChanged, this, [this] {
        m_presenter.showMaps();  // hatch, magnifier, the line of a swipe
        m_presenter.showMarks(); // the neurons' dimension
        m_presenter.showRow();   // its form
        m_presenter.showHeading();
        m_presenter.showHeads();
        checkEntries();
    });
}

void AttentionWiring::hoverCell(widgets::Cell cell)
{
    if (m_presenter.neurons()) {
        m_presenter.hovered = cell.col;
        const auto& query = m_document.state().selection.query;
        m_document.hover(query.value_or(TokenPos{m_document.lastRow()}), TokenPos{cell.row});
        m_presenter.showMarks(); // another dimension of the same key
    } else {
        m_document.hover(m_presenter.tokenAt(cell.row), m_presenter.tokenAt(cell.col));
    }
}

void AttentionWiring::pickCell(widgets::Cell cell)
{
    if (m_presenter.neurons()) {
        Selection selection = m_document.state().selection;
        ViewLayout layout = m_document.state().layout;
        selection.query = selection.query.value_or(TokenPos{m_document.lastRow()});
        selection.key = TokenPos{cell.row};
        layout.attention.dimension = cell.col;
        m_document.choose(selection, layout);
    } else {
        m_document.pin(m_presenter.tokenAt(cell.row), m_presenter.tokenAt(cell.col));
    }
}

void AttentionWiring::wireMaps()
{
    MapsRow& maps = m_window.attention().maps();
    const auto release = [this] { m_document.pin(std::nullopt, std::nullopt); };
    const auto leave = [this] { m_document.hover(std::nullopt, std::nullopt); };
    for (int place = 0; place < MapsRow::most; ++place) {
        widgets::HeatmapView& map = maps.map(place);
        connect(&map, &widgets::HeatmapView::hovered, this, &AttentionWiring::hoverCell);
        connect(&map, &widgets::HeatmapView::left, this, leave);
        connect(&map, &widgets::HeatmapView::picked, this, &AttentionWiring::pickCell);
        connect(&map, &widgets::HeatmapView::released, this, release);
        connect(&map, &widgets::HeatmapView::swiped, this,
                [this](double at) { changeView([=](AttentionView& view) { view.swipe = at; }); });
    }
    const auto query = [this] { return m_document.state().selection.query.value_or(TokenPos{m_document.lastRow()}); };
    widgets::RowPlot& row = m_window.attention().row();
    const auto looker = [=, this](int key) { // of the means: a query that may look at the key
        return m_document.state().layout.attention.meanRow ? TokenPos{std::max(query().value, key)} : query();
    };
    connect(&row, &widgets::RowPlot::hovered, this,
            [=, this](int key) { m_document.hover(looker(key), TokenPos{key}); });
    connect(&row, &widgets::RowPlot::left, this, leave);
    connect(&row, &widgets::RowPlot::picked, this, [=, this](int key) { m_document.pin(looker(key), TokenPos{key}); });
    connect(&row, &widgets::RowPlot::formChosen, this,
            [this](int form) { changeView([=](AttentionView& view) { view.meanRow = form == 1; }); });
    connect(&row, &widgets::RowPlot::released, this, release);

    widgets::ArcsView& arcs = m_window.attention().arcs();
    connect(&arcs, &widgets::ArcsView::hovered, this,
            [this](int cell) { m_document.hover(m_presenter.tokenAt(cell), m_document.state().selection.key); });
    connect(&arcs, &widgets::ArcsView::left, this, leave);
    connect(&arcs, &widgets::ArcsView::picked, this, [this](int cell) {
        // A token that the picked query may look at becomes the key, any other the query.
        const TokenPos token = m_presenter.tokenAt(cell);
        const auto now = m_document.state().selection;
        if (now.query && token < *now.query && now.key == now.query)
            m_document.pin(now.query, token);
        else
            m_document.pin(token, token);
    });
    connect(&arcs, &widgets::ArcsView::released, this, release);
}

void AttentionWiring::wireControls()
{
    const auto connectTools = [this](AttentionTools& tools) {
        connect(&tools, &AttentionTools::scaleChosen, this, [this](int chosen) {
            changeLayout([=](ViewLayout& layout) { layout.mapScale = scales[std::clamp(chosen, 0, 2)]; });
        });
        connect(&tools, &AttentionTools::modeChosen, this, [this](int chosen) {
            changeView([=](AttentionView& view) { view.mode = AttentionView::Mode(chosen); });
        });
        connect(&tools, &AttentionTools::pictureChosen, this, [this](int chosen) {
            changeView([=](AttentionView& view) { view.picture = AttentionView::Picture(chosen); });
        });
        connect(&tools, &AttentionTools::lockAsked, this, &AttentionWiring::lockRange);
        connect(&tools, &AttentionTools::optionsAsked, this, [this](QPoint where) { m_menu->popup(where); });
    };
    connectTools(m_window.attention().tools());
    connectTools(m_window.compactTools());
    MapsRow& maps = m_window.attention().maps();
    connect(&maps.sharedBar(), &widgets::ColorBar::rangeChanged, this, [this](double low, double high) {
        changeLayout([=](ViewLayout& layout) {
            layout.mapHigh = high;
            layout.attention.low = low > 0 ? std::optional(std::min(low, 1.0)) : std::nullopt;
        });
    });
    connect(&maps.sharedBar(), &widgets::ColorBar::fitRequested, this, [this] {
        changeLayout([](ViewLayout& layout) {
            layout.mapHigh.reset();
            layout.attention.low.reset();
        });
    });
    connect(&maps.differenceBar(), &widgets::ColorBar::rangeChanged, this, [this](double low, double high) {
        changeLayout([=](ViewLayout& layout) { layout.differenceHigh = std::max(std::abs(low), std::abs(high)); });
    });
    connect(&maps.differenceBar(), &widgets::ColorBar::fitRequested, this,
            [this] { changeLayout([](ViewLayout& layout) { layout.differenceHigh.reset(); }); });
    connect(&m_window.attention().sentence(), &widgets::Sentence::clicked, this, &AttentionWiring::followNumber);
}

void AttentionWiring::wireHeads()
{
    HeadsPanel& panel = m_window.heads();
    connect(&panel.grid(), &widgets::HeadsGrid::picked, this, &AttentionWiring::select);
    connect(&panel.errors(), &widgets::LayerErrors::picked, this,
            [this](int layer) { select({layer}, m_document.state().selection.head); });
    connect(&panel, &HeadsPanel::runAsked, &m_work, &AttentionWork::navigate);
    connect(&panel, &HeadsPanel::menuAsked, this, [this](QPoint where) { m_headsMenu->popup(where); });
    connect(&panel, &HeadsPanel::worstAsked, this,
            [this] { goToWorstHead(m_document.state().layout.attention.metric); });
}

template <typename Value>
void AttentionWiring::addChoice(QMenu& menu, const ViewChoice<Value>& choice)
{
    QMenu* below = menu.addMenu(choice.title);
    auto* group = new QActionGroup(below);
    group->setExclusive(true);
    for (const auto& [text, value] : choice.values) {
        QAction* action = below->addAction(text);
        action->setCheckable(true);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, member = choice.member, value = value] {
            changeView([&](AttentionView& view) { view.*member = value; });
        });
        m_checks.push_back([action, member = choice.member, value = value](const AttentionView& view) {
            action->setChecked(view.*member == value);
        });
    }
}

void AttentionWiring::addFlag(const ViewFlag& flag)
{
    QAction* action = m_menu->addAction(flag.title);
    action->setCheckable(true);
    connect(action, &QAction::triggered, this,
            [this, member = flag.member](bool on) { changeView([&](AttentionView& view) { view.*member = on; }); });
    m_checks.emplace_back(
        [action, member = flag.member](const AttentionView& view) { action->setChecked(view.*member); });
}

void AttentionWiring::addMenu()
{
    using View = AttentionView;
    m_menu = m_window.menu(tr("View"))->addMenu(tr("Attention maps"));
    addChoice(*m_menu, pictureChoice());
    addChoice(*m_menu, modeChoice());
    addScales();
    addChoice(*m_menu, sinksChoice());
    addChoice(*m_menu, massChoice());
    addChoice(*m_menu, headsChoice());
    addChoice(*m_menu, rowChoice());
    for (const ViewFlag& flag : viewFlags())
        addFlag(flag);
    m_menu->addSeparator();
    const auto entry = [this](const QString& text, const char* key, const std::function<void()>& what) {
        QAction* action = m_menu->addAction(text);
        if (*key != '\0')
            action->setShortcut(QKeySequence(key));
        connect(action, &QAction::triggered, this, what);
    };
    entry(tr("Next comparison"), "D",
          [this] { changeView([](View& view) { view.mode = View::Mode((int(view.mode) + 1) % modes); }); });
    entry(tr("Fit the colour range"), "R", [this] { fitRange(); });
    entry(tr("Lock or free the colour range"), "L", [this] { lockRange(); });
    m_zoom.addTo(*m_menu);
    entry(tr("Go to cell…"), "Ctrl+G", [this] { goToCell(); });
    entry(tr("Go to the head that errs most"), "",
          [this] { goToWorstHead(m_document.state().layout.attention.metric); });
    entry(tr("Go to the weight that differs most"), "", [this] { goToWorstCell(); });
    m_headsMenu = m_window.menu(tr("View"))->addMenu(tr("Heads"));
    addChoice(*m_headsMenu, metricChoice());
    addChoice(*m_headsMenu, orderChoice());
    m_headsMenu->addSeparator();
    connect(m_headsMenu->addAction(tr("Compare every head")), &QAction::triggered, &m_work, &AttentionWork::navigate);
}

void AttentionWiring::addScales()
{
    QMenu* below = m_menu->addMenu(tr("Colour scale"));
    const QString names[] = {tr("Square root"), tr("Logarithm"), tr("Linear")};
    for (std::size_t place = 0; place < std::size(names); ++place)
        connect(below->addAction(names[place]), &QAction::triggered, this,
                [this, place] { changeLayout([place](ViewLayout& layout) { layout.mapScale = scales[place]; }); });
}

void AttentionWiring::checkEntries()
{
    for (const auto& check : m_checks)
        check(m_document.state().layout.attention);
}

void AttentionWiring::changeView(const std::function<void(AttentionView&)>& change)
{
    changeLayout([&](ViewLayout& layout) { change(layout.attention); });
}

void AttentionWiring::changeLayout(const std::function<void(ViewLayout&)>& change)
{
    ViewLayout layout = m_document.state().layout;
    change(layout);
    m_document.setLayout(layout);
}

void AttentionWiring::select(engine::LayerIndex layer, engine::HeadIndex head)
{
    Selection selection = m_document.state().selection;
    selection.layer = layer;
    selection.head = head;
    m_document.select(selection);
    if (m_document.state().layout.attention.heads != AttentionView::Heads::One)
        changeView([](AttentionView& view) { view.heads = AttentionView::Heads::One; });
}

// The ranges as they are now, for every head; again: fitted to each.
void AttentionWiring::lockRange()
{
    const ViewLayout& layout = m_document.state().layout;
    const auto& maps = m_work.maps();
    if (layout.mapHigh || layout.differenceHigh || layout.attention.low) {
        fitRange();
    } else if (maps && !maps->columns.empty() && !m_presenter.neurons()) {
        changeLayout([&](ViewLayout& changed) {
            changed.mapHigh = maps->high;
            if (maps->columns.back().kind == MapColumn::Kind::Difference)
                changed.differenceHigh = maps->signedHigh;
        });
    }
}

void AttentionWiring::fitRange()
{
    changeLayout([](ViewLayout& layout) {
        layout.mapHigh.reset();
        layout.differenceHigh.reset();
        layout.attention.low.reset();
    });
}

void AttentionWiring::goToCell()
{
    const auto& exact = m_document.lane({0}).look;
    if (!exact)
        return;
    auto* dialog =
        new GoToCell(tokenLabels(*exact->layer->exact->sequence), exact->layer->context.shape.causal, &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &GoToCell::chosen, this,
            [this](int query, int key) { m_document.pin(TokenPos{query}, TokenPos{key}); });
    dialog->open();
}

void AttentionWiring::goToWorstHead(const std::string& metric)
{
    const auto& navigation = m_work.navigation();
    if (!navigation || !m_work.navigationIsCurrent()) {
        m_work.navigate();
        return;
    }
    const HeadSummary* worst = nullptr;
    for (const HeadSummary& head : navigation->all)
        if (const double number = numberOf(head, metric);
            std::isfinite(number) && (worst == nullptr || number > numberOf(*worst, metric)))
            worst = &head;
    if (worst != nullptr)
        select(worst->layer, worst->head);
}

void AttentionWiring::goToWorstCell()
{
    if (m_work.maps() && m_work.maps()->worst)
        m_document.pin(m_presenter.tokenAt(m_work.maps()->worst->row), m_presenter.tokenAt(m_work.maps()->worst->col));
}

// A click on a number of the sentence leads to the head where it is largest; there, to the weight that differs most.
void AttentionWiring::followNumber(int number)
{
    if (number < 0 || number >= int(std::size(sentenceMetrics)) || m_presenter.neurons())
        return;
    const std::string metric = sentenceMetrics[number];
    const Selection before = m_document.state().selection;
    changeView([&](AttentionView& view) { view.metric = metric; });
    goToWorstHead(metric);
    const Selection& now = m_document.state().selection;
    if (m_work.navigationIsCurrent() && now.layer == before.layer && now.head == before.head)
        goToWorstCell();
}

} // namespace app
