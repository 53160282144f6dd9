// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/device.h"

#include "engine/compute/settle.h"
#include "engine/methods/common/rotatedrows.h"
#include "engine/methods/common/tiles.h"
#include "engine/methods/dijiang/devicemap.h"
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/norm.h"
#include "engine/methods/dijiang/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>

namespace engine::dijiang {
namespace {

constexpr std::string_view kernels = "methods/dijiang/kernels.cl";
constexpr double cachedBytes = 1 << 19; // of features that are computed before they are summed

Defines defines(const LayerShape& shape, const Options& options)
{
    return {{"D", std::to_string(featuresOf(shape, options))},
            {"DV", std::to_string(shape.valueWidth)},
            {"DENOMINATOR", options.normaliser == Normaliser::Denominator ? "1" : "0"},
            {"RUNNING", options.weighting == Weighting::FeatureSoftmax ? "0" : "1"}};
}

// Tokens of a launch that may have so many: whole chunks, at least one.
int wholeChunks(double most, int count)
{
    return roundUp(int(std::clamp(most, 1.0, std::max(1.0, double(count)))), chunkTokens);
}

std::size_t product(int a, int b)
{
    return std::size_t(a) * std::size_t(b);
}

std::vector<float> parameterOf(const LayerContext& context, std::string_view name, std::size_t count, float otherwise)
{
    const auto found = context.plan.parameters.find(name);
    return found == context.plan.parameters.end() ? std::vector<float>(count, otherwise) : *found->second;
}

class DiJiangAttention : public DeviceAttention
{
public:
    DiJiangAttention(const LayerContext& context, DeviceContext& device);

    // Buffers must outlive the launches that use them, also when an error ends a run early.
    ~DiJiangAttention() override { settle(m_queue); }

    DiJiangAttention(const DiJiangAttention&) = delete;
    DiJiangAttention& operator=(const DiJiangAttention&) = delete;

    void append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder) override;

    void reset(Queue&) override { m_tokens = 0; } // the first append starts a new state

    std::size_t stateBytes() const override { return m_state.bytes(); }

    std::string form() const override { return m_ran; }

private:
    int width() const { return m_shape.heads * m_shape.valueWidth; }

    bool grows() const;

    Buffer<float> upload(const std::vector<float>& cells, const char* what);
    void causal(const LayerRows& rows, Buffer<float>& out, Recorder& recorder);
    void advance(const LayerRows& rows, Buffer<float>& out);
    void advanceLogs(const LayerRows& rows, Buffer<float>& out, Recorder& recorder);
    double operationsPerToken() const;
    void full(const LayerRows& rows, Buffer<float>& out, Recorder& recorder);
    void features(int first, int end);
    void spoil(const LayerRows& rows, int first, int end, Buffer<float>& out);
    void refuseTooLarge();
    void recordLogs(int count, Recorder& recorder);
    void show(std::string_view probe, int count, int each, Recorder& recorder, const std::function<void()>& fill);
    void normRows(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder);
    void record(const LayerRows& rows, Recorder& recorder);
    void recordState(int lastToken, Recorder& recorder);

    LayerShape m_shape;
    Positions m_positions;
    LayerIndex m_layer;
    Options m_options;
    LayerMaps m_maps;
    bool m_normed;
    Queue& m_queue;
    Device& m_device;
    DeviceMap m_map;
    int m_features;
    int m_tokens = 0;
    std::string m_ran;
    std::optional<Kernel> m_rowsKernel; // where features are as many as a row has numbers
    Kernel m_advance, m_gather, m_read, m_spoil, m_norm, m_spread, m_show;
    Buffer<float> m_state; // [states][S | z | M]
    Buffer<float> m_logDecays, m_alive, m_scratch, m_weight, m_bias, m_gateGiven;
    Buffer<int> m_marks; // 1 + a token whose sum floats do not hold
    PackedWeight m_gate;
    RotatedRows m_rotated;
    Buffer<float> m_lse, m_gateRows, m_shown;   // of an append
    const Buffer<float>* m_queryRows = nullptr; // its rows with positions, or as they came
    const Buffer<float>* m_keyRows = nullptr;
    Buffer<float> m_queryLogs, m_keyLogs; // features of a piece of it
};

DiJiangAttention::DiJiangAttention(const LayerContext& context, DeviceContext& device)
    : m_shape(context.shape)
    , m_positions(context.positions)
    , m_layer(context.layer)
    , m_options(optionsOf(context.plan.attention.knobs))
    , m_maps(mapsOf(context))
    , m_normed(hasNorm(context))
    , m_queue(device.queue)
    , m_device(device.device)
    , m_map(context, m_maps, device)
    , m_features(featuresOf(m_shape, m_options))
{
    const auto kernel = [&](std::string_view name) {
        return m_device.kernel(withTiles(kernels), name, defines(m_shape, m_options));
    };
    m_advance = kernel("advance");
    if (m_shape.causal && m_features == m_shape.keyWidth && m_maps.maps.front().rows() == m_features) {
        Defines both = defines(m_shape, m_options);
        both.insert(m_map.defines().begin(), m_map.defines().end());
        m_rowsKernel = m_device.kernel(withTiles(kernels, mapKernels), "advance_rows", both);
    }
    m_gather = kernel("gather");
    m_read = kernel("read_all");
    m_spoil = kernel("spoil");
    m_norm = kernel("norm");
    m_spread = kernel("spread");
    m_show = kernel("show");
    const int states = m_maps.states();
    std::vector<float> decays, alive;
    for (int state = 0; state < states; ++state) {
        decays.push_back(float(std::log(m_maps.decays[std::size_t(state)])));
        alive.push_back(m_maps.maps[std::size_t(state)].empty() ? 0.0F : 1.0F);
    }
    m_logDecays = upload(decays, "DiJiang's decays");
    m_marks = Buffer<int>(m_device, 1, "marks of rows that floats do not hold");
    m_alive = upload(alive, "which states have weights");
    m_state =
        Buffer<float>(m_device, std::size_t(states) * std::size_t(stateSize(m_shape, context.plan.attention.knobs)),
                      "DiJiang's state");
    m_scratch = Buffer<float>(m_device, product(states, chunkTokens) * std::size_t(2 * m_features + m_shape.valueWidth),
                              "features of a chunk");
    m_weight = upload(parameterOf(context, "norm_weight", std::size_t(width()), float(m_options.normWeight)),
                      "GroupNorm's weight");
    m_bias =
        upload(parameterOf(context, "norm_bias", std::size_t(width()), float(m_options.normBias)), "GroupNorm's bias");
    m_gateGiven =
        upload(m_options.gated ? parameterOf(context, "gate_input", 1, 0) : std::vector<float>(1), "the gate's input");
    if (const auto found = context.plan.parameters.find("gate");
        m_options.gated && found != context.plan.parameters.end())
        m_gate = packWeight(m_queue, *found->second, width(), int(found->second->size()) / width());
}

Buffer<float> DiJiangAttention::upload(const std::vector<float>& cells, const char* what)
{
    Buffer<float> buffer(m_device, cells.size(), what);
    m_queue.write(buffer, std::span<const float>(cells));
    return buffer;
}

void DiJiangAttention::append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder)
{
    if (rows.count == 0)
        return;
    Queue& queue = context.queue;
    const auto [query, key] = m_rotated.of(rows, m_shape, m_positions, context);
    m_queryRows = &query;
    m_keyRows = &key;
    ensure(m_lse, product(rows.count, m_shape.heads), queue, "row sums");
    if (grows()) {
        const std::array<int, 1> none{};
        queue.write(m_marks, std::span<const int>(none));
    }
    m_shape.causal ? causal(rows, out, recorder) : full(rows, out, recorder);
    if (grows())
        refuseTooLarge();
    m_tokens = rows.first + rows.count;
    record(rows, recorder);
    if (m_normed)
        normRows(rows, out, context, recorder);
}

// Logarithms of the features of rows first … end, which take the place of those before them.
void DiJiangAttention::features(int first, int end)
{
    const int states = m_maps.states(), heads = m_shape.heads;
    ensure(m_queryLogs, product(end - first, heads) * std::size_t(m_features), m_queue, "features of queries");
    ensure(m_keyLogs, product(end - first, states) * std::size_t(m_features), m_queue, "features of keys");
    m_map.features(*m_queryRows, first, end, heads, heads, m_queryLogs, m_queue);
    m_map.features(*m_keyRows, first, end, m_shape.keyHeads, states, m_keyLogs, m_queue);
}

double DiJiangAttention::operationsPerToken() const
{
    const double each =
        double(m_features) * (4.0 * m_shape.valueWidth + 4.0 * chunkTokens) + 2.0 * chunkTokens * m_shape.valueWidth;
    return each * (m_maps.states() + m_shape.heads);
}

void DiJiangAttention::causal(const LayerRows& rows, Buffer<float>& out, Recorder& recorder)
{
    m_ran = rows.count == 1 ? "recurrent" : "chunked";
    if (m_rowsKernel && !recorder.wantsAny({"dijiang.query_logs", "dijiang.key_logs"}, m_layer))
        advance(rows, out);
    else
        advanceLogs(rows, out, recorder);
}

void DiJiangAttention::advance(const LayerRows& rows, Buffer<float>& out)
{
    const int states = m_maps.states(), heads = m_shape.heads;
    const DeviceMap::Arguments& map = m_map.arguments();
    ensure(m_queryLogs, product(chunkTokens, heads) * std::size_t(m_features), m_queue, "features of queries");
    const int piece = wholeChunks(launchOperations / operationsPerToken(), rows.count);
    for (int first = 0; first < rows.count; first += piece)
        m_queue.launch(*m_rowsKernel, Range::groups(std::size_t(states)), "dijiang advance", *m_queryRows, *m_keyRows,
                       rows.value, map.matrix, map.radii, map.factors, map.logWeights, map.maps, map.norm, map.shift,
                       map.softmax, m_state, m_logDecays, m_alive, m_scratch, m_queryLogs, out, m_lse, m_marks, heads,
                       m_shape.keyHeads, states, rows.first, first, std::min(first + piece, rows.count),
                       int(rows.first + first == 0));
}

// Piece by piece, so that features are read while the caches still hold them.
void DiJiangAttention::advanceLogs(const LayerRows& rows, Buffer<float>& out, Recorder& recorder)
{
    const int states = m_maps.states(), heads = m_shape.heads;
    const double most = std::min(launchOperations / operationsPerToken(),
                                 cachedBytes / (sizeof(float) * double(m_features) * (states + heads)));
    const int piece = wholeChunks(most, rows.count);
    for (int first = 0; first < rows.count; first += piece) {
        const int end = std::min(first + piece, rows.count), fresh = int(rows.first + first == 0);
        features(first, end);
        m_queue.launch(m_advance, Range::groups(std::size_t(states)), "dijiang advance", m_queryLogs, m_keyLogs,
                       rows.value, m_state, m_logDecays, m_alive, m_scratch, out, m_lse, heads, m_shape.keyHeads,
                       states, first, end, fresh);
        spoil(rows, first, end, out);
        recordLogs(end - first, recorder);
    }
}

// Every key before the first query.
void DiJiangAttention::full(const LayerRows& rows, Buffer<float>& out, Recorder& recorder)
{
    const int states = m_maps.states(), heads = m_shape.heads;
    m_ran = "full";
    features(0, rows.count);
    const double perToken = 2.0 * m_features * m_shape.valueWidth;
    const int piece = wholeChunks(launchOperations / (perToken * states), rows.count);
    for (int first = 0; first < rows.count; first += piece)
        m_queue.launch(m_gather, Range::groups(std::size_t(states)), "dijiang gather", m_keyLogs, rows.value, m_state,
                       m_scratch, m_shape.keyHeads, states, first, std::min(first + piece, rows.count),
                       int(rows.first + first == 0));
    launchInPieces(m_queue, m_read, panelsOf(rows.count) * heads,
                   2.0 * queryPanel * m_features * (m_shape.valueWidth + 1), "dijiang read", m_queryLogs, m_state,
                   m_alive, out, m_lse, rows.count, heads, states);
    spoil(rows, 0, rows.count, out);
    recordLogs(rows.count, recorder);
}

// Rows that are no number are told by the features and stay alone.
void DiJiangAttention::spoil(const LayerRows& rows, int first, int end, Buffer<float>& out)
{
    m_queue.launch(m_spoil, Range::items(product(end - first, m_shape.heads)), "dijiang spoil", m_queryLogs, m_keyLogs,
                   out, m_lse, m_marks, m_shape.heads, m_maps.states(), rows.first, first);
}

// Where nothing divides a row it may outgrow floats; whether it did has to be waited for.
bool DiJiangAttention::grows() const
{
    return m_options.normaliser != Normaliser::Denominator && m_options.weighting != Weighting::FeatureSoftmax;
}

void DiJiangAttention::refuseTooLarge()
{
    std::array<int, 1> mark{};
    m_queue.read(m_marks, std::span<int>(mark));
    if (mark[0] > 0)
        throw tooLarge(m_layer, mark[0] - 1);
}

void DiJiangAttention::normRows(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder)
{
    Queue& queue = context.queue;
    if (recorder.wants("dijiang.sums", m_layer))
        recorder.append("dijiang.sums", m_layer, out, rows.count, width(), queue);
    const Buffer<float>* gate = &m_gateGiven;
    std::int64_t offset = std::int64_t(rows.first) * width();
    int gated = int(m_gateGiven.count() > 1);
    if (gated != 0 && m_gateGiven.count() < std::size_t(offset) + product(rows.count, width()))
        throw Error(Fault::Request, "parameter gate_input has " + std::to_string(m_gateGiven.count()) +
                                        " numbers; at least " + std::to_string(rows.first + rows.count) + " x " +
                                        std::to_string(width()) + " were expected");
    if (gated == 0 && m_gate.out > 0 && rows.x != nullptr) {
        ensure(m_gateRows, product(rows.count, width()), queue, "the gate's input");
        context.blocks.dense(queue, *rows.x, m_gate, m_gateRows, rows.count);
        gate = &m_gateRows;
        offset = 0;
        gated = 1;
    }
    queue.launch(m_norm, Range::items(std::size_t(rows.count)), "dijiang norm", out, m_weight, m_bias, *gate, width(),
                 groupsOf(m_shape, m_options.normaliser), gated, offset);
}

// A series of rows that a kernel prepares for the eye.
void DiJiangAttention::show(std::string_view probe, int count, int each, Recorder& recorder,
                            const std::function<void()>& fill)
{
    if (!recorder.wants(probe, m_layer))
        return;
    ensure(m_shown, product(count, m_shape.heads) * std::size_t(each), m_queue, "rows to show");
    fill();
    recorder.append(probe, m_layer, m_shown, count, m_shape.heads * each, m_queue);
}

void DiJiangAttention::recordLogs(int count, Recorder& recorder)
{
    const int heads = m_shape.heads, states = m_maps.states();
    if (recorder.wants("dijiang.query_logs", m_layer))
        recorder.append("dijiang.query_logs", m_layer, m_queryLogs, count, heads * m_features, m_queue);
    show("dijiang.key_logs", count, m_features, recorder, [&] {
        m_queue.launch(m_spread, Range::items(product(count, heads)), "dijiang spread", m_keyLogs, m_shown, states,
                       heads);
    });
}

void DiJiangAttention::record(const LayerRows& rows, Recorder& recorder)
{
    const auto wants = [&](std::string_view probe) { return recorder.wants(probe, m_layer); };
    const int heads = m_shape.heads, states = m_maps.states(), width = m_shape.keyWidth;
    if (m_options.normaliser == Normaliser::Denominator && wants("dijiang.lse"))
        recorder.append("dijiang.lse", m_layer, m_lse, rows.count, heads, m_queue);
    show("dijiang.query_spectrum", rows.count, width, recorder,
         [&] { m_map.spectrum(*m_queryRows, rows.count, heads, heads, m_shown, m_queue); });
    show("dijiang.key_spectrum", rows.count, width, recorder,
         [&] { m_map.spectrum(*m_keyRows, rows.count, m_shape.keyHeads, heads, m_shown, m_queue); });
    if (rows.first == 0 && wants("dijiang.radii"))
        recorder.keep("dijiang.radii", {m_layer, allHeads, {}}, m_maps.radii());
    if (rows.first == 0 && wants("dijiang.decay"))
        recorder.keep("dijiang.decay", {m_layer, allHeads, {}},
                      Eigen::Map<const Eigen::RowVectorXd>(m_maps.decays.data(), states));
    if (wants("dijiang.state"))
        recordState(rows.first + rows.count - 1, recorder);
}

void DiJiangAttention::recordState(int lastToken, Recorder& recorder)
{
    const int columns = m_shape.valueWidth + (m_options.normaliser == Normaliser::Denominator ? 1 : 0);
    ensure(m_shown, product(m_features, columns), m_queue, "a state to show");
    for (int head = 0; head < m_shape.heads; ++head) {
        m_queue.launch(m_show, Range::items(std::size_t(m_features)), "dijiang show", m_state, m_shown,
                       m_maps.stateOf(head, m_shape));
        recorder.keep("dijiang.state", {m_layer, {head}, {lastToken}}, m_shown, m_features, columns, m_queue);
    }
}

} // namespace

std::unique_ptr<DeviceAttention> makeDevice(const LayerContext& context, DeviceContext& device, int)
{
    return std::make_unique<DiJiangAttention>(context, device);
}

void deviceWeights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
                   const LayerContext& context, Buffer<float>& tile, DeviceContext& device)
{
    if (queries.count == 0 || keys.count == 0)
        return;
    const LayerShape& shape = context.shape;
    const LayerMaps maps = mapsOf(context);
    const FeatureMap& map = maps.of(head, shape);
    const Options options = optionsOf(context.plan.attention.knobs);
    Matrix b = map.logs(trace.queries(head, queries));
    if (map.empty())
        b.setConstant(noSum);
    else if (options.normaliser == Normaliser::Denominator)
        b.colwise() -= Vector(trace.record("dijiang.lse", head, queries));
    const std::vector<float> q = rowsOf(b.cwiseMax(noSum));
    const std::vector<float> k = panelsOf16(map.logs(trace.keys(head, keys)).cwiseMax(noSum));
    Buffer<float> query(device.device, q.size(), "features of queries");
    Buffer<float> panels(device.device, k.size(), "features of keys");
    Kernel kernel = device.device.kernel(withTiles(kernels), "weights", defines(shape, options));
    device.queue.write(query, std::span<const float>(q));
    device.queue.write(panels, std::span<const float>(k));
    launchInPieces(device.queue, kernel, queries.count, 20.0 * keys.count * map.features(), "dijiang weights", query,
                   panels, tile, queries.first, keys.first, keys.count, int(shape.causal),
                   float(std::log(maps.decayOf(head, shape))));
    device.queue.finish();
}

} // namespace engine::dijiang
