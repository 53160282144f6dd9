// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/softmax/device.h"

#include "engine/compute/settle.h"
#include "engine/methods/common/rotatedrows.h"
#include "engine/methods/common/rowcache.h"
#include "engine/methods/softmax/reference.h"

#include <numbers>

namespace engine::softmax {
namespace {

constexpr std::string_view kernels = "methods/softmax/kernels.cl";

// Scores are kept times log₂e, so that e^score is a power of two.
float binaryScale(const LayerContext& context)
{
    return float(scaleOf(context) * std::numbers::log2e);
}

// Operations of one query row over `keys` keys: two products and the softmax.
double rowOperations(const LayerShape& shape, int keys)
{
    return double(keys) * (2.0 * shape.keyWidth + 2.0 * shape.valueWidth + 20.0);
}

class SoftmaxAttention : public DeviceAttention
{
public:
    SoftmaxAttention(const LayerContext& context, DeviceContext& device, int expectedTokens)
        : m_shape(context.shape)
        , m_positions(context.positions)
        , m_layer(context.layer)
        , m_scale(binaryScale(context))
        , m_queue(device.queue)
        , m_cache(context.shape, expectedTokens)
    {
        const Defines defines = tileDefines(m_shape);
        m_store = device.device.kernel(withTiles(kernels), "store", defines);
        m_attend = device.device.kernel(withTiles(kernels), "attend", defines);
        m_decode = device.device.kernel(withTiles(kernels), "decode", defines);
        m_oneStep = m_shape.keyHeads > 1 || m_shape.heads == 1;
        m_step = device.device.kernel(withTiles(kernels), "decode_new", defines);
    }

    // Buffers must outlive the launches that use them, also when an error ends a run early.
    ~SoftmaxAttention() override { settle(m_queue); }

    SoftmaxAttention(const SoftmaxAttention&) = delete;
    SoftmaxAttention& operator=(const SoftmaxAttention&) = delete;

    void append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder) override;

    void reset(Queue&) override { m_tokens = 0; }

    std::size_t stateBytes() const override { return m_cache.bytes(m_tokens); }

    std::string form() const override { return "direct"; }

private:
    void step(const LayerRows& rows, Buffer<float>& out, DeviceContext& context);
    void attend(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, bool records);

    LayerShape m_shape;
    Positions m_positions;
    LayerIndex m_layer;
    float m_scale;
    Queue& m_queue;
    RowCache m_cache;
    int m_tokens = 0;
    bool m_oneStep = false; // a step has a group per key/value head: one for many heads would leave cores idle
    Kernel m_store, m_attend, m_decode, m_step;
    RotatedRows m_rotated;
    Buffer<float> m_lse, m_entropy; // of the append's rows
};

void SoftmaxAttention::append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder)
{
    if (rows.count == 0)
        return;
    Queue& queue = context.queue;
    const int total = rows.first + rows.count;
    m_cache.reserve(total, std::min(rows.first, m_tokens), queue);
    for (Buffer<float>* numbers : {&m_lse, &m_entropy})
        ensure(*numbers, std::size_t(rows.count) * std::size_t(m_shape.heads), queue, "row sums");
    if (rows.count == 1 && m_oneStep)
        step(rows, out, context);
    else
        attend(rows, out, context, recorder.wantsAny({"softmax.lse", "softmax.entropy"}, m_layer));
    m_tokens = total;
    if (recorder.wants("softmax.lse", m_layer))
        recorder.append("softmax.lse", m_layer, m_lse, rows.count, m_shape.heads, queue);
    if (recorder.wants("softmax.entropy", m_layer))
        recorder.append("softmax.entropy", m_layer, m_entropy, rows.count, m_shape.heads, queue);
}

void SoftmaxAttention::step(const LayerRows& rows, Buffer<float>& out, DeviceContext& context)
{
    const int total = rows.first + 1;
    const bool turns = m_positions.kind != RopeKind::None;
    const RotationTables* tables =
        turns ? &context.blocks.rotation(context.queue, m_positions, m_shape.keyWidth, total) : nullptr;
    const int positions = !turns ? 0 : m_positions.kind == RopeKind::RotateHalf ? 1 : 2;
    context.queue.launch(m_step, Range::groups(std::size_t(m_shape.keyHeads)), "softmax step", rows.query, rows.key,
                         rows.value, m_cache.keys(), m_cache.values(), out, m_lse, m_entropy,
                         turns ? tables->steps : m_cache.keys(), turns ? tables->blocks : m_cache.keys(), positions,
                         total, m_shape.heads, m_shape.keyHeads, m_cache.capacity(), m_scale);
}

void SoftmaxAttention::attend(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, bool records)
{
    Queue& queue = context.queue;
    const int total = rows.first + rows.count;
    const auto [query, key] = m_rotated.of(rows, m_shape, m_positions, context);
    queue.launch(m_store, Range::groups(std::size_t(rows.count)), "softmax store", key, rows.value, m_cache.keys(),
                 m_cache.values(), rows.first, m_shape.keyHeads, m_cache.capacity());
    if (rows.count == 1) {
        queue.launch(m_decode, Range::groups(std::size_t(m_shape.heads)), "softmax decode", query, m_cache.keys(),
                     m_cache.values(), out, m_lse, m_entropy, total, m_shape.heads, m_shape.keyHeads,
                     m_cache.capacity(), m_scale);
    } else {
        launchInPieces(queue, m_attend, panelsOf(rows.count) * m_shape.heads,
                       queryPanel * rowOperations(m_shape, total), "softmax attend", query, m_cache.keys(),
                       m_cache.values(), out, m_lse, m_entropy, rows.first, rows.count, m_shape.heads, m_shape.keyHeads,
                       m_cache.capacity(), int(m_shape.causal), int(records), m_scale);
    }
}

} // namespace

std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens)
{
    return std::make_unique<SoftmaxAttention>(context, device, expectedTokens);
}

void deviceWeights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
                   const LayerContext& context, Buffer<float>& tile, DeviceContext& device)
{
    if (queries.count == 0 || keys.count == 0)
        return;
    const std::vector<float> q = rowsOf(trace.queries(head, queries));
    const std::vector<float> k = panelsOf16(trace.keys(head, keys));
    const std::vector<float> lse = rowsOf(trace.record("softmax.lse", head, queries));
    Buffer<float> query(device.device, q.size(), "recorded queries");
    Buffer<float> panels(device.device, k.size(), "recorded keys");
    Buffer<float> sums(device.device, lse.size(), "recorded log-sum-exps");
    Kernel kernel = device.device.kernel(withTiles(kernels), "weights", tileDefines(context.shape));
    device.queue.write(query, std::span<const float>(q));
    device.queue.write(panels, std::span<const float>(k));
    device.queue.write(sums, std::span<const float>(lse));
    launchInPieces(device.queue, kernel, (queries.count + 3) / 4, 4.0 * rowOperations(context.shape, keys.count),
                   "softmax weights", query, panels, sums, tile, queries.first, queries.count, keys.first, keys.count,
                   int(context.shape.causal), binaryScale(context));
    device.queue.finish();
}

} // namespace engine::softmax
