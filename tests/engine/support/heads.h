// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"
#include "engine/session/attend.h"

#include <cmath>
#include <limits>
#include <memory>
#include <random>

// Random heads and the contexts of a layer without a model, for tests of methods and kernels.
namespace tests {

inline engine::Grid randomGrid(int rows, int cols, unsigned seed, float spread = 1.0F)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, spread);
    std::vector<float> cells(std::size_t(rows) * std::size_t(cols));
    for (float& cell : cells)
        cell = normal(random);
    return {std::move(cells), rows, cols};
}

inline engine::HeadTensors randomHeads(const engine::LayerShape& shape, int tokens, unsigned seed, float spread = 1.0F)
{
    return {randomGrid(tokens, shape.heads * shape.keyWidth, seed, spread),
            randomGrid(tokens, shape.keyHeads * shape.keyWidth, seed + 1, spread),
            randomGrid(tokens, shape.keyHeads * shape.valueWidth, seed + 2),
            {}};
}

inline engine::HeadTensors firstTokens(const engine::HeadTensors& in, int count)
{
    return {in.query.rowRange(0, count), in.key.rowRange(0, count), in.value.rowRange(0, count), {}};
}

inline engine::LayerContext contextOf(std::string_view method, const engine::LayerShape& shape,
                                      const engine::KnobValues& knobs = {}, engine::Positions positions = {})
{
    engine::LayerContext context;
    context.shape = shape;
    context.layer = {0};
    context.positions = positions;
    context.plan.attention.method = method;
    context.plan.attention.knobs = knobs;
    return context;
}

// A device of this machine with what a worker has; null where there is no OpenCL.
struct Machine
{
    engine::Device device;
    engine::Queue queue{device};
    engine::DeviceBlocks blocks{device};
    engine::DeviceContext context{device, queue, blocks};

    explicit Machine(const engine::DeviceInfo& info)
        : device(info)
    {
    }
};

inline std::unique_ptr<Machine> machine()
{
    if (engine::Device::list().empty())
        return nullptr;
    return std::make_unique<Machine>(engine::Device::choose({}));
}

// The float64 reference called directly, so that nothing is rounded to float.
inline engine::Matrix mixedOf(const engine::HeadTensors& in, const engine::LayerContext& context)
{
    const auto split = [](const engine::Grid& grid, int heads) {
        std::vector<engine::Matrix> all;
        for (int head = 0; head < heads; ++head)
            all.push_back(engine::matrixOf(grid.columns(head * grid.cols() / heads, grid.cols() / heads)));
        return all;
    };
    const engine::LayerInput input{{},
                                   split(in.query, context.shape.heads),
                                   split(in.key, context.shape.keyHeads),
                                   split(in.value, context.shape.keyHeads)};
    engine::Recorder nothing;
    return engine::findMethod(context.plan.attention.method).attention(input, context, nothing);
}

// Largest difference over the largest magnitude of `expected`.
inline double distance(const engine::Matrix& expected, const engine::Matrix& found)
{
    if (expected.rows() != found.rows() || expected.cols() != found.cols() || !found.allFinite())
        return std::numeric_limits<double>::infinity();
    const double scale = expected.cwiseAbs().maxCoeff();
    const double difference = (expected - found).cwiseAbs().maxCoeff();
    return scale > 0 ? difference / scale : difference;
}

inline double distance(const engine::Grid& expected, const engine::Grid& found)
{
    return distance(engine::matrixOf(expected), engine::matrixOf(found));
}

// What float32 allows: rounding of outputs, and of scores before an exponential (relative error of e^x is the absolute
// error of x, about ε·|x|).
inline double tolerance(const engine::HeadTensors& in, const engine::LayerShape& shape)
{
    double query = 0, key = 0;
    for (int head = 0; head < shape.heads; ++head)
        query = std::max(
            query,
            engine::matrixOf(in.query.columns(head * shape.keyWidth, shape.keyWidth)).rowwise().norm().maxCoeff());
    for (int head = 0; head < shape.keyHeads; ++head)
        key = std::max(
            key, engine::matrixOf(in.key.columns(head * shape.keyWidth, shape.keyWidth)).rowwise().norm().maxCoeff());
    return std::max(1e-5, 2e-7 * query * key / std::sqrt(double(shape.keyWidth)));
}

} // namespace tests
