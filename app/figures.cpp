// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figures.h"

#include "app/attention/mapwords.h"
#include "app/figuredata.h"
#include "app/longmaps/longmapfigure.h"
#include "app/passviews.h"
#include "app/probestudy.h"
#include "app/provenance.h"
#include "app/timingplots.h"
#include "app/timingviews.h"
#include "app/wording.h"
#include "engine/export/wholefile.h"
#include "widgets/numbers.h"

#include <QCoreApplication>
#include <QJsonDocument>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace app {

namespace {

using engine::Error;
using engine::Fault;

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

const AttentionMaps& mapsOf(const FigureSource& source)
{
    if (!source.maps || source.maps->columns.empty())
        throw Error(Fault::Request, "there are no maps to draw yet; open a checkpoint and run a prompt first");
    return *source.maps;
}

QString namesOf(const engine::Part& part)
{
    const QString knobs = knobsInForce(part);
    return knobs.isEmpty() ? titleOf(part) : titleOf(part) + ", " + knobs;
}

std::optional<widgets::Cell> markedOf(const FigureSource& source, const engine::Grid& cells)
{
    const Selection& selection = source.state.selection;
    if (!selection.query || !selection.key || isNeurons(*source.maps))
        return std::nullopt;
    const widgets::Cell cell{cellOf(*source.maps, *selection.query), cellOf(*source.maps, *selection.key)};
    return cell.row < cells.rows() && cell.col < cells.cols() ? std::optional(cell) : std::nullopt;
}

QString quantityOf(const MapColumn& column)
{
    switch (column.kind) {
    case MapColumn::Kind::Weights:
        return tr("attention weight");
    case MapColumn::Kind::Difference:
        return tr("difference");
    case MapColumn::Kind::Ratio:
        return tr("log2 of method ÷ reference");
    case MapColumn::Kind::RawProducts:
    case MapColumn::Kind::TurnedProducts:
        return tr("q × k");
    }
    return {};
}

widgets::FigureMap mapOf(const FigureSource& source, std::size_t which)
{
    const AttentionMaps& maps = *source.maps;
    const MapColumn& column = maps.columns[which];
    widgets::FigureMap map;
    map.heading = headingOf(maps, which);
    map.heading.proof.reset(); // the caption has it
    if (column.kind == MapColumn::Kind::Weights) {
        map.heading.name = namesOf(maps.look(column.lane).layer->context.plan.shown());
        map.heading.label = map.heading.label.toLower();
    } else if (column.kind == MapColumn::Kind::Difference) {
        // On paper in words, for who prints without colour; that it is signed is said by the bar.
        const bool exact = maps.look(0).layer->context.plan.shown().method == engine::baseline;
        map.heading = {};
        map.heading.name = tr("%1 − %2").arg(titleOf(maps.look(column.lane).layer->context.plan.shown()),
                                             exact ? tr("exact") : titleOf(maps.look(0).layer->context.plan.shown()));
    }
    map.axes = axesOf(maps, column, true);
    map.cells = column.cells;
    map.shape = maps.shape();
    map.scale = scaleOf(maps, column);
    map.extras = extrasOf(maps, which);
    map.extras.hatched = source.state.layout.attention.hatch;
    map.quantity = quantityOf(column);
    map.marked = markedOf(source, column.cells);
    if (!map.marked)
        return map;
    const double value = column.cells.at(map.marked->row, map.marked->col);
    map.value = column.isSigned()                      ? widgets::signedFixed(value, 3)
                : std::abs(value) < 5e-4 && value != 0 ? widgets::power(value)
                                                       : widgets::fixed(value, 3);
    if (which == 0)
        map.pair = QStringLiteral("‘%1’ → ‘%2’")
                       .arg(map.axes.rows.value(map.marked->row), map.axes.cols.value(map.marked->col));
    return map;
}

widgets::FigurePart rowPartOf(const QString& title, widgets::RowValue value)
{
    return {title, tr("weight"), std::move(value), 120, 1};
}

// Every lane's weights of the query that `exact` is the row of.
widgets::FigurePart rowPart(const FigureSource& source, const RowWeights& exact)
{
    widgets::RowValue value;
    for (std::size_t lane = 0; lane < source.lanes.size(); ++lane) {
        const auto& row = source.lanes[lane].row;
        if (!row || row->query != exact.query)
            continue;
        std::vector<float> weights = shownWeights(*source.maps, int(lane), *row);
        if (!weights.empty())
            value.series.push_back({identityOf(row->look->layer->context.plan.shown()), std::move(weights)});
    }
    value.keys = tokenLabels(*exact.look->layer->exact->sequence);
    const QString token = value.keys.value(exact.query.value);
    return rowPartOf(tr("Where ‘%1’ (query %2) looks").arg(token).arg(exact.query.value + 1), std::move(value));
}

bool isArcs(const AttentionMaps& maps)
{
    return maps.request.view.picture == AttentionView::Picture::Arcs;
}

widgets::FigurePart arcsPart(const FigureSource& source)
{
    const AttentionMaps& maps = *source.maps;
    const Selection& selection = source.state.selection;
    const auto cell = [&](std::optional<engine::TokenPos> token) {
        return token && token->value < maps.look(0).map.tokens ? std::optional(cellOf(maps, *token)) : std::nullopt;
    };
    return {tr("Attention as arcs from query to key"),
            tr("the wider and darker, the larger the weight; widest: %1").arg(widgets::fixed(maps.high, 3)),
            widgets::FigureArcs{arcsOf(maps), {cell(selection.query), cell(selection.key), {}}}, 340};
}

// "Above: Exact softmax; below: TaylorShift (drop-in, no training)."
QString arcsText(const FigureSource& source)
{
    const AttentionMaps& maps = *source.maps;
    QString text;
    for (std::size_t side = 0; side < maps.arcs.size() && side < 2; ++side) {
        const LayerAttention& layer = *maps.look(maps.arcs[side].lane).layer;
        text += (side == 0 ? tr(" Above: %1") : tr("; below: %1")).arg(namesOf(layer.context.plan.shown()));
        if (layer.fidelity == engine::Fidelity::DropIn)
            text += tr(", drop-in, no training");
    }
    text += tr(". The %1 largest weights of each side are drawn, those of a token on itself left out.")
                .arg(widgets::whole(std::int64_t(mostArcs)));
    if (source.state.selection.query)
        text += tr(" Those of the picked query stand out.");
    return text;
}

widgets::FigurePart mapsPart(const FigureSource& source)
{
    std::vector<widgets::FigureMap> drawn;
    drawn.reserve(source.maps->columns.size());
    for (std::size_t which = 0; which < source.maps->columns.size(); ++which)
        drawn.push_back(mapOf(source, which));
    return {{}, {}, std::move(drawn)};
}

QString tokensText(int tokens)
{
    return tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(widgets::whole(tokens));
}

// "(a) Exact softmax; the reconstructed map reproduces the kernel’s output to 6·10⁻⁷."
QString columnsText(const AttentionMaps& maps)
{
    QString text;
    QStringList differences;
    for (std::size_t which = 0; which < maps.columns.size(); ++which) {
        const QString letter(QChar(u'a' + char16_t(which)));
        const MapColumn& column = maps.columns[which];
        const HeadLook& look = maps.look(column.lane);
        if (column.kind == MapColumn::Kind::Difference) {
            differences << letter;
            continue;
        }
        const QString name =
            column.kind == MapColumn::Kind::Weights ? namesOf(look.layer->context.plan.shown()) : nameOf(maps, column);
        text += QStringLiteral(" (%1) %2").arg(letter, name);
        if (column.kind == MapColumn::Kind::Weights && look.layer->fidelity == engine::Fidelity::DropIn)
            text += tr(", drop-in, no training");
        if (column.kind == MapColumn::Kind::Weights && maps.request.view.heads == AttentionView::Heads::One)
            text += tr("; the reconstructed map reproduces the kernel’s output to %1").arg(widgets::power(look.proof));
        if (column.kind == MapColumn::Kind::Ratio)
            text += tr(", log2 of the method’s weight over the reference’s");
        text += QStringLiteral(".");
    }
    if (!differences.isEmpty())
        text += tr(" (%1) Signed difference, centred at 0: orange, the method gives more.")
                    .arg(differences.join(QStringLiteral(", ")));
    return text;
}

QString captionOf(const FigureSource& source, const AttentionMaps& maps)
{
    const HeadLook& exact = maps.look(0);
    const engine::Model& model = *exact.layer->own->model;
    QString text = tr("Attention of layer %1, head %2 of %3 over %4.")
                       .arg(exact.layer->layer.value + 1)
                       .arg(exact.head.value + 1)
                       .arg(modelWords(source, model), tokensText(exact.map.tokens));
    if (isNeurons(maps))
        text = tr("Products q × k by dimension of query %1 in layer %2, head %3 of %4: their sum is the score.")
                   .arg(maps.request.query + 1)
                   .arg(exact.layer->layer.value + 1)
                   .arg(exact.head.value + 1)
                   .arg(modelWords(source, model));
    text += isArcs(maps) ? arcsText(source) : columnsText(maps);
    if (!isArcs(maps) && maps.shape() == widgets::GridShape::LowerTriangle && source.state.layout.attention.hatch)
        text += tr(" Hatched: keys after the query.");
    if (const QStringList left = badgesOf(maps); !left.isEmpty() && !isNeurons(maps))
        text += tr(" Shown with %1.").arg(left.join(QStringLiteral(", ")));
    if (exact.map.reduction > 1 && !isArcs(maps))
        text += tr(" Each cell is the largest of %1 × %1 weights.").arg(exact.map.reduction);
    if (!isNeurons(maps))
        for (const LaneResults& lane : source.lanes)
            if (lane.rows) {
                text += QStringLiteral(" ");
                for (const widgets::Run& run : sentenceOf(*lane.rows))
                    text += run.text;
            }
    const bool reference = exact.layer->backend == engine::Backend::Reference;
    text += reference ? tr(" Float64 reference.")
                      : tr(" Float32 on %1, compared in float64.").arg(deviceText(source.device));
    return text;
}

} // namespace

widgets::FigurePage attentionPage(const FigureSource& source)
{
    const AttentionMaps& maps = mapsOf(source);
    const HeadLook& exact = maps.look(0);
    widgets::FigurePage page;
    page.title = tr("Attention, layer %1, head %2").arg(exact.layer->layer.value + 1).arg(exact.head.value + 1);
    page.caption = captionOf(source, maps);
    page.parts.push_back(isArcs(maps) ? arcsPart(source) : mapsPart(source));
    if (isNeurons(maps))
        return page;
    if (maps.request.view.meanRow)
        page.parts.push_back(
            rowPartOf(tr("What each key draws, mean over the queries that look at it"), keyMeansOf(maps)));
    else if (const auto& row = source.lanes.front().row)
        page.parts.push_back(rowPart(source, *row));
    return page;
}

widgets::FigurePage timingPage(const FigureSource& source)
{
    widgets::FigurePage page;
    page.title = tr("Timing");
    const TimingView& view = source.state.layout.timing;
    int row = 0;
    QString caption;
    if (source.passes && !source.passes->lanes.empty()) {
        const PassSet::Lane& first = source.passes->lanes.front();
        const QString where = tr("layer %1, %2 tokens").arg(first.layer->layer.value + 1).arg(first.times.tokens);
        switch (view.taken) { // as the tab shows it
        case 1:
            page.parts.push_back({tr("Totals by kernel"), where, kernelTotals(*source.passes), 90, row++});
            caption += tr("(a) Launches of one pass of each method, by kernel. ");
            break;
        case 2:
            page.parts.push_back({tr("Stages of a pass"), where, stageFacts(*source.passes), 90, row++});
            caption += tr("(a) Medians over passes of each method, with their spread; only the method itself is "
                          "compared. ");
            break;
        default:
            page.parts.push_back({tr("One pass of each method"), where, timelineOf(*source.passes), 90, row++});
            caption += tr("(a) Stages and kernels of one pass, pauses between them left out; upload, reading back and "
                          "the map are not counted. ");
        }
    }
    if (source.sweep && !source.sweep->sweep.rows.empty()) {
        const SweepResult& sweep = *source.sweep;
        const auto quantity = SweepQuantity(std::clamp(view.quantity, 0, int(SweepQuantity::Memory)));
        const QString title =
            quantity == SweepQuantity::Memory ? tr("Memory against length") : tr("Time against length");
        page.parts.push_back({title, sweepWords(quantity), sweepPlot(sweep, quantity), 230, row, 1.4});
        page.parts.push_back({tr("Roofline"), tr("GFLOP/s"), rooflinePlot(sweep), 230, row++, 1});
        for (const widgets::Run& run : timingSentence(sweep))
            caption += run.text;
        caption += QStringLiteral(" ") + timingWords(sweep) + QStringLiteral(". ") +
                   QString::fromStdString(sweep.sweep.machine) + QStringLiteral(".");
        if (disturbed(sweep.sweep))
            caption += tr(" Open marks: other programs ran meanwhile.");
    }
    if (page.parts.empty())
        throw Error(Fault::Request, "nothing was timed yet; run a sweep first");
    page.caption = caption;
    return page;
}

widgets::FigurePage pageOf(const FigureSource& source, const std::string& view)
{
    if (view == "attention")
        return attentionPage(source);
    if (view == "timing")
        return timingPage(source);
    if (view == mapTab)
        return longMapPage(source);
    return studyPage(source, view);
}

std::vector<std::string> figureViews()
{
    std::vector<std::string> views{"attention"};
    for (const engine::TabSpec* tab : methodTabs())
        views.emplace_back(tab->id);
    for (const char* tab : {logitsTab, tensorTab, mapTab, "timing"})
        views.emplace_back(tab);
    views.emplace_back(probesTab);
    return views;
}

void checkFigureView(const std::string& view)
{
    std::string known;
    for (const std::string& each : figureViews()) {
        if (each == view)
            return;
        known += (known.empty() ? "" : ", ") + each;
    }
    throw Error(Fault::Request, "there is no figure of the view '" + view + "'; one of " + known + " was expected");
}

QString modelWords(const FigureSource& source, const engine::Model& model)
{
    QString name = QString::fromStdString(model.checkpoint().name);
    if (source.weightsHash.empty())
        return name;
    const QString hash = QString::fromStdString(source.weightsHash);
    return tr("%1 (sha256 %2…%3)").arg(name, hash.left(4), hash.right(4));
}

void checkFigurePath(const std::filesystem::path& path)
{
    const std::string suffix = path.extension().string();
    for (const char* known : {".svg", ".pdf", ".png", ".npy", ".csv"})
        if (suffix == known)
            return;
    throw Error(Fault::Request, path.string() +
                                    ": a figure ends in .svg, .pdf or .png, its numbers in .npy or .csv, not in '" +
                                    suffix + "'");
}

void writeFigure(const std::filesystem::path& path, const FigureSource& source, const std::string& view, double widthMm)
{
    checkFigurePath(path);
    const std::string suffix = path.extension().string();
    const QByteArray provenance = QJsonDocument(provenanceOf(source, view)).toJson(QJsonDocument::Compact);
    if (suffix == ".npy" || suffix == ".csv") {
        writeData(path, source, view, provenance);
        return;
    }
    QByteArray bytes;
    try {
        const widgets::FigurePage page = pageOf(source, view);
        bytes = suffix == ".svg"   ? widgets::figureSvg(page, widthMm, provenance)
                : suffix == ".pdf" ? widgets::figurePdf(page, widthMm, provenance)
                                   : widgets::figurePng(page, widthMm, provenance);
    } catch (const std::invalid_argument& wrong) {
        throw Error(Fault::Request, wrong.what());
    }
    engine::writeWhole(path, [&](std::ostream& out) { out.write(bytes.constData(), bytes.size()); });
}

void pointAtChange(FigureSource& source)
{
    if (source.state.selection.query || source.lanes.size() < 2 || !source.lanes[1].look)
        return;
    const HeadLook& look = *source.lanes[1].look;
    const engine::Grid& cells = look.difference.cells;
    widgets::Cell best{cells.rows() - 1, 0};
    for (int row = cells.rows() / 2; row < cells.rows(); ++row)
        for (int col = 1; col < row; ++col)
            if (std::abs(cells.at(row, col)) > std::abs(cells.at(best.row, best.col)))
                best = {row, col};
    const int by = std::max(1, look.map.reduction);
    source.state.selection.query = engine::TokenPos{best.row * by};
    source.state.selection.key = engine::TokenPos{best.col * by};
}

} // namespace app
