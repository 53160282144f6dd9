// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/devicesession.h"

#include "engine/compute/settle.h"
#include "engine/values/error.h"

#include <algorithm>
#include <array>
#include <deque>
#include <string>

namespace engine {
namespace {

constexpr int mostRows = 512; // of a prompt that are fed at once: bounds the scratch
constexpr int fewestRows = 8; // a tile of the dense kernel
// Operations of one layer on one chunk. Two layers are in flight when a cancel comes: together 10 to 20 ms of a free
// two-core machine, within the 100 ms allowed also of a busy one.
constexpr double layerBudget = 0.6e9;
constexpr int layersInFlight = 2;

// The replaceable and the fixed parts of one layer.
struct Layer
{
    LayerContext context; // borrowed by what follows
    const Method* attentionMethod = nullptr;
    std::unique_ptr<DeviceAttention> attention;
    std::unique_ptr<DeviceLinear> projections; // query, key, value
    std::unique_ptr<DeviceLinear> output;      // null: the model has none
    std::unique_ptr<DeviceLinear> gateAndUp;   // of FeedForwardKind::Memory: up alone
    std::unique_ptr<DeviceLinear> down;
};

// What of a layer's token mixing is in its buffers already.
enum class Known
{
    Nothing,
    Projections, // what they read and gave
    Mixed        // and what the attention gave
};

// Rows of one chunk on their way through the layers; every buffer holds `rows` rows.
struct Scratch
{
    int rows = 0;
    Buffer<int> ids;
    Buffer<float> x, normed; // residual stream; what a group of projections reads
    Buffer<float> query, key, value, mixed;
    Buffer<float> innerNormed, gate, up; // of the feed-forward
};

Error noDeviceForm(const Method& method)
{
    return {Fault::Request, std::string(method.info.id) + " has no form for a device; the reference back end runs it"};
}

class DeviceSession : public Session
{
public:
    DeviceSession(std::shared_ptr<const Model> model, SessionPlan plan, PreparedLayers prepared, DeviceContext& device,
                  std::shared_ptr<const DeviceModel> deviceModel, int expectedTokens);
    ~DeviceSession() override;
    DeviceSession(const DeviceSession&) = delete;
    DeviceSession& operator=(const DeviceSession&) = delete;

    std::vector<float> feed(std::span<const TokenId> tokens, Recorder& recorder, Job& job) override;
    std::vector<float> rerun(const SessionPlan& plan, LayerIndex first, const Entering& entering, Recorder& recorder,
                             Job& job) override;
    void reset() override;
    SessionStats stats() override;

    void warm(Job& job);

private:
    void make(Layer& layer, LayerIndex index);
    void checkTokens(std::span<const TokenId> tokens) const;
    int chunkRows(int left) const;
    void reserve(int rows);
    void feedChunk(std::span<const TokenId> tokens, double begin, double end, Recorder& recorder, Job& job);
    void runChunk(std::size_t first, Known known, int rows, double begin, double end, Recorder& recorder, Job& job);
    void hiddenRows(Layer& layer, int rows, Recorder& recorder);
    void runLayer(Layer& layer, int rows, Known known, Recorder& recorder);
    bool rowByRow() const;
    void feedRow(TokenId token, Recorder& recorder, Job& job);
    void mixRow(Layer& layer, Recorder& recorder);
    void take(const SessionPlan& plan, LayerIndex first, const Entering& entering);
    void recordLogits(int rows, Recorder& recorder, Job& job);
    void lastLogits(int rows, Recorder& recorder);
    std::vector<float> feedAll(std::span<const TokenId> tokens, Recorder& recorder, Job& job);
    std::vector<float> rerunAll(std::size_t first, const Entering& entering, Recorder& recorder, Job& job);
    std::vector<float> readLogits(Job& job);

    std::shared_ptr<const Model> m_model;
    std::shared_ptr<const DeviceModel> m_deviceModel;
    SessionPlan m_plan;
    PreparedLayers m_prepared;
    DeviceContext m_device;
    const ModelConfig& m_config;
    int m_expectedTokens;
    std::deque<Layer> m_layers; // a deque: contexts keep their place
    Scratch m_scratch;
    Buffer<float> m_logits;                // of a few rows, when they are recorded
    Buffer<float> m_lastRow, m_lastLogits; // of the chunk's last token
    int m_tokens = 0;
    bool m_interrupted = false; // caches may hold half a chunk: only reset() helps
};

DeviceSession::DeviceSession(std::shared_ptr<const Model> model, SessionPlan plan, PreparedLayers prepared,
                             DeviceContext& device, std::shared_ptr<const DeviceModel> deviceModel, int expectedTokens)
    : m_model(std::move(model))
    , m_deviceModel(std::move(deviceModel))
    , m_plan(std::move(plan))
    , m_prepared(std::move(prepared))
    , m_device(device)
    , m_config(m_model->config())
    , m_expectedTokens(expectedTokens)
{
    refuseUnknownBlocks(m_config);
    for (LayerIndex index{0}; index.value < m_config.layers; ++index.value)
        make(m_layers.emplace_back(), index);
    m_lastRow = Buffer<float>(m_device.device, std::size_t(m_config.width), "the last row");
    m_lastLogits = Buffer<float>(m_device.device, std::size_t(m_config.vocabulary), "the logits");
}

DeviceSession::~DeviceSession()
{
    settle(m_device.queue); // before the buffers of enqueued launches go
}

// Refuses what make() could not make.
void checkLayer(const LayerContext& context)
{
    checkPlan(context);
    const Method& attention = findMethod(context.plan.attention.method);
    const Method& linear = findMethod(context.plan.linear.method);
    if (attention.deviceAttention == nullptr)
        throw noDeviceForm(attention);
    if (linear.deviceLinear == nullptr)
        throw noDeviceForm(linear);
}

// What the plan says of a layer, with nothing fed.
void DeviceSession::make(Layer& layer, LayerIndex index)
{
    layer = {};
    layer.context = layerContext(*m_model, m_plan, index, m_prepared);
    checkLayer(layer.context);
    const Method& attention = findMethod(layer.context.plan.attention.method);
    const Method& linear = findMethod(layer.context.plan.linear.method);
    layer.attentionMethod = &attention;
    layer.attention = attention.deviceAttention(layer.context, m_device, m_expectedTokens);
    const auto group = [&](std::initializer_list<Weight> weights) {
        return linear.deviceLinear(std::span(weights.begin(), weights.size()), layer.context, *m_deviceModel, m_device);
    };
    layer.projections = group({Weight::Query, Weight::Key, Weight::Value});
    if (m_config.outputProjection)
        layer.output = group({Weight::Output});
    if (m_config.feedForward == FeedForwardKind::Memory)
        layer.gateAndUp = group({Weight::Up});
    else
        layer.gateAndUp = group({Weight::Gate, Weight::Up});
    layer.down = group({Weight::Down});
}

void DeviceSession::checkTokens(std::span<const TokenId> tokens) const
{
    if (m_interrupted)
        throw Error(Fault::Internal, "the session was interrupted; reset() was expected before more tokens");
    if (tokens.empty())
        throw Error(Fault::Request, "no tokens were given; at least one was expected");
    if (!m_config.causal && m_tokens > 0)
        throw Error(Fault::Request, "a bidirectional model reads its text at once; reset() was expected first");
    for (const TokenId id : tokens) {
        if (id.value < 0 || id.value >= m_config.vocabulary)
            throw Error(Fault::Request, "token id " + std::to_string(id.value) + ": an id from 0 to " +
                                            std::to_string(m_config.vocabulary - 1) + " was expected");
    }
}

// How many of the `left` tokens are fed next: fewer where a row costs much, in a wide layer or after a long text.
int DeviceSession::chunkRows(int left) const
{
    if (!m_config.causal)
        return left;
    const double width = m_config.width;
    const double queryWidth = double(m_config.heads) * m_config.headWidth;
    const double keyValueWidth = double(m_config.keyHeads) * (m_config.headWidth + m_config.valueWidth);
    const double mixedWidth = double(m_config.heads) * m_config.valueWidth;
    const double dense = 2 * width * (queryWidth + keyValueWidth + mixedWidth + 3.0 * m_config.feedForwardWidth);
    double mixing = 0;
    for (const Layer& layer : m_layers) {
        const auto operations = [&](int tokens) {
            return double(layer.attentionMethod->cost(layer.context.shape, layer.context.plan.attention.knobs, tokens)
                              .operations);
        };
        mixing = std::max(mixing, (operations(m_tokens + fewestRows) - operations(m_tokens)) / fewestRows);
    }
    const double affordable = layerBudget / (dense + mixing);
    const int rows = int(std::clamp(affordable, double(fewestRows), double(mostRows))) / fewestRows * fewestRows;
    return std::min(rows, left);
}

void DeviceSession::reserve(int rows)
{
    if (rows <= m_scratch.rows)
        return;
    m_device.queue.finish(); // the old buffers may still be in use
    m_scratch = Scratch();
    const auto room = [&](int width, const char* what) {
        return Buffer<float>(m_device.device, std::size_t(rows) * std::size_t(width), what);
    };
    m_scratch.ids = Buffer<int>(m_device.device, std::size_t(rows), "the token ids");
    m_scratch.x = room(m_config.width, "the residual stream");
    m_scratch.normed = room(m_config.width, "normed rows");
    m_scratch.query = room(m_config.heads * m_config.headWidth, "queries");
    m_scratch.key = room(m_config.keyHeads * m_config.headWidth, "keys");
    m_scratch.value = room(m_config.keyHeads * m_config.valueWidth, "values");
    m_scratch.mixed = room(m_config.heads * m_config.valueWidth, "mixed rows");
    m_scratch.innerNormed = room(m_config.width, "normed rows");
    m_scratch.gate = room(m_config.feedForwardWidth, "the feed-forward's gate");
    m_scratch.up = room(m_config.feedForwardWidth, "the feed-forward's rows");
    m_scratch.rows = rows;
}

// What the feed-forward's last layer reads, into `up`.
void DeviceSession::hiddenRows(Layer& layer, int rows, Recorder& recorder)
{
    Scratch& s = m_scratch;
    const LayerIndex index = layer.context.layer;
    const int width = m_config.feedForwardWidth;
    if (m_config.feedForward == FeedForwardKind::Memory) {
        layer.gateAndUp->apply(s.innerNormed, rows, std::array{&s.gate}, false, m_device, recorder);
        m_device.blocks.layerNorm(m_device.queue, s.gate, m_deviceModel->vector(Weight::InnerNorm, index),
                                  m_deviceModel->vector(Weight::InnerNormBias, index), s.up, rows, width,
                                  float(m_config.innerNormEps));
        return;
    }
    layer.gateAndUp->apply(s.innerNormed, rows, std::array{&s.gate, &s.up}, false, m_device, recorder);
    m_device.blocks.swiGlu(m_device.queue, s.gate, s.up, s.up, rows, width);
}

// x += output(mix(project(norm(x)))); x += down(swiglu(gate, up of norm(x))).
void DeviceSession::runLayer(Layer& layer, int rows, Known known, Recorder& recorder)
{
    Scratch& s = m_scratch;
    Queue& queue = m_device.queue;
    const LayerIndex index = layer.context.layer;
    const float eps = float(m_config.normEps);
    const auto record = [&](std::string_view probe, const Buffer<float>& buffer, int cols) {
        recorder.append(probe, index, buffer, rows, cols, queue);
    };

    if (known == Known::Nothing) {
        m_device.blocks.rmsNorm(queue, s.x, m_deviceModel->vector(Weight::AttentionNorm, index), s.normed, rows,
                                m_config.width, eps);
        layer.projections->apply(s.normed, rows, std::array{&s.query, &s.key, &s.value}, false, m_device, recorder);
    }
    record(probes::input, s.normed, m_config.width);
    record(probes::queryRaw, s.query, m_config.heads * m_config.headWidth);
    record(probes::keyRaw, s.key, m_config.keyHeads * m_config.headWidth);
    record(probes::value, s.value, m_config.keyHeads * m_config.valueWidth);
    if (known != Known::Mixed)
        layer.attention->append({s.query, s.key, s.value, &s.normed, m_tokens, rows}, s.mixed, m_device, recorder);
    record(probes::mixed, s.mixed, m_config.heads * m_config.valueWidth);
    if (layer.output)
        layer.output->apply(s.mixed, rows, std::array{&s.x}, true, m_device, recorder);
    else
        m_device.blocks.add(queue, s.mixed, s.x, rows, m_config.width);

    m_device.blocks.rmsNorm(queue, s.x, m_deviceModel->vector(Weight::FeedForwardNorm, index), s.innerNormed, rows,
                            m_config.width, eps);
    record(probes::feedForwardInput, s.innerNormed, m_config.width);
    hiddenRows(layer, rows, recorder);
    record(probes::feedForwardHidden, s.up, m_config.feedForwardWidth);
    layer.down->apply(s.up, rows, std::array{&s.x}, true, m_device, recorder);
    record(probes::output, s.x, m_config.width);
}

// Logits of all rows of the chunk but the last, a few rows at a time: they are the widest rows of a run.
void DeviceSession::recordLogits(int rows, Recorder& recorder, Job& job)
{
    const double operations = 2.0 * m_config.width * m_config.vocabulary;
    const int atOnce = int(std::clamp(layerBudget / operations, 1.0, double(mostRows)));
    const auto width = std::size_t(m_config.width);
    const std::size_t cells = std::size_t(std::min(atOnce, rows - 1)) * std::size_t(m_config.vocabulary);
    if (m_logits.count() < cells) {
        m_device.queue.finish(); // the old buffer may still be in use
        m_logits = Buffer<float>(m_device.device, cells, "the logits");
    }
    Buffer<float>& piece = m_scratch.x; // not needed any more: its rows are in `normed`
    for (int first = 0; first < rows - 1; first += atOnce) {
        job.check();
        const int count = std::min(atOnce, rows - 1 - first);
        m_device.queue.copy(m_scratch.normed, std::size_t(first) * width, piece, 0, std::size_t(count) * width);
        m_device.blocks.dense(m_device.queue, piece, m_deviceModel->dense(Weight::Classifier), m_logits, count);
        recorder.append(probes::logits, wholeModel, m_logits, count, m_config.vocabulary, m_device.queue);
        m_device.queue.waitFor(m_device.queue.mark());
    }
}

// The last row has a launch of its own, recorded or not: so a recording changes no bit of the result.
void DeviceSession::lastLogits(int rows, Recorder& recorder)
{
    const auto width = std::size_t(m_config.width);
    m_device.queue.copy(m_scratch.normed, std::size_t(rows - 1) * width, m_lastRow, 0, width);
    m_device.blocks.dense(m_device.queue, m_lastRow, m_deviceModel->dense(Weight::Classifier), m_lastLogits, 1);
    recorder.append(probes::logits, wholeModel, m_lastLogits, 1, m_config.vocabulary, m_device.queue);
}

void DeviceSession::feedChunk(std::span<const TokenId> tokens, double begin, double end, Recorder& recorder, Job& job)
{
    const int rows = int(tokens.size());
    std::vector<int> ids;
    for (const TokenId id : tokens)
        ids.push_back(id.value);
    reserve(rows);
    m_device.queue.write(m_scratch.ids, std::span<const int>(ids));
    m_device.blocks.embed(m_device.queue, m_deviceModel->vector(Weight::Embedding), m_scratch.ids, m_scratch.x, rows,
                          m_config.width);
    runChunk(0, Known::Nothing, rows, begin, end, recorder, job);
}

// Whether every layer is plain products around its attention and so small that one token's launches would cost more
// than what they compute.
bool DeviceSession::rowByRow() const
{
    return std::ranges::all_of(m_layers, [&](const Layer& layer) {
        std::size_t weights = 0, products = 0;
        for (const auto* linear : {&layer.projections, &layer.output, &layer.gateAndUp, &layer.down}) {
            if (!*linear)
                return false;
            for (const PackedWeight* weight : (*linear)->products()) {
                weights += std::size_t(weight->out) * std::size_t(weight->in);
                ++products;
            }
        }
        return products == 7 && m_device.blocks.rowPays(weights); // q, k, v; output; gate, up; down
    });
}

// The attention of one row, whose projections are in their buffers.
void DeviceSession::mixRow(Layer& layer, Recorder& recorder)
{
    Scratch& s = m_scratch;
    const auto record = [&](std::string_view probe, const Buffer<float>& buffer, int cols) {
        recorder.append(probe, layer.context.layer, buffer, 1, cols, m_device.queue);
    };
    record(probes::input, s.normed, m_config.width);
    record(probes::queryRaw, s.query, m_config.heads * m_config.headWidth);
    record(probes::keyRaw, s.key, m_config.keyHeads * m_config.headWidth);
    record(probes::value, s.value, m_config.keyHeads * m_config.valueWidth);
    layer.attention->append({s.query, s.key, s.value, &s.normed, m_tokens, 1}, s.mixed, m_device, recorder);
    record(probes::mixed, s.mixed, m_config.heads * m_config.valueWidth);
}

// One token with two launches a layer: its attention, and everything from there to the next layer's projections.
void DeviceSession::feedRow(TokenId token, Recorder& recorder, Job& job)
{
    job.check();
    reserve(1);
    Scratch& s = m_scratch;
    Queue& queue = m_device.queue;
    const float eps = float(m_config.normEps);
    const std::array<Buffer<float>*, 3> projected{&s.query, &s.key, &s.value};
    const auto start = [&](std::size_t index) -> LayerStart {
        if (index == m_layers.size())
            return {m_deviceModel->vector(Weight::FinalNorm), s.normed, {}, {}};
        return {m_deviceModel->vector(Weight::AttentionNorm, {int(index)}), s.normed,
                m_layers[index].projections->products(), projected};
    };
    m_device.blocks.row(queue, m_deviceModel->vector(Weight::Embedding), token, s.x, start(0), eps);
    for (std::size_t index = 0; index < m_layers.size(); ++index) {
        Layer& layer = m_layers[index];
        mixRow(layer, recorder);
        const auto gateAndUp = layer.gateAndUp->products();
        const LayerEnd end{s.mixed,
                           *layer.output->products()[0],
                           m_deviceModel->vector(Weight::FeedForwardNorm, layer.context.layer),
                           *gateAndUp[0],
                           *gateAndUp[1],
                           *layer.down->products()[0],
                           s.innerNormed,
                           s.gate,
                           s.up};
        m_device.blocks.row(queue, end, s.x, start(index + 1), eps);
        const auto record = [&](std::string_view probe, const Buffer<float>& buffer, int cols) {
            recorder.append(probe, layer.context.layer, buffer, 1, cols, queue);
        };
        record(probes::feedForwardInput, s.innerNormed, m_config.width);
        record(probes::feedForwardHidden, s.up, m_config.feedForwardWidth);
        record(probes::output, s.x, m_config.width);
    }
    m_device.blocks.dense(queue, s.normed, m_deviceModel->dense(Weight::Classifier), m_lastLogits, 1);
    recorder.append(probes::logits, wholeModel, m_lastLogits, 1, m_config.vocabulary, queue);
    ++m_tokens;
}

// The rows in the residual stream through layer `first` and those after it.
void DeviceSession::runChunk(std::size_t first, Known known, int rows, double begin, double end, Recorder& recorder,
                             Job& job)
{
    const std::string place = ", tokens " + std::to_string(m_tokens) + " to " + std::to_string(m_tokens + rows - 1);
    std::deque<EventHandle> running;
    for (std::size_t each = first; each < m_layers.size(); ++each) {
        Layer& layer = m_layers[each];
        const int index = layer.context.layer.value;
        job.report(begin + (end - begin) * index / m_config.layers, "layer " + std::to_string(index) + place);
        if (running.size() >= layersInFlight) {
            m_device.queue.waitFor(running.front());
            running.pop_front();
        }
        runLayer(layer, rows, each == first ? known : Known::Nothing, recorder);
        running.push_back(m_device.queue.mark());
    }
    m_device.blocks.rmsNorm(m_device.queue, m_scratch.x, m_deviceModel->vector(Weight::FinalNorm), m_scratch.normed,
                            rows, m_config.width, float(m_config.normEps));
    if (recorder.wants(probes::logits, wholeModel))
        recordLogits(rows, recorder, job);
    lastLogits(rows, recorder);
    while (!running.empty()) { // the next chunk starts with an empty pipeline of its own
        m_device.queue.waitFor(running.front());
        running.pop_front();
        job.check();
    }
    m_tokens += rows;
}

std::vector<float> DeviceSession::feedAll(std::span<const TokenId> tokens, Recorder& recorder, Job& job)
{
    std::size_t done = 0;
    while (done < tokens.size()) {
        if (tokens.size() - done == 1 && rowByRow()) {
            feedRow(tokens[done], recorder, job);
            break;
        }
        const auto rows = std::size_t(chunkRows(int(tokens.size() - done)));
        const double all = double(tokens.size());
        feedChunk(tokens.subspan(done, rows), double(done) / all, double(done + rows) / all, recorder, job);
        done += rows;
    }
    return readLogits(job);
}

// In the chunks that the whole sequence would be fed in.
std::vector<float> DeviceSession::rerunAll(std::size_t first, const Entering& entering, Recorder& recorder, Job& job)
{
    const int all = m_tokens;
    const bool projected = !entering.query.empty();
    const Known known = entering.retold ? Known::Mixed : projected ? Known::Projections : Known::Nothing;
    const Grid mixed =
        entering.retold ? entering.retold->grid(probes::mixed, {{int(first)}, allHeads, TokenPos{}}) : Grid();
    m_tokens = 0;
    while (m_tokens < all) {
        const int done = m_tokens, rows = chunkRows(all - done);
        reserve(rows);
        const auto write = [&](Buffer<float>& to, const Grid& from) {
            std::vector<float> cells;
            for (int row = done; row < done + rows; ++row)
                cells.insert(cells.end(), from.row(row).begin(), from.row(row).end());
            m_device.queue.write(to, std::span<const float>(cells));
        };
        write(m_scratch.x, entering.residual);
        if (projected) {
            write(m_scratch.normed, entering.input);
            write(m_scratch.query, entering.query);
            write(m_scratch.key, entering.key);
            write(m_scratch.value, entering.value);
        }
        if (entering.retold)
            write(m_scratch.mixed, mixed);
        runChunk(first, known, rows, double(done) / all, double(done + rows) / all, recorder, job);
    }
    return readLogits(job);
}

std::vector<float> DeviceSession::readLogits(Job& job)
{
    std::vector<float> logits(std::size_t(m_config.vocabulary), 0.0F);
    m_device.queue.read(m_lastLogits, std::span(logits));
    m_device.queue.finish(); // the recorder's reads are complete
    job.report(1, std::to_string(m_tokens) + " tokens");
    return logits;
}

// One token and a few take different kernels; so do a sequence's first tokens and its later ones.
void DeviceSession::warm(Job& job)
{
    static constexpr std::string_view what = "compiling kernels";
    Recorder none;
    Job quiet;
    job.report(0, what);
    feed(std::vector<TokenId>(2), none, quiet);
    if (m_config.causal) {
        job.report(0.5, what);
        feed(std::vector<TokenId>(1), none, quiet);
    }
    reset();
    m_device.queue.drainSpans();
    job.report(1, what);
}

std::vector<float> DeviceSession::feed(std::span<const TokenId> tokens, Recorder& recorder, Job& job)
{
    checkThread();
    checkTokens(tokens);
    m_interrupted = true;
    try {
        std::vector<float> logits = feedAll(tokens, recorder, job);
        m_interrupted = false;
        return logits;
    } catch (...) {
        m_device.queue.finish(); // before anything that enqueued launches and reads use goes
        throw;
    }
}

// Makes the layers from `first` on ready to be fed anew; the first one keeps what it holds where its run is retold.
void DeviceSession::take(const SessionPlan& plan, LayerIndex first, const Entering& entering)
{
    m_plan = plan;
    for (auto index = std::size_t(first.value); index < m_layers.size(); ++index) {
        Layer& layer = m_layers[index];
        if (entering.retold && index == std::size_t(first.value)) {
            layer.context = layerContext(*m_model, m_plan, first, m_prepared);
            if (!layer.attention->retake(layer.context))
                throw Error(Fault::Internal,
                            "layer " + std::to_string(index) + " cannot keep its state under this plan");
        } else if (layer.context.plan == plan.of({int(index)})) {
            layer.attention->reset(m_device.queue);
        } else {
            make(layer, {int(index)});
        }
    }
}

std::vector<float> DeviceSession::rerun(const SessionPlan& plan, LayerIndex first, const Entering& entering,
                                        Recorder& recorder, Job& job)
{
    checkThread();
    for (LayerIndex layer = first; layer.value < m_config.layers; ++layer.value)
        checkLayer(layerContext(*m_model, plan, layer, m_prepared));
    m_device.queue.finish(); // before what launches use goes
    m_interrupted = true;
    take(plan, first, entering);
    if (entering.retold)
        putRecords(*entering.retold, first, recorder);
    try {
        std::vector<float> logits = rerunAll(std::size_t(first.value), entering, recorder, job);
        m_interrupted = false;
        return logits;
    } catch (...) {
        m_device.queue.finish();
        throw;
    }
}

void DeviceSession::reset()
{
    checkThread();
    for (Layer& layer : m_layers)
        layer.attention->reset(m_device.queue);
    m_tokens = 0;
    m_interrupted = false;
}

SessionStats DeviceSession::stats()
{
    checkThread();
    SessionStats stats;
    stats.tokens = m_tokens;
    stats.spans = m_device.queue.drainSpans();
    for (const Layer& layer : m_layers) {
        stats.stateBytes += layer.attention->stateBytes();
        for (const auto* linear : {&layer.projections, &layer.output, &layer.gateAndUp, &layer.down})
            stats.stateBytes += *linear ? (*linear)->stateBytes() : 0;
        stats.forms.push_back(layer.attention->form());
    }
    return stats;
}

} // namespace

std::unique_ptr<Session> makeDeviceSession(std::shared_ptr<const Model> model, const SessionPlan& plan,
                                           const PreparedLayers& prepared, DeviceContext& device,
                                           std::shared_ptr<const DeviceModel> deviceModel, int expectedTokens, Job& job)
{
    auto session = std::make_unique<DeviceSession>(std::move(model), plan, prepared, device, std::move(deviceModel),
                                                   expectedTokens);
    session->warm(job);
    return session;
}

} // namespace engine
