// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/wording.h"

#include "app/timing.h"
#include "widgets/numbers.h"
#include "widgets/studytext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("wording", text);
}

QString text(std::string_view from)
{
    return widgets::textOf(from);
}

using Sentence = std::vector<widgets::Run>;

void clause(Sentence& sentence, const engine::Metric& metric, const QString& before, const QString& after,
            QStringList& missing)
{
    if (!metric.applies()) {
        missing << metric.id.c_str() + QString(": ") + QString::fromStdString(metric.reason);
        return;
    }
    sentence.push_back({before, false});
    sentence.push_back({widgets::percent(metric.value), true});
    sentence.push_back({after, false});
}

// Clauses are joined by commas, the last by "and".
Sentence joined(const QString& subject, const std::vector<Sentence>& clauses)
{
    Sentence sentence{{subject + " ", true}};
    for (std::size_t place = 0; place < clauses.size(); ++place) {
        if (place > 0)
            sentence.push_back(
                {place + 1 == clauses.size() ? (clauses.size() > 2 ? tr(", and ") : tr(" and ")) : ", "});
        sentence.insert(sentence.end(), clauses[place].begin(), clauses[place].end());
    }
    sentence.push_back({"."});
    return sentence;
}

// Memory that was really held; the reference keeps no state, there the predicted one stands.
widgets::LiveValue::Number stateOf(const LayerAttention& layer, const QString& name, bool startsGroup)
{
    if (layer.backend == engine::Backend::Reference)
        return {name + tr(" predicted"), widgets::bytes(layer.attended.cost.stateBytes), startsGroup};
    return {name, widgets::bytes(std::int64_t(layer.attended.stateBytes)), startsGroup};
}

QString plural(int count, const char* one, const char* many)
{
    return widgets::whole(count) + " " + tr(count == 1 ? one : many);
}

} // namespace

std::vector<widgets::Run> sentenceOf(const RowsMetrics& rows)
{
    const engine::Part& part = rows.look->layer->context.plan.shown();
    const engine::Part& reference = rows.look->layer->exact->plan.of(rows.look->layer->layer).shown();
    if (part == reference)
        return {{titleOf(part) + " ", true}, {tr("runs in this layer of both: there is nothing to tell apart.")}};
    const QString subject = reference.method == engine::baseline
                                ? titleOf(part)
                                : tr("%1, against %2,").arg(titleOf(part), titleOf(reference));
    std::vector<Sentence> clauses;
    QStringList missing;
    const auto add = [&](const char* id, const QString& before, const QString& after) {
        Sentence one;
        clause(one, engine::metricOf(rows.metrics, id), before, after, missing);
        if (!one.empty())
            clauses.push_back(std::move(one));
    };
    add("tv", tr("moves "), tr(" of the attention elsewhere"));
    add("topk@1", tr("keeps the top token in "), tr(" of rows"));
    add("out_rel", tr("puts the output off by "), {});
    if (clauses.empty())
        return {{titleOf(part), true}, {tr(" cannot be compared here: ") + missing.join("; ")}};
    return joined(subject, clauses);
}

QString conditionsOf(const RowsMetrics& rows, const QString& device)
{
    const LayerAttention& layer = *rows.look->layer;
    const int n = rows.rows;
    const std::int64_t weights =
        layer.context.shape.causal ? std::int64_t(n) * (n + 1) / 2 : std::int64_t(n) * rows.look->map.tokens;
    QStringList parts{plural(n, "token", "tokens"),
                      widgets::whole(weights) + " " + tr(weights == 1 ? "weight" : "weights")};
    switch (layer.fidelity) {
    case engine::Fidelity::Reference:
        break;
    case engine::Fidelity::DropIn:
        parts << tr("drop-in, no training");
        break;
    case engine::Fidelity::Calibrated:
        parts << tr("calibrated on this prompt");
        break;
    case engine::Fidelity::Trained:
        parts << tr("trained with this method");
        break;
    }
    if (!layer.attended.form.empty())
        parts << tr("%1 form").arg(QString::fromStdString(layer.attended.form));
    parts << (layer.backend == engine::Backend::OpenCl ? tr("float32 on %1, compared in float64").arg(device)
                                                       : tr("float64 reference"));
    for (const char* id : {"tv", "topk@1", "out_rel"})
        if (const engine::Metric metric = engine::metricOf(rows.metrics, id); !metric.applies())
            parts << QString("%1 n/a: %2").arg(id, QString::fromStdString(metric.reason));
        else if (!metric.note.empty())
            parts << QString::fromStdString(metric.note);
    return parts.join(" · ");
}

namespace {

// From which length a method beats the exact one without mask; none where no sweep has found it.
std::optional<double> measuredCrossover(const Document& document, const engine::Part& method)
{
    const auto& sweep = document.sweep();
    if (!sweep || sweep->request.shape.causal)
        return std::nullopt;
    const auto& methods = sweep->request.methods;
    const auto found = std::find(methods.begin(), methods.end(), method);
    return found == methods.end() ? std::nullopt : engine::crossover(sweep->sweep, int(found - methods.begin()));
}

} // namespace

widgets::LiveValue liveValueOf(const Document& document)
{
    widgets::LiveValue value;
    int repeats = 0;
    bool disturbed = false, reference = false;
    for (int each = 0; each < document.laneCount(); ++each) {
        const LaneResults& lane = document.lane({each});
        if (!lane.timing || !lane.look || lane.timing->layer != lane.look->layer)
            continue;
        const engine::Timing& timing = lane.timing->timing;
        value.times.push_back({identityOf(lane.look->layer->context.plan.shown()), timing});
        repeats = std::max(repeats, int(timing.samplesNs.size()));
        disturbed = disturbed || timing.disturbed;
        reference = reference || lane.look->layer->backend == engine::Backend::Reference;
    }
    if (const LaneResults& lane = document.lane(document.comparedLane()); lane.look && document.laneCount() > 1) {
        const engine::Attended& attended = lane.look->layer->attended;
        value.numbers.push_back(stateOf(*lane.look->layer, tr("state"), true));
        if (const auto& exact = document.lane({0}).look)
            value.numbers.push_back(stateOf(*exact->layer, tr("KV cache"), false));
        if (attended.cost.crossover > 0)
            value.numbers.push_back(
                {tr("crossover without mask: predicted"), widgets::whole(std::llround(attended.cost.crossover)), true});
        if (const auto measured = measuredCrossover(document, lane.look->layer->context.plan.attention))
            value.numbers.push_back(
                {attended.cost.crossover > 0 ? tr("measured") : tr("crossover without mask: measured"),
                 widgets::whole(std::llround(*measured)), !(attended.cost.crossover > 0)});
    }
    QStringList note;
    if (repeats > 0)
        note << tr("one layer, median of %1 runs").arg(repeats);
    if (reference)
        note << tr("float64 reference");
    if (disturbed)
        note << tr("disturbed: something else ran");
    note << tr("the maps are drawn for you only, not counted");
    value.note = note.join(" · ");
    value.brief = disturbed ? tr("disturbed · maps not counted") : tr("maps not counted");
    return value;
}

widgets::Identity identityOf(const engine::Part& part)
{
    return widgets::identityOf(engine::findMethod(part.method).info);
}

QString titleOf(const engine::Part& part)
{
    return text(engine::findMethod(part.method).info.title);
}

QString knobsInForce(const engine::Part& part)
{
    QStringList parts;
    for (const engine::Knob& knob : engine::findMethod(part.method).info.knobs) {
        const auto given = part.knobs.find(knob.id);
        if (given == part.knobs.end() || given->second == presetOf(knob))
            continue;
        const QString value = QString::fromStdString(printKnob(knob, given->second));
        const bool speaksForItself = std::holds_alternative<engine::Choice>(knob.domain);
        parts << (speaksForItself ? value : text(knob.title) + " " + value);
    }
    return parts.join(" · ");
}

QString fidelityText(engine::Fidelity fidelity)
{
    return text(nameOf(fidelity));
}

QString deviceText(const std::optional<engine::DeviceInfo>& device)
{
    if (!device)
        return tr("Reference");
    const QString platform = QString::fromStdString(device->platform);
    const QString name = platform.contains("Portable Computing Language")
                             ? QString("PoCL")
                             : QString::fromStdString(device->name).simplified();
    return device->cpu ? QString("%1 · %2").arg(name, plural(device->computeUnits, "core", "cores")) : name;
}

QStringList modelLines(const engine::Model& model)
{
    const engine::ModelConfig& config = model.config();
    QString architecture = QString::fromStdString(config.architecture);
    if (!architecture.isEmpty())
        architecture[0] = architecture[0].toUpper();
    const double count = double(model.parameterCount());
    const QString parameters = count >= 1e6 ? widgets::fixed(count / 1e6, count < 1e7 ? 1 : 0) + " M"
                                            : widgets::whole(std::llround(count / 1e3)) + " K";
    return {tr("%1 · %2 × %3 · d %4")
                .arg(architecture, plural(config.layers, "layer", "layers"), plural(config.heads, "head", "heads"))
                .arg(config.headWidth),
            tr("%1 parameters · context %2").arg(parameters, widgets::whole(config.context))};
}

engine::Grid probeGrid(const LayerAttention& layer, const engine::ProbeSpec& spec, engine::HeadIndex head,
                       engine::TokenPos row)
{
    const engine::Trace& trace = *layer.attended.trace;
    const auto newest = [&](engine::HeadIndex of) {
        engine::Grid grid;
        for (const engine::Trace::Record& record : trace.snapshots(spec.id, layer.layer, of))
            if (grid.empty() || record.where.token <= row)
                grid = record.grid;
        return grid;
    };
    engine::Grid own = newest(head);
    if (!own.empty())
        return own;
    engine::Grid all = newest(engine::allHeads);
    const engine::LayerShape& shape = layer.context.shape;
    if (!spec.perHead || all.empty())
        return all;
    if (all.cols() % shape.heads == 0)
        return all.columns(head.value * (all.cols() / shape.heads), all.cols() / shape.heads);
    if (all.cols() % shape.keyHeads == 0) // recorded for each key/value head
        return all.columns(shape.keyHeadOf(head.value) * (all.cols() / shape.keyHeads), all.cols() / shape.keyHeads);
    return all;
}

QString tokenLabel(const std::string& piece, int longest)
{
    QString label = QString::fromStdString(piece);
    label.replace("\r\n", "↵").replace('\n', QChar(0x21B5)).replace('\t', QChar(0x21E5));
    const QString trimmed = label.trimmed();
    if (trimmed.isEmpty())
        return label.isEmpty() ? QString() : QString(label.size(), QChar(0x2423)); // ␣ for each space
    label = trimmed;
    return label.size() > longest ? label.left(longest - 1) + "…" : label;
}

QStringList tokenLabels(const Sequence& sequence)
{
    QStringList labels;
    for (const std::string& piece : sequence.pieces)
        labels << tokenLabel(piece);
    return labels;
}

} // namespace app
