// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/round.h"

#include "engine/model/model.h"

#include <chrono>
#include <cmath>
#include <random>

namespace engine {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanosecondsSince(Clock::time_point begin)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

// Numbers of variance 1, the same on every machine.
std::vector<float> randomCells(std::size_t count, std::mt19937_64& random)
{
    std::vector<float> cells(count);
    for (float& cell : cells)
        cell = float((double(random() >> 11U) * 0x1p-53 * 2 - 1) * std::sqrt(3.0));
    return cells;
}

class ReferenceLane : public Lane
{
public:
    ReferenceLane(const Method& method, const LayerContext& context, const LayerInput& input)
        : m_method(method)
        , m_context(context)
        , m_input(input)
    {
    }

    std::int64_t timedRun() override
    {
        Recorder recorder;
        const auto begin = Clock::now();
        const Matrix mixed = m_method.attention(m_input, m_context, recorder);
        return nanosecondsSince(begin);
    }

    std::string form() const override { return {}; }

    std::size_t stateBytes() const override { return 0; }

private:
    const Method& m_method;
    const LayerContext& m_context;
    const LayerInput& m_input;
};

// A pass. Short ones are enqueued as the layers of a model are, each with a state of its own, before the queue is
// waited for: else what is timed is how long sleeping threads take to wake. What is given is the share of one.
class DeviceLane : public Lane
{
public:
    DeviceLane(const Method& method, const LayerContext& context, DeviceRows& rows, int tokens, DeviceContext& device)
        : m_rows(rows)
        , m_tokens(tokens)
        , m_device(device)
    {
        const auto operations = method.cost(context.shape, context.plan.attention.knobs, tokens).operations;
        const int layers = operations < shortPass ? manyLayers : 1;
        for (int layer = 0; layer < layers; ++layer)
            m_layers.push_back(method.deviceAttention(context, device, tokens));
    }

    // What was enqueued must have run before the method's buffers die, whatever was thrown.
    ~DeviceLane() override
    {
        try {
            m_device.queue.finish();
        } catch (const Error&) { // NOLINT(bugprone-empty-catch): reported where it happened
        }
    }

    DeviceLane(const DeviceLane&) = delete;
    DeviceLane& operator=(const DeviceLane&) = delete;

    std::int64_t timedRun() override
    {
        Recorder recorder;
        for (const auto& layer : m_layers)
            layer->reset(m_device.queue);
        m_device.queue.finish();
        const LayerRows rows{m_rows.query, m_rows.key, m_rows.value, nullptr, 0, m_tokens};
        const auto begin = Clock::now();
        for (const auto& layer : m_layers)
            layer->append(rows, m_rows.out, m_device, recorder);
        m_device.queue.finish();
        const std::int64_t elapsed = nanosecondsSince(begin);
        m_device.queue.drainSpans(); // or they would pile up
        return elapsed / std::int64_t(m_layers.size());
    }

    std::string form() const override { return m_layers.front()->form(); }

    std::size_t stateBytes() const override { return m_layers.front()->stateBytes(); }

private:
    static constexpr std::int64_t shortPass = 200'000'000; // operations, about a millisecond of two cores
    static constexpr int manyLayers = 8;

    DeviceRows& m_rows;
    int m_tokens;
    DeviceContext& m_device;
    std::vector<std::unique_ptr<DeviceAttention>> m_layers;
};

// One token more after `tokens`, the state made anew before every timed run. Several are taken before the queue is
// waited for, as the layers of a model are; what is given is the share of one.
class DecodeLane : public Lane
{
public:
    DecodeLane(const Method& method, const LayerContext& context, DeviceRows& rows, int tokens, DeviceContext& device)
        : m_rows(rows)
        , m_tokens(tokens)
        , m_device(device)
        , m_attention(method.deviceAttention(context, device, tokens + together))
    {
    }

    ~DecodeLane() override
    {
        try {
            m_device.queue.finish();
        } catch (const Error&) { // NOLINT(bugprone-empty-catch): reported where it happened
        }
    }

    DecodeLane(const DecodeLane&) = delete;
    DecodeLane& operator=(const DecodeLane&) = delete;

    std::int64_t timedRun() override
    {
        m_attention->reset(m_device.queue);
        append(0, m_tokens);
        append(m_tokens, 1); // its kernels are built
        m_device.queue.finish();
        const auto begin = Clock::now();
        for (int step = 1; step < together; ++step)
            append(m_tokens + step, 1);
        m_device.queue.finish();
        const std::int64_t elapsed = nanosecondsSince(begin);
        m_device.queue.drainSpans(); // or they would pile up
        return elapsed / (together - 1);
    }

    std::string form() const override { return m_attention->form(); }

    std::size_t stateBytes() const override { return m_attention->stateBytes(); }

private:
    static constexpr int together = 9;

    // Every new token has the first one's rows: no time depends on numbers.
    void append(int first, int count)
    {
        Recorder nothing;
        m_attention->append({m_rows.query, m_rows.key, m_rows.value, nullptr, first, count}, m_rows.out, m_device,
                            nothing);
    }

    DeviceRows& m_rows;
    int m_tokens;
    DeviceContext& m_device;
    std::unique_ptr<DeviceAttention> m_attention;
};

} // namespace

Round::Round(const SweepRequest& request, Timed what, const std::vector<LayerContext>& contexts, int tokens,
             DeviceContext* device)
    : m_contexts(contexts)
    , m_shape(request.shape)
    , m_tokens(tokens)
    , m_what(what)
    , m_device(device)
{
    checkMemory();
    std::mt19937_64 random(request.seed + std::uint64_t(tokens));
    const auto rows = [&](int heads, int width) {
        return randomCells(std::size_t(tokens) * std::size_t(heads) * std::size_t(width), random);
    };
    const std::vector<float> query = rows(m_shape.heads, m_shape.keyWidth);
    const std::vector<float> key = rows(m_shape.keyHeads, m_shape.keyWidth);
    const std::vector<float> value = rows(m_shape.keyHeads, m_shape.valueWidth);
    if (device != nullptr) {
        m_rows.query = upload(query, "the queries");
        m_rows.key = upload(key, "the keys");
        m_rows.value = upload(value, "the values");
        m_rows.out = Buffer<float>(device->device,
                                   std::size_t(tokens) * std::size_t(m_shape.heads) * std::size_t(m_shape.valueWidth),
                                   "the mixed rows");
    } else {
        m_input.queries = split(query, m_shape.heads, m_shape.keyWidth);
        m_input.keys = split(key, m_shape.keyHeads, m_shape.keyWidth);
        m_input.values = split(value, m_shape.keyHeads, m_shape.valueWidth);
    }
}

std::unique_ptr<Lane> Round::lane(std::size_t place)
{
    const LayerContext& context = m_contexts[place];
    const Method& method = findMethod(context.plan.attention.method);
    if (m_device == nullptr)
        return std::make_unique<ReferenceLane>(method, context, m_input);
    if (method.deviceAttention == nullptr)
        throw Error(Fault::Request, std::string(method.info.id) + " has no device form; use --backend reference");
    if (m_what == Timed::Token)
        return std::make_unique<DecodeLane>(method, context, m_rows, m_tokens, *m_device);
    return std::make_unique<DeviceLane>(method, context, m_rows, m_tokens, *m_device);
}

// The inputs, and on the reference back end the float64 maps of one head.
void Round::checkMemory() const
{
    const double row = double(m_shape.heads) * (m_shape.keyWidth + m_shape.valueWidth) +
                       double(m_shape.keyHeads) * (m_shape.keyWidth + m_shape.valueWidth);
    const double maps = m_device == nullptr ? 3.0 * 8 * m_tokens * m_tokens : 0;
    const double need = row * m_tokens * (m_device == nullptr ? 12 : 4) + maps;
    if (need > double(memoryLimit()))
        throw Error(Fault::Memory, std::to_string(m_tokens) + " tokens need " + std::to_string(need / 1e9) +
                                       " GB; the limit is " + std::to_string(double(memoryLimit()) / 1e9) + " GB");
}

Buffer<float> Round::upload(const std::vector<float>& cells, const char* what)
{
    Buffer<float> buffer(m_device->device, cells.size(), what);
    m_device->queue.write(buffer, std::span<const float>(cells));
    return buffer;
}

std::vector<Matrix> Round::split(const std::vector<float>& cells, int slots, int width) const
{
    const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> all(
        cells.data(), m_tokens, Eigen::Index(slots) * width);
    std::vector<Matrix> parts;
    parts.reserve(std::size_t(slots));
    for (int slot = 0; slot < slots; ++slot)
        parts.emplace_back(all.middleCols(Eigen::Index(slot) * width, width).cast<double>());
    return parts;
}

} // namespace engine
