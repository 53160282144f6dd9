// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/referencesession.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace engine {
namespace {

std::int64_t nowNs()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void appendRows(Matrix& history, const Matrix& rows)
{
    const Eigen::Index before = history.rows();
    history.conservativeResize(before + rows.rows(), rows.cols());
    history.bottomRows(rows.rows()) = rows;
}

std::vector<Matrix> splitHeads(const Matrix& rows, int heads)
{
    const Eigen::Index width = rows.cols() / heads;
    std::vector<Matrix> all;
    all.reserve(std::size_t(heads));
    for (int head = 0; head < heads; ++head)
        all.emplace_back(rows.middleCols(head * width, width));
    return all;
}

// What a layer has seen: the references look at the whole sequence every time.
struct History
{
    Matrix x, query, key, value;
};

class ReferenceSession : public Session
{
public:
    ReferenceSession(std::shared_ptr<const Model> model, const SessionPlan& plan, PreparedLayers prepared)
        : m_model(std::move(model))
        , m_prepared(std::move(prepared))
    {
        const ModelConfig& config = m_model->config();
        refuseUnknownBlocks(config);
        for (int layer = 0; layer < config.layers; ++layer)
            m_layers.push_back(layerContext(*m_model, plan, {layer}, m_prepared));
        ReferenceSession::reset();
    }

    std::vector<float> feed(std::span<const TokenId> tokens, Recorder& recorder, Job& job) override
    {
        checkThread();
        checkTokens(tokens);
        m_before = m_tokens;
        m_tokens += int(tokens.size());
        return runFrom({0}, matrixOf(embeddingOf(*m_model, tokens)), {}, recorder, job);
    }

    // Where the projections stay, their rows of before are here in double.
    std::vector<float> rerun(const SessionPlan& plan, LayerIndex first, const Entering& entering, Recorder& recorder,
                             Job& job) override
    {
        checkThread();
        const bool projected = !entering.query.empty();
        for (auto index = std::size_t(first.value); index < m_layers.size(); ++index) {
            m_layers[index] = layerContext(*m_model, plan, {int(index)}, m_prepared);
            checkPlan(m_layers[index]);
            if (index > std::size_t(first.value) || !projected)
                m_histories[index] = {};
        }
        m_before = 0;
        if (entering.retold)
            putRecords(*entering.retold, first, recorder);
        return runFrom(first, matrixOf(entering.residual), {projected, entering.retold.get()}, recorder, job);
    }

    void reset() override
    {
        checkThread();
        m_histories.assign(m_layers.size(), {});
        m_forms.assign(m_layers.size(), {});
        m_spans.clear();
        m_tokens = m_before = 0;
    }

    SessionStats stats() override
    {
        checkThread();
        SessionStats stats{m_tokens, 0, std::move(m_spans), m_forms};
        m_spans.clear();
        for (const History& history : m_histories) {
            const Eigen::Index numbers =
                history.x.size() + history.query.size() + history.key.size() + history.value.size();
            stats.stateBytes += std::size_t(numbers) * sizeof(double);
        }
        return stats;
    }

private:
    // What is known of the first layer that is run: its queries, keys and values; what its attention gives.
    struct Known
    {
        bool projections = false;
        const Trace* mixed = nullptr;
    };

    // The rows that enter a layer through it and those after it; every layer leaves a span.
    std::vector<float> runFrom(LayerIndex first, Matrix x, Known known, Recorder& recorder, Job& job)
    {
        for (const LayerContext& layer : std::span(m_layers).subspan(std::size_t(first.value))) {
            job.report(double(layer.layer.value) / double(m_layers.size()),
                       "layer " + std::to_string(layer.layer.value));
            const std::int64_t begin = nowNs();
            if (!known.projections || layer.layer != first)
                projectNew(rmsNorm(x, weight(Weight::AttentionNorm, layer), eps()), layer, recorder);
            x += attentionOf(int(x.rows()), layer, layer.layer == first ? known.mixed : nullptr, recorder);
            job.check();
            x += feedForward(rmsNorm(x, weight(Weight::FeedForwardNorm, layer), eps()), layer, recorder);
            recorder.append(probes::output, layer.layer, x);
            m_spans.push_back({"layer " + std::to_string(layer.layer.value), {0}, begin, nowNs()});
        }
        job.check();
        return logits(x, recorder);
    }

    double eps() const { return m_model->config().normEps; }

    std::span<const float> weight(Weight which, const LayerContext& layer) const
    {
        return m_model->weight(which, layer.layer);
    }

    void checkTokens(std::span<const TokenId> tokens) const
    {
        if (tokens.empty())
            throw Error(Fault::Request, "no tokens were fed; at least one was expected");
        if (!m_model->config().causal && m_tokens > 0)
            throw Error(Fault::Request, "a model without causal mask is fed whole, once; reset it first");
        const int rows = m_model->shape(Weight::Embedding).rows;
        const auto bad = std::ranges::find_if(tokens, [rows](TokenId id) { return id.value < 0 || id.value >= rows; });
        if (bad != tokens.end())
            throw Error(Fault::Request, "token id " + std::to_string(bad->value) + " was fed; ids from 0 to " +
                                            std::to_string(rows - 1) + " were expected");
    }

    std::vector<Matrix> project(const Matrix& x, std::initializer_list<Weight> which, const LayerContext& layer,
                                Recorder& recorder) const
    {
        const Method& method = findMethod(layer.plan.linear.method);
        const std::vector<Weight> group(which);
        return method.linear(x, group, layer, recorder);
    }

    // Queries, keys and values of new normed rows join those of before.
    void projectNew(const Matrix& x, const LayerContext& layer, Recorder& recorder)
    {
        const std::vector<Matrix> qkv = project(x, {Weight::Query, Weight::Key, Weight::Value}, layer, recorder);
        History& history = m_histories[std::size_t(layer.layer.value)];
        appendRows(history.x, x);
        appendRows(history.query, qkv[0]);
        appendRows(history.key, qkv[1]);
        appendRows(history.value, qkv[2]);
    }

    // What the token mixing of a layer adds to the residual stream of the last `rows` tokens; `known`: has its mixed
    // rows.
    Matrix attentionOf(int rows, const LayerContext& layer, const Trace* known, Recorder& recorder)
    {
        const History& history = m_histories[std::size_t(layer.layer.value)];
        const auto record = [&](std::string_view probe, const Matrix& all) {
            recorder.append(probe, layer.layer, all.bottomRows(rows));
        };
        record(probes::input, history.x);
        record(probes::queryRaw, history.query);
        record(probes::keyRaw, history.key);
        record(probes::value, history.value);
        const Matrix all = known == nullptr ? mix(history, layer, recorder)
                                            : matrixOf(known->grid(probes::mixed, {layer.layer, allHeads, {}}));
        const Matrix mixed = all.bottomRows(rows);
        recorder.append(probes::mixed, layer.layer, mixed);
        return m_model->config().outputProjection ? project(mixed, {Weight::Output}, layer, recorder)[0] : mixed;
    }

    // The method over the whole sequence. It records the whole sequence too: rows of earlier feeds are dropped.
    Matrix mix(const History& history, const LayerContext& layer, Recorder& recorder)
    {
        const Method& method = findMethod(layer.plan.attention.method);
        const LayerShape& shape = layer.shape;
        const LayerInput input{history.x, splitHeads(history.query, shape.heads),
                               splitHeads(history.key, shape.keyHeads), splitHeads(history.value, shape.keyHeads)};
        if (method.cost != nullptr)
            m_forms[std::size_t(layer.layer.value)] = method.cost(shape, layer.plan.attention.knobs, m_tokens).form;
        Recorder whole(wantedOf(method, layer.layer, recorder));
        Matrix mixed = method.attention(input, layer, whole);
        const auto recorded = whole.take();
        for (const Trace::Record& record : recorded->records())
            hand(method, record, recorder);
        return mixed;
    }

    static TraceFilter wantedOf(const Method& method, LayerIndex layer, const Recorder& recorder)
    {
        TraceFilter filter;
        filter.byteLimit = std::numeric_limits<std::size_t>::max();
        const auto add = [&](std::string_view probe) {
            if (recorder.wants(probe, layer))
                filter.probes.emplace(probe);
        };
        for (const ProbeSpec& probe : method.info.probes)
            add(probe.id);
        for (const std::string_view probe : method.mapRecords)
            add(probe);
        return filter;
    }

    // A series of one row per token gives its new rows, anything else is a snapshot.
    void hand(const Method& method, const Trace::Record& record, Recorder& recorder) const
    {
        const auto spec = std::ranges::find(method.info.probes, std::string_view(record.probe), &ProbeSpec::id);
        const bool series = spec == method.info.probes.end() || spec->rows == Axis::Token;
        const Matrix values = matrixOf(record.grid);
        if (series && record.grid.rows() == m_tokens)
            recorder.append(record.probe, record.where.layer, values.bottomRows(m_tokens - m_before),
                            record.provenance);
        else
            recorder.keep(record.probe, record.where, values, record.provenance);
    }

    // What the feed-forward's last layer reads.
    Matrix hiddenRows(const Matrix& x, const LayerContext& layer, Recorder& recorder) const
    {
        if (m_model->config().feedForward == FeedForwardKind::Memory)
            return layerNorm(project(x, {Weight::Up}, layer, recorder)[0], weight(Weight::InnerNorm, layer),
                             weight(Weight::InnerNormBias, layer), m_model->config().innerNormEps);
        const std::vector<Matrix> gateUp = project(x, {Weight::Gate, Weight::Up}, layer, recorder);
        return swiGlu(gateUp[0], gateUp[1]);
    }

    Matrix feedForward(const Matrix& x, const LayerContext& layer, Recorder& recorder) const
    {
        recorder.append(probes::feedForwardInput, layer.layer, x);
        const Matrix hidden = hiddenRows(x, layer, recorder);
        recorder.append(probes::feedForwardHidden, layer.layer, hidden);
        return project(hidden, {Weight::Down}, layer, recorder)[0];
    }

    // All rows only where somebody wants them: the vocabulary is wide.
    std::vector<float> logits(const Matrix& x, Recorder& recorder) const
    {
        const bool all = recorder.wants(probes::logits, wholeModel);
        const Matrix rows = all ? x : Matrix(x.bottomRows(1));
        const Matrix normed = rmsNorm(rows, m_model->weight(Weight::FinalNorm), eps());
        const Matrix scores =
            dense(normed, m_model->weight(Weight::Classifier), m_model->shape(Weight::Classifier).rows);
        recorder.append(probes::logits, wholeModel, scores);
        const Eigen::RowVectorXf last = scores.bottomRows(1).cast<float>();
        return {last.begin(), last.end()};
    }

    std::shared_ptr<const Model> m_model;
    PreparedLayers m_prepared;
    std::vector<LayerContext> m_layers;
    std::vector<History> m_histories;
    std::vector<std::string> m_forms;
    std::vector<Span> m_spans;
    int m_tokens = 0;
    int m_before = 0; // tokens of earlier feeds
};

} // namespace

std::unique_ptr<Session> makeReferenceSession(std::shared_ptr<const Model> model, const SessionPlan& plan,
                                              const PreparedLayers& prepared)
{
    return std::make_unique<ReferenceSession>(std::move(model), plan, prepared);
}

} // namespace engine
