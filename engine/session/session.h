// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"
#include "engine/values/ownthread.h"

#include <memory>
#include <span>
#include <vector>

namespace engine {

struct SessionStats
{
    int tokens = 0;
    std::size_t stateBytes = 0;     // of all layers: caches, memories
    std::vector<Span> spans;        // device work since the last call; wall spans on the reference back end
    std::vector<std::string> forms; // per layer: the form that ran last
};

// What an earlier run recorded of the first layer that is run again, a row for every token fed.
struct Entering
{
    Grid residual; // [N, width]: what the layer before gave (probes::output), or the embedding's rows
    // What the layer's projections read and gave (probes::input, queryRaw, keyRaw, value), where they stay as they
    // were. Empty: they are run again.
    Grid input, query, key, value;
    // All that the layer records under its new plan, where its method could tell (Method::retold; only with the four
    // above): its attention is not run. Null: it is.
    std::shared_ptr<const Trace> retold = {};
};

// One running sequence. Made, used and destroyed on one worker thread.
class Session
{
public:
    virtual ~Session() { m_thread.check(); }

    // Feeds tokens after those already fed; returns the logits after the last one. All logits, residual streams, q, k,
    // v go through the recorder, under its filter. At most two layers are in flight; a cancel takes effect within 100
    // ms and leaves a session that works after reset().
    virtual std::vector<float> feed(std::span<const TokenId> tokens, Recorder& recorder, Job& job) = 0;
    // Takes the plan's layers from `first` on and runs them again over the tokens fed so far. Nothing before `first` is
    // computed, nor what `entering` holds of it; caches of the layers before stay, and so does what was prepared. The
    // recorder must have forgotten these layers (Recorder::forgetFrom).
    virtual std::vector<float> rerun(const SessionPlan& plan, LayerIndex first, const Entering& entering,
                                     Recorder& recorder, Job& job) = 0;
    virtual void reset() = 0;
    virtual SessionStats stats() = 0;

protected:
    void checkThread() const { m_thread.check(); }

private:
    OwnThread m_thread;
};

// What prepare() gave for the two parts of a layer; null where a part needs nothing.
struct PreparedLayer
{
    std::shared_ptr<const Prepared> attention, linear;
};

// One per layer, or none at all. Kept beside the trace it belongs to.
using PreparedLayers = std::vector<PreparedLayer>;

// What enters layer 0: the tokens' rows of the embedding, [N, width].
Grid embeddingOf(const Model& model, std::span<const TokenId> tokens);

// The context of one layer of a model under a plan. `prepared` may be empty.
LayerContext layerContext(const Model& model, const SessionPlan& plan, LayerIndex layer,
                          const PreparedLayers& prepared);

// Runs prepare() of every layer that needs it, on the trace of the exact model over `calibration`.
PreparedLayers prepareLayers(std::shared_ptr<const Model> model, const SessionPlan& plan,
                             std::span<const TokenId> calibration, DeviceContext* device,
                             const std::shared_ptr<const DeviceModel>& deviceModel, Job& job);

// Throws Error{Request} for a norm or a feed-forward layer that no back end walks.
void refuseUnknownBlocks(const ModelConfig& config);

// The method's own records of a layer whose run is retold; what the session itself records it records again.
void putRecords(const Trace& retold, LayerIndex layer, Recorder& recorder);

// Bytes that prepareLayers() records of a run over so many calibration tokens, known before it starts.
double calibrationBytes(const Model& model, const SessionPlan& plan, std::size_t tokens);

// `device` and `deviceModel` null: the float64 reference. Throws Error{Request} for a plan that a method refuses.
std::unique_ptr<Session> makeSession(std::shared_ptr<const Model> model, const SessionPlan& plan,
                                     const PreparedLayers& prepared, DeviceContext* device,
                                     std::shared_ptr<const DeviceModel> deviceModel, int expectedTokens, Job& job);

// The filter a window or a dump needs: q, k, v, mixed, output, input, logits, and every method's mapRecords.
TraceFilter mapFilter(const SessionPlan& plan);

} // namespace engine
