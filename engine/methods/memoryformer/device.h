// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/source.h"

#include <memory>
#include <optional>

namespace engine::memoryformer {

// Hashes one input on a device and keeps its addresses and scales for the look-ups that share them.
class DeviceHash
{
public:
    DeviceHash(const Chunks& chunks, std::span<const float> thresholds, const HashRule& rule, DeviceContext& device);

    void apply(const Buffer<float>& x, int rows, Queue& queue);

    // Whether so few tokens are better hashed by each look-up for itself, in one launch with it (DeviceTables::lookUp).
    bool inPassing(int rows) const;

    const HashRule& rule() const { return m_rule; }

    const Buffer<float>& thresholds() const { return m_thresholds; }

    int terms() const { return m_chunks.count() * m_rule.probes; }

    int probes() const { return m_rule.probes; }

    const Buffer<int>& codes() const { return m_codes; } // [rows, tables, probes]

    const Buffer<float>& scales() const { return m_scales; }

    bool wanted(Weight first, LayerIndex layer, const Recorder& recorder) const;

    // Both under their probes' names; nothing is read that nobody wants.
    void record(Weight first, LayerIndex layer, int rows, Recorder& recorder, Queue& queue);

private:
    Chunks m_chunks;
    HashRule m_rule;
    Kernel m_hash, m_numbers;
    Buffer<float> m_thresholds, m_scales, m_codeNumbers;
    Buffer<int> m_codes;
};

// One set of tables on a device, in slices of outputs (kernels.cl).
class DeviceTables
{
public:
    DeviceTables(const TableView& tables, DeviceContext& device);

    // Sums the rows that the hash picked, [rows, outputs].
    void apply(const DeviceHash& hash, int rows, Buffer<float>& out, bool accumulate, Queue& queue);

    // Hashes and sums in one launch, where hash.inPassing(rows); what the hash holds is not touched.
    void lookUp(const DeviceHash& hash, const Buffer<float>& x, int rows, Buffer<float>& out, bool accumulate,
                Queue& queue);

    const Chunks& chunks() const { return m_chunks; }

    std::size_t bytes() const { return m_cells.bytes(); }

private:
    // Tokens that a group takes through its tables, and how many tables at a time.
    int panelOf(int rows) const;
    int blockOf(int panel) const;

    Chunks m_chunks;
    int m_outputs = 0, m_padded = 0, m_units = 1;
    Kernel m_gather, m_lookUp;
    Buffer<float> m_cells, m_bias;
    Buffer<float> m_sums; // between blocks of tables
};

std::unique_ptr<DeviceLinear> makeDevice(std::span<const Weight> which, const LayerContext& context,
                                         const DeviceModel& model, DeviceContext& device);

// One Memory Layer of random tables. Throws Error{Memory} where they do not fit.
std::unique_ptr<DeviceLinear> makeRandom(int width, int outputs, const KnobValues& knobs, std::uint64_t seed,
                                         DeviceContext& device);

} // namespace engine::memoryformer
