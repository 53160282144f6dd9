// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figurecompare.h"

#include "app/attention/viewwords.h"
#include "app/pagestudy.h"
#include "app/provenance.h"
#include "app/studywork.h"
#include "app/wording.h"
#include "engine/methods/method.h"
#include "engine/values/error.h"
#include "widgets/figure.h"
#include "widgets/numbers.h"
#include "widgets/studytext.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QPainter>
#include <QSvgRenderer>

#include <algorithm>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

QImage drawn(const QByteArray& svg)
{
    QSvgRenderer renderer(svg);
    constexpr int widest = 3000;
    const QSize size = renderer.viewBox().size(); // the grid it was drawn on
    if (!renderer.isValid() || size.isEmpty() || size.width() > widest || size.height() > 2 * widest)
        return {};
    QImage picture(size, QImage::Format_RGB32);
    picture.fill(Qt::white);
    QPainter painter(&picture);
    renderer.render(&painter);
    return picture;
}

QString fileOf(const std::filesystem::path& path)
{
    return QString::fromStdString(path.filename().string());
}

QString methodsOf(const DocumentState& state)
{
    QStringList names;
    for (const engine::SessionPlan& plan : state.lanes) {
        const engine::Part& part = plan.everywhere.shown();
        const QString knobs = knobsInForce(part);
        names << (knobs.isEmpty() ? titleOf(part) : titleOf(part) + QStringLiteral(" ") + knobs);
    }
    return names.join(QStringLiteral(", "));
}

QString cellOf(const Selection& selection)
{
    if (!selection.query || !selection.key)
        return tr("none");
    return QStringLiteral("%1, %2").arg(selection.query->value + 1).arg(selection.key->value + 1);
}

QString layersOf(const DocumentState& state)
{
    return QString::number(state.selection.layer.value + 1);
}

QString tabOf(const std::string& id)
{
    for (const engine::TabSpec* tab : methodTabs())
        if (tab->id == id)
            return widgets::textOf(tab->title);
    const std::pair<const char*, QString> others[] = {
        {"attention", tr("Attention")}, {"logits", tr("Logits")}, {"timing", tr("Timing")},
        {"probes", tr("Probes")},       {"map", tr("Map")},       {"tensor", tr("Tensor")}};
    for (const auto& [each, title] : others)
        if (id == each)
            return title;
    return QString::fromStdString(id);
}

QString scaleOf(const std::string& id)
{
    return id == "log" ? tr("log") : id == "linear" ? tr("linear") : QStringLiteral("√");
}

const engine::MethodInfo* methodOf(const QString& id)
{
    for (const engine::Method& method : engine::methods())
        if (QString::fromUtf8(method.info.id.data(), qsizetype(method.info.id.size())) == id)
            return &method.info;
    return nullptr;
}

// What the numbers of a figure's methods are called, in the order of the sentence.
std::vector<std::pair<QString, QString>> comparedMetrics()
{
    return {{QStringLiteral("tv"), tr("attention moved elsewhere")},
            {QStringLiteral("topk@1"), tr("rows that keep their top key")},
            {QStringLiteral("kl"), tr("KL divergence, nats")},
            {QStringLiteral("out_rel"), tr("error of the output")},
            {QStringLiteral("out_cos"), tr("cosine of the outputs")}};
}

QString shown(const QJsonValue& metric)
{
    return metric.isDouble() ? widgets::significant(metric.toDouble(), 4) : tr("n/a");
}

// The share of pixels that differ; below 0: the pictures cannot be laid over each other.
double shareChanged(const QImage& then, const QImage& now)
{
    if (then.isNull() || then.size() != now.size())
        return -1;
    const QImage a = then.convertToFormat(QImage::Format_RGB32), b = now.convertToFormat(QImage::Format_RGB32);
    qint64 differ = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x)
            differ += a.pixel(x, y) != b.pixel(x, y) ? 1 : 0;
    return double(differ) / (double(a.width()) * a.height());
}

} // namespace

double FigureRecord::widthMm() const
{
    if (picture.isNull())
        return widgets::doubleColumnMm;
    return std::clamp(picture.width() * 25.4 / widgets::figureDpi, 40.0, 1200.0);
}

QString FigureRecord::written() const
{
    return QDateTime::fromString(provenance["time_utc"].toString(), Qt::ISODate)
        .toUTC()
        .toString(QStringLiteral("yyyy-MM-dd HH:mm 'UTC'"));
}

FigureRecord readFigure(const std::filesystem::path& path)
{
    QFile file(QString::fromStdString(path.string()));
    constexpr qint64 longest = 256 << 20;
    if (!file.open(QIODevice::ReadOnly) || file.size() > longest)
        throw engine::Error(engine::Fault::File, path.string() + " cannot be read");
    const QByteArray bytes = file.readAll();
    const auto state = sessionIn(bytes);
    if (!state)
        throw engine::Error(engine::Fault::Format,
                            path.string() + " holds no view of Subquad; a figure exported by it was expected");
    FigureRecord record;
    record.name = fileOf(path);
    record.provenance = QJsonDocument::fromJson(widgets::provenanceIn(bytes)).object();
    record.state = *state;
    record.picture = path.extension() == ".svg" ? drawn(bytes) : widgets::pictureIn(bytes);
    return record;
}

QStringList changesBetween(const DocumentState& then, const DocumentState& now)
{
    QStringList changes;
    const auto add = [&](const QString& what, const QString& before, const QString& after) {
        if (before != after)
            changes << tr("%1 %2, now %3").arg(what, before, after);
    };
    if (then.checkpoint.filename() != now.checkpoint.filename())
        add(tr("checkpoint"), fileOf(then.checkpoint), fileOf(now.checkpoint));
    else if (std::filesystem::path(then.checkpoint).lexically_normal() !=
             std::filesystem::path(now.checkpoint).lexically_normal())
        changes << tr("a checkpoint of this name in another folder");
    if (then.prompt != now.prompt)
        changes << tr("another text");
    add(tr("tab"), tabOf(then.layout.tab), tabOf(now.layout.tab));
    if (then.layout.tab == tensorTab || now.layout.tab == tensorTab)
        add(tr("tensor"), QString::fromStdString(then.layout.tensor), QString::fromStdString(now.layout.tensor));
    add(tr("layer"), layersOf(then), layersOf(now));
    add(tr("head"), QString::number(then.selection.head.value + 1), QString::number(now.selection.head.value + 1));
    add(tr("picked cell"), cellOf(then.selection), cellOf(now.selection));
    if (then.selection.step != now.selection.step)
        changes << tr("another step of the text");
    add(tr("methods"), methodsOf(then), methodsOf(now));
    if (methodsOf(then) == methodsOf(now) && then.lanes != now.lanes)
        changes << tr("the plan of single layers, or where it runs");
    add(tr("colour scale"), scaleOf(then.layout.mapScale), scaleOf(now.layout.mapScale));
    if (then.layout.mapHigh != now.layout.mapHigh || then.layout.differenceHigh != now.layout.differenceHigh)
        changes << tr("another colour range");
    if (then.layout.controls != now.layout.controls)
        changes << tr("other controls of the tab");
    return changes + changesBetween(then.layout.attention, now.layout.attention);
}

std::vector<widgets::Run> sentenceOf(const FigureComparison& comparison)
{
    std::vector<widgets::Run> runs;
    if (comparison.changes.isEmpty())
        runs = {{tr("The window shows what "), false}, {comparison.then.name, true}, {tr(" was made with"), false}};
    else
        runs = {{comparison.then.name, true},
                {tr(" differs from the window in "), false},
                {comparison.changes.join(QStringLiteral("; ")), true}};
    const QString before = comparison.then.provenance["app"]["commit"].toString();
    if (const QString after = comparison.now["app"]["commit"].toString(); before != after)
        runs.push_back({tr("; it was written by commit %1, this is %2").arg(before, after), false});
    const double share = shareChanged(comparison.then.picture, comparison.picture);
    if (share == 0)
        runs.push_back({tr("; the pictures are the same to the pixel."), false});
    else if (share > 0)
        runs.push_back({tr("; %1 of the picture’s pixels differ.").arg(widgets::percent(share)), false});
    else
        runs.push_back({QStringLiteral("."), false});
    return runs;
}

widgets::Facts numbersOf(const FigureComparison& comparison)
{
    widgets::Facts facts;
    facts.title = tr("Numbers");
    facts.columns = QStringList{tr("then"), tr("now"), tr("change")};
    const QJsonArray then = comparison.then.provenance["methods"].toArray(), now = comparison.now["methods"].toArray();
    for (qsizetype lane = 0; lane < std::max(then.size(), now.size()); ++lane) {
        const QJsonObject before = then.at(lane).toObject(), after = now.at(lane).toObject();
        const bool same = before["id"] == after["id"];
        for (const QJsonObject& one : same ? QList{before} : QList{before, after}) {
            const QJsonObject metrics = one["metrics"].toObject();
            const engine::MethodInfo* info = methodOf(one["id"].toString());
            for (const auto& [key, name] : comparedMetrics()) {
                if (info == nullptr || !metrics.contains(key))
                    continue;
                const QJsonValue a = same || one == before ? before["metrics"][key] : QJsonValue();
                const QJsonValue b = same || one == after ? after["metrics"][key] : QJsonValue();
                widgets::Facts::Row row;
                row.identity = widgets::identityOf(*info);
                row.label = name;
                const bool both = a.isDouble() && b.isDouble();
                row.values =
                    QStringList{shown(a), shown(b),
                                both ? widgets::signedFixed(b.toDouble() - a.toDouble(), 4) : QStringLiteral("–")};
                facts.rows.push_back(std::move(row));
            }
        }
    }
    if (facts.rows.empty())
        facts.text = tr("The figure compares no method with the reference: there are no numbers of it to set beside.");
    return facts;
}

} // namespace app
