// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/deviceblocks.h"

#include "engine/values/error.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace engine {
namespace {

constexpr int panel = 32;          // outputs of a weight that lie side by side
constexpr int rowsOfGroup = 32;    // TILE_ROWS · GROUP_TILES of kernels.cl
constexpr int positionBlock = 256; // of the two rotation tables
constexpr int chunk = 1024;        // of blocks_swiglu
// One core reads this many weights in about the time that the launches take which blocks_row saves.
constexpr std::size_t mostRowWeights = std::size_t(1) << 18;

std::size_t divideUp(std::size_t a, std::size_t b)
{
    return (a + b - 1) / b;
}

std::size_t panelsOf(int outs)
{
    return divideUp(std::size_t(outs), panel);
}

// (cos, sin) of position·theta^(−2i/d) for `count` positions `stride` apart, [count, d/2], computed in float64.
std::vector<float> rotationTable(double theta, int headWidth, int count, int stride)
{
    const int pairs = headWidth / 2;
    std::vector<float> table;
    table.reserve(std::size_t(count) * std::size_t(pairs) * 2);
    for (int step = 0; step < count; ++step) {
        for (int pair = 0; pair < pairs; ++pair) {
            const double angle = double(step) * stride * std::pow(theta, -2.0 * pair / headWidth);
            table.push_back(float(std::cos(angle)));
            table.push_back(float(std::sin(angle)));
        }
    }
    return table;
}

} // namespace

PackedWeight packWeight(Queue& queue, std::span<const float> weight, int out, int in)
{
    assert(weight.size() == std::size_t(out) * std::size_t(in));
    const std::size_t panels = panelsOf(out);
    const std::size_t cells = std::size_t(in) * panel;
    PackedWeight packed{Buffer<float>(queue.device(), panels * cells, "a weight"), out, in};
    // A few panels at a time, so that a large weight is not held twice on the host.
    const std::size_t atOnce = std::clamp<std::size_t>((std::size_t(1) << 20) / cells, 1, panels);
    std::vector<float> slice;
    for (std::size_t begin = 0; begin < panels; begin += atOnce) {
        const std::size_t end = std::min(begin + atOnce, panels);
        slice.assign((end - begin) * cells, 0.0F);
        for (std::size_t row = begin * panel; row < std::min(end * panel, std::size_t(out)); ++row) {
            const float* from = weight.data() + row * std::size_t(in);
            float* to = slice.data() + (row / panel - begin) * cells + row % panel;
            for (std::size_t k = 0; k < std::size_t(in); ++k)
                to[k * panel] = from[k];
        }
        queue.write(packed.panels, std::span<const float>(slice), begin * cells);
    }
    return packed;
}

struct DeviceBlocks::Impl
{
    explicit Impl(Device& device)
        : embed(device.kernel(kernelSource("model/kernels.cl"), "blocks_embed"))
        , rmsNorm(device.kernel(kernelSource("model/kernels.cl"), "blocks_rms_norm"))
        , layerNorm(device.kernel(kernelSource("model/kernels.cl"), "blocks_layer_norm"))
        , denseRow(device.kernel(kernelSource("model/kernels.cl"), "blocks_dense_row"))
        , denseTile(device.kernel(kernelSource("model/kernels.cl"), "blocks_dense_tile"))
        , rotate(device.kernel(kernelSource("model/kernels.cl"), "blocks_rotate"))
        , add(device.kernel(kernelSource("model/kernels.cl"), "blocks_add"))
        , swiGlu(device.kernel(kernelSource("model/kernels.cl"), "blocks_swiglu"))
        , row(device.kernel(kernelSource("model/kernels.cl"), "blocks_row"))
        , onProcessor(device.info().cpu)
    {
    }

    Kernel embed, rmsNorm, layerNorm, denseRow, denseTile, rotate, add, swiGlu, row;
    bool onProcessor;
    std::map<std::pair<double, int>, RotationTables> rotations; // by theta and head width
};

const RotationTables& DeviceBlocks::rotation(Queue& queue, const Positions& positions, int headWidth, int tokens)
{
    if (headWidth % 2 != 0)
        throw Error(Fault::Shape, "rotary positions turn pairs of features; the heads are " +
                                      std::to_string(headWidth) + " wide and an even width was expected");
    RotationTables& held = m_impl->rotations[{positions.theta, headWidth}];
    const int needed = int(divideUp(std::size_t(tokens), positionBlock));
    if (held.blockCount >= needed)
        return held;
    queue.finish(); // before the tables of enqueued launches are replaced
    const std::size_t rowCells = std::size_t(headWidth / 2) * 2;
    const int count = std::max({needed, 2 * held.blockCount, 16});
    RotationTables made{Buffer<float>(queue.device(), positionBlock * rowCells, "the rotation table"),
                        Buffer<float>(queue.device(), std::size_t(count) * rowCells, "the rotation table"), count};
    queue.write(made.steps, std::span<const float>(rotationTable(positions.theta, headWidth, positionBlock, 1)));
    queue.write(made.blocks, std::span<const float>(rotationTable(positions.theta, headWidth, count, positionBlock)));
    held = std::move(made);
    return held;
}

namespace {

void launchRow(Queue& queue, Kernel& kernel, const Buffer<float>& embedding, int id, const LayerEnd& end,
               Buffer<float>& x, const LayerStart& start, int width, float eps)
{
    assert(x.count() >= std::size_t(width) && start.normed.count() >= std::size_t(width));
    assert(start.weights.size() <= 3 && start.weights.size() == start.out.size());
    const auto weight = [&](std::size_t i) -> const Buffer<float>& {
        return i < start.weights.size() ? start.weights[i]->panels : start.norm;
    };
    const auto to = [&](std::size_t i) -> Buffer<float>& {
        return i < start.out.size() ? *start.out[i] : start.normed;
    };
    const auto outs = [&](std::size_t i) { return i < start.weights.size() ? start.weights[i]->out : 0; };
    queue.launch(kernel, Range::groups(1), "row", embedding, id, end.mixed, end.output.in, end.output.panels, end.norm,
                 end.normed, end.gateWeight.panels, end.gate, end.upWeight.panels, end.up, end.upWeight.out,
                 end.downWeight.panels, x, start.norm, start.normed, weight(0), to(0), outs(0), weight(1), to(1),
                 outs(1), weight(2), to(2), outs(2), width, eps);
}

} // namespace

DeviceBlocks::DeviceBlocks(Device& device)
    : m_impl(std::make_shared<Impl>(device))
{
}

void DeviceBlocks::embed(Queue& queue, const Buffer<float>& embedding, const Buffer<int>& ids, Buffer<float>& x,
                         int rows, int width)
{
    assert(ids.count() >= std::size_t(rows) && x.count() >= std::size_t(rows) * std::size_t(width));
    queue.launch(m_impl->embed, Range::groups(std::size_t(rows)), "embed", embedding, ids, x, width);
}

void DeviceBlocks::rmsNorm(Queue& queue, const Buffer<float>& x, const Buffer<float>& weight, Buffer<float>& out,
                           int rows, int width, float eps)
{
    assert(weight.count() == std::size_t(width));
    assert(std::min(x.count(), out.count()) >= std::size_t(rows) * std::size_t(width));
    queue.launch(m_impl->rmsNorm, Range::groups(std::size_t(rows)), "norm", x, weight, out, width, eps);
}

void DeviceBlocks::layerNorm(Queue& queue, const Buffer<float>& x, const Buffer<float>& gain, const Buffer<float>& bias,
                             Buffer<float>& out, int rows, int width, float eps)
{
    assert(gain.count() == std::size_t(width) && bias.count() == std::size_t(width));
    assert(std::min(x.count(), out.count()) >= std::size_t(rows) * std::size_t(width));
    queue.launch(m_impl->layerNorm, Range::groups(std::size_t(rows)), "layer norm", x, gain, bias, out, width, eps);
}

void DeviceBlocks::dense(Queue& queue, const Buffer<float>& x, const PackedWeight& weight, Buffer<float>& out, int rows,
                         bool accumulate)
{
    dense(queue, x, std::array{&weight}, std::array{&out}, rows, accumulate);
}

void DeviceBlocks::dense(Queue& queue, const Buffer<float>& x, std::span<const PackedWeight* const> weights,
                         std::span<Buffer<float>* const> out, int rows, bool accumulate)
{
    assert(weights.size() == out.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        assert(weights[i]->in == weights.front()->in);
        assert(x.count() >= std::size_t(rows) * std::size_t(weights[i]->in));
        assert(out[i]->count() >= std::size_t(rows) * std::size_t(weights[i]->out));
    }
    if (rows > 1) {
        for (std::size_t i = 0; i < weights.size(); ++i)
            queue.launch(m_impl->denseTile,
                         Range::groups(divideUp(std::size_t(rows), rowsOfGroup), panelsOf(weights[i]->out)), "dense", x,
                         weights[i]->panels, *out[i], rows, weights[i]->in, weights[i]->out, int(accumulate));
        return;
    }
    constexpr std::size_t together = 3; // weights of one launch
    for (std::size_t first = 0; first < weights.size(); first += together) {
        const std::size_t count = std::min(together, weights.size() - first);
        const auto weight = [&](std::size_t i) -> const PackedWeight& { return *weights[first + (i < count ? i : 0)]; };
        const auto to = [&](std::size_t i) -> Buffer<float>& { return *out[first + (i < count ? i : 0)]; };
        const auto outs = [&](std::size_t i) { return i < count ? weight(i).out : 0; };
        queue.launch(m_impl->denseRow, Range::groups(panelsOf(outs(0)) + panelsOf(outs(1)) + panelsOf(outs(2))),
                     "dense", x, weight(0).panels, to(0), outs(0), weight(1).panels, to(1), outs(1), weight(2).panels,
                     to(2), outs(2), weight(0).in, int(accumulate));
    }
}

void DeviceBlocks::rotate(Queue& queue, const Positions& positions, const HeadRows& queries, const HeadRows& keys,
                          int rows, int headWidth, int first)
{
    for (const HeadRows* part : {&queries, &keys}) {
        const std::size_t cells = std::size_t(rows) * std::size_t(part->heads) * std::size_t(headWidth);
        assert(std::min(part->from.count(), part->to.count()) >= cells);
        if (positions.kind == RopeKind::None && part->from.get() != part->to.get())
            queue.copy(part->from, 0, part->to, 0, cells);
    }
    if (positions.kind == RopeKind::None)
        return;
    const RotationTables& table = rotation(queue, positions, headWidth, first + rows);
    const int pairs = headWidth / 2;
    // A fixed group: PoCL compiles the kernel anew for every size it chooses itself.
    const std::size_t group = std::min<std::size_t>(64, queue.device().info().maxWorkGroup);
    const std::size_t items = std::size_t(queries.heads + keys.heads) * std::size_t(pairs);
    const Range range{2, {divideUp(items, group) * group, std::size_t(rows), 1}, {group, 1, 1}};
    queue.launch(m_impl->rotate, range, "rotate", queries.from, queries.to, queries.heads, keys.from, keys.to,
                 keys.heads, table.steps, table.blocks, first, pairs, int(positions.kind == RopeKind::Interleaved));
}

void DeviceBlocks::add(Queue& queue, const Buffer<float>& from, Buffer<float>& to, int rows, int width)
{
    const std::size_t count = std::size_t(rows) * std::size_t(width);
    assert(std::min(from.count(), to.count()) >= count);
    queue.launch(m_impl->add, Range::groups(divideUp(count, chunk)), "add", from, to, int(count));
}

void DeviceBlocks::swiGlu(Queue& queue, const Buffer<float>& gate, const Buffer<float>& up, Buffer<float>& out,
                          int rows, int width)
{
    const std::size_t count = std::size_t(rows) * std::size_t(width);
    assert(std::min({gate.count(), up.count(), out.count()}) >= count);
    queue.launch(m_impl->swiGlu, Range::groups(divideUp(count, chunk)), "swiglu", gate, up, out, int(count));
}

bool DeviceBlocks::rowPays(std::size_t weights) const
{
    return m_impl->onProcessor && weights <= mostRowWeights;
}

void DeviceBlocks::row(Queue& queue, const LayerEnd& end, Buffer<float>& x, const LayerStart& start, float eps)
{
    const int width = end.output.out;
    assert(end.mixed.count() >= std::size_t(end.output.in) && end.downWeight.in == end.upWeight.out);
    launchRow(queue, m_impl->row, end.norm, -1, end, x, start, width, eps);
}

void DeviceBlocks::row(Queue& queue, const Buffer<float>& embedding, TokenId id, Buffer<float>& x,
                       const LayerStart& start, float eps)
{
    // Nothing ends here: the arguments of an end only have to be buffers.
    const PackedWeight& none = *start.weights.front();
    launchRow(queue, m_impl->row, embedding, id.value,
              {start.norm, none, start.norm, none, none, none, start.normed, start.normed, start.normed}, x, start,
              none.in, eps);
}

} // namespace engine
