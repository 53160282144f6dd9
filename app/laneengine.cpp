// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/laneengine.h"

#include "engine/compare/loss.h"
#include "engine/model/sampler.h"
#include "engine/session/attend.h"

#include <algorithm>
#include <limits>
#include <mutex>

namespace app {

namespace {

std::mutex hookMutex;
EngineHook hookInForce; // guarded by hookMutex

} // namespace

void setEngineHook(EngineHook hook)
{
    const std::scoped_lock lock(hookMutex);
    hookInForce = std::move(hook);
}

void noteEngineWork(const char* what)
{
    const std::scoped_lock lock(hookMutex);
    if (hookInForce)
        hookInForce(what);
}

LaneEngine& LaneEngine::ofThisThread()
{
    thread_local LaneEngine engine;
    return engine;
}

LaneEngine::~LaneEngine()
{
    forget();
}

void LaneEngine::forget()
{
    if (m_queue)
        m_queue->finish(); // PoCL aborts when memory goes that a launch still uses
    m_session.reset();
    m_recorder.clear();
    m_fed.clear();
    m_prepared.clear();
    m_request = {};
}

engine::DeviceContext* LaneEngine::context(const Accelerator* accelerator)
{
    m_thread.check();
    if (accelerator == nullptr)
        return nullptr;
    if (m_device != accelerator->device) {
        forget();
        m_context.reset();
        m_blocks.reset();
        m_queue.reset();
        m_device = accelerator->device;
        m_queue = std::make_unique<engine::Queue>(*m_device);
        m_blocks = std::make_unique<engine::DeviceBlocks>(*m_device);
        m_context = std::make_unique<engine::DeviceContext>(engine::DeviceContext{*m_device, *m_queue, *m_blocks});
    }
    return m_context.get();
}

bool LaneEngine::continues(const RunRequest& request) const
{
    const std::vector<engine::TokenId>& ids = request.sequence->ids;
    return m_session && request.model->config().causal && m_request.model == request.model &&
           m_request.plan == request.plan && m_request.accelerator == request.accelerator &&
           m_request.sequence->promptCount == request.sequence->promptCount && m_fed.size() < ids.size() &&
           std::equal(m_fed.begin(), m_fed.end(), ids.begin());
}

// The first layer whose plan differs, where nothing else does and nothing is fitted to the text; none: run anew.
std::optional<engine::LayerIndex> LaneEngine::changedFrom(const RunRequest& request) const
{
    const bool same = m_session && m_request.model == request.model && m_request.accelerator == request.accelerator &&
                      m_request.plan.backend == request.plan.backend && m_fed == request.sequence->ids &&
                      m_request.sequence->promptCount == request.sequence->promptCount;
    if (!same || !m_prepared.empty() || engine::calibrationBytes(*request.model, request.plan, 1) > 0 ||
        engine::mapFilter(request.plan) != engine::mapFilter(m_request.plan))
        return std::nullopt;
    for (engine::LayerIndex layer{0}; layer.value < request.model->config().layers; ++layer.value)
        if (request.plan.of(layer) != m_request.plan.of(layer))
            return layer;
    return std::nullopt;
}

// What the last run recorded of the layer; none: not of every token. Projections that both plans have are not run
// again, unless a method stands in their place, which has records of its own.
std::optional<engine::Entering> LaneEngine::enteringOf(const RunRequest& request, engine::LayerIndex layer) const
{
    const auto trace = m_recorder.snapshot();
    const int tokens = int(m_fed.size());
    const auto recorded = [&](std::string_view probe, engine::LayerIndex of) {
        return trace->grid(probe, {of, engine::allHeads, {}});
    };
    engine::Entering entering;
    entering.residual = layer.value == 0 ? engine::embeddingOf(*request.model, m_fed)
                                         : recorded(engine::probes::output, {layer.value - 1});
    if (entering.residual.rows() != tokens)
        return std::nullopt;
    const engine::Part& linear = request.plan.of(layer).linear;
    if (linear != m_request.plan.of(layer).linear || engine::replacesLinear(engine::findMethod(linear.method)))
        return entering;
    engine::Entering whole{std::move(entering.residual), recorded(engine::probes::input, layer),
                           recorded(engine::probes::queryRaw, layer), recorded(engine::probes::keyRaw, layer),
                           recorded(engine::probes::value, layer)};
    for (const engine::Grid* each : {&whole.input, &whole.query, &whole.key, &whole.value})
        if (each->rows() != tokens)
            return engine::Entering{std::move(whole.residual), {}, {}, {}, {}};
    whole.retold = engine::retold(trace, engine::layerContext(*request.model, m_request.plan, layer, m_prepared),
                                  engine::layerContext(*request.model, request.plan, layer, m_prepared));
    return whole;
}

// Logits of a run of the changed layers alone; none: what entered them is not known.
std::optional<std::vector<float>> LaneEngine::rerun(const RunRequest& request, engine::Job& job)
{
    const std::optional<engine::LayerIndex> first = changedFrom(request);
    if (!first)
        return std::nullopt;
    const auto known = enteringOf(request, *first);
    if (!known)
        return std::nullopt;
    noteEngineWork("rerun");
    m_recorder.forgetFrom(*first);
    std::vector<float> logits = m_session->rerun(request.plan, *first, *known, m_recorder, job);
    m_request = request;
    return logits;
}

// What of the sequence was not fed yet.
std::vector<float> LaneEngine::feed(const RunRequest& request, engine::Job& job)
{
    if (!continues(request))
        restart(request, job);
    return m_session->feed(std::span(request.sequence->ids).subspan(m_fed.size()), m_recorder, job);
}

void LaneEngine::restart(const RunRequest& request, engine::Job& job)
{
    engine::DeviceContext* device = context(request.accelerator.get());
    forget();
    const std::span<const engine::TokenId> ids = request.sequence->ids;
    const auto deviceModel = request.accelerator ? request.accelerator->model : nullptr;
    m_prepared = engine::prepareLayers(request.model, request.plan,
                                       ids.first(std::size_t(request.sequence->promptCount)), device, deviceModel, job);
    m_session = engine::makeSession(request.model, request.plan, m_prepared, device, deviceModel, int(ids.size()), job);
    m_recorder = engine::Recorder(engine::mapFilter(request.plan));
    m_request = request;
}

std::shared_ptr<const LaneRun> LaneEngine::run(const RunRequest& request, engine::Job& job)
{
    m_thread.check();
    noteEngineWork("run");
    const std::span<const engine::TokenId> ids = request.sequence->ids;
    std::vector<float> logits;
    try {
        auto again = rerun(request, job);
        logits = again ? *std::move(again) : feed(request, job);
    } catch (...) {
        forget(); // fed halfway: the next run starts anew
        throw;
    }
    m_fed.assign(ids.begin(), ids.end());
    m_request.sequence = request.sequence;

    auto result = std::make_shared<LaneRun>();
    result->model = request.model;
    result->plan = request.plan;
    result->backend = request.accelerator ? engine::Backend::OpenCl : engine::Backend::Reference;
    result->sequence = request.sequence;
    result->trace = m_recorder.snapshot();
    result->prepared = m_prepared;
    const engine::Grid all = result->trace->grid(engine::probes::logits, {});
    if (all.rows() == int(ids.size())) {
        // Without a causal mask a row has seen the token that it would predict.
        result->losses = request.model->config().causal
                             ? engine::tokenLosses(all, ids)
                             : std::vector<float>(ids.size(), std::numeric_limits<float>::quiet_NaN());
        result->entropies = engine::predictionEntropies(all, int(ids.size()));
    }
    result->next = engine::Sampler({}).next(logits, request.model->tokensInUse());
    if (const engine::Tokenizer* tokenizer = request.model->tokenizer()) {
        result->nextPiece = tokenizer->piece(result->next);
        result->nextSpecial = tokenizer->special(result->next);
    } else
        result->nextPiece = std::to_string(result->next.value);
    result->stateBytes = m_session->stats().stateBytes;
    return result;
}

} // namespace app
