// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/grammar.h"
#include "app/cli/loss.h"
#include "app/cli/machine.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/export/safetensors.h"
#include "engine/export/wholefile.h"

#include <QByteArray>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

using namespace engine;

namespace app::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> itemsOf(const std::string& list)
{
    std::vector<std::string> items;
    for (std::size_t first = 0; first <= list.size();) {
        const std::size_t comma = std::min(list.find(',', first), list.size());
        items.push_back(list.substr(first, comma - first));
        first = comma + 1;
    }
    return items;
}

// Switches the method's own knobs: a projection is a knob of its name that is on or off.
void chooseProjections(Part& part, const std::string& list)
{
    if (list.empty())
        return;
    constexpr std::array names{Weight::Query, Weight::Key, Weight::Value, Weight::Output,
                               Weight::Gate,  Weight::Up,  Weight::Down};
    std::vector<std::string> wanted = itemsOf(list);
    const std::vector<Knob>& knobs = findMethod(part.method).info.knobs;
    std::string known;
    for (const Weight projection : names) {
        const std::string name(nameOf(projection));
        if (std::ranges::find(knobs, name, &Knob::id) == knobs.end())
            continue;
        known += (known.empty() ? "" : ", ") + name;
        const auto found = std::ranges::find(wanted, name);
        part.knobs[name] = found != wanted.end() || list == "all";
        if (found != wanted.end())
            wanted.erase(found);
    }
    if (list != "all" && !wanted.empty())
        throw Error(Fault::Request,
                    "projection '" + wanted.front() + "' is not known; all, or some of " + known + ", was expected");
}

std::set<LayerIndex> layersFrom(const std::string& list, const Model& model)
{
    std::set<LayerIndex> layers;
    const int count = model.config().layers;
    if (list.empty() || list == "all") {
        for (int layer = 0; layer < count; ++layer)
            layers.insert({layer});
        return layers;
    }
    for (const std::string& item : itemsOf(list)) {
        int layer = -1;
        const auto [end, failed] = std::from_chars(item.data(), item.data() + item.size(), layer);
        if (failed != std::errc() || end != item.data() + item.size() || layer < 0 || layer >= count)
            throw Error(Fault::Request,
                        "layer '" + item + "': a layer from 0 to " + std::to_string(count - 1) + " was expected");
        layers.insert({layer});
    }
    return layers;
}

// What is converted, and what came of it.
struct Conversion
{
    Part part;
    SessionPlan plan;
    PreparedLayers prepared;
    std::map<LayerIndex, FittedParts> parts;
    std::string textHash;
    std::size_t tokens = 0;
    Loss before, after; // over the tokens held out
};

// A checkpoint whose config.json can say what was added.
void checkSource(const Model& model)
{
    const Checkpoint& checkpoint = model.checkpoint();
    if (checkpoint.format != "safetensors")
        throw Error(Fault::Request, checkpoint.name + " is a " + checkpoint.format +
                                        " file; a folder with config.json and safetensors weights was expected");
    if (checkpoint.hasNative)
        throw Error(Fault::Request,
                    checkpoint.name + " names methods of its own already; a plain checkpoint was expected");
}

void checkFolder(const fs::path& folder)
{
    std::error_code failed;
    if (fs::exists(folder, failed) && (!fs::is_directory(folder, failed) || !fs::is_empty(folder, failed)))
        throw Error(Fault::File, folder.string() + " is there already; a new or an empty folder was expected");
}

// The checkpoint's folder, also where it was given by one of its files.
fs::path folderOf(const Checkpoint& checkpoint)
{
    std::error_code failed;
    if (fs::is_directory(checkpoint.path, failed))
        return checkpoint.path;
    return checkpoint.path.has_parent_path() ? checkpoint.path.parent_path() : fs::path(".");
}

std::string tensorName(LayerIndex layer, const std::string& parameter)
{
    return "layers." + std::to_string(layer.value) + "." + parameter;
}

Grid widened(const TensorRef& tensor)
{
    std::vector<float> numbers(tensor.count());
    widen(tensor, 0, numbers);
    const int cols = tensor.shape.empty() ? 1 : int(tensor.shape.back());
    const int rows = cols > 0 ? int(numbers.size() / std::size_t(cols)) : 0;
    return {std::move(numbers), rows, cols};
}

void writeWeights(const fs::path& file, const Checkpoint& checkpoint, const Conversion& conversion)
{
    std::vector<NamedTensor> tensors;
    for (const auto& [canonical, tensor] : checkpoint.tensors)
        tensors.push_back({tensor.name, tensor.shape, std::vector<Grid>{widened(tensor)}});
    for (const auto& [layer, parts] : conversion.parts) {
        for (const auto& [name, tensor] : parts.parameters) {
            const int cols = int(tensor.shape.back());
            tensors.push_back({tensorName(layer, name), tensor.shape,
                               std::vector<Grid>{Grid(tensor.numbers, int(tensor.numbers.size()) / cols, cols)}});
        }
    }
    writeWhole(file, [&](std::ostream& out) {
        writeSafetensors(out, tensors, {{"format", "pt"}, {"method", printSpec(conversion.part)}});
    });
}

QJsonObject nativeBlock(const Model& model, const Conversion& conversion)
{
    QJsonObject knobs;
    for (const Knob& knob : findMethod(conversion.part.method).info.knobs) {
        const auto given = conversion.part.knobs.find(knob.id);
        if (given != conversion.part.knobs.end())
            knobs[QString::fromStdString(std::string(knob.id))] =
                QString::fromStdString(printKnob(knob, given->second));
    }
    QJsonArray layers;
    for (LayerIndex layer{0}; layer.value < model.config().layers; ++layer.value) {
        QJsonObject one;
        const auto parts = conversion.parts.find(layer);
        if (parts != conversion.parts.end()) {
            one["linear"] = QJsonObject{{"method", QString::fromStdString(conversion.part.method)}, {"knobs", knobs}};
            QJsonObject names;
            for (const auto& [name, tensor] : parts->second.parameters)
                names[QString::fromStdString(name)] = QString::fromStdString(tensorName(layer, name));
            one["parameters"] = names;
        }
        layers.append(one);
    }
    return {{"calibration", QJsonObject{{"sha256", QString::fromStdString(conversion.textHash)},
                                        {"tokens", qint64(conversion.tokens)}}},
            {"layers", layers}};
}

void writeConfig(const fs::path& from, const fs::path& to, const Model& model, const Conversion& conversion)
{
    QFile source(QString::fromStdString(from.string())), target(QString::fromStdString(to.string()));
    if (!source.open(QIODevice::ReadOnly))
        throw Error(Fault::File, from.string() + " cannot be read");
    QJsonObject config = QJsonDocument::fromJson(source.readAll()).object();
    config["subquad"] = nativeBlock(model, conversion);
    if (!target.open(QIODevice::WriteOnly) || target.write(QJsonDocument(config).toJson()) < 0 || !target.flush())
        throw Error(Fault::File, to.string() + " cannot be written");
}

void writeFolder(const fs::path& folder, const Model& model, const Conversion& conversion)
{
    const fs::path source = folderOf(model.checkpoint());
    std::error_code failed;
    writeWeights(folder / "model.safetensors", model.checkpoint(), conversion);
    writeConfig(source / "config.json", folder / "config.json", model, conversion);
    for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
        if (!fs::exists(source / name, failed))
            continue;
        fs::copy_file(source / name, folder / name, failed);
        if (failed)
            throw Error(Fault::File, (folder / name).string() + " cannot be written: " + failed.message());
    }
}

// Perplexity of the end of the text, which fitting did not see, before and after.
void measure(Conversion& conversion, Runner& runner, std::span<const Token> heldOut, Job& job)
{
    if (heldOut.size() < 2)
        return;
    const std::size_t window = std::min(std::size_t(runner.model().config().context), heldOut.size());
    SessionPlan exact;
    exact.backend = runner.machine().backend();
    conversion.before = lossOf(*runner.session(exact, {}, window), heldOut, window, job);
    conversion.after = lossOf(*runner.session(conversion.plan, conversion.prepared, window), heldOut, window, job);
}

void tell(const Conversion& conversion, const std::string& folder, Context& context)
{
    if (context.json) {
        JsonWriter json(context.out);
        json.object().field("method", printSpec(conversion.part)).field("fidelity", nameOf(Fidelity::Calibrated));
        json.field("calibration_sha256", conversion.textHash).field("tokens", conversion.tokens);
        json.field("folder", folder).key("projections").array();
        for (const auto& [layer, parts] : conversion.parts) {
            for (const TableBody::Row& row : parts.report.rows) {
                json.object().field("layer", layer.value).field("projection", row.label);
                for (std::size_t i = 0; i < row.cells.size(); ++i)
                    if (row.cells[i].number)
                        json.field(parts.report.columns[i], *row.cells[i].number);
                json.end();
            }
        }
        json.end().field("held_out_tokens", conversion.before.tokens);
        if (conversion.before.tokens > 0)
            json.field("perplexity_before", conversion.before.perplexity())
                .field("perplexity_after", conversion.after.perplexity());
        json.end();
        return;
    }
    context.out << printSpec(conversion.part) << " · CALIBRATED on " << conversion.tokens << " tokens, SHA-256 "
                << conversion.textHash << '\n';
    std::optional<Table> table;
    for (const auto& [layer, parts] : conversion.parts) {
        if (!table) {
            std::vector<std::string> columns{"layer", "projection"};
            columns.insert(columns.end(), parts.report.columns.begin(), parts.report.columns.end());
            table.emplace(std::move(columns));
        }
        for (const TableBody::Row& row : parts.report.rows) {
            std::vector<std::string> cells{std::to_string(layer.value), row.label};
            for (const Figure& figure : row.cells)
                cells.push_back(figure.number ? rounded(*figure.number, 4) : figure.text);
            table->add(std::move(cells));
        }
    }
    if (table)
        table->print(context.out);
    if (conversion.before.tokens > 0)
        context.out << "perplexity of " << conversion.before.tokens
                    << " tokens held out: " << rounded(conversion.before.perplexity(), 5) << " before, "
                    << rounded(conversion.after.perplexity(), 5) << " after\n";
    context.out << "written to " << folder << '\n';
}

} // namespace

int convert(const ConvertOptions& options, Context& context)
{
    Conversion conversion;
    conversion.part = parseSpec(options.method);
    const Method& method = findMethod(conversion.part.method);
    if (method.fittedParts == nullptr || method.prepare == nullptr)
        throw Error(Fault::Request, "method " + conversion.part.method +
                                        " fits nothing to a checkpoint that could be "
                                        "saved");
    chooseProjections(conversion.part, options.projections);
    checkFolder(options.out);
    const auto model = openModel(options.source, context);
    checkSource(*model);
    Prompt text;
    text.file = options.file;
    const std::vector<Token> tokens = encoded(*model, text);
    std::vector<TokenId> ids;
    ids.reserve(tokens.size());
    for (const Token& token : tokens)
        ids.push_back(token.id);
    conversion.tokens = ids.size();
    conversion.textHash = sha256(options.file, context.job);
    for (const LayerIndex layer : layersFrom(options.layers, *model))
        place(conversion.plan.overrides[layer], conversion.part);
    return onMachine(options.where, context, [&](Machine& machine) {
        conversion.plan.backend = machine.backend();
        Runner runner(model, machine, context.job);
        context.log << "calibration: " << ids.size() << " tokens, "
                    << bytesText(calibrationBytes(*model, conversion.plan, ids.size())) << " of recorded inputs\n";
        conversion.prepared = runner.prepare(conversion.plan, ids);
        for (const auto& [layer, plan] : conversion.plan.overrides) {
            const PreparedLayer& fitted = conversion.prepared.at(std::size_t(layer.value));
            const Prepared* part = fitted.linear ? fitted.linear.get() : fitted.attention.get();
            if (part != nullptr)
                conversion.parts.emplace(layer, method.fittedParts(*part));
        }
        const std::size_t heldOut =
            conversion.parts.empty() ? 0 : std::size_t(conversion.parts.begin()->second.heldOut);
        measure(conversion, runner, std::span(tokens).last(std::min(heldOut, tokens.size())), context.job);
        writeWholeFolder(options.out, [&](const fs::path& folder) { writeFolder(folder, *model, conversion); });
        tell(conversion, options.out, context);
        return exitOk;
    });
}

} // namespace app::cli
