// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/deviceblocks.h"

#include <map>
#include <memory>

namespace engine {

// A model's weights on a device: uploaded once, shared by all lanes, const afterwards.
class DeviceModel
{
public:
    DeviceModel(std::shared_ptr<const Model> model, Queue& queue, Job& job);

    const Model& model() const { return *m_model; }

    const PackedWeight& dense(Weight which, LayerIndex layer = wholeModel) const;
    const Buffer<float>& vector(Weight which, LayerIndex layer = wholeModel) const; // norms; Embedding unpacked

private:
    std::shared_ptr<const Model> m_model;
    std::map<std::pair<Weight, LayerIndex>, PackedWeight> m_dense;
    std::map<std::pair<Weight, LayerIndex>, Buffer<float>> m_vectors;
};

} // namespace engine
