// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/documentstate.h"

#include "engine/methods/method.h"

#include <QJsonArray>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

using engine::Error;
using engine::Fault;

std::string quoted(const QString& key)
{
    return "\"" + key.toStdString() + "\"";
}

[[noreturn]] void refuse(const QString& key, const char* expected)
{
    throw Error(Fault::Format, "saved document: " + quoted(key) + " is not " + expected);
}

// Takes keys out of an object, so that what is left is what this version does not know.
class Taker
{
public:
    explicit Taker(QJsonObject object)
        : m_left(std::move(object))
    {
    }

    std::string text(const QString& key)
    {
        const QJsonValue value = m_left.take(key);
        if (!value.isString() && !value.isUndefined())
            refuse(key, "a text");
        return value.toString().toStdString();
    }

    double number(const QString& key, double preset, double low, double high)
    {
        const QJsonValue value = m_left.take(key);
        if (value.isUndefined())
            return preset;
        const double given = value.toDouble(std::nan(""));
        if (!(given >= low && given <= high))
            refuse(key, ("a number from " + std::to_string(low) + " to " + std::to_string(high)).c_str());
        return given;
    }

    int count(const QString& key, int preset = 0) { return int(number(key, preset, 0, 1e9)); }

    std::optional<engine::TokenPos> place(const QString& key)
    {
        if (!m_left.contains(key))
            return std::nullopt;
        return engine::TokenPos{count(key)};
    }

    std::optional<double> optionalNumber(const QString& key)
    {
        if (!m_left.contains(key))
            return std::nullopt;
        return number(key, 0, 1e-12, 1e12);
    }

    bool flag(const QString& key)
    {
        const QJsonValue value = m_left.take(key);
        if (!value.isBool() && !value.isUndefined())
            refuse(key, "true or false");
        return value.toBool();
    }

    std::optional<bool> optionalFlag(const QString& key)
    {
        if (!m_left.contains(key))
            return std::nullopt;
        return flag(key);
    }

    QJsonObject object(const QString& key)
    {
        const QJsonValue value = m_left.take(key);
        if (!value.isObject() && !value.isUndefined())
            refuse(key, "an object");
        return value.toObject();
    }

    QJsonArray array(const QString& key)
    {
        const QJsonValue value = m_left.take(key);
        if (!value.isArray() && !value.isUndefined())
            refuse(key, "a list");
        return value.toArray();
    }

    const QJsonObject& left() const { return m_left; }

private:
    QJsonObject m_left;
};

QJsonObject partToJson(const engine::Part& part)
{
    QJsonObject knobs;
    const engine::Method& method = engine::findMethod(part.method);
    for (const engine::Knob& knob : method.info.knobs) {
        const auto given = part.knobs.find(knob.id);
        if (given != part.knobs.end())
            knobs[QString::fromUtf8(knob.id.data(), qsizetype(knob.id.size()))] =
                QString::fromStdString(printKnob(knob, given->second));
    }
    return {{"method", QString::fromStdString(part.method)}, {"knobs", knobs}};
}

engine::Part partFromJson(const QJsonObject& json)
{
    Taker taker(json);
    engine::Part part;
    const std::string id = taker.text("method");
    if (!id.empty())
        part.method = id;
    const engine::Method& method = engine::findMethod(part.method);
    const QJsonObject knobs = taker.object("knobs");
    for (auto given = knobs.begin(); given != knobs.end(); ++given) {
        const std::string name = given.key().toStdString();
        const auto knob = std::find_if(method.info.knobs.begin(), method.info.knobs.end(),
                                       [&](const engine::Knob& each) { return each.id == name; });
        if (knob == method.info.knobs.end())
            throw Error(Fault::Request, "saved document: " + part.method + " has no knob " + quoted(given.key()));
        part.knobs[name] = parseKnob(*knob, given.value().toString().toStdString());
    }
    return part;
}

QJsonObject layerToJson(const engine::LayerPlan& plan)
{
    QJsonObject parameters;
    for (const auto& [name, values] : plan.parameters) {
        QJsonArray numbers;
        for (const float value : *values)
            numbers.append(double(value));
        parameters[QString::fromStdString(name)] = numbers;
    }
    return {{"attention", partToJson(plan.attention)}, {"linear", partToJson(plan.linear)}, {"parameters", parameters}};
}

engine::LayerPlan layerFromJson(const QJsonObject& json)
{
    Taker taker(json);
    engine::LayerPlan plan;
    plan.attention = partFromJson(taker.object("attention"));
    plan.linear = partFromJson(taker.object("linear"));
    const QJsonObject parameters = taker.object("parameters");
    for (auto given = parameters.begin(); given != parameters.end(); ++given) {
        std::vector<float> values;
        for (const QJsonValue value : given.value().toArray()) {
            const double number = value.toDouble(std::nan(""));
            if (!std::isfinite(number))
                refuse(given.key(), "a list of finite numbers");
            values.push_back(float(number));
        }
        plan.parameters[given.key().toStdString()] = std::move(values);
    }
    return plan;
}

QJsonObject sessionToJson(const engine::SessionPlan& plan)
{
    QJsonArray overrides;
    for (const auto& [layer, layerPlan] : plan.overrides) {
        QJsonObject each = layerToJson(layerPlan);
        each["layer"] = layer.value;
        overrides.append(each);
    }
    return {{"everywhere", layerToJson(plan.everywhere)},
            {"overrides", overrides},
            {"backend", plan.backend == engine::Backend::OpenCl ? "opencl" : "reference"}};
}

engine::SessionPlan sessionFromJson(const QJsonObject& json)
{
    Taker taker(json);
    engine::SessionPlan plan;
    plan.everywhere = layerFromJson(taker.object("everywhere"));
    for (const QJsonValue each : taker.array("overrides")) {
        Taker layer(each.toObject());
        const engine::LayerIndex index{layer.count("layer")};
        plan.overrides[index] = layerFromJson(layer.left());
    }
    const std::string backend = taker.text("backend");
    if (backend == "reference")
        plan.backend = engine::Backend::Reference;
    else if (!backend.empty() && backend != "opencl")
        refuse("backend", "opencl or reference");
    return plan;
}

QJsonObject selectionToJson(const Selection& selection)
{
    QJsonObject json{{"layer", selection.layer.value}, {"head", selection.head.value}, {"lane", selection.lane.value}};
    if (selection.step)
        json["step"] = selection.step->value;
    if (selection.query)
        json["query"] = selection.query->value;
    if (selection.key)
        json["key"] = selection.key->value;
    return json;
}

Selection selectionFromJson(const QJsonObject& json)
{
    Taker taker(json);
    Selection selection;
    selection.layer = {taker.count("layer")};
    selection.head = {taker.count("head")};
    selection.lane = {taker.count("lane", 1)};
    selection.step = taker.place("step");
    selection.query = taker.place("query");
    selection.key = taker.place("key");
    return selection;
}

// The control of a method's tab; null where no method has it.
const engine::Knob* controlOf(std::string_view tab, std::string_view id)
{
    for (const engine::Method& method : engine::methods())
        for (const engine::TabSpec& spec : method.info.tabs)
            for (const engine::Knob& knob : spec.controls)
                if (spec.id == tab && knob.id == id)
                    return &knob;
    return nullptr;
}

QJsonObject controlsToJson(const ViewLayout& layout)
{
    QJsonObject json;
    for (const auto& [tab, values] : layout.controls) {
        QJsonObject each;
        for (const auto& [id, value] : values)
            if (const engine::Knob* knob = controlOf(tab, id))
                each[QString::fromStdString(id)] = QString::fromStdString(printKnob(*knob, value));
        json[QString::fromStdString(tab)] = each;
    }
    return json;
}

// Controls that no method here has are another version's: left out.
void controlsFromJson(const QJsonObject& json, ViewLayout& layout)
{
    for (auto tab = json.begin(); tab != json.end(); ++tab) {
        const QJsonObject values = tab.value().toObject();
        for (auto given = values.begin(); given != values.end(); ++given)
            if (const engine::Knob* knob = controlOf(tab.key().toStdString(), given.key().toStdString()))
                layout.controls[tab.key().toStdString()][given.key().toStdString()] =
                    parseKnob(*knob, given.value().toString().toStdString());
    }
}

QJsonObject timingToJson(const TimingView& view)
{
    QJsonObject json{{"quantity", view.quantity}, {"taken", view.taken}};
    if (view.form)
        json["sweep"] = QJsonObject{{"lengths", view.form->lengths},
                                    {"repetitions", view.form->repeats},
                                    {"causal", view.form->causal},
                                    {"every_method", view.form->everyMethod}};
    return json;
}

TimingView timingFromJson(const QJsonObject& json)
{
    Taker taker(json);
    TimingView view;
    view.quantity = int(taker.number("quantity", 0, 0, 3));
    view.taken = int(taker.number("taken", 0, 0, 2));
    if (json.contains("sweep")) {
        Taker sweep(taker.object("sweep"));
        SweepForm& form = view.form.emplace();
        form.lengths = QString::fromStdString(sweep.text("lengths"));
        form.repeats = QString::fromStdString(sweep.text("repetitions"));
        form.causal = sweep.flag("causal");
        form.everyMethod = sweep.flag("every_method");
    }
    return view;
}

QJsonObject sightsToJson(const ViewLayout& layout)
{
    QJsonObject json;
    for (const auto& [view, sight] : layout.sights)
        json[QString::fromStdString(view)] = QJsonArray{sight.x, sight.y, sight.width, sight.height};
    return json;
}

void sightsFromJson(const QJsonObject& json, ViewLayout& layout)
{
    constexpr double most = 1e18;
    for (auto view = json.begin(); view != json.end(); ++view) {
        const QJsonArray numbers = view.value().toArray();
        for (const QJsonValue number : numbers)
            if (!(std::abs(number.toDouble(std::nan(""))) <= most))
                refuse(view.key(), "a list of four numbers");
        if (numbers.size() != 4)
            refuse(view.key(), "a list of four numbers");
        layout.sights[view.key().toStdString()] = {numbers[0].toDouble(), numbers[1].toDouble(), numbers[2].toDouble(),
                                                   numbers[3].toDouble()};
    }
}

// What a later version writes into a part of the document beyond what this one knows of it stands under the part's own
// key among the unknown ones.
void keepUnknown(QJsonObject& unknown, const QString& part, QJsonObject given, const QJsonObject& known)
{
    for (const QString& key : known.keys())
        given.remove(key);
    if (!given.isEmpty())
        unknown[part] = given;
}

QJsonObject withUnknown(QJsonObject json, const QJsonObject& unknown, const QString& part)
{
    const QJsonObject more = unknown[part].toObject();
    for (auto each = more.begin(); each != more.end(); ++each)
        json[each.key()] = each.value();
    return json;
}

QJsonObject layoutToJson(const ViewLayout& layout)
{
    QJsonObject json = layout.unknown;
    json["dark"] = layout.dark;
    json["scale"] = layout.scale;
    json["tab"] = QString::fromStdString(layout.tab);
    json["probe"] = QString::fromStdString(layout.probe);
    json["map_scale"] = QString::fromStdString(layout.mapScale);
    json["attention"] = withUnknown(toJson(layout.attention), layout.unknown, "attention");
    json["timing"] = withUnknown(timingToJson(layout.timing), layout.unknown, "timing");
    json["tensor"] = QString::fromStdString(layout.tensor);
    if (!layout.sights.empty())
        json["sights"] = sightsToJson(layout);
    if (layout.mapHigh)
        json["map_high"] = *layout.mapHigh;
    if (layout.differenceHigh)
        json["difference_high"] = *layout.differenceHigh;
    if (!layout.controls.empty())
        json["controls"] = controlsToJson(layout);
    if (layout.leftDock)
        json["left_dock"] = *layout.leftDock;
    if (layout.rightDock)
        json["right_dock"] = *layout.rightDock;
    json["maximised"] = !layout.maximised.empty();
    if (!layout.maximised.empty() && layout.maximised != "tab")
        json["maximised_part"] = QString::fromStdString(layout.maximised);
    return json;
}

ViewLayout layoutFromJson(const QJsonObject& json)
{
    Taker taker(json);
    ViewLayout layout;
    layout.dark = taker.flag("dark");
    layout.scale = taker.number("scale", 1, 0.8, 3);
    if (const std::string tab = taker.text("tab"); !tab.empty())
        layout.tab = tab;
    layout.probe = taker.text("probe");
    if (const std::string scale = taker.text("map_scale"); !scale.empty())
        layout.mapScale = scale;
    const QJsonObject attention = taker.object("attention"), timing = taker.object("timing");
    layout.attention = attentionViewFromJson(attention);
    layout.timing = timingFromJson(timing);
    layout.tensor = taker.text("tensor");
    sightsFromJson(taker.object("sights"), layout);
    layout.mapHigh = taker.optionalNumber("map_high");
    layout.differenceHigh = taker.optionalNumber("difference_high");
    controlsFromJson(taker.object("controls"), layout);
    layout.leftDock = taker.optionalFlag("left_dock");
    layout.rightDock = taker.optionalFlag("right_dock");
    const std::string part = taker.text("maximised_part");
    if (taker.flag("maximised"))
        layout.maximised = part.empty() ? std::string("tab") : part;
    layout.unknown = taker.left();
    AttentionView every;
    every.low = 0;
    keepUnknown(layout.unknown, "attention", attention, toJson(every));
    keepUnknown(layout.unknown, "timing", timing, timingToJson({0, 0, SweepForm()}));
    return layout;
}

} // namespace

namespace {

QJsonArray marksToJson(const std::vector<Bookmark>& bookmarks)
{
    QJsonArray list;
    for (const Bookmark& bookmark : bookmarks)
        list.append(QJsonObject{{"selection", selectionToJson(bookmark.selection)},
                                {"tab", QString::fromStdString(bookmark.tab)},
                                {"name", QString::fromStdString(bookmark.name)}});
    return list;
}

std::vector<Bookmark> marksFromJson(const QJsonArray& list)
{
    std::vector<Bookmark> bookmarks;
    for (const QJsonValue each : list) {
        Taker taker(each.toObject());
        Bookmark bookmark;
        bookmark.selection = selectionFromJson(taker.object("selection"));
        bookmark.tab = taker.text("tab");
        bookmark.name = taker.text("name");
        bookmarks.push_back(std::move(bookmark));
    }
    return bookmarks;
}

std::vector<int> placesFromJson(const QJsonArray& list)
{
    std::vector<int> places;
    for (const QJsonValue each : list) {
        const int place = each.toInt(-1);
        if (place < 0)
            refuse("breakpoints", "a list of tokens counted from 0");
        places.push_back(place);
    }
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    return places;
}

QJsonArray placesToJson(const std::vector<int>& places)
{
    QJsonArray list;
    for (const int place : places)
        list.append(place);
    return list;
}

} // namespace

DocumentState startState()
{
    DocumentState state;
    state.lanes.resize(2);
    for (const engine::Method& method : engine::methods())
        if (method.info.id != engine::baseline && engine::replacesAttention(method)) {
            state.lanes[1].everywhere.attention.method = std::string(method.info.id);
            break;
        }
    return state;
}

QJsonObject toJson(const DocumentState& state)
{
    QJsonObject json = state.unknown;
    QJsonArray lanes;
    for (const engine::SessionPlan& plan : state.lanes)
        lanes.append(sessionToJson(plan));
    json["version"] = stateVersion;
    json["checkpoint"] = QString::fromStdString(state.checkpoint.string());
    json["tokenizer"] = QString::fromStdString(state.tokenizer.string());
    json["device"] = QString::fromStdString(state.device);
    json["prompt"] = QString::fromStdString(state.prompt);
    json["generated"] = state.generated;
    json["lanes"] = lanes;
    json["bookmarks"] = marksToJson(state.bookmarks);
    json["breakpoints"] = placesToJson(state.breakpoints);
    json["selection"] = withUnknown(selectionToJson(state.selection), state.unknown, "selection");
    json["layout"] = layoutToJson(state.layout);
    return json;
}

DocumentState fromJson(const QJsonObject& json)
{
    Taker taker(json);
    DocumentState state;
    if (!json["version"].isDouble())
        refuse("version", "a number: this is not a saved document");
    taker.count("version"); // a later version is read as far as it is known
    state.checkpoint = taker.text("checkpoint");
    state.tokenizer = taker.text("tokenizer");
    state.device = taker.text("device");
    state.prompt = taker.text("prompt");
    state.generated = taker.count("generated");
    for (const QJsonValue lane : taker.array("lanes"))
        state.lanes.push_back(sessionFromJson(lane.toObject()));
    if (state.lanes.size() > mostLanes)
        refuse("lanes", ("a list of at most " + std::to_string(mostLanes)).c_str());
    state.bookmarks = marksFromJson(taker.array("bookmarks"));
    state.breakpoints = placesFromJson(taker.array("breakpoints"));
    const QJsonObject selection = taker.object("selection");
    state.selection = selectionFromJson(selection);
    state.layout = layoutFromJson(taker.object("layout"));
    state.unknown = taker.left();
    constexpr engine::TokenPos first{0};
    keepUnknown(state.unknown, "selection", selection, selectionToJson({{0}, {0}, first, first, first, {1}}));
    return state;
}

} // namespace app
