// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentionview.h"

#include "engine/values/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace app {

namespace {

constexpr std::array modes{"side", "difference", "ratio", "swipe", "every"};
constexpr std::array pictures{"maps", "arcs", "neurons"};
constexpr std::array sinks{"kept", "hidden", "own"};
constexpr std::array heads{"one", "mean", "largest"};

template <typename Names, typename Value>
QString nameOf(const Names& names, Value value)
{
    return QString::fromLatin1(names.at(std::size_t(value)));
}

template <typename Value, typename Names>
Value valueOf(const Names& names, const QJsonValue& json)
{
    const std::string name = json.toString().toStdString();
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? Value{} : Value(std::distance(names.begin(), found));
}

double shareOf(const QJsonObject& json, const char* key, double preset)
{
    const double given = json.contains(key) ? json[key].toDouble(std::nan("")) : preset;
    if (!(given >= 0 && given <= 1))
        throw engine::Error(engine::Fault::Format,
                            "saved document: \"" + std::string(key) + "\" is not a number from 0 to 1");
    return given;
}

} // namespace

QJsonObject toJson(const AttentionView& view)
{
    QJsonObject json{{"mode", nameOf(modes, view.mode)},
                     {"picture", nameOf(pictures, view.picture)},
                     {"sinks", nameOf(sinks, view.sinks)},
                     {"heads", nameOf(heads, view.heads)},
                     {"row", view.meanRow ? "mean" : "query"},
                     {"words", view.words},
                     {"mass", view.mass},
                     {"hatch", view.hatch},
                     {"magnifier", view.magnifier},
                     {"swipe", view.swipe},
                     {"dimension", view.dimension},
                     {"metric", QString::fromStdString(view.metric)},
                     {"order", QString::fromStdString(view.order)}};
    if (view.low)
        json["low"] = *view.low;
    return json;
}

AttentionView attentionViewFromJson(const QJsonObject& json)
{
    AttentionView view;
    view.mode = valueOf<AttentionView::Mode>(modes, json["mode"]);
    view.picture = valueOf<AttentionView::Picture>(pictures, json["picture"]);
    view.sinks = valueOf<AttentionView::Sinks>(sinks, json["sinks"]);
    view.heads = valueOf<AttentionView::Heads>(heads, json["heads"]);
    view.meanRow = json["row"].toString() == QStringLiteral("mean");
    view.words = json["words"].toBool(false);
    view.mass = shareOf(json, "mass", 1);
    view.hatch = json["hatch"].toBool(true);
    view.magnifier = json["magnifier"].toBool(true);
    view.swipe = shareOf(json, "swipe", 0.5);
    view.dimension = std::max(0, json["dimension"].toInt());
    view.metric = json["metric"].toString(QString::fromStdString(view.metric)).toStdString();
    view.order = json["order"].toString().toStdString();
    if (json.contains("low"))
        view.low = shareOf(json, "low", 0);
    return view;
}

} // namespace app
