// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/results.h"
#include "engine/compute/device.h"
#include "engine/jobs/job.h"
#include "engine/methods/method.h"
#include "engine/model/devicemodel.h"
#include "engine/values/ownthread.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace app {

// A device with a model's weights on it, shared by all lanes. The weights go before the device.
struct Accelerator
{
    std::shared_ptr<engine::Device> device;
    std::shared_ptr<const engine::DeviceModel> model;
};

struct RunRequest
{
    std::shared_ptr<const engine::Model> model;
    engine::SessionPlan plan;
    std::shared_ptr<const Sequence> sequence;
    std::shared_ptr<const Accelerator> accelerator; // null: the reference
};

// What a worker thread computes with: its queue, its kernels, its running session. One per thread, made at its first
// use and destroyed with the thread.
class LaneEngine
{
public:
    static LaneEngine& ofThisThread();

    ~LaneEngine();
    LaneEngine(const LaneEngine&) = delete;
    LaneEngine& operator=(const LaneEngine&) = delete;

    // The queue and kernels on that device; null for the reference.
    engine::DeviceContext* context(const Accelerator* accelerator);

    // Feeds the sequence; where the last call fed the same plan a beginning of it, only the rest; where it fed the same
    // sequence under a plan that differs in some layers, only those from the first of them on.
    std::shared_ptr<const LaneRun> run(const RunRequest& request, engine::Job& job);

private:
    LaneEngine() = default;

    bool continues(const RunRequest& request) const;
    std::optional<engine::LayerIndex> changedFrom(const RunRequest& request) const;
    std::optional<engine::Entering> enteringOf(const RunRequest& request, engine::LayerIndex layer) const;
    std::optional<std::vector<float>> rerun(const RunRequest& request, engine::Job& job);
    void restart(const RunRequest& request, engine::Job& job);
    std::vector<float> feed(const RunRequest& request, engine::Job& job);
    void forget();

    engine::OwnThread m_thread;
    // Destroyed from below: buffers before the queue that uses them, the queue before its device.
    std::shared_ptr<engine::Device> m_device;
    std::unique_ptr<engine::Queue> m_queue;
    std::unique_ptr<engine::DeviceBlocks> m_blocks;
    std::unique_ptr<engine::DeviceContext> m_context;
    RunRequest m_request; // that m_session was made for
    engine::PreparedLayers m_prepared;
    engine::Recorder m_recorder;
    std::unique_ptr<engine::Session> m_session;
    std::vector<engine::TokenId> m_fed;
};

// Called at the start of everything that computes or reads files, with its name: tests watch from which thread.
using EngineHook = std::function<void(const char*)>;
void setEngineHook(EngineHook hook);
void noteEngineWork(const char* what);

} // namespace app
