// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/device.h"

#include "engine/compute/settle.h"
#include "engine/methods/common/rotatedrows.h"
#include "engine/methods/common/rowcache.h"
#include "engine/methods/taylorshift/form.h"
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/temperature.h"

#include <algorithm>
#include <cmath>

namespace engine::taylorshift {
namespace {

constexpr std::string_view kernels = "methods/taylorshift/kernels.cl";
constexpr int sliceTarget = 192;                             // features that one work-group of `build` sums, about
constexpr int leastSlice = 32;                               // numbers of two vectors, which it sums side by side
constexpr int enoughGroups = 32;                             // work-groups that keep a handful of cores busy
constexpr int leastSplit = 128;                              // tokens that are worth a state of their own
constexpr std::size_t mostPartsBytes = std::size_t(1) << 26; // of the splits' states

Defines defines(const LayerShape& shape)
{
    Defines all = tileDefines(shape);
    all["SLICE_TARGET"] = std::to_string(sliceTarget);
    return all;
}

int columnsOf(const LayerShape& shape)
{
    return shape.valueWidth + 1;
}

std::size_t product(int a, int b)
{
    return std::size_t(a) * std::size_t(b);
}

class TaylorAttention : public DeviceAttention
{
public:
    TaylorAttention(const LayerContext& context, DeviceContext& device, int expectedTokens);

    // Buffers must outlive the launches that use them, also when an error ends a run early.
    ~TaylorAttention() override { settle(m_queue); }

    TaylorAttention(const TaylorAttention&) = delete;
    TaylorAttention& operator=(const TaylorAttention&) = delete;

    void append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder) override;

    void reset(Queue& queue) override
    {
        m_tokens = 0;
        if (m_state.count() > 0)
            queue.clear(m_state);
    }

    std::size_t stateBytes() const override
    {
        return m_form == Form::Direct ? m_rows.bytes(m_tokens) : m_state.bytes();
    }

    std::string form() const override { return std::string(nameOf(m_ran)); }

private:
    // The rows of one append with their positions, and where results go.
    struct Step
    {
        const Buffer<float>& query;
        const Buffer<float>& key;
        const Buffer<float>& value;
        Buffer<float>& out;
        int first = 0, count = 0;
        bool records = false; // sums and norms of the rows are wanted
    };

    void allocateState(Queue& queue);
    void direct(const Step& step, Queue& queue);
    void efficient(const Step& step, Queue& queue);
    void chunked(const Step& step, Queue& queue);
    void recurrent(const Step& step, Queue& queue);

    // Keys and values where they lie: token t of key/value head h is row t·tokenStride + h·headStride. Keys of the
    // cache are unit rows, those of a layer raw ones.
    struct Rows
    {
        const Buffer<float>& keys;
        const Buffer<float>& values;
        int tokenStride = 0, headStride = 0;
        bool raw = false;
    };

    Rows cached() const { return {m_rows.keys(), m_rows.values(), 1, m_rows.capacity(), false}; }

    void storeRows(const Step& step, int place, Queue& queue);
    void attend(const Step& step, TokenRange rows, int place, const Rows& from, TokenRange keys, bool useState,
                Queue& queue);
    void build(Buffer<float>& state, const Rows& from, TokenRange keys, int splits, bool accumulate, Queue& queue);
    void record(const Step& step, DeviceContext& context, Recorder& recorder);
    void recordState(int lastToken, Queue& queue, Recorder& recorder);

    float outScale(int token) const; // of a single row
    float outScale() const;          // of all rows: 0 where each has its own

    int slices() const { return (storedFeatures(m_shape.keyWidth) + sliceTarget - 1) / sliceTarget; }

    double stateOperations() const { return 2.0 * double(stateSize(m_shape)); } // of one row and head

    LayerShape m_shape;
    Positions m_positions;
    LayerIndex m_layer;
    KnobValues m_knobs;
    bool m_outputScale;
    std::vector<double> m_tau;
    Queue& m_queue;
    Form m_form; // what keeps the past: Direct rows, every other form a state
    Form m_ran;
    int m_tokens = 0;
    RowCache m_rows;             // state of Direct, scratch of the others
    Buffer<float> m_state;       // [keyHeads][d_v + 1][F]
    Buffer<float> m_temperature; // [heads]

    Kernel m_store, m_attend, m_decode, m_build, m_reduce, m_recur, m_finish, m_shares, m_show;
    RotatedRows m_rotated;
    Buffer<float> m_parts, m_mixed;                                // scratch
    Buffer<float> m_denominator, m_linear, m_queryNorm, m_keyNorm; // of the append's rows
    Buffer<float> m_constantShare, m_linearShare, m_quadraticShare, m_headKeyNorm, m_shown;
};

TaylorAttention::TaylorAttention(const LayerContext& context, DeviceContext& device, int expectedTokens)
    : m_shape(context.shape)
    , m_positions(context.positions)
    , m_layer(context.layer)
    , m_knobs(context.plan.attention.knobs)
    , m_outputScale(optionsOf(m_knobs).outputScale)
    , m_tau(temperatures(context))
    , m_queue(device.queue)
    , m_form(chooseForm(m_shape, m_knobs, expectedTokens))
    , m_ran(m_form)
    , m_rows(m_shape, m_form == Form::Direct ? expectedTokens : 0)
    , m_temperature(device.device, m_tau.size(), "temperatures")
{
    const auto kernel = [&](std::string_view name) {
        return device.device.kernel(withTiles(kernels), name, defines(m_shape));
    };
    m_store = kernel("store");
    m_attend = kernel("attend");
    m_decode = kernel("decode");
    m_build = kernel("build");
    m_reduce = kernel("reduce");
    m_recur = kernel("recur");
    m_finish = kernel("finish");
    m_shares = kernel("shares");
    m_show = kernel("show");
    const std::vector<float> tau(m_tau.begin(), m_tau.end());
    m_queue.write(m_temperature, std::span<const float>(tau));
    if (m_form != Form::Direct)
        allocateState(m_queue);
    else
        m_state = Buffer<float>(device.device, 1, "no state"); // kernels take a state even when they read none
}

void TaylorAttention::allocateState(Queue& queue)
{
    const std::size_t size = std::size_t(storedSize(m_shape)) * std::size_t(m_shape.keyHeads);
    if (m_state.count() >= size)
        return;
    ensure(m_state, size, queue, "TaylorShift's state");
    queue.clear(m_state);
}

void TaylorAttention::append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder)
{
    if (rows.count == 0)
        return;
    Queue& queue = context.queue;
    if (!m_shape.causal) { // fed whole: now the length is known
        m_form = chooseForm(m_shape, m_knobs, rows.count);
        if (m_form != Form::Direct)
            allocateState(queue);
    }
    const auto [query, key] = m_rotated.of(rows, m_shape, m_positions, context);
    const bool records = recorder.wantsAny({"taylorshift.denominator", "taylorshift.query_norm", "taylorshift.constant",
                                            "taylorshift.linear", "taylorshift.quadratic"},
                                           m_layer);
    const Step step{query, key, rows.value, out, rows.first, rows.count, records};
    for (Buffer<float>* numbers : {&m_denominator, &m_linear, &m_queryNorm, &m_keyNorm})
        ensure(*numbers, product(rows.count, m_shape.heads), queue, "row sums");

    m_ran = m_form == Form::Chunked && rows.count == 1 ? Form::Recurrent : m_form;
    switch (m_ran) {
    case Form::Direct:
        direct(step, queue);
        break;
    case Form::Efficient:
        efficient(step, queue);
        break;
    case Form::Chunked:
        chunked(step, queue);
        break;
    case Form::Recurrent:
        recurrent(step, queue);
        break;
    }
    m_tokens = rows.first + rows.count;
    record(step, context, recorder);
}

float TaylorAttention::outScale(int token) const
{
    return m_outputScale ? float(std::sqrt((token + 1.0) / m_shape.keyWidth)) : 1.0F;
}

float TaylorAttention::outScale() const
{
    return m_outputScale ? 0.0F : 1.0F;
}

void TaylorAttention::storeRows(const Step& step, int place, Queue& queue)
{
    queue.launch(m_store, Range::groups(std::size_t(step.count)), "taylorshift store", step.key, step.value,
                 m_rows.keys(), m_rows.values(), m_keyNorm, place, m_shape.keyHeads, m_rows.capacity());
}

// Rows of the append against the state and the cache's places `keys`; row r's own key lies at place + r.
void TaylorAttention::attend(const Step& step, TokenRange rows, int place, const Rows& from, TokenRange keys,
                             bool useState, Queue& queue)
{
    // Without mask every row sees all the tokens, so that all rows have one scale.
    const float scale = m_shape.causal ? outScale() : outScale(step.count - 1);
    const double pair = 2.0 * m_shape.keyWidth + 2.0 * m_shape.valueWidth + 8.0;
    const double each = queryPanel * (keys.count * pair + (useState ? stateOperations() : 0.0));
    launchInPieces(queue, m_attend, panelsOf(rows.count) * m_shape.heads, each, "taylorshift attend", step.query,
                   from.keys, from.values, m_state, m_temperature, step.out, m_denominator, m_linear, m_queryNorm,
                   step.first, place, rows.first, rows.end(), m_shape.heads, m_shape.keyHeads, from.headStride,
                   keys.first, keys.end(), int(m_shape.causal), int(useState), int(step.records), scale);
}

void TaylorAttention::direct(const Step& step, Queue& queue)
{
    const int total = step.first + step.count;
    m_rows.reserve(total, std::min(step.first, m_tokens), queue);
    storeRows(step, step.first, queue);
    if (step.count > 1) {
        attend(step, {0, step.count}, step.first, cached(), {0, total}, false, queue);
        return;
    }
    queue.launch(m_decode, Range::groups(std::size_t(m_shape.heads)), "taylorshift decode", step.query, m_rows.keys(),
                 m_rows.values(), m_temperature, step.out, m_denominator, m_linear, m_queryNorm, total, m_shape.heads,
                 m_shape.keyHeads, m_rows.capacity(), outScale(total - 1));
}

// Adds the features of the tokens `keys` of `from` to the state, or to one state per split.
void TaylorAttention::build(Buffer<float>& state, const Rows& from, TokenRange keys, int splits, bool accumulate,
                            Queue& queue)
{
    const double perToken = stateOperations() * m_shape.keyHeads;
    const int most = roundUp(std::max(1, int(std::min(launchOperations / perToken, 1e9))), keyBlock);
    const int others = m_shape.keyHeads * splits; // where they are few, more and smaller slices keep the cores busy
    const int slicesNow = std::min(storedFeatures(m_shape.keyWidth) / leastSlice,
                                   std::max(slices(), (enoughGroups / 2 + others - 1) / others));
    for (int first = keys.first; first < keys.end(); first += most) {
        const int end = std::min(first + most, keys.end());
        const int perSplit = roundUp((end - first + splits - 1) / splits, keyBlock);
        const auto range = Range::groups(std::size_t(slicesNow), std::size_t(m_shape.keyHeads), std::size_t(splits));
        queue.launch(m_build, range, "taylorshift state", from.keys, from.values, state, m_keyNorm, first, end,
                     perSplit, m_shape.keyHeads, from.tokenStride, from.headStride, int(from.raw),
                     int(accumulate || first > keys.first));
    }
}

void TaylorAttention::efficient(const Step& step, Queue& queue)
{
    const Rows rows{step.key, step.value, m_shape.keyHeads, 1, true};
    const std::size_t size = m_state.count();
    const int wanted = enoughGroups / (slices() * m_shape.keyHeads);
    const int splits =
        std::clamp(std::min({wanted, step.count / leastSplit, int(mostPartsBytes / m_state.bytes())}), 1, 64);
    if (splits == 1) {
        build(m_state, rows, {0, step.count}, 1, false, queue);
    } else {
        ensure(m_parts, size * std::size_t(splits), queue, "TaylorShift's partial states");
        build(m_parts, rows, {0, step.count}, splits, false, queue);
        queue.launch(m_reduce, Range::items(size), "taylorshift reduce", m_parts, m_state, splits, int(size));
    }
    attend(step, {0, step.count}, 0, rows, {0, 0}, true, queue);
}

void TaylorAttention::chunked(const Step& step, Queue& queue)
{
    m_rows.reserve(step.count, 0, queue);
    storeRows(step, 0, queue);
    for (int first = 0; first < step.count; first += chunkTokens) {
        const TokenRange chunk{first, std::min(chunkTokens, step.count - first)};
        attend(step, chunk, 0, cached(), chunk, step.first + first > 0, queue);
        build(m_state, cached(), chunk, 1, step.first + first > 0, queue);
    }
}

void TaylorAttention::recurrent(const Step& step, Queue& queue)
{
    const int columns = columnsOf(m_shape);
    ensure(m_mixed, product(m_shape.heads, columns), queue, "sums before the division");
    const int splits = std::min(columns, (enoughGroups / 2 + m_shape.keyHeads - 1) / m_shape.keyHeads);
    for (int row = 0; row < step.count; ++row) {
        queue.launch(m_recur, Range::groups(std::size_t(splits), std::size_t(m_shape.keyHeads)), "taylorshift recur",
                     step.query, step.key, step.value, m_temperature, m_state, m_mixed, m_linear, m_queryNorm,
                     m_keyNorm, row, m_shape.heads, m_shape.keyHeads);
        queue.launch(m_finish, Range::groups(std::size_t(m_shape.heads)), "taylorshift finish", m_mixed, step.out,
                     m_denominator, row, m_shape.heads, outScale(step.first + row));
    }
}

void TaylorAttention::record(const Step& step, DeviceContext& context, Recorder& recorder)
{
    Queue& queue = context.queue;
    const auto wants = [&](std::string_view probe) { return recorder.wants(probe, m_layer); };
    const auto append = [&](std::string_view probe, const Buffer<float>& numbers) {
        if (wants(probe))
            recorder.append(probe, m_layer, numbers, step.count, m_shape.heads, queue);
    };
    append("taylorshift.denominator", m_denominator);
    append("taylorshift.query_norm", m_queryNorm);
    if (recorder.wantsAny(
            {"taylorshift.constant", "taylorshift.linear", "taylorshift.quadratic", "taylorshift.key_norm"}, m_layer)) {
        const std::size_t places = product(step.count, m_shape.heads);
        for (Buffer<float>* shares : {&m_constantShare, &m_linearShare, &m_quadraticShare, &m_headKeyNorm})
            ensure(*shares, places, queue, "shares of a row's sum");
        queue.launch(m_shares, Range::items(places), "taylorshift shares", m_denominator, m_linear, m_keyNorm,
                     m_constantShare, m_linearShare, m_quadraticShare, m_headKeyNorm, step.first,
                     m_shape.causal ? 0 : step.count, m_shape.heads, m_shape.keyHeads);
        append("taylorshift.constant", m_constantShare);
        append("taylorshift.linear", m_linearShare);
        append("taylorshift.quadratic", m_quadraticShare);
        append("taylorshift.key_norm", m_headKeyNorm);
    }
    if (step.first == 0 && wants("taylorshift.temperature"))
        recorder.keep("taylorshift.temperature", {m_layer, allHeads, {}},
                      Eigen::Map<const Eigen::RowVectorXd>(m_tau.data(), m_shape.heads));
    if (m_shape.causal && m_form != Form::Direct && wants("taylorshift.state"))
        recordState(step.first + step.count - 1, queue, recorder);
}

void TaylorAttention::recordState(int lastToken, Queue& queue, Recorder& recorder)
{
    const int features = featureWidth(m_shape.keyWidth);
    const int columns = columnsOf(m_shape);
    ensure(m_shown, product(features, columns), queue, "a state to show");
    for (int head = 0; head < m_shape.heads; ++head) {
        queue.launch(m_show, Range::items(std::size_t(features)), "taylorshift show", m_state, m_shown,
                     m_shape.keyHeadOf(head));
        recorder.keep("taylorshift.state", {m_layer, {head}, {lastToken}}, m_shown, features, columns, queue);
    }
}

// Rows of length `factor`, as the reference makes them: x / max(‖x‖, 1e-12).
Matrix unitRows(const Matrix& rows, double factor)
{
    Matrix unit(rows.rows(), rows.cols());
    for (Eigen::Index row = 0; row < rows.rows(); ++row)
        unit.row(row) = rows.row(row) * (factor / std::max(rows.row(row).stableNorm(), 1e-12));
    return unit;
}

} // namespace

std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int expectedTokens)
{
    return std::make_unique<TaylorAttention>(context, device, expectedTokens);
}

void deviceWeights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
                   const LayerContext& context, Buffer<float>& tile, DeviceContext& device)
{
    if (queries.count == 0 || keys.count == 0)
        return;
    const double tau = temperatures(context)[std::size_t(head.value)];
    const std::vector<float> q = rowsOf(unitRows(trace.queries(head, queries), tau));
    const std::vector<float> k = panelsOf16(unitRows(trace.keys(head, keys), 1.0));
    Matrix factors = trace.record("taylorshift.denominator", head, queries).cwiseInverse();
    if (optionsOf(context.plan.attention.knobs).outputScale)
        for (int row = 0; row < queries.count; ++row) {
            const int seen = context.shape.causal ? queries.first + row + 1 : trace.tokens();
            factors(row, 0) *= std::sqrt(double(seen) / context.shape.keyWidth);
        }
    const std::vector<float> factor = rowsOf(factors);
    Buffer<float> query(device.device, q.size(), "recorded queries");
    Buffer<float> panels(device.device, k.size(), "recorded keys");
    Buffer<float> rowFactors(device.device, factor.size(), "recorded denominators");
    Kernel kernel = device.device.kernel(withTiles(kernels), "weights", defines(context.shape));
    device.queue.write(query, std::span<const float>(q));
    device.queue.write(panels, std::span<const float>(k));
    device.queue.write(rowFactors, std::span<const float>(factor));
    launchInPieces(device.queue, kernel, (queries.count + 3) / 4,
                   4.0 * keys.count * (2.0 * context.shape.keyWidth + 6.0), "taylorshift weights", query, panels,
                   rowFactors, tile, queries.first, queries.count, keys.first, keys.count, int(context.shape.causal));
    device.queue.finish();
}

} // namespace engine::taylorshift
