// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figures.h"

#include "app/figuredata.h"
#include "app/timingviews.h"
#include "app/wording.h"
#include "widgets/numbers.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace app {

namespace {

using engine::Error;
using engine::Fault;

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

const HeadLook& exactOf(const FigureSource& source)
{
    if (source.lanes.empty() || !source.lanes.front().look)
        throw Error(Fault::Request, "there are no maps to draw yet; open a checkpoint and run a prompt first");
    return *source.lanes.front().look;
}

// A number of one digit (or 1.5, 2.5) at or above a value: where the colours of a figure end.
double roundedUp(double value)
{
    if (!(value > 0))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double digit : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (digit * power >= value * (1 - 1e-9))
            return digit * power;
    return 10 * power;
}

widgets::Scale scaleOf(const FigureSource& source)
{
    const std::string& name = source.state.layout.mapScale;
    return name == "log" ? widgets::Scale::Log : name == "linear" ? widgets::Scale::Linear : widgets::Scale::Root;
}

QStringList labelsOf(const HeadLook& look)
{
    const QStringList all = tokenLabels(*look.layer->exact->sequence);
    QStringList labels;
    for (int place = 0; place < look.map.cells.rows(); ++place)
        labels << all.value(place * std::max(1, look.map.reduction));
    return labels;
}

QString namesOf(const engine::Part& part)
{
    const QString knobs = knobsInForce(part);
    return knobs.isEmpty() ? titleOf(part) : titleOf(part) + ", " + knobs;
}

std::optional<widgets::Cell> markedOf(const FigureSource& source, const HeadLook& look)
{
    const Selection& selection = source.state.selection;
    if (!selection.query || !selection.key)
        return std::nullopt;
    const int by = std::max(1, look.map.reduction);
    const widgets::Cell cell{selection.query->value / by, selection.key->value / by};
    const bool inside = cell.row < look.map.cells.rows() && cell.col < look.map.cells.cols();
    return inside ? std::optional(cell) : std::nullopt;
}

widgets::FigureMap mapOf(const FigureSource& source, const HeadLook& look, const engine::Grid& cells)
{
    widgets::FigureMap map;
    const engine::Part& part = look.layer->context.plan.attention;
    map.heading.method = identityOf(part);
    map.heading.name = namesOf(part);
    map.heading.label =
        look.layer->fidelity == engine::Fidelity::Reference ? QString() : fidelityText(look.layer->fidelity).toLower();
    map.axes = {tr("query"), tr("key"), labelsOf(look), labelsOf(look), true};
    map.cells = cells;
    map.shape = look.layer->context.shape.causal ? widgets::GridShape::LowerTriangle : widgets::GridShape::Full;
    map.marked = markedOf(source, look);
    if (map.marked) {
        const double value = cells.at(map.marked->row, map.marked->col);
        map.value = std::abs(value) < 5e-4 && value != 0 ? widgets::power(value) : widgets::fixed(value, 3);
    }
    return map;
}

widgets::FigurePart rowPart(const FigureSource& source)
{
    widgets::RowValue value;
    const RowWeights* exact = source.lanes.front().row.get();
    for (const LaneResults& lane : source.lanes) {
        if (!lane.row || exact == nullptr || lane.row->query != exact->query)
            continue;
        const auto weights = lane.row->weights.row(0);
        const bool causal = lane.row->look->layer->context.shape.causal;
        const auto count = causal ? std::ptrdiff_t(lane.row->query.value) + 1 : std::ptrdiff_t(weights.size());
        widgets::Identity identity = identityOf(lane.row->look->layer->context.plan.attention);
        value.series.push_back({identity, std::vector<float>(weights.begin(), weights.begin() + count)});
    }
    widgets::FigurePart part;
    if (exact != nullptr) {
        value.keys = tokenLabels(*exact->look->layer->exact->sequence);
        part.title =
            tr("Where ‘%1’ (query %2) looks").arg(value.keys.value(exact->query.value)).arg(exact->query.value + 1);
    }
    part.body = std::move(value);
    part.height = 120;
    part.row = 1;
    return part;
}

QString captionOf(const FigureSource& source, const HeadLook& exact, int maps)
{
    const engine::Model& model = *exact.layer->own->model;
    QString text = tr("Attention of layer %1, head %2 of %3")
                       .arg(exact.layer->layer.value + 1)
                       .arg(exact.head.value + 1)
                       .arg(QString::fromStdString(model.checkpoint().name));
    if (!source.weightsHash.empty())
        text += tr(" (sha256 %1…%2)")
                    .arg(QString::fromStdString(source.weightsHash.substr(0, 4)),
                         QString::fromStdString(source.weightsHash.substr(source.weightsHash.size() - 4)));
    text += tr(" over %1 tokens.").arg(widgets::whole(exact.map.tokens));
    int letter = 0;
    for (const LaneResults& lane : source.lanes) {
        if (!lane.look)
            continue;
        const LayerAttention& layer = *lane.look->layer;
        text += QStringLiteral(" (%1) %2").arg(QChar('a' + letter++)).arg(namesOf(layer.context.plan.attention));
        if (layer.fidelity == engine::Fidelity::DropIn)
            text += tr(", drop-in, no training");
        text +=
            tr("; the reconstructed map reproduces the kernel’s output to %1.").arg(widgets::power(lane.look->proof));
    }
    for (; letter < maps; ++letter)
        text += tr(" (%1) Signed difference, centred at 0: orange, the method gives more.").arg(QChar('a' + letter));
    if (exact.layer->context.shape.causal)
        text += tr(" Hatched: keys after the query.");
    if (exact.map.reduction > 1)
        text += tr(" Each cell is the largest of %1 × %1 weights.").arg(exact.map.reduction);
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

QJsonObject methodJson(const LaneResults& lane)
{
    const LayerAttention& layer = *lane.look->layer;
    const engine::Part& part = layer.context.plan.attention;
    QJsonObject params;
    for (const engine::Knob& knob : engine::findMethod(part.method).info.knobs)
        if (const auto given = part.knobs.find(knob.id); given != part.knobs.end())
            params[QString::fromUtf8(knob.id.data(), qsizetype(knob.id.size()))] =
                QString::fromStdString(printKnob(knob, given->second));
    QJsonObject metrics;
    for (const engine::Metric& metric : lane.rows ? lane.rows->metrics : lane.look->metrics)
        metrics[QString::fromStdString(metric.id)] =
            metric.applies() ? QJsonValue(metric.value) : QJsonValue(QString::fromStdString("n/a: " + metric.reason));
    QJsonObject json{{"id", QString::fromStdString(part.method)},
                     {"params", params},
                     {"form", QString::fromStdString(layer.attended.form)},
                     {"fidelity", fidelityText(layer.fidelity)},
                     {"proof", lane.look->proof},
                     {"metrics", metrics}};
    if (lane.timing && lane.timing->layer == lane.look->layer) {
        const engine::Timing& timing = lane.timing->timing;
        QJsonArray raw;
        for (const std::int64_t sample : timing.samplesNs)
            raw.append(qint64(sample));
        json["timing"] = QJsonObject{{"median_ns", qint64(timing.medianNs)},
                                     {"p20_ns", qint64(timing.p20Ns)},
                                     {"p80_ns", qint64(timing.p80Ns)},
                                     {"n", qint64(raw.size())},
                                     {"samples_ns", raw},
                                     {"disturbed", timing.disturbed}};
    }
    return json;
}

void addModel(QJsonObject& json, const FigureSource& source, const LaneRun& run)
{
    const engine::Model& model = *run.model;
    json["checkpoint"] = QJsonObject{{"name", QString::fromStdString(model.checkpoint().name)},
                                     {"format", QString::fromStdString(model.checkpoint().format)},
                                     {"sha256", QString::fromStdString(source.weightsHash)},
                                     {"params", qint64(model.parameterCount())}};
    QJsonArray ids;
    for (const engine::TokenId id : run.sequence->ids)
        ids.append(id.value);
    json["token_ids"] = ids;
    if (source.withText)
        json["prompt"] = QJsonObject{{"text", QString::fromStdString(source.state.prompt)}};
}

} // namespace

widgets::FigurePage attentionPage(const FigureSource& source)
{
    const HeadLook& exact = exactOf(source);
    const widgets::Scale scale = scaleOf(source);
    double high = 0, differenceHigh = 0;
    for (const LaneResults& lane : source.lanes)
        if (lane.look) {
            high = std::max(high, double(lane.look->mapHigh));
            differenceHigh = std::max(differenceHigh, double(lane.look->differenceHigh));
        }
    const widgets::ColorScale shared{scale, 0, source.state.layout.mapHigh.value_or(roundedUp(high)), false};
    const widgets::ColorScale signedScale{scale, 0,
                                          source.state.layout.differenceHigh.value_or(roundedUp(differenceHigh)), true};
    std::vector<widgets::FigureMap> maps, differences;
    for (const LaneResults& lane : source.lanes) {
        if (!lane.look)
            continue;
        maps.push_back(mapOf(source, *lane.look, lane.look->map.cells));
        maps.back().scale = shared;
        maps.back().quantity = tr("attention weight");
        if (lane.look->difference.cells.empty())
            continue;
        differences.push_back(mapOf(source, *lane.look, lane.look->difference.cells));
        widgets::FigureMap& difference = differences.back();
        difference.heading.minus = identityOf(exact.layer->context.plan.attention);
        difference.heading.name = tr("difference");
        difference.heading.label.clear();
        difference.scale = signedScale;
        difference.quantity = tr("difference");
        if (difference.marked)
            difference.value =
                widgets::signedFixed(difference.cells.at(difference.marked->row, difference.marked->col), 3);
    }
    if (maps.front().marked) {
        const widgets::FigureMap& first = maps.front();
        maps.front().pair =
            QStringLiteral("‘%1’ → ‘%2’")
                .arg(first.axes.rows.value(first.marked->row), first.axes.cols.value(first.marked->col));
    }
    maps.insert(maps.end(), differences.begin(), differences.end());
    widgets::FigurePage page;
    page.title = tr("Attention, layer %1, head %2").arg(exact.layer->layer.value + 1).arg(exact.head.value + 1);
    const int count = int(maps.size());
    page.parts.push_back({{}, {}, std::move(maps)});
    if (source.lanes.front().row)
        page.parts.push_back(rowPart(source));
    page.caption = captionOf(source, exact, count);
    return page;
}

widgets::FigurePage timingPage(const FigureSource& source)
{
    widgets::FigurePage page;
    page.title = tr("Timing");
    int row = 0;
    QString caption;
    if (source.passes && !source.passes->lanes.empty()) {
        const PassSet::Lane& first = source.passes->lanes.front();
        page.parts.push_back({tr("One pass of each method"),
                              tr("layer %1, %2 tokens").arg(first.layer->layer.value + 1).arg(first.times.tokens),
                              timelineOf(*source.passes), 90, row++});
        caption += tr("(a) Stages and kernels of one pass; upload, reading back and the map are not counted. ");
    }
    if (source.sweep && !source.sweep->sweep.rows.empty()) {
        const SweepResult& sweep = *source.sweep;
        page.parts.push_back({tr("Time against length"), sweepWords(SweepQuantity::Time),
                              sweepPlot(sweep, SweepQuantity::Time), 230, row, 1.4});
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
    throw Error(Fault::Request, "there is no figure of the view '" + view + "'; attention or timing was expected");
}

QJsonObject provenanceOf(const FigureSource& source, const std::string& view)
{
    const Selection& selection = source.state.selection;
    QJsonObject json{
        {"app", QJsonObject{{"name", "Subquad"}, {"version", QString::fromLatin1(SUBQUAD_VERSION)}}},
        {"time_utc", QDateTime::currentDateTimeUtc().toString(Qt::ISODate)},
        {"selection", QJsonObject{{"layer", selection.layer.value}, {"head", selection.head.value}}},
    };
    QJsonArray methods;
    for (const LaneResults& lane : source.lanes)
        if (lane.look)
            methods.append(methodJson(lane));
    json["methods"] = methods;
    if (!source.lanes.empty() && source.lanes.front().run)
        addModel(json, source, *source.lanes.front().run);
    if (source.device)
        json["device"] = QJsonObject{{"name", QString::fromStdString(source.device->name)},
                                     {"driver", QString::fromStdString(source.device->driver)},
                                     {"opencl", QString::fromStdString(source.device->version)},
                                     {"cus", source.device->computeUnits}};
    const bool reference = source.state.lanes.front().backend == engine::Backend::Reference || !source.device;
    json["precision"] = reference ? "float64" : "float32";
    json["view"] = QJsonObject{{"layout", QString::fromStdString(view)},
                               {"scale", QString::fromStdString(source.state.layout.mapScale)}};
    if (source.sweep)
        json["sweep"] =
            QString::fromStdString(commandOf(source.sweep->request, source.sweep->backend, source.sweep->device));
    DocumentState state = source.state;
    state.layout.tab = view;
    for (std::filesystem::path* path : {&state.checkpoint, &state.tokenizer}) // a figure is opened from elsewhere
        if (!path->empty())
            *path = std::filesystem::absolute(*path);
    if (!source.withText)
        state.prompt.clear();
    json["session"] = toJson(state);
    return json;
}

std::optional<DocumentState> sessionIn(const QByteArray& figure)
{
    const QJsonObject provenance = QJsonDocument::fromJson(widgets::provenanceIn(figure)).object();
    if (!provenance["session"].isObject())
        return std::nullopt;
    return fromJson(provenance["session"].toObject());
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
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.constData(), bytes.size());
    out.flush();
    if (!out)
        throw Error(Fault::File, path.string() + " cannot be written");
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
