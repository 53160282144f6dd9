// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/softmax/devicelinear.h"

#include "engine/methods/softmax/reference.h"

#include <cassert>

namespace engine::softmax {
namespace {

class DenseLinear : public DeviceLinear
{
public:
    DenseLinear(std::span<const Weight> which, LayerIndex layer, const DeviceModel& model)
    {
        for (const Weight weight : which)
            m_weights.push_back(&model.dense(weight, layer));
    }

    void apply(const Buffer<float>& x, int rows, std::span<Buffer<float>* const> out, bool accumulate,
               DeviceContext& context, Recorder& /*recorder*/) override
    {
        assert(out.size() == m_weights.size());
        for (std::size_t i = 0; i < out.size(); ++i)
            context.blocks.dense(context.queue, x, *m_weights[i], *out[i], rows, accumulate);
    }

    std::size_t stateBytes() const override { return 0; }

private:
    std::vector<const PackedWeight*> m_weights; // of the model, shared by all sessions
};

} // namespace

std::unique_ptr<DeviceLinear> makeDenseLinear(std::span<const Weight> which, const LayerContext& context,
                                              const DeviceModel& model, DeviceContext& /*device*/)
{
    refuseWithoutDense(context);
    return std::make_unique<DenseLinear>(which, context.layer, model);
}

} // namespace engine::softmax
