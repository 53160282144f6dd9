// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/provenance.h"

#include "app/attention/mapwords.h"
#include "app/commit.h"
#include "app/figures.h"
#include "app/longmaps/longmapwork.h"
#include "app/wording.h"
#include "engine/files/tensors.h"
#include "engine/model/model.h"
#include "engine/model/tokenizer.h"
#include "widgets/figure.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QThread>

#include <algorithm>

namespace app {

namespace {

// The knobs in force, given or not.
QJsonObject paramsJson(const engine::Part& part)
{
    const engine::MethodInfo& info = engine::findMethod(part.method).info;
    QJsonObject params;
    for (const engine::Knob& knob : info.knobs)
        params[QString::fromUtf8(knob.id.data(), qsizetype(knob.id.size()))] =
            QString::fromStdString(printKnob(knob, engine::valueOf(info.knobs, part.knobs, knob.id)));
    return params;
}

// Of the Map view, which has methods over heads of a file too.
QJsonArray methodsJson(const LongMap& map)
{
    QJsonArray methods;
    for (const LongRun& run : map.runs)
        methods.append(QJsonObject{{"id", QString::fromStdString(run.context.plan.attention.method)},
                                   {"params", paramsJson(run.context.plan.attention)},
                                   {"form", QString::fromStdString(run.attended->form)},
                                   {"fidelity", fidelityText(run.fidelity)}});
    return methods;
}

QString sha256Of(const std::string& text)
{
    const QByteArrayView bytes(text.data(), qsizetype(text.size()));
    return QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
}

QJsonObject methodJson(const LaneResults& lane, const std::string& prompt)
{
    const LayerAttention& layer = *lane.look->layer;
    const engine::Part& part = layer.context.plan.shown();
    QJsonObject metrics;
    for (const engine::Metric& metric : lane.rows ? lane.rows->metrics : lane.look->metrics)
        metrics[QString::fromStdString(metric.id)] =
            metric.applies() ? QJsonValue(metric.value) : QJsonValue(QString::fromStdString("n/a: " + metric.reason));
    QJsonObject json{{"id", QString::fromStdString(part.method)},
                     {"params", paramsJson(part)},
                     {"form", QString::fromStdString(layer.attended.form)},
                     {"fidelity", fidelityText(layer.fidelity)},
                     {"proof", lane.look->proof},
                     {"metrics", metrics}};
    if (layer.fidelity == engine::Fidelity::Calibrated) { // on the text that came with the weights, or on the prompt
        const std::string& native = layer.own->model->checkpoint().calibration;
        json["calibration_sha"] = native.empty() ? sha256Of(prompt) : QString::fromStdString(native);
    }
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

// What was read, whatever file it stood in: the pieces in the order of their ids.
QJsonObject tokenizerJson(const engine::Tokenizer& tokenizer)
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (int id = 0; id < tokenizer.size(); ++id) {
        const std::string piece = tokenizer.piece({id}) + '\n';
        hash.addData(QByteArrayView(piece.data(), qsizetype(piece.size())));
    }
    return {{"kind", QString::fromStdString(tokenizer.kind())},
            {"pieces", tokenizer.present()},
            {"pieces_sha256", QString::fromLatin1(hash.result().toHex())}};
}

// Every lane's map times the values against what the fast path gave: the proof that the window shows beside each.
QJsonObject selfTestJson(const std::vector<LaneResults>& lanes)
{
    double worst = 0;
    bool passed = true;
    for (const LaneResults& lane : lanes)
        if (lane.look) {
            worst = std::max(worst, lane.look->proof);
            passed = passed && proved(*lane.look);
        }
    return {
        {"what", "map times values against the output, of the head in view"}, {"passed", passed}, {"max_err", worst}};
}

// Of a sweep without lanes: the methods that were timed.
QJsonArray methodsJson(const SweepResult& sweep)
{
    QJsonArray methods;
    for (const engine::Part& part : sweep.request.methods)
        methods.append(QJsonObject{{"id", QString::fromStdString(part.method)}, {"params", paramsJson(part)}});
    return methods;
}

// How most of its numbers are stored.
QString typeOf(const engine::Checkpoint& checkpoint)
{
    const engine::TensorRef* largest = nullptr;
    for (const auto& [name, tensor] : checkpoint.tensors)
        if (largest == nullptr || tensor.count() > largest->count())
            largest = &tensor;
    const std::string_view name = largest == nullptr ? std::string_view() : engine::nameOf(largest->type);
    return QString::fromUtf8(name.data(), qsizetype(name.size()));
}

void addModel(QJsonObject& json, const FigureSource& source, const engine::Model& model)
{
    json["checkpoint"] = QJsonObject{{"name", QString::fromStdString(model.checkpoint().name)},
                                     {"format", QString::fromStdString(model.checkpoint().format)},
                                     {"sha256", QString::fromStdString(source.weightsHash)},
                                     {"arch", QString::fromStdString(model.config().architecture)},
                                     {"params", qint64(model.parameterCount())},
                                     {"dtype", typeOf(model.checkpoint())}};
    if (const engine::Tokenizer* tokenizer = model.tokenizer())
        json["tokenizer"] = tokenizerJson(*tokenizer);
}

void addPrompt(QJsonObject& json, const FigureSource& source, const LaneRun& run)
{
    QJsonArray ids;
    for (const engine::TokenId id : run.sequence->ids)
        ids.append(id.value);
    json["token_ids"] = ids;
    QJsonObject prompt{{"sha256", sha256Of(source.state.prompt)}};
    if (source.withText)
        prompt["text"] = QString::fromStdString(source.state.prompt);
    json["prompt"] = prompt;
}

} // namespace

QJsonObject provenanceOf(const FigureSource& source, const std::string& view)
{
    const Selection& selection = source.state.selection;
    QJsonObject json{
        {"app",
         QJsonObject{{"name", "Subquad"},
                     {"version", QString::fromLatin1(SUBQUAD_VERSION)},
                     {"commit", QString::fromLatin1(SUBQUAD_COMMIT)},
                     {"build", QStringLiteral("C++ compiler " __VERSION__ ", Qt %1").arg(QLatin1String(qVersion()))}}},
        {"time_utc", QDateTime::currentDateTimeUtc().toString(Qt::ISODate)},
        {"selection", QJsonObject{{"layer", selection.layer.value}, {"head", selection.head.value}}},
    };
    QJsonArray methods;
    for (const LaneResults& lane : source.lanes)
        if (lane.look)
            methods.append(methodJson(lane, source.state.prompt));
    if (methods.isEmpty() && source.longMap)
        methods = methodsJson(*source.longMap);
    if (methods.isEmpty() && source.sweep)
        methods = methodsJson(*source.sweep);
    json["methods"] = methods;
    if (std::any_of(source.lanes.begin(), source.lanes.end(), [](const LaneResults& lane) { return lane.look; }))
        json["self_test"] = selfTestJson(source.lanes);
    const auto run = source.lanes.empty() ? nullptr : source.lanes.front().run;
    if (const auto& model = run ? run->model : source.model)
        addModel(json, source, *model);
    else if (source.longMap) // of a file without a model
        json["checkpoint"] =
            QJsonObject{{"name", source.longMap->name}, {"format", "queries, keys and values"}, {"dtype", "F32"}};
    if (run)
        addPrompt(json, source, *run);
    if (source.device)
        json["device"] = QJsonObject{{"name", QString::fromStdString(source.device->name)},
                                     {"vendor", QString::fromStdString(source.device->vendor)},
                                     {"driver", QString::fromStdString(source.device->driver)},
                                     {"opencl", QString::fromStdString(source.device->version)},
                                     {"cus", source.device->computeUnits},
                                     {"threads", QThread::idealThreadCount()}};
    const bool reference = source.state.lanes.front().backend == engine::Backend::Reference || !source.device;
    json["precision"] = reference ? "float64" : "float32";
    QJsonObject shown{{"layout", QString::fromStdString(view)},
                      {"scale", QString::fromStdString(source.state.layout.mapScale)}};
    if (view == "attention" && source.maps) {
        shown["range"] = QJsonArray{source.maps->low, source.maps->high};
        shown["difference_range"] = QJsonArray{-source.maps->signedHigh, source.maps->signedHigh};
    }
    json["view"] = shown;
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

} // namespace app
