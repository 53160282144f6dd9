// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probeswiring.h"

#include "app/panels/heading.h"
#include "app/panels/probespanel.h"
#include "app/results.h"
#include "app/wording.h"
#include "widgets/numbers.h"
#include "widgets/probepanel.h"
#include "widgets/sentence.h"
#include "widgets/studytext.h"

#include <algorithm>
#include <cmath>

namespace app {

using engine::TokenPos;
using widgets::Cell;

namespace {

const std::string tabId = "probes";
const std::string cellSight = "probes cell";

QString text(std::string_view from)
{
    return widgets::textOf(from);
}

// The least and the largest of the numbers; none where there is no number.
struct Ends
{
    std::optional<Cell> least, largest;
};

Ends endsOf(const engine::Grid& grid)
{
    Ends ends;
    for (int row = 0; row < grid.rows(); ++row)
        for (int col = 0; col < grid.cols(); ++col) {
            const float value = grid.at(row, col);
            if (!std::isfinite(value))
                continue;
            if (!ends.least || value < grid.at(ends.least->row, ends.least->col))
                ends.least = Cell{row, col};
            if (!ends.largest || value > grid.at(ends.largest->row, ends.largest->col))
                ends.largest = Cell{row, col};
        }
    return ends;
}

} // namespace

ProbesWiring::ProbesWiring(Document& document, MainWindow& window)
    : m_document(document)
    , m_panel(window.probes())
    , m_sight(document, tabId, [this](const std::optional<Sight>& sight) {
        m_panel.probe().setWindow(sight ? QRect(int(sight->x), int(sight->y), int(sight->width), int(sight->height))
                                        : QRect());
    })
{
    connect(&document, &Document::probesChanged, this, &ProbesWiring::show);
    connect(&document, &Document::selectionChanged, this, &ProbesWiring::show);
    connect(&document, &Document::layoutChanged, this, &ProbesWiring::show);
    connect(&document, &Document::hoverChanged, this, &ProbesWiring::showMarked);
    connect(&m_panel, &ProbesPanel::chosen, this, &ProbesWiring::choose);
    connect(&m_panel, &ProbesPanel::exportAsked, this, &ProbesWiring::exportAsked);
    m_panel.setCompact(window.isCompact());
    connect(&window, &MainWindow::compactChanged, &m_panel, &ProbesPanel::setCompact);
    widgets::ProbePanel& probe = m_panel.probe();
    connect(&probe, &widgets::ProbePanel::hovered, this, &ProbesWiring::hover);
    connect(&probe, &widgets::ProbePanel::left, this, [this] {
        m_hovered.reset();
        m_document.hover(std::nullopt, std::nullopt);
        showMarked();
    });
    connect(&probe, &widgets::ProbePanel::picked, this, &ProbesWiring::pin);
    connect(&probe, &widgets::ProbePanel::released, this, &ProbesWiring::release);
    connect(&probe, &widgets::ProbePanel::windowChanged, this, [this](const QRect& window) {
        m_sight.moved(window.isEmpty() ? std::nullopt
                                       : std::optional(Sight{double(window.x()), double(window.y()),
                                                             double(window.width()), double(window.height())}));
    });
}

void ProbesWiring::show()
{
    const ViewLayout& layout = m_document.state().layout;
    if (layout.tab != tabId)
        return;
    const Selection& selection = m_document.state().selection;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& layer = m_document.lane({lane}).probes;
        if (!layer)
            continue;
        const engine::MethodInfo& info = engine::findMethod(layer->context.plan.shown().method).info;
        const auto spec = std::find_if(info.probes.begin(), info.probes.end(),
                                       [&](const engine::ProbeSpec& each) { return each.id == layout.probe; });
        if (spec == info.probes.end())
            continue;
        widgets::ProbeValue value;
        value.spec = *spec;
        value.method = widgets::identityOf(info);
        value.grid = probeGrid(*layer, *spec, selection.head, {m_document.lastRow()});
        const QStringList tokens = tokenLabels(*layer->exact->sequence);
        if (spec->rows == engine::Axis::Token)
            value.rows = tokens;
        if (spec->cols == engine::Axis::Token)
            value.cols = tokens;
        if (spec->perHead && value.grid.cols() == 1)
            value.cols = QStringList{tr("head %1").arg(selection.head.value + 1)};
        m_panel.probe().setProbe(value);
        m_panel.probe().setRow(selection.query ? selection.query->value : m_document.lastRow());
        say(*layer);
        showMarked();
        return;
    }
}

// One sentence: what it is of, and from where to where its numbers run.
void ProbesWiring::say(const LayerAttention& layer)
{
    const widgets::ProbePanel& panel = m_panel.probe();
    const widgets::ProbeValue& probe = panel.probe();
    const engine::Grid& grid = probe.grid;
    QString words = tr("layer %1").arg(layer.layer.value + 1);
    if (probe.spec.perHead)
        words += tr(", head %1").arg(m_document.state().selection.head.value + 1);
    const auto tokens = std::int64_t(layer.exact->sequence->ids.size());
    m_panel.heading().setWords(words + QStringLiteral(" · ") + tr("%1 tokens").arg(widgets::whole(tokens)));
    std::vector<widgets::Run> runs{{text(probe.spec.title), true}, {tr(" of %1").arg(probe.method->title), false}};
    const Ends ends = endsOf(grid);
    const auto number = [&](Cell cell) { return widgets::compact(double(grid.at(cell.row, cell.col))); };
    if (!ends.least) {
        runs.push_back({tr(" has no number here."), false});
    } else if (number(*ends.least) == number(*ends.largest)) {
        runs.push_back({tr(" is "), false});
        runs.push_back({number(*ends.least), true});
        runs.push_back({grid.rows() * grid.cols() > 1 ? tr(" everywhere.") : QStringLiteral("."), false});
    } else {
        runs.push_back({tr(" runs from "), false});
        runs.push_back({number(*ends.least), true});
        runs.push_back({tr(" at %1 to ").arg(panel.placeOf(*ends.least)), false});
        runs.push_back({number(*ends.largest), true});
        runs.push_back({tr(" at %1.").arg(panel.placeOf(*ends.largest)), false});
    }
    m_panel.sentence().setRuns(std::move(runs));
    m_panel.sentence().setSecond(tr("%1 × %2 numbers · a click pins one, a wheel over a map zooms")
                                     .arg(widgets::whole(grid.rows()), widgets::whole(grid.cols())));
}

bool ProbesWiring::rowsAreTokens() const
{
    const widgets::ProbeValue& probe = m_panel.probe().probe();
    return probe.spec.rows == engine::Axis::Token && probe.grid.rows() > 1;
}

std::optional<Cell> ProbesWiring::kept() const
{
    const auto& sights = m_document.state().layout.sights;
    const auto found = sights.find(cellSight);
    return found == sights.end() ? std::nullopt : std::optional(Cell{int(found->second.y), int(found->second.x)});
}

void ProbesWiring::showMarked()
{
    const auto& query = m_document.state().selection.query;
    const int col = kept().value_or(Cell{}).col;
    std::optional<Cell> pinned, hovered = m_hovered;
    if (rowsAreTokens() && query)
        pinned = Cell{query->value, col};
    else if (!rowsAreTokens())
        pinned = kept();
    if (!hovered && rowsAreTokens() && m_document.hoveredQuery()) // in the token strip, or another view
        hovered = Cell{m_document.hoveredQuery()->value, col};
    m_panel.probe().setMarked(pinned, hovered);
}

// Another probe's places are others.
void ProbesWiring::choose(const QString& id)
{
    ViewLayout layout = m_document.state().layout;
    layout.probe = id.toStdString();
    layout.sights.erase(tabId);
    layout.sights.erase(cellSight);
    m_document.setLayout(layout);
}

void ProbesWiring::hover(Cell cell)
{
    m_hovered = cell;
    if (rowsAreTokens())
        m_document.hover(TokenPos{cell.row}, m_document.state().selection.key);
    showMarked();
}

void ProbesWiring::pin(Cell cell)
{
    Selection selection = m_document.state().selection;
    ViewLayout layout = m_document.state().layout;
    layout.sights[cellSight] = {double(cell.col), double(cell.row), 1, 1};
    if (rowsAreTokens()) {
        selection.query = TokenPos{cell.row};
        if (!selection.key || *selection.query < *selection.key) // the pinned key stays where it can
            selection.key = selection.query;
    }
    m_document.choose(selection, layout);
}

void ProbesWiring::release()
{
    Selection selection = m_document.state().selection;
    ViewLayout layout = m_document.state().layout;
    layout.sights.erase(cellSight);
    selection.query.reset();
    selection.key.reset();
    m_document.choose(selection, layout);
}

} // namespace app
