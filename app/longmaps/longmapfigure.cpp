// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/longmapfigure.h"

#include "app/attention/mapshapes.h"
#include "app/longmaps/longmapwork.h"
#include "app/wording.h"
#include "widgets/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <functional>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

const LongMap& mapOf(const FigureSource& source)
{
    if (!source.longMap || source.longMap->pictures.empty() ||
        source.longMap->pictures.size() != source.longMap->runs.size())
        throw engine::Error(engine::Fault::Request,
                            "there is no map to draw yet; a file of queries, keys and values is drawn, or a prompt of "
                            "more than 1024 tokens");
    return *source.longMap;
}

// Of elements along a side: the first token of each.
std::vector<int> placesOf(engine::TokenRange tokens, int reduction)
{
    std::vector<int> places;
    for (int token = tokens.first; token < tokens.end(); token += reduction)
        places.push_back(token);
    return places;
}

QStringList labelsOf(const LongMap& map, const std::vector<int>& places)
{
    QStringList labels;
    for (const int place : places)
        labels << (map.pieces.isEmpty() ? widgets::whole(place + 1) : map.pieces.value(place));
    return labels;
}

QString namesOf(const LongRun& run)
{
    const engine::Part& part = run.context.plan.attention;
    const QString knobs = knobsInForce(part);
    return knobs.isEmpty() ? titleOf(part) : titleOf(part) + QStringLiteral(", ") + knobs;
}

widgets::ColorScale scaleOf(const FigureSource& source, const LongMap& map)
{
    const ViewLayout& layout = source.state.layout;
    const bool isSigned = std::any_of(map.runs.begin(), map.runs.end(), [](const LongRun& run) {
        return !engine::findMethod(run.context.plan.attention.method).info.nonNegative;
    });
    const double high = layout.mapHigh.value_or(map.high);
    return {layout.mapScale == "log"      ? widgets::Scale::Log
            : layout.mapScale == "linear" ? widgets::Scale::Linear
                                          : widgets::Scale::Root,
            0, high > 0 ? high : 1, isSigned};
}

// "layer 1 of stories-1m (sha256 4c1f…a07e)".
QString layerWords(const FigureSource& source, const LongMap& map)
{
    const auto run = source.lanes.empty() ? nullptr : source.lanes.front().run;
    return run ? tr("layer %1 of %2").arg(map.runs.front().context.layer.value + 1).arg(modelWords(source, *run->model))
               : tr("the layer in view");
}

// The lane whose difference to the first is drawn beside the maps: where each of their elements is one weight, as the
// tab has it.
std::optional<std::size_t> differing(const FigureSource& source, const LongMap& map)
{
    const auto which = std::size_t(std::max(1, source.state.selection.lane.value));
    const auto& pictures = map.pictures;
    const bool exact = which < pictures.size() && pictures[which].region.reduction == 1 &&
                       pictures[which].region == pictures.front().region;
    return exact ? std::optional(which) : std::nullopt;
}

engine::Grid differenceOf(const LongMap& map, std::size_t which)
{
    return combined(map.pictures[which].cells, map.pictures.front().cells, std::minus<>());
}

QString captionOf(const FigureSource& source, const LongMap& map)
{
    const engine::RegionPicture& first = map.pictures.front();
    const auto range = [](engine::TokenRange tokens) {
        return tr("%1 to %2").arg(widgets::whole(tokens.first + 1), widgets::whole(tokens.end()));
    };
    QString text = tr("Attention weights of head %1 of %2 of %3: queries %4, keys %5 of %6 tokens.")
                       .arg(map.head.value + 1)
                       .arg(map.heads)
                       .arg(map.name.isEmpty() ? layerWords(source, map) : map.name, range(first.region.queries),
                            range(first.region.keys), widgets::whole(map.tokens));
    for (std::size_t place = 0; place < map.runs.size(); ++place) {
        text += QStringLiteral(" (%1) %2").arg(QChar(u'a' + char16_t(place))).arg(namesOf(map.runs[place]));
        if (map.runs[place].fidelity == engine::Fidelity::DropIn)
            text += tr(", drop-in, no training");
        text += QStringLiteral(".");
    }
    if (differing(source, map))
        text += tr(" (%1) Signed difference, centred at 0: orange, the method gives more.")
                    .arg(QChar(u'a' + char16_t(map.runs.size())));
    if (first.region.reduction > 1)
        text += tr(" Each element stands for %1 × %1 weights: their largest.").arg(first.region.reduction);
    if (std::any_of(map.pictures.begin(), map.pictures.end(), [](const auto& picture) { return picture.sampled(); }))
        text += tr(" Rows that were not refined yet show one sampled weight each.");
    if (map.causal)
        text += tr(" Hatched: keys after the query.");
    const bool reference = !map.runs.front().accelerator;
    return text + (reference ? tr(" Float64 reference.") : tr(" Float32 on %1.").arg(deviceText(source.device)));
}

// The locked query and key, where they are in the part that is drawn.
void mark(widgets::FigureMap& map, const Selection& selection, const engine::MapRegion& region, bool named)
{
    if (!selection.query || !selection.key)
        return;
    const int row = (selection.query->value - region.queries.first) / region.reduction;
    const int col = (selection.key->value - region.keys.first) / region.reduction;
    const bool before = selection.query->value < region.queries.first || selection.key->value < region.keys.first;
    if (before || row >= map.cells.rows() || col >= map.cells.cols())
        return;
    map.marked = widgets::Cell{row, col};
    const double value = map.cells.at(row, col);
    map.value = map.scale.diverging                    ? widgets::signedFixed(value, 3)
                : std::abs(value) < 5e-4 && value != 0 ? widgets::power(value)
                                                       : widgets::fixed(value, 3);
    if (named)
        map.pair = QStringLiteral("‘%1’ → ‘%2’").arg(map.axes.rows.value(row), map.axes.cols.value(col));
}

} // namespace

std::vector<DataMatrix> longMapMatrices(const FigureSource& source)
{
    const LongMap& map = mapOf(source);
    std::vector<DataMatrix> all;
    for (std::size_t place = 0; place < map.runs.size(); ++place) {
        const engine::RegionPicture& picture = map.pictures[place];
        const engine::MapRegion& region = picture.region;
        DataMatrix matrix;
        matrix.name = map.runs[place].context.plan.attention.method;
        if (std::any_of(all.begin(), all.end(), [&](const DataMatrix& other) { return other.name == matrix.name; }))
            matrix.name += "_" + std::to_string(place);
        matrix.meaning = "attention weight of the query on the key";
        if (region.reduction > 1)
            matrix.meaning += ", the farthest from 0 of its block of " + std::to_string(region.reduction) + " x " +
                              std::to_string(region.reduction);
        const auto axis = [&](const char* name, engine::TokenRange tokens) {
            DataAxis made{name, placesOf(tokens, region.reduction), {}};
            for (const int token : made.places)
                made.pieces.push_back(map.pieces.value(token).toStdString());
            return made;
        };
        matrix.rows = axis("query", region.queries);
        matrix.cols = axis("key", region.keys);
        matrix.cells = picture.cells;
        matrix.lower = map.causal && region.queries == region.keys;
        all.push_back(std::move(matrix));
    }
    if (const auto which = differing(source, map)) {
        DataMatrix matrix = all[*which];
        matrix.name += "_difference";
        matrix.meaning = "that method's weight minus the reference's";
        matrix.cells = differenceOf(map, *which);
        all.push_back(std::move(matrix));
    }
    return all;
}

widgets::FigurePage longMapPage(const FigureSource& source)
{
    const LongMap& map = mapOf(source);
    const widgets::ColorScale scale = scaleOf(source, map);
    std::vector<widgets::FigureMap> drawn;
    for (std::size_t place = 0; place < map.runs.size(); ++place) {
        const LongRun& run = map.runs[place];
        const engine::RegionPicture& picture = map.pictures[place];
        const engine::MapRegion& region = picture.region;
        widgets::FigureMap one;
        one.heading.method = identityOf(run.context.plan.attention);
        one.heading.name = namesOf(run);
        if (run.fidelity != engine::Fidelity::Reference)
            one.heading.label = fidelityText(run.fidelity).toLower();
        one.axes = {tr("query"), tr("key"), labelsOf(map, placesOf(region.queries, region.reduction)),
                    labelsOf(map, placesOf(region.keys, region.reduction)), true};
        one.cells = picture.cells;
        one.scale = scale;
        one.quantity = tr("attention weight");
        one.shape =
            map.causal && region.queries == region.keys ? widgets::GridShape::LowerTriangle : widgets::GridShape::Full;
        mark(one, source.state.selection, region, place == 0);
        drawn.push_back(std::move(one));
    }
    if (const auto which = differing(source, map)) {
        widgets::FigureMap one = drawn[*which];
        one.heading = {};
        one.heading.name = tr("%1 − %2").arg(titleOf(map.runs[*which].context.plan.attention),
                                             map.runs.front().fidelity == engine::Fidelity::Reference
                                                 ? tr("exact")
                                                 : titleOf(map.runs.front().context.plan.attention));
        one.cells = differenceOf(map, *which);
        const double high = source.state.layout.differenceHigh.value_or(fittedHigh({&one.cells}, one.shape));
        one.scale = {scale.scale, 0, high, true};
        one.quantity = tr("difference");
        mark(one, source.state.selection, map.pictures.front().region, false);
        drawn.push_back(std::move(one));
    }
    widgets::FigurePage page;
    page.title = tr("Map, head %1").arg(map.head.value + 1);
    page.caption = captionOf(source, map);
    page.parts.push_back({{}, {}, std::move(drawn)});
    return page;
}

} // namespace app
