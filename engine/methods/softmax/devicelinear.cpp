// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/softmax/devicelinear.h"

#include "engine/methods/softmax/reference.h"

#include <random>
#include <vector>

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
        context.blocks.dense(context.queue, x, m_weights, out, rows, accumulate);
    }

    std::span<const PackedWeight* const> products() const override { return m_weights; }

    std::size_t stateBytes() const override { return 0; }

private:
    std::vector<const PackedWeight*> m_weights; // of the model, shared by all sessions
};

class RandomLinear : public DeviceLinear
{
public:
    RandomLinear(int width, int outputs, std::uint64_t seed, DeviceContext& device)
        : m_queue(device.queue)
    {
        std::mt19937_64 random(seed);
        std::normal_distribution<float> normal;
        std::vector<float> numbers(std::size_t(width) * std::size_t(outputs));
        for (float& number : numbers)
            number = normal(random);
        m_weight = packWeight(device.queue, numbers, outputs, width);
    }

    ~RandomLinear() override
    {
        try {
            m_queue.finish();    // before the weight of enqueued launches goes
        } catch (const Error&) { // already on the way out with an error of its own
        }
    }

    RandomLinear(const RandomLinear&) = delete;
    RandomLinear& operator=(const RandomLinear&) = delete;

    void apply(const Buffer<float>& x, int rows, std::span<Buffer<float>* const> out, bool accumulate,
               DeviceContext& context, Recorder& /*recorder*/) override
    {
        context.blocks.dense(context.queue, x, m_weight, *out.front(), rows, accumulate);
    }

    std::size_t stateBytes() const override { return 0; }

private:
    Queue& m_queue;
    PackedWeight m_weight;
};

} // namespace

std::unique_ptr<DeviceLinear> makeRandomLinear(int width, int outputs, const KnobValues& /*knobs*/, std::uint64_t seed,
                                               DeviceContext& device)
{
    return std::make_unique<RandomLinear>(width, outputs, seed, device);
}

std::unique_ptr<DeviceLinear> makeDenseLinear(std::span<const Weight> which, const LayerContext& context,
                                              const DeviceModel& model, DeviceContext& /*device*/)
{
    refuseWithoutDense(context);
    return std::make_unique<DenseLinear>(which, context.layer, model);
}

} // namespace engine::softmax
