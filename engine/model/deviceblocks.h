// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/queue.h"
#include "engine/model/blocks.h"
#include "engine/model/model.h"

#include <map>
#include <memory>

namespace engine {

// A dense weight on the device in the layout `DeviceBlocks::dense` reads fastest: [⌈out/32⌉][in][32], padded with
// zeros.
struct PackedWeight
{
    Buffer<float> panels;
    int out = 0, in = 0;
};

PackedWeight packWeight(Queue& queue, std::span<const float> weight, int out, int in);

// Rows [rows, heads·headWidth] to be turned from one buffer into another, which may be the same.
struct HeadRows
{
    const Buffer<float>& from;
    Buffer<float>& to;
    int heads = 0;
};

// (cos, sin) of rotary angles as [count, headWidth/2] pairs: of positions 0 … 255, and of every 256th one. The product
// of two turns by any position.
struct RotationTables
{
    Buffer<float> steps, blocks;
    int blockCount = 0;
};

// The end of a layer of one row: its mixed row, and what the steps up to the residual stream leave.
struct LayerEnd
{
    const Buffer<float>& mixed;
    const PackedWeight& output;
    const Buffer<float>& norm; // of the feed-forward
    const PackedWeight &gateWeight, &upWeight, &downWeight;
    Buffer<float>&normed, &gate, &up; // what gate and up read; scratch; what down reads
};

// The start of a layer: the norm of the residual stream and the products of it, up to three; none after the last layer.
struct LayerStart
{
    const Buffer<float>& norm;
    Buffer<float>& normed;
    std::span<const PackedWeight* const> weights;
    std::span<Buffer<float>* const> out;
};

// The steps of a block on a queue, float32: rows of x lie one after another, [rows, width]. One object per worker
// thread.
class DeviceBlocks
{
public:
    explicit DeviceBlocks(Device& device); // takes its kernels (builds at first use)

    void embed(Queue&, const Buffer<float>& embedding, const Buffer<int>& ids, Buffer<float>& x, int rows, int width);
    void rmsNorm(Queue&, const Buffer<float>& x, const Buffer<float>& weight, Buffer<float>& out, int rows, int width,
                 float eps);
    // (x − mean)/√(variance + eps)·gain + bias of each row.
    void layerNorm(Queue&, const Buffer<float>& x, const Buffer<float>& gain, const Buffer<float>& bias,
                   Buffer<float>& out, int rows, int width, float eps);
    // out[rows, W.out] = x[rows, W.in]·Wᵀ; with `accumulate` it is added to out (residual).
    void dense(Queue&, const Buffer<float>& x, const PackedWeight& weight, Buffer<float>& out, int rows,
               bool accumulate = false);
    // The same for several weights of one input width, which share launches where a launch is what costs: at one row.
    void dense(Queue&, const Buffer<float>& x, std::span<const PackedWeight* const> weights,
               std::span<Buffer<float>* const> out, int rows, bool accumulate = false);
    // RoPE on queries and keys; the first row has position `first`. RopeKind::None copies. Accurate to float rounding
    // at any position.
    void rotate(Queue&, const Positions& positions, const HeadRows& queries, const HeadRows& keys, int rows,
                int headWidth, int first);
    // to += from (residual of a block without output projection).
    void add(Queue&, const Buffer<float>& from, Buffer<float>& to, int rows, int width);
    void swiGlu(Queue&, const Buffer<float>& gate, const Buffer<float>& up, Buffer<float>& out, int rows, int width);

    // One row from a layer's end to the next one's start in a single launch of one group, for models so small that
    // launches cost more than a second core gives; the bits are those of the steps one by one. x is the residual row.
    void row(Queue&, const LayerEnd& end, Buffer<float>& x, const LayerStart& start, float eps);
    // The same where the row begins: x becomes row `id` of the embedding.
    void row(Queue&, const Buffer<float>& embedding, TokenId id, Buffer<float>& x, const LayerStart& start, float eps);
    // Whether row() is for a layer of that many weights: where a group is a processor's core.
    bool rowPays(std::size_t weights) const;

    // What rotate() turns by, for positions before `tokens`. Valid until it is asked for more.
    const RotationTables& rotation(Queue&, const Positions& positions, int headWidth, int tokens);

private:
    struct Impl;
    std::shared_ptr<Impl> m_impl;
};

} // namespace engine
