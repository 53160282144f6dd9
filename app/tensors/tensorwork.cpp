// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tensors/tensorwork.h"

#include "app/cli/opened.h"
#include "app/figures.h"
#include "app/laneengine.h"
#include "app/provenance.h"
#include "engine/export/json.h"
#include "engine/export/npy.h"
#include "engine/export/wholefile.h"
#include "engine/files/tensors.h"
#include "engine/model/model.h"

#include <QJsonDocument>

#include <algorithm>

namespace app {

namespace {

constexpr int bins = 48;
constexpr int pictureSide = 1024;

void writeTensor(const engine::TensorRef& tensor, const std::filesystem::path& path, engine::Job& job)
{
    engine::writeWhole(path, [&](std::ostream& out) {
        engine::writeNpyHeader(out, tensor.shape);
        engine::eachPiece(tensor, job,
                          [&](std::size_t, std::span<const float> numbers) { engine::writeNpyNumbers(out, numbers); });
    });
}

// What the numbers are and where they come from, beside the .npy.
void writeDictionary(const DocumentState& state, const std::shared_ptr<const engine::Model>& model,
                     const std::string& key, const std::filesystem::path& path, engine::Job& job)
{
    const engine::Checkpoint& checkpoint = model->checkpoint();
    const engine::TensorRef& tensor = checkpoint.tensors.at(key);
    FigureSource source;
    source.state = state;
    source.model = model;
    source.weightsHash = cli::weightsHash(checkpoint, job);
    const QByteArray provenance = QJsonDocument(provenanceOf(source, tensorTab)).toJson(QJsonDocument::Compact);
    engine::writeWhole(path, [&](std::ostream& out) {
        engine::JsonWriter json(out);
        json.object().field("matrix", key);
        json.field("meaning", "the numbers of the checkpoint's tensor " + tensor.name + ", stored as " +
                                  std::string(engine::nameOf(tensor.type)) + ", written as float32");
        json.key("shape").list(tensor.shape);
        json.key("provenance").raw({provenance.constData(), std::size_t(provenance.size())}).end();
    });
}

} // namespace

TensorLook lookAtTensor(const engine::Checkpoint& checkpoint, const std::string& name, engine::Job& job)
{
    const auto found = checkpoint.tensors.find(name);
    if (found == checkpoint.tensors.end())
        throw engine::Error(engine::Fault::Request,
                            checkpoint.path.string() + " has no tensor '" + name + "'; `subquad info` lists them");
    const engine::TensorRef& tensor = found->second;
    TensorLook look;
    look.entry = {name, tensor.name, std::string(engine::nameOf(tensor.type)), tensor.shape};
    look.stats = engine::tensorStats(tensor, bins, job);
    look.study = engine::tensorStudy(look.entry, look.stats, engine::tensorPicture(tensor, pictureSide, job));
    return look;
}

TensorWork::TensorWork(Document& document, Lanes& lanes)
    : m_document(document)
    , m_lanes(lanes)
    , m_worker(lanes.tasks(), "tensors")
{
}

TensorWork::~TensorWork() = default;

void TensorWork::forget()
{
    m_worker->cancel("read");
    m_chosen.clear();
    m_look.reset();
    emit changed();
}

void TensorWork::choose(const QString& name)
{
    const auto& model = m_document.model();
    if (!model || name == m_chosen || !model->checkpoint().tensors.contains(name.toStdString()))
        return;
    m_chosen = name;
    m_look.reset();
    emit changed();
    m_lanes.tasks().submit(
        *m_worker, "read", tr("Reading %1").arg(name),
        [model, key = name.toStdString(), turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("tensor");
            const Turns::Disturbance disturbance(*turns);
            return std::make_shared<const TensorLook>(lookAtTensor(model->checkpoint(), key, job));
        },
        [this, model](std::shared_ptr<const TensorLook> look) {
            if (model != m_document.model() || look->entry.name != m_chosen.toStdString())
                return;
            m_look = std::move(look);
            emit changed();
        });
}

void TensorWork::exportNpy(const std::filesystem::path& path)
{
    const auto& model = m_document.model();
    if (!model || m_chosen.isEmpty())
        return;
    m_lanes.tasks().submit(
        *m_worker, "export", tr("Writing %1").arg(QString::fromStdString(path.filename().string())),
        [model, state = m_document.state(), key = m_chosen.toStdString(), path,
         turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("export");
            const Turns::Disturbance disturbance(*turns);
            // Beside it first, so that a cancelled or failed export leaves nothing half written in its place.
            const std::filesystem::path part = path.string() + ".part";
            try {
                writeTensor(model->checkpoint().tensors.at(key), part, job);
                std::filesystem::rename(part, path);
                writeDictionary(state, model, key, std::filesystem::path(path).replace_extension(".json"), job);
            } catch (const std::filesystem::filesystem_error& error) {
                throw engine::Error(engine::Fault::File,
                                    path.string() + " cannot be written: " + error.code().message());
            } catch (...) {
                std::error_code ignored;
                std::filesystem::remove(part, ignored);
                throw;
            }
        },
        [this, path](std::monostate) { emit exported(QString::fromStdString(path.string())); });
}

} // namespace app
