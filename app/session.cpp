// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session.h"

#include "app/history.h"
#include "app/wording.h"
#include "engine/values/error.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr const char* hashKey = "weights_sha256";
constexpr const char* kindKey = "kind";
constexpr const char* kind = "subquad session";

QString tr(const char* text)
{
    return QCoreApplication::translate("session", text);
}

fs::path relativeTo(const fs::path& folder, const fs::path& path)
{
    if (folder.empty() || path.empty() || !path.is_absolute())
        return path;
    const fs::path relative = path.lexically_relative(folder);
    return relative.empty() ? path : relative;
}

fs::path absoluteFrom(const fs::path& folder, const fs::path& path)
{
    if (folder.empty() || path.empty() || path.is_absolute())
        return path;
    return (folder / path).lexically_normal();
}

QString laneText(const engine::SessionPlan& plan)
{
    const engine::Part& part = plan.everywhere.shown();
    const QString knobs = knobsInForce(part);
    return knobs.isEmpty() ? titleOf(part) : titleOf(part) + " " + knobs;
}

} // namespace

QByteArray sessionBytes(const SessionFile& session, const fs::path& folder)
{
    DocumentState state = session.state;
    state.checkpoint = relativeTo(folder, state.checkpoint);
    state.tokenizer = relativeTo(folder, state.tokenizer);
    QJsonObject json = toJson(state);
    json[kindKey] = kind;
    if (!session.weightsHash.empty())
        json[hashKey] = QString::fromStdString(session.weightsHash);
    return QJsonDocument(json).toJson();
}

SessionFile sessionOf(const QByteArray& bytes, const fs::path& folder)
{
    QJsonParseError wrong;
    const QJsonDocument document = QJsonDocument::fromJson(bytes, &wrong);
    if (!document.isObject())
        throw engine::Error(engine::Fault::Format,
                            "not a Subquad session: " +
                                (wrong.error == QJsonParseError::NoError
                                     ? std::string("a JSON object was expected")
                                     : wrong.errorString().toStdString() + " at byte " + std::to_string(wrong.offset)));
    QJsonObject json = document.object();
    SessionFile session;
    session.weightsHash = json.take(hashKey).toString().toStdString();
    json.remove(kindKey);
    session.state = fromJson(json);
    session.state.checkpoint = absoluteFrom(folder, session.state.checkpoint);
    session.state.tokenizer = absoluteFrom(folder, session.state.tokenizer);
    return session;
}

QStringList whatChanged(const DocumentState& before, const DocumentState& after)
{
    QStringList lines;
    const Topics topics = topicsOf(before, after);
    const auto line = [&](Topic topic, const QString& text) {
        if ((topics & Topics(topic)) != 0)
            lines << text;
    };
    const auto name = [](const fs::path& path) { return QString::fromStdString(path.filename().string()); };
    line(Topic::Checkpoint, tr("checkpoint: %1 instead of %2").arg(name(after.checkpoint), name(before.checkpoint)));
    line(Topic::Device, tr("device"));
    line(Topic::Prompt, tr("prompt"));
    line(Topic::Generated, tr("%1 generated tokens instead of %2").arg(after.generated).arg(before.generated));
    for (std::size_t lane = 0; lane < std::max(before.lanes.size(), after.lanes.size()); ++lane) {
        const QString where = tr("lane %1: ").arg(lane + 1);
        if (lane >= before.lanes.size())
            lines << where + tr("%1 added").arg(laneText(after.lanes[lane]));
        else if (lane >= after.lanes.size())
            lines << where + tr("%1 taken away").arg(laneText(before.lanes[lane]));
        else if (before.lanes[lane] != after.lanes[lane])
            lines << where + tr("%1 instead of %2").arg(laneText(after.lanes[lane]), laneText(before.lanes[lane]));
    }
    if (before.selection != after.selection)
        lines << tr("selection");
    if (before.layout != after.layout)
        lines << tr("layout");
    line(Topic::Marks, tr("bookmarks and breakpoints"));
    return lines;
}

QByteArray memoryBytes(const Memory& memory)
{
    QJsonObject keys;
    for (auto each = memory.keys.begin(); each != memory.keys.end(); ++each)
        keys[each.key()] = each.value();
    return QJsonDocument(QJsonObject{{"version", 1},
                                     {"recent", QJsonArray::fromStringList(memory.recent)},
                                     {"dark", memory.dark},
                                     {"scale", memory.scale},
                                     {"keys", keys}})
        .toJson();
}

Memory memoryOf(const QByteArray& bytes)
{
    const QJsonObject json = QJsonDocument::fromJson(bytes).object();
    Memory memory;
    for (const QJsonValue path : json["recent"].toArray())
        if (path.isString() && memory.recent.size() < mostRecent)
            memory.recent << path.toString();
    const QJsonObject keys = json["keys"].toObject();
    for (auto each = keys.begin(); each != keys.end(); ++each)
        if (each.value().isString())
            memory.keys[each.key()] = each.value().toString();
    memory.dark = json["dark"].toBool();
    const double scale = json["scale"].toDouble(1);
    memory.scale = scale >= 0.8 && scale <= 3 ? scale : 1;
    return memory;
}

} // namespace app
