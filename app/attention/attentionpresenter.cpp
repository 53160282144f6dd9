// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentionpresenter.h"

#include "app/attention/attentiontools.h"
#include "app/attention/mapwords.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/heading.h"
#include "app/panels/mapsrow.h"
#include "app/wording.h"
#include "widgets/arcsview.h"
#include "widgets/colorbar.h"
#include "widgets/heatmapview.h"
#include "widgets/numbers.h"
#include "widgets/rowplot.h"
#include "widgets/sentence.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace app {

using engine::TokenPos;
using Kind = MapColumn::Kind;
using Picture = AttentionView::Picture;

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("attention", text);
}

} // namespace

bool AttentionPresenter::neurons() const
{
    return m_work.maps() && isNeurons(*m_work.maps());
}

int AttentionPresenter::cellOf(TokenPos token) const
{
    return m_work.maps() ? app::cellOf(*m_work.maps(), token) : token.value;
}

TokenPos AttentionPresenter::tokenAt(int cell) const
{
    const auto& maps = m_work.maps();
    if (!maps || neurons() || cell < 0 || cell >= int(maps->groups.size()))
        return {cell};
    return {maps->groups[std::size_t(cell)].first};
}

QStringList AttentionPresenter::labels() const
{
    return cellLabels(*m_work.maps());
}

QString AttentionPresenter::nameOf(const MapColumn& column) const
{
    return app::nameOf(*m_work.maps(), column);
}

// A map in one sentence, for those who do not see it.
QString AttentionPresenter::summaryOf(const MapColumn& column) const
{
    QString summary =
        tr("%1: %2 of the attention on the first token").arg(nameOf(column), widgets::percent(column.firstKey));
    if (column.strongest) {
        const QStringList tokens = labels();
        summary += tr("; the largest weight elsewhere is ‘%1’ to ‘%2’, %3")
                       .arg(tokens.value(column.strongest->row), tokens.value(column.strongest->col),
                            widgets::fixed(double(column.cells.at(column.strongest->row, column.strongest->col)), 3));
    }
    return summary;
}

widgets::ColorScale AttentionPresenter::scaleOf(const MapColumn& column) const
{
    return app::scaleOf(*m_work.maps(), column);
}

void AttentionPresenter::showColumn(std::size_t place, std::size_t which)
{
    const AttentionMaps& maps = *m_work.maps();
    const MapColumn& column = maps.columns[which];
    widgets::HeatmapView& map = m_window.attention().maps().map(int(place));
    const AttentionView& view = m_document.state().layout.attention;
    map.setAxes(axesOf(maps, column, place == 0));
    map.setPairShown(place == 0 && !neurons());
    map.setGrid(column.cells, maps.shape());
    map.setScale(scaleOf(column));

    widgets::MapHeading heading = headingOf(maps, which);
    if (neurons()) {
        const auto& sums = column.kind == Kind::RawProducts ? maps.neurons->rawSums : maps.neurons->turnedSums;
        const auto& key = m_document.state().selection.key;
        if (key && key->value < int(sums.size()))
            heading.label = tr("q · k = %1").arg(widgets::fixed(sums[std::size_t(key->value)], 3));
    }
    widgets::MapExtras extras = extrasOf(maps, which);
    extras.hatched = view.hatch;
    extras.magnifier = view.magnifier;
    if (isSwipe(maps)) {
        const MapColumn& right = maps.columns[1];
        extras.swipe = widgets::MapSwipe{right.drawn.empty() ? right.cells : right.drawn, nameOf(column), nameOf(right),
                                         view.swipe};
        heading = {}; // the names stand beside the line
        heading.name = tr("swipe");
        heading.badges = badgesOf(maps);
    }
    map.setHeading(heading);
    if (column.kind == Kind::Weights)
        map.setAccessibleName(summaryOf(column));
    map.setExtras(std::move(extras));
}

void AttentionPresenter::showMaps()
{
    showTools();
    const auto& maps = m_work.maps();
    if (!maps)
        return;
    AttentionPanel& panel = m_window.attention();
    panel.setPicture(maps->request.view.picture == Picture::Arcs);
    if (maps->request.view.picture == Picture::Arcs) {
        panel.arcs().setArcs(arcsOf(*maps));
        return;
    }
    panel.setMapCount(isSwipe(*maps) ? 1 : int(maps->columns.size()));
    const auto only = panel.onlyMap();
    std::vector<std::size_t> columns;
    int weights = 0, differences = 0;
    for (std::size_t column = 0; column < maps->columns.size() && !(isSwipe(*maps) && column > 0); ++column) {
        if (only && std::size_t(*only) != column)
            continue;
        columns.push_back(column);
        ++(maps->columns[column].isSigned() ? differences : weights);
    }
    panel.maps().setCounts(weights, differences);
    for (std::size_t place = 0; place < columns.size(); ++place)
        showColumn(place, columns[place]);
    showBars();
    panel.maps().arrange();
}

void AttentionPresenter::showBars()
{
    const AttentionMaps& maps = *m_work.maps();
    MapsRow& row = m_window.attention().maps();
    row.sharedBar().setScale({maps.request.scale, maps.low, maps.high, false});
    row.sharedBar().setTitle(maps.columns.size() > 1 ? tr("attention weight, one range for all maps")
                                                     : tr("attention weight"));
    row.sharedBar().setHistogram(maps.shared);
    if (maps.columns.empty() || !maps.columns.back().isSigned())
        return;
    const MapColumn& last = maps.columns.back();
    const bool compared = last.kind == Kind::Difference || last.kind == Kind::Ratio;
    const bool several = maps.columns.size() > 1 && maps.columns[maps.columns.size() - 2].kind == last.kind;
    const auto titleIn = [&](int lane) { return identityOf(maps.look(lane).layer->context.plan.shown()).title; };
    const QString name = several ? tr("method") : titleIn(last.lane);
    row.differenceBar().setScale(scaleOf(last));
    row.differenceBar().setHistogram(maps.difference);
    row.differenceBar().setTitle(compared ? QString() : tr("product of query and key in one dimension"));
    row.differenceBar().setEnds(compared ? tr("← %1 gives more").arg(titleIn(0)) : QString(),
                                compared ? tr("%1 gives more →").arg(name) : QString());
}

void AttentionPresenter::showMarks()
{
    const Selection& selection = m_document.state().selection;
    const auto& hoveredQuery = m_document.hoveredQuery();
    const auto& hoveredKey = m_document.hoveredKey();
    // None of a text that is still being run.
    const int tokens = m_work.maps() ? m_work.maps()->look(0).map.tokens : 0;
    const auto cell = [&](std::optional<TokenPos> place) {
        return place && place->value < tokens ? std::optional<int>(cellOf(*place)) : std::nullopt;
    };
    const auto cells = [&](std::optional<TokenPos> query, std::optional<TokenPos> key) {
        const std::optional<int> row = cell(query), col = cell(key);
        return row && col ? std::optional(widgets::Cell{*row, *col}) : std::nullopt;
    };
    std::optional<widgets::Cell> pinned, over;
    if (neurons()) {
        if (cell(selection.key))
            pinned = widgets::Cell{selection.key->value, std::min(m_document.state().layout.attention.dimension,
                                                                  m_work.maps()->columns.front().cells.cols() - 1)};
        if (cell(hoveredKey) && hovered)
            over = widgets::Cell{hoveredKey->value, *hovered};
    } else {
        pinned = cells(selection.query, selection.key);
        over = cells(hoveredQuery, hoveredKey);
    }
    AttentionPanel& panel = m_window.attention();
    for (int place = 0; place < MapsRow::most; ++place)
        panel.maps().map(place).setMarked(pinned, over);
    const auto valueOf = [](std::optional<TokenPos> place) {
        return place ? std::optional<int>(place->value) : std::nullopt;
    };
    panel.row().setMarked(valueOf(selection.key), valueOf(hoveredKey));
    panel.arcs().setMarked(cell(selection.query), cell(selection.key), cell(hoveredQuery));
}

void AttentionPresenter::showSentence()
{
    if (neurons()) {
        showNeuronsSentence();
        return;
    }
    const auto& maps = m_work.maps();
    if (m_document.laneCount() == 1) {
        m_window.attention().sentence().setRuns({{titleOf(m_document.comparedPlan().everywhere.shown()) + " ", true},
                                                 {tr("stands alone: add a method with + to see what it changes.")}});
        m_window.attention().sentence().setSecond({});
        return;
    }
    const bool joined = maps && maps->metrics && m_document.state().layout.attention.heads != AttentionView::Heads::One;
    const auto& rows = joined ? maps->metrics : m_document.lane(m_document.comparedLane()).rows;
    if (!rows)
        return;
    widgets::Sentence& sentence = m_window.attention().sentence();
    sentence.setRuns(sentenceOf(*rows));
    QString conditions = conditionsOf(*rows, deviceText(m_document.device()));
    if (joined)
        conditions += QStringLiteral(" · ") + badgesOf(*m_work.maps()).value(0);
    sentence.setSecond(conditions);
}

// How the picked key's score comes about.
void AttentionPresenter::showNeuronsSentence()
{
    const AttentionMaps& maps = *m_work.maps();
    const engine::Neurons& neurons = *maps.neurons;
    const QStringList tokens = tokenLabels(*maps.look(0).layer->exact->sequence);
    const auto& picked = m_document.state().selection.key;
    const int last = int(neurons.rawSums.size()) - 1;
    const int key = picked ? std::clamp(picked->value, 0, last) : last;
    int strongest = 0;
    for (int each = 1; each < neurons.turned.cols(); ++each)
        if (std::abs(neurons.turned.at(key, each)) > std::abs(neurons.turned.at(key, strongest)))
            strongest = each;
    widgets::Sentence& sentence = m_window.attention().sentence();
    sentence.setRuns({{QStringLiteral("‘%1’").arg(tokens.value(maps.request.query)), true},
                      {tr(" meets ")},
                      {QStringLiteral("‘%1’").arg(tokens.value(key)), true},
                      {tr(" with q · k of ")},
                      {widgets::fixed(neurons.turnedSums[std::size_t(key)], 2), true},
                      {tr(" after positions, ")},
                      {widgets::fixed(neurons.rawSums[std::size_t(key)], 2), true},
                      {tr(" before; dimension ")},
                      {QString::number(strongest + 1), true},
                      {tr(" adds most, ")},
                      {widgets::signedFixed(double(neurons.turned.at(key, strongest)), 2), true},
                      {QStringLiteral(".")}});
    sentence.setSecond(
        tr("query %1, key %2 · %3 dimensions · queries and keys of the exact run, which every method reads")
            .arg(maps.request.query + 1)
            .arg(key + 1)
            .arg(neurons.turned.cols()));
}

void AttentionPresenter::showRow()
{
    const bool mean = m_document.state().layout.attention.meanRow && !neurons();
    m_window.attention().row().setForm(mean ? 1 : 0);
    if (mean) {
        if (m_work.maps() && m_work.maps()->request.view.meanRow)
            m_window.attention().row().setRow(keyMeansOf(*m_work.maps()));
        return;
    }
    const auto& exact = m_document.lane({0}).row;
    if (!exact)
        return;
    widgets::RowValue value;
    const Sequence& sequence = *exact->look->layer->exact->sequence;
    const int query = exact->query.value;
    value.keys = tokenLabels(sequence);
    value.subtitle = tr("where ‘%1’ looks, query %2").arg(value.keys.value(query)).arg(query + 1);
    value.after = tr("keys after the query");
    const auto& maps = m_work.maps();
    const AttentionView::Heads heads = m_document.state().layout.attention.heads;
    const bool joined = maps && heads != AttentionView::Heads::One && !neurons();
    if (joined && maps->request.view.heads != heads)
        return; // shown with the maps that are on their way
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& row = m_document.lane({lane}).row;
        if (!row || row->query != exact->query || row->look->layer->exact != exact->look->layer->exact ||
            row->look->head != exact->look->head || row->look->layer->layer != exact->look->layer->layer)
            continue;
        if (joined) {
            const auto& places = maps->request.looks; // of the lanes as they were when the maps were drawn
            if (lane >= int(places.size()) || !places[std::size_t(lane)] ||
                places[std::size_t(lane)]->layer != row->look->layer)
                return;
        }
        std::vector<float> weights = joined ? shownWeights(*maps, lane, *row) : weightsOf(*row);
        if (!weights.empty())
            value.series.push_back({identityOf(row->look->layer->context.plan.shown()), std::move(weights)});
    }
    if (joined && value.series.empty())
        return; // shown with the row that is on its way
    if (joined)
        value.subtitle += QStringLiteral(" · ") + badgesOf(*m_work.maps()).value(0);
    m_window.attention().row().setRow(std::move(value));
}

void AttentionPresenter::showTools()
{
    const ViewLayout& layout = m_document.state().layout;
    const int scale = layout.mapScale == "log" ? 1 : layout.mapScale == "linear" ? 2 : 0;
    const bool locked = layout.mapHigh || layout.differenceHigh || layout.attention.low;
    for (AttentionTools* tools : {&m_window.attention().tools(), &m_window.compactTools()})
        tools->setState(layout.attention, scale, locked);
}

void AttentionPresenter::showHeading()
{
    const Selection& selection = m_document.state().selection;
    const AttentionView& view = m_document.state().layout.attention;
    QString words = tr("layer %1, head %2").arg(selection.layer.value + 1).arg(selection.head.value + 1);
    const auto& navigation = m_work.navigation();
    if (view.heads != AttentionView::Heads::One)
        words = tr("layer %1, all heads").arg(selection.layer.value + 1);
    else if (navigation && m_work.navigationIsCurrent() && selection.layer.value < navigation->layers)
        if (const engine::Behaviour* label = navigation->of(selection.layer, selection.head).label())
            words += QStringLiteral(" · ") + QString::fromUtf8(label->title.data(), qsizetype(label->title.size()));
    m_window.attention().heading().setWords(words);
}

} // namespace app
