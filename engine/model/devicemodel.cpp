// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/devicemodel.h"

#include "engine/values/error.h"

#include <string>

namespace engine {
namespace {

std::string placeOf(Weight which, LayerIndex layer)
{
    return std::string(nameOf(which)) + (layer == wholeModel ? "" : " of layer " + std::to_string(layer.value));
}

} // namespace

DeviceModel::DeviceModel(std::shared_ptr<const Model> model, Queue& queue, Job& job)
    : m_model(std::move(model))
{
    auto all = weightsOf(m_model->config());
    if (m_model->config().tied)
        all.emplace_back(Weight::Classifier, wholeModel); // packed, while the embedding is read by rows
    double done = 0;
    for (const auto& [which, layer] : all) {
        job.report(done++ / double(all.size()), "uploading " + placeOf(which, layer));
        const std::span<const float> numbers = m_model->weight(which, layer);
        if (isVector(which) || which == Weight::Embedding) {
            Buffer<float> buffer(queue.device(), numbers.size(), "a weight");
            queue.write(buffer, numbers);
            m_vectors.emplace(std::pair(which, layer), std::move(buffer));
        } else {
            const WeightShape shape = m_model->shape(which);
            m_dense.emplace(std::pair(which, layer), packWeight(queue, numbers, shape.rows, shape.cols));
        }
    }
    queue.finish(); // other queues read the weights from now on
}

const PackedWeight& DeviceModel::dense(Weight which, LayerIndex layer) const
{
    const auto found = m_dense.find({which, layer});
    if (found == m_dense.end())
        throw Error(Fault::Internal, "the model has no dense weight " + placeOf(which, layer));
    return found->second;
}

const Buffer<float>& DeviceModel::vector(Weight which, LayerIndex layer) const
{
    const auto found = m_vectors.find({which, layer});
    if (found == m_vectors.end())
        throw Error(Fault::Internal, "the model has no vector " + placeOf(which, layer));
    return found->second;
}

} // namespace engine
