// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/convert/conversion.h"

#include "app/cli/grammar.h"
#include "engine/export/safetensors.h"
#include "engine/export/wholefile.h"
#include "engine/methods/claims.h"

#include <QByteArray>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

using namespace engine;

namespace app {
namespace {

namespace fs = std::filesystem;

SessionPlan planOf(const ConversionRequest& request, bool onDevice)
{
    SessionPlan plan;
    plan.backend = onDevice ? Backend::OpenCl : Backend::Reference;
    for (const LayerIndex layer : request.layers)
        place(plan.overrides[layer], request.part);
    return plan;
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
        writeSafetensors(out, tensors, {{"format", "pt"}, {"method", cli::printSpec(conversion.part)}});
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

} // namespace

bool canConvert(const Method& method)
{
    return method.fittedParts != nullptr && method.prepare != nullptr;
}

void checkConversion(const Model& model, const Part& part)
{
    if (!canConvert(findMethod(part.method)))
        throw Error(Fault::Request, "method " + part.method + " fits nothing to a checkpoint that could be saved");
    const Checkpoint& checkpoint = model.checkpoint();
    if (checkpoint.format != "safetensors")
        throw Error(Fault::Request, checkpoint.name + " is a " + checkpoint.format +
                                        " file; a folder with config.json and safetensors weights was expected");
    if (!checkpoint.config.causal)
        throw Error(Fault::Request, checkpoint.name + " has no causal mask; a causal checkpoint was expected");
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

ConversionPrice priceOf(const Model& model, const ConversionRequest& request, std::size_t tokens)
{
    const SessionPlan plan = planOf(request, false);
    for (const LayerIndex layer : request.layers)
        checkPlan(layerContext(model, plan, layer, {}));
    const auto fitted = claimsOf(request.part.method).fittedBytes;
    const ConversionPrice price{tokens, calibrationBytes(model, plan, tokens),
                                fitted != nullptr ? double(request.layers.size()) * fitted(model, request.part.knobs)
                                                  : 0};
    if (price.recorded + price.fitted > double(memoryLimit()))
        throw Error(Fault::Memory, "converting " + std::to_string(request.layers.size()) + " layers over " +
                                       std::to_string(tokens) + " tokens takes " +
                                       std::to_string((price.recorded + price.fitted) / 1e9) + " GB; the limit is " +
                                       std::to_string(double(memoryLimit()) / 1e9) +
                                       " GB: fewer layers, or a shorter text");
    return price;
}

Conversion convertModel(const std::shared_ptr<const Model>& model, const ConversionRequest& request,
                        const std::vector<Token>& text, DeviceContext* device,
                        const std::shared_ptr<const DeviceModel>& weights, Job& job)
{
    checkConversion(*model, request.part);
    checkFolder(request.folder);
    priceOf(*model, request, text.size()); // refuses what does not fit
    const SessionPlan plan = planOf(request, device != nullptr);
    std::vector<TokenId> ids;
    ids.reserve(text.size());
    for (const Token& token : text)
        ids.push_back(token.id);
    Conversion conversion{request.part, sha256(request.text, job), text.size(), {}, {}, {}};
    const PreparedLayers prepared = prepareLayers(model, plan, ids, device, weights, job);
    std::size_t heldOut = 0;
    for (const LayerIndex layer : request.layers) {
        const PreparedLayer& fitted = prepared.at(std::size_t(layer.value));
        const Prepared* part = fitted.linear ? fitted.linear.get() : fitted.attention.get();
        if (part == nullptr)
            continue;
        FittedParts parts = findMethod(request.part.method).fittedParts(*part);
        heldOut = std::min(std::size_t(parts.heldOut), text.size());
        conversion.parts.emplace(layer, std::move(parts));
    }
    if (heldOut >= 2) { // the end of the text, which fitting did not see
        const std::span<const Token> rest = std::span(text).last(heldOut);
        const std::size_t window = std::min(std::size_t(model->config().context), heldOut);
        SessionPlan exact;
        exact.backend = plan.backend;
        const auto loss = [&](const SessionPlan& of, const PreparedLayers& with) {
            return cli::lossOf(*makeSession(model, of, with, device, weights, int(window), job), rest, window, job);
        };
        conversion.before = loss(exact, {});
        conversion.after = loss(plan, prepared);
    }
    job.report(1, "writing");
    writeWholeFolder(request.folder, [&](const fs::path& folder) { writeFolder(folder, *model, conversion); });
    return conversion;
}

} // namespace app
