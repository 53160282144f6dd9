// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/device.h"

#include "engine/compute/settle.h"
#include "engine/methods/common/rotatedrows.h"
#include "engine/methods/common/rowcache.h"
#include "engine/methods/infini/cost.h"
#include "engine/methods/infini/records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace engine::infini {
namespace {

constexpr std::string_view kernels = "methods/infini/kernels.cl";
constexpr int batchTokens = 512; // that go through the kernels at once, at most: the caches hold them
constexpr int writeSlice = 16;   // SLICE of kernels.cl
constexpr std::size_t mostSlotsBytes = std::size_t(1) << 26; // of a batch's memories

std::size_t product(int a, int b)
{
    return std::size_t(a) * std::size_t(b);
}

int readingOf(const Options& options)
{
    return options.reading == Reading::Zeroed ? 1 : options.reading == Reading::Shuffled ? 2 : 0;
}

int ruleOf(const Options& options)
{
    return !options.delta ? 0 : options.correction ? 2 : 1;
}

class InfiniAttention : public DeviceAttention
{
public:
    InfiniAttention(const LayerContext& context, DeviceContext& device, int expectedTokens);

    // Buffers must outlive the launches that use them, also when an error ends a run early.
    ~InfiniAttention() override { settle(m_queue); }

    InfiniAttention(const InfiniAttention&) = delete;
    InfiniAttention& operator=(const InfiniAttention&) = delete;

    void append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder) override;
    void reset(Queue& queue) override;
    bool retake(const LayerContext& context) override;

    std::size_t stateBytes() const override
    {
        return sizeof(float) * std::size_t(stateNumbers(m_shape, m_options.segment, m_tokens));
    }

    std::string form() const override { return "segments"; }

private:
    // The rows of one append: with positions, without, and where results go.
    struct Step
    {
        const Buffer<float>&query, &raw, &key, &rawKey, &value;
        Buffer<float>& out;
        int first = 0, count = 0;
        bool wantsNumbers = false, wantsBranches = false;
    };

    int slices() const { return (m_shape.valueWidth + writeSlice - 1) / writeSlice; }

    std::size_t memorySize() const { return std::size_t(memoryNumbers(m_shape)); } // of all key/value heads

    int openTokens() const { return m_tokens % m_options.segment; }

    int batchRows() const;
    void writeGates();
    void batch(const Step& step, TokenRange rows, Recorder& recorder);
    void attend(const Step& step, TokenRange rows, int open, Queue& queue);
    void close(int open, int count, Queue& queue);
    void refuseBroken(Queue& queue);
    void record(const Step& step, Recorder& recorder);
    void recordBatch(const Step& step, TokenRange rows, Recorder& recorder);
    std::vector<std::vector<Memory>> hostMemories(int slots);

    LayerContext m_context;
    LayerShape m_shape;
    Options m_options;
    Positions m_positions;
    float m_scale; // scores are kept times log₂e
    Queue& m_queue;
    int m_tokens = 0;
    RowCache m_rows;                           // of the open segment, with positions
    Buffer<float> m_state, m_pending, m_gates; // [keyHeads][d·d_v + d]; the open segment's sum; [heads]
    Buffer<float> m_slots;                     // memories after the segments of a batch
    Buffer<int> m_bad;

    Kernel m_store, m_shift, m_write, m_attend, m_decode;
    RotatedRows m_rotated;
    Buffer<float> m_features;                                             // of a batch's keys
    Buffer<float> m_lse, m_denominator, m_share, m_readRows, m_localRows; // of the append's rows
};

InfiniAttention::InfiniAttention(const LayerContext& context, DeviceContext& device, int expectedTokens)
    : m_context(context)
    , m_shape(context.shape)
    , m_options(optionsOf(context))
    , m_positions(localPositions(context))
    , m_scale(float(std::numbers::log2e / std::sqrt(double(context.shape.keyWidth))))
    , m_queue(device.queue)
    , m_rows(context.shape, std::min(expectedTokens, m_options.segment + batchTokens))
    , m_state(device.device, memorySize(), "the memory")
    , m_pending(device.device, memorySize() + product(slices() * m_shape.keyHeads, m_shape.keyWidth),
                "the open segment's sum")
    , m_gates(device.device, std::size_t(m_shape.heads), "gates")
    , m_bad(device.device, product(slices(), m_shape.keyHeads), "marks of broken memories")
    , m_readRows(device.device, 1, "no read-outs")
    , m_localRows(device.device, 1, "no local attention")
{
    const auto kernel = [&](std::string_view name) {
        return device.device.kernel(withTiles(kernels), name, tileDefines(m_shape));
    };
    m_store = kernel("store");
    m_shift = kernel("shift");
    m_write = kernel("write");
    m_attend = kernel("attend");
    m_decode = kernel("decode");
    writeGates();
    m_queue.clear(m_state);
    m_queue.clear(m_pending);
    m_queue.clear(m_bad);
}

void InfiniAttention::writeGates()
{
    const std::vector<double> all = gates(m_context);
    const std::vector<float> gate(all.begin(), all.end());
    m_queue.write(m_gates, std::span<const float>(gate));
}

// The memory, the open segment and its sum do not know of gates.
bool InfiniAttention::retake(const LayerContext& context)
{
    if (!sameBranches(m_context.plan, context.plan))
        return false;
    m_context = context;
    m_options = optionsOf(context);
    writeGates();
    return true;
}

void InfiniAttention::reset(Queue& queue)
{
    m_tokens = 0;
    queue.clear(m_state);
    queue.clear(m_bad);
}

// A batch holds one memory per segment that it touches.
int InfiniAttention::batchRows() const
{
    const std::size_t slots = std::max<std::size_t>(3, mostSlotsBytes / (memorySize() * sizeof(float)));
    const double rows = double(slots - 2) * m_options.segment;
    return int(std::min(rows, double(batchTokens)));
}

void InfiniAttention::append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder)
{
    if (rows.count == 0)
        return;
    Queue& queue = context.queue;
    // Positions go on from segment to segment: only their differences matter, and only within one.
    const auto [query, key] = m_rotated.of(rows, m_shape, m_positions, context);
    const Step step{query,
                    rows.query,
                    key,
                    rows.key,
                    rows.value,
                    out,
                    rows.first,
                    rows.count,
                    recorder.wantsAny({"infini.denominator", "infini.lse", "infini.share"}, m_context.layer),
                    recorder.wantsAny({"infini.read", "infini.local"}, m_context.layer)};
    for (Buffer<float>* numbers : {&m_lse, &m_denominator, &m_share})
        ensure(*numbers, product(rows.count, m_shape.heads), queue, "row sums");
    if (step.wantsBranches)
        for (Buffer<float>* branch : {&m_readRows, &m_localRows})
            ensure(*branch, product(rows.count, m_shape.heads * m_shape.valueWidth), queue, "the branches");

    m_tokens = rows.first;
    const int closedBefore = m_tokens / m_options.segment;
    for (int done = 0; done < rows.count;) {
        const TokenRange part{done, std::min(batchRows(), rows.count - done)};
        batch(step, part, recorder);
        done = part.end();
    }
    if (m_tokens / m_options.segment > closedBefore)
        refuseBroken(queue);
    record(step, recorder);
}

void InfiniAttention::batch(const Step& step, TokenRange rows, Recorder& recorder)
{
    const int open = openTokens(), total = open + rows.count;
    const int touched = segmentsOf(total, m_options.segment);
    m_rows.reserve(total, open, m_queue);
    ensure(m_slots, memorySize() * std::size_t(touched), m_queue, "the memories of a batch");
    ensure(m_features, product(rows.count, m_shape.keyHeads) * std::size_t(roundUp(m_shape.keyWidth, 16)), m_queue,
           "features of keys");
    m_queue.launch(m_store, Range::groups(std::size_t(rows.count)), "infini store", step.key, step.rawKey, step.value,
                   m_rows.keys(), m_rows.values(), m_features, rows.first, open, m_shape.keyHeads, m_rows.capacity());
    m_queue.launch(m_write, Range::groups(std::size_t(slices()), std::size_t(m_shape.keyHeads)), "infini write",
                   m_features, m_rows.values(), m_state, m_slots, m_pending, m_bad, rows.count, open, m_options.segment,
                   m_shape.keyHeads, m_rows.capacity(), ruleOf(m_options));
    attend(step, rows, open, m_queue);
    recordBatch(step, rows, recorder);
    close(open, rows.count, m_queue);
    m_tokens += rows.count;
}

void InfiniAttention::attend(const Step& step, TokenRange rows, int open, Queue& queue)
{
    const int segment = m_options.segment, total = open + rows.count;
    if (rows.count == 1) {
        queue.launch(m_decode, Range::groups(std::size_t(m_shape.heads)), "infini decode", step.query, step.raw,
                     m_rows.keys(), m_rows.values(), m_state, m_gates, step.out, m_lse, m_denominator, m_share,
                     m_readRows, m_localRows, rows.first, open, m_shape.heads, m_shape.keyHeads, m_rows.capacity(),
                     m_scale, int(m_options.firstGated), readingOf(m_options), int(step.wantsBranches));
        return;
    }
    const int endOfFirst = std::min(segment, total), after = total - endOfFirst;
    const int panels = panelsOf(endOfFirst - open) + after / segment * panelsOf(segment) + panelsOf(after % segment);
    const double width = 2.0 * m_shape.keyWidth + 2.0 * m_shape.valueWidth + 20.0;
    const double each = queryPanel * (std::min(segment, total) * width + 2.0 * m_shape.keyWidth * m_shape.valueWidth);
    launchInPieces(queue, m_attend, panels * m_shape.heads, each, "infini attend", step.query, step.raw, m_rows.keys(),
                   m_rows.values(), m_state, m_slots, m_gates, step.out, m_lse, m_denominator, m_share, m_readRows,
                   m_localRows, rows.first, rows.count, open, segment, m_shape.heads, m_shape.keyHeads,
                   m_rows.capacity(), m_scale, int(m_options.firstGated), readingOf(m_options), int(step.wantsNumbers),
                   int(step.wantsBranches));
}

// The last closed segment's memory becomes the state, the open one's rows go to the front.
void InfiniAttention::close(int open, int count, Queue& queue)
{
    const int closed = (open + count) / m_options.segment, left = (open + count) % m_options.segment;
    if (closed == 0)
        return;
    queue.copy(m_slots, std::size_t(closed - 1) * memorySize(), m_state, 0, memorySize());
    if (left > 0)
        queue.launch(m_shift, Range::groups(std::size_t(left)), "infini shift", m_rows.keys(), m_rows.values(),
                     closed * m_options.segment, m_shape.keyHeads, m_rows.capacity());
}

void InfiniAttention::refuseBroken(Queue& queue)
{
    std::vector<int> marks(m_bad.count());
    queue.read(m_bad, std::span<int>(marks));
    const auto bad = std::ranges::find_if(marks, [](int mark) { return mark != 0; });
    if (bad != marks.end())
        throw notFinite(placeOf(m_context, int(bad - marks.begin()) / slices()), {0, m_tokens});
}

void InfiniAttention::record(const Step& step, Recorder& recorder)
{
    const LayerIndex layer = m_context.layer;
    const auto append = [&](std::string_view probe, const Buffer<float>& numbers, int cols) {
        if (recorder.wants(probe, layer))
            recorder.append(probe, layer, numbers, step.count, cols, m_queue);
    };
    append("infini.denominator", m_denominator, m_shape.heads);
    append("infini.lse", m_lse, m_shape.heads);
    append("infini.share", m_share, m_shape.heads);
    append("infini.read", m_readRows, m_shape.heads * m_shape.valueWidth);
    append("infini.local", m_localRows, m_shape.heads * m_shape.valueWidth);
    if (step.first == 0)
        recordGates(recorder, m_context);
}

// The memories before and after the segments of a batch, per key/value head.
std::vector<std::vector<Memory>> InfiniAttention::hostMemories(int slots)
{
    const int d = m_shape.keyWidth, dv = m_shape.valueWidth;
    std::vector<float> cells(memorySize() * std::size_t(slots + 1));
    m_queue.read(m_state, std::span(cells).first(memorySize()));
    m_queue.read(m_slots, std::span(cells).subspan(memorySize()));
    std::vector<std::vector<Memory>> all(std::size_t(m_shape.keyHeads));
    const float* at = cells.data();
    for (int slot = 0; slot <= slots; ++slot) {
        for (std::vector<Memory>& head : all) {
            Memory memory = emptyMemory(d, dv);
            std::copy_n(at, product(d, dv), memory.m.data());
            std::copy_n(at + product(d, dv), d, memory.z.data());
            head.push_back(std::move(memory));
            at += product(d, dv + 1);
        }
    }
    return all;
}

// What is taken from whole memories waits for them, and is computed as the reference does.
void InfiniAttention::recordBatch(const Step& step, TokenRange rows, Recorder& recorder)
{
    const LayerIndex layer = m_context.layer;
    static constexpr std::array<std::string_view, 4> snapshots{"infini.memory", "infini.normaliser", "infini.written",
                                                               "infini.singular_values"};
    const bool novelty = recorder.wants("infini.novelty", layer);
    if (!novelty && std::ranges::none_of(snapshots, [&](auto probe) { return recorder.wants(probe, layer); }))
        return;
    const int open = openTokens();
    const auto memories = hostMemories(segmentsOf(open + rows.count, m_options.segment));
    for (int head = 0; head < m_shape.heads; ++head)
        recordMemories(recorder, m_context, head, m_tokens / m_options.segment,
                       memories[std::size_t(m_shape.keyHeadOf(head))]);
    if (!novelty)
        return;
    const auto rowsOfHeads = [&](const Buffer<float>& from, int width) {
        std::vector<float> cells(product(rows.count, m_shape.keyHeads * width));
        m_queue.read(from, std::span(cells), product(rows.first, m_shape.keyHeads * width));
        const Matrix all = matrixOf(Grid(std::move(cells), rows.count, m_shape.keyHeads * width));
        std::vector<Matrix> heads;
        heads.reserve(std::size_t(m_shape.keyHeads));
        for (int head = 0; head < m_shape.keyHeads; ++head)
            heads.emplace_back(all.middleCols(Eigen::Index(head) * width, width));
        return heads;
    };
    recordNovelty(recorder, m_context, open, memories, rowsOfHeads(step.rawKey, m_shape.keyWidth),
                  rowsOfHeads(step.value, m_shape.valueWidth));
}

} // namespace

std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens)
{
    return std::make_unique<InfiniAttention>(context, device, expectedTokens);
}

} // namespace engine::infini
