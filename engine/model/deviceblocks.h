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

private:
    struct Impl;
    std::shared_ptr<Impl> m_impl;
};

} // namespace engine
