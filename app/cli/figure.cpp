// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/figurecommands.h"
#include "app/cli/grammar.h"
#include "app/cli/opened.h"
#include "app/figures.h"
#include "app/headwork.h"
#include "app/logits/logitswork.h"
#include "app/longmaps/longmapfigure.h"
#include "app/longmaps/longmapwork.h"
#include "app/probestudy.h"
#include "app/provenance.h"
#include "app/report.h"
#include "app/samplepath.h"
#include "app/session.h"
#include "app/tensors/tensorwork.h"
#include "app/wording.h"
#include "engine/export/json.h"
#include "engine/measure/pass.h"

#include <QDateTime>

#include <algorithm>
#include <charconv>

using namespace engine;

namespace app::cli {
namespace {

constexpr int repeats = 9;
constexpr int mapElements = 512; // a side of the map view

// The session that PATH holds, or a new one on the checkpoint that PATH is; then what the options say.
DocumentState stateFrom(const FigureOptions& options)
{
    const std::optional<DocumentState> held = heldState(options.source.path);
    DocumentState state = held.value_or(startState());
    if (!held)
        state.checkpoint = options.source.path;
    if (!options.source.tokenizer.empty())
        state.tokenizer = options.source.tokenizer;
    if (options.prompt.text)
        state.prompt = *options.prompt.text;
    else if (options.prompt.file)
        state.prompt = readText(*options.prompt.file);
    if (!options.methods.empty()) {
        state.lanes = {SessionPlan{}};
        for (const Part& part : parseList(options.methods))
            if (part.method != baseline) {
                state.lanes.emplace_back();
                const bool linear = !replacesAttention(findMethod(part.method));
                (linear ? state.lanes.back().everywhere.linear : state.lanes.back().everywhere.attention) = part;
            }
        if (state.lanes.size() > 2)
            state.layout.attention.mode = AttentionView::Mode::Every;
    }
    if (options.layer >= 0)
        state.selection.layer = {options.layer};
    if (options.head >= 0)
        state.selection.head = {options.head};
    if (options.query >= 0) {
        state.selection.query = TokenPos{options.query};
        state.selection.key = TokenPos{std::max(0, options.key)};
    }
    return state;
}

// What nobody said: a checkpoint's first prompt, and the methods it was made with, as the window opens it.
void startAsTheWindow(DocumentState& state, const FigureOptions& options, const Model& model)
{
    if (state.prompt.empty() && model.tokenizer() != nullptr)
        state.prompt = startPrompt(engine::promptsBeside(state.checkpoint));
    if (!options.methods.empty() || heldState(options.source.path))
        return;
    const bool alone = !model.config().denseProjections;
    for (std::size_t lane = alone ? 0 : 1; model.checkpoint().hasNative && lane < state.lanes.size(); ++lane)
        state.lanes[lane] = nativePlan(model.checkpoint());
    const auto all = methodTabs();
    const bool isTab = std::any_of(all.begin(), all.end(), [&](const TabSpec* tab) { return tab->id == options.view; });
    if (isTab && state.lanes.size() > 1 && !ownerOf(state, options.view))
        state.lanes[1] = planWithTab(state.lanes[1], options.view);
}

// `178mm` or `178`.
double parseWidth(const std::string& text)
{
    double width = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), width);
    const std::string_view rest(end, std::size_t(text.data() + text.size() - end));
    if (wrong != std::errc() || (!rest.empty() && rest != "mm") || width < widgets::narrowestMm ||
        width > widgets::widestMm)
        throw Error(Fault::Request, "'" + text + "' as a width; 40mm to 1200mm was expected");
    return width;
}

// Null: the reference, because it was asked for, or there is no device and none was asked for. `model`: null where the
// file has none.
std::shared_ptr<const Accelerator> acceleratorFor(const MachineChoice& where, const std::shared_ptr<const Model>& model,
                                                  Context& context)
{
    const bool asked = where.backend == "opencl" || !where.device.empty();
    if (where.backend == "reference" && where.device.empty())
        return nullptr;
    if (!asked && Device::list().empty()) {
        context.log << "subquad: there is no OpenCL device; the float64 reference runs\n";
        return nullptr;
    }
    auto ready = std::make_shared<Accelerator>();
    ready->device = std::make_shared<Device>(Device::choose(where.device));
    if (!model)
        return ready;
    DeviceContext* device = LaneEngine::ofThisThread().context(ready.get());
    ready->model = std::make_shared<const DeviceModel>(model, device->queue, context.job);
    device->queue.finish();
    return ready;
}

void checkSelection(const DocumentState& state, const Model& model, int tokens)
{
    const Selection& selection = state.selection;
    const auto inside = [](const char* what, int given, int count) {
        if (given < 0 || given >= count)
            throw Error(Fault::Request, std::string(what) + " " + std::to_string(given) + " was asked for; 0 to " +
                                            std::to_string(count - 1) + " were expected");
    };
    inside("layer", selection.layer.value, model.config().layers);
    inside("head", selection.head.value, model.config().heads);
    if (selection.query)
        inside("query", selection.query->value, tokens);
    if (selection.key)
        inside("key", selection.key->value, selection.query->value + 1);
}

// Runs every lane and looks at the selected head, as the window does.
void look(FigureSource& source, const std::shared_ptr<const Model>& model, const Accelerator* accelerator,
          const std::shared_ptr<const Accelerator>& shared, Context& context)
{
    const auto sequence = encodePrompt(*model, source.state.prompt);
    checkSelection(source.state, *model, int(sequence->ids.size()));
    sayBeyondContext(*model, sequence->ids.size(), context);
    std::shared_ptr<const HeadLook> exact;
    for (SessionPlan& plan : source.state.lanes) {
        plan.backend = accelerator != nullptr ? Backend::OpenCl : Backend::Reference;
        LaneResults lane;
        lane.run = LaneEngine::ofThisThread().run({model, plan, sequence, shared}, context.job);
        const auto first = source.lanes.empty() ? lane.run : source.lanes.front().run;
        const auto layer =
            attendLayer(first, lane.run, source.state.selection.layer, false, nullptr, accelerator, context.job);
        lane.look = lookAtHead(layer, source.state.selection.head, exact, accelerator, context.job);
        if (exact)
            lane.rows = metricsOfRows(exact, lane.look, lane.look->map.tokens, accelerator, context.job);
        else
            exact = lane.look;
        source.lanes.push_back(std::move(lane));
    }
    pointAtChange(source);
    const TokenPos query = source.state.selection.query.value_or(TokenPos{int(sequence->ids.size()) - 1});
    for (LaneResults& lane : source.lanes)
        lane.row = weightsOfRow(lane.look, query, accelerator);
}

void drawMaps(FigureSource& source, const std::shared_ptr<const Accelerator>& accelerator, Context& context)
{
    const int last = source.state.selection.step.value_or(TokenPos{1 << 30}).value;
    const std::vector<std::shared_ptr<const Accelerator>> accelerators(source.lanes.size(), accelerator);
    const int compared = std::clamp(source.state.selection.lane.value, std::min(1, int(source.lanes.size()) - 1),
                                    int(source.lanes.size()) - 1);
    const auto request = mapsRequestOf(source.state, source.lanes, accelerators, compared,
                                       std::min(last, source.lanes.front().look->map.tokens - 1));
    if (request)
        source.maps = makeMaps(*request, context.job);
}

// A method's own tab, of the lane that has it.
void study(FigureSource& source, const std::string& view, const Accelerator* accelerator, Context& context)
{
    const std::optional<TabOwner> owner = ownerOf(source.state, view);
    if (!owner)
        throw Error(Fault::Request,
                    "none of the methods compared has the view '" + view + "'; --methods says which are");
    const LaneResults& exact = source.lanes.front();
    const LaneResults& own = source.lanes[std::size_t(owner->lane.value)];
    const Selection& selection = source.state.selection;
    StudyRequest request{{exact.run, own.run, selection.layer, selection.head,
                          selection.query.value_or(TokenPos{exact.look->map.tokens - 1}), selection.key},
                         owner->lane,
                         std::string(owner->method->info.id),
                         view,
                         {}};
    if (const auto given = source.state.layout.controls.find(view); given != source.state.layout.controls.end())
        request.controls = given->second;
    source.study = studyOf(request, exact.look->layer, nullptr, accelerator, context.job);
}

// Every probe of every lane is recorded, and the one asked for is looked at.
void probe(FigureSource& source, const FigureOptions& options, const Accelerator* accelerator, Context& context)
{
    std::string& id = source.state.layout.probe;
    if (!options.probe.empty())
        id = options.probe;
    std::string known;
    for (LaneResults& lane : source.lanes) {
        lane.probes = attendLayer(source.lanes.front().run, lane.run, source.state.selection.layer, true, nullptr,
                                  accelerator, context.job);
        for (const ProbeSpec& spec : findMethod(lane.probes->context.plan.shown().method).info.probes) {
            known += (known.empty() ? "" : ", ") + std::string(spec.id);
            if (id.empty() && &lane != &source.lanes.front())
                id = std::string(spec.id);
        }
    }
    source.study = probeStudy(source.state, source.lanes, source.lanes.front().look->map.tokens - 1);
    if (!source.study)
        throw Error(Fault::Request, "probe '" + id + "' recorded nothing here; one of " + known + " was expected");
}

void logits(FigureSource& source, const std::shared_ptr<const Accelerator>& accelerator, Context& context)
{
    std::vector<std::shared_ptr<const LaneRun>> runs;
    for (const LaneResults& lane : source.lanes)
        runs.push_back(lane.run);
    const int last = int(runs.front()->sequence->ids.size()) - 1;
    const Selection& selection = source.state.selection;
    const TokenPos at = selection.query.value_or(selection.step.value_or(TokenPos{last}));
    const TokenPos step{std::min(last, at.value)};
    source.page = logitsPage(lookAtLogits(runs, step, std::vector(runs.size(), accelerator), context.job));
}

void tensor(FigureSource& source, const FigureOptions& options, const Model& model, Context& context)
{
    std::string& name = source.state.layout.tensor;
    if (!options.tensor.empty())
        name = options.tensor;
    for (const auto& [key, tensor] : model.checkpoint().tensors)
        if (name.empty() && tensor.shape.size() == 2)
            name = key;
    source.page = tensorPage(lookAtTensor(model.checkpoint(), name, context.job));
}

// The whole map, of a model's layer at any length.
void map(FigureSource& source, const std::shared_ptr<const Accelerator>& accelerator, Context& context)
{
    LongMap map;
    map.head = source.state.selection.head;
    std::vector<LongRun> runs;
    for (const LaneResults& lane : source.lanes)
        runs.push_back(longRunOf(lane.look, accelerator));
    map.setRuns(std::move(runs));
    map.pieces = tokenLabels(*source.lanes.front().run->sequence);
    drawWhole(map, mapElements, context.job);
    source.longMap = std::make_shared<const LongMap>(std::move(map));
}

// The same of queries, keys and values from a file.
void mapOfFile(FigureSource& source, const std::shared_ptr<const Accelerator>& accelerator, Context& context)
{
    const auto file = readHeadFile(source.state.checkpoint);
    LongMap map;
    map.name = QString::fromStdString(file->name);
    map.head = source.state.selection.head;
    if (map.head.value < 0 || map.head.value >= file->shape.heads)
        throw Error(Fault::Request, "head " + std::to_string(map.head.value) + " was asked for; 0 to " +
                                        std::to_string(file->shape.heads - 1) + " were expected");
    std::vector<LongRun> runs;
    for (SessionPlan& plan : source.state.lanes) {
        plan.backend = accelerator ? Backend::OpenCl : Backend::Reference;
        runs.push_back(longRunOf(*file, plan, accelerator, context.job));
    }
    map.setRuns(std::move(runs));
    drawWhole(map, mapElements, context.job);
    source.longMap = std::make_shared<const LongMap>(std::move(map));
}

void time(FigureSource& source, const FigureOptions& options, const Model& model, DeviceContext* device,
          Context& context)
{
    auto result = std::make_shared<SweepResult>();
    result->request.shape = layerContext(model, source.state.lanes.front(), {0}, {}).shape;
    result->request.shape.causal = false;
    std::vector<Part> compared;
    compared.reserve(source.state.lanes.size());
    for (const SessionPlan& plan : source.state.lanes)
        compared.push_back(plan.of(source.state.selection.layer).attention);
    Timeable found = timeable(compared, result->request.shape);
    result->request.methods = std::move(found.methods);
    result->leftOut = std::move(found.leftOut);
    result->request.lengths =
        options.lengths.empty() ? reportLengths(model.config().context) : parseLengths(options.lengths);
    result->request.repeats = repeats;
    result->backend = device != nullptr ? Backend::OpenCl : Backend::Reference;
    result->device = options.where.device;
    result->sweep = sweep(result->request, device, context.job);
    result->timeUtc = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
    source.sweep = result;
    auto passes = std::make_shared<PassSet>();
    passes->head = source.state.selection.head;
    for (const LaneResults& lane : source.lanes) {
        const LayerAttention& layer = *lane.look->layer;
        passes->lanes.push_back(
            {lane.look->layer, measurePass(headTensors(*layer.exact->trace, layer.layer), layer.attended, layer.context,
                                           passes->head, device, repeats, context.job)});
    }
    source.passes = passes;
}

} // namespace

std::optional<DocumentState> heldState(const std::string& path)
{
    const std::filesystem::path file(path);
    const std::string suffix = file.extension().string();
    const bool session = suffix == ".subquad";
    if (!session && suffix != ".svg" && suffix != ".pdf" && suffix != ".png")
        return std::nullopt;
    const QByteArray bytes = QByteArray::fromStdString(readText(path));
    if (session)
        return sessionOf(bytes, std::filesystem::absolute(file).parent_path()).state;
    std::optional<DocumentState> state = sessionIn(bytes);
    if (!state)
        throw Error(Fault::Format, path + " holds no view of Subquad; a figure exported by it was expected");
    return state;
}

namespace {

// What the view needs, computed as the window does.
void fill(FigureSource& source, const FigureOptions& options, const std::string& view, Context& context)
{
    const auto model = openModel({source.state.checkpoint.string(), source.state.tokenizer.string()}, context);
    startAsTheWindow(source.state, options, *model);
    source.weightsHash = weightsHash(model->checkpoint(), context.job);
    const auto accelerator = acceleratorFor(options.where, model, context);
    if (accelerator)
        source.device = accelerator->device->info();
    look(source, model, accelerator.get(), accelerator, context);
    if (view == "attention")
        drawMaps(source, accelerator, context);
    else if (view == "timing")
        time(source, options, *model, LaneEngine::ofThisThread().context(accelerator.get()), context);
    else if (view == probesTab)
        probe(source, options, accelerator.get(), context);
    else if (view == logitsTab)
        logits(source, accelerator, context);
    else if (view == tensorTab)
        tensor(source, options, *model, context);
    else if (view == mapTab)
        map(source, accelerator, context);
    else
        study(source, view, accelerator.get(), context);
}

// The view asked for; else the one that a session or figure has in front; else the first that there is.
std::string viewOf(const FigureOptions& options, const DocumentState& state, bool alone)
{
    if (!options.view.empty())
        return options.view;
    const std::vector<std::string> views = figureViews();
    const bool held = heldState(options.source.path).has_value();
    if (held && std::find(views.begin(), views.end(), state.layout.tab) != views.end())
        return state.layout.tab;
    return alone ? mapTab : views.front();
}

void fillFromHeads(FigureSource& source, const FigureOptions& options, const std::string& view, Context& context)
{
    if (view != mapTab)
        throw Error(Fault::Request, source.state.checkpoint.string() +
                                        " has queries, keys and values alone; the view '" + view +
                                        "' needs a model, 'map' was expected");
    const auto accelerator = acceleratorFor(options.where, nullptr, context);
    if (accelerator)
        source.device = accelerator->device->info();
    mapOfFile(source, accelerator, context);
}

} // namespace

int figure(const FigureOptions& given, Context& context)
{
    const double width = parseWidth(given.width);
    for (const std::string& path : given.out)
        checkFigurePath(path);
    if (!given.view.empty())
        checkFigureView(given.view);
    FigureSource source;
    source.state = stateFrom(given);
    source.withText = !given.withoutText;
    const bool alone = isHeadFile(source.state.checkpoint);
    FigureOptions options = given;
    options.view = viewOf(given, source.state, alone);
    const std::string& view = options.view;
    if (alone)
        fillFromHeads(source, options, view, context);
    else
        fill(source, options, view, context);
    for (const std::string& path : options.out)
        writeFigure(path, source, view, width);
    if (context.json)
        engine::JsonWriter(context.out)
            .object()
            .field("checkpoint",
                   alone ? source.longMap->name.toStdString() : source.lanes.front().run->model->checkpoint().name)
            .field("view", view)
            .field("width_mm", width)
            .field("device", source.device ? source.device->name : "float64 reference")
            .key("files")
            .list(options.out)
            .end();
    return exitOk;
}

} // namespace app::cli
