// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/logits/logitswork.h"

#include "app/wording.h"
#include "engine/session/logitsstudy.h"
#include "engine/session/writing.h"

#include <algorithm>
#include <chrono>

namespace app {

using engine::TokenId;
using engine::TokenPos;

namespace {

constexpr int writtenTokens = 24;
constexpr double longestSeconds = 1; // what starts by itself

using Runs = std::vector<std::shared_ptr<const LaneRun>>;

std::string labelOf(const engine::Model& model, TokenId token)
{
    const engine::Tokenizer* tokenizer = model.tokenizer();
    return tokenizer != nullptr ? tokenLabel(tokenizer->piece(token)).toStdString() : std::to_string(token.value);
}

engine::Study studyOf(const Runs& runs, TokenPos step, const Writing* writing, engine::Job& job)
{
    std::vector<engine::LogitsSlot> slotsOfLanes;
    for (std::size_t lane = 0; lane < runs.size(); ++lane) {
        const LaneRun& run = *runs[lane];
        engine::LogitsSlot slot{titleOf(run.plan.everywhere.attention).toStdString(), run.trace, run.losses, {}, {}};
        if (writing != nullptr && lane < writing->written.size()) {
            slot.written = writing->written[lane];
            slot.followed = writing->followed[lane];
        }
        slotsOfLanes.push_back(std::move(slot));
    }
    const engine::Model& model = *runs.front()->model;
    return engine::logitsStudy({model, slotsOfLanes, runs.front()->sequence->ids, step,
                                [&model](TokenId token) { return labelOf(model, token); }},
                               job);
}

// A fresh session of a lane's plan. Waits for its queue before it goes: PoCL aborts when memory goes that a launch
// still uses.
class FreshSession
{
public:
    FreshSession(const LaneRun& run, const Accelerator* accelerator, int tokens, engine::Job& job)
        : m_device(LaneEngine::ofThisThread().context(accelerator))
        , m_session(engine::makeSession(run.model, run.plan, run.prepared, m_device,
                                        accelerator != nullptr ? accelerator->model : nullptr, tokens, job))
    {
    }

    FreshSession(const FreshSession&) = delete;
    FreshSession& operator=(const FreshSession&) = delete;

    ~FreshSession()
    {
        try {
            if (m_device != nullptr)
                m_device->queue.finish();
        } catch (const engine::Error&) { // already on the way out with an error of its own
        }
    }

    engine::Session& operator*() { return *m_session; }

private:
    engine::DeviceContext* m_device;
    std::unique_ptr<engine::Session> m_session;
};

// One token of the exact lane tells what all will take.
double secondsOf(const Runs& runs, const std::vector<std::shared_ptr<const Accelerator>>& accelerators,
                 std::span<const TokenId> prefix, engine::Job& job)
{
    const auto begin = std::chrono::steady_clock::now();
    FreshSession session(*runs.front(), accelerators.front().get(), int(prefix.size()) + 2, job);
    const auto first = engine::writeFreely(*session, *runs.front()->model, prefix, 1, job);
    const auto read = std::chrono::steady_clock::now();
    engine::Recorder nothing;
    (*session).feed(first, nothing, job);
    const auto written = std::chrono::steady_clock::now();
    const std::chrono::duration<double> prompt = read - begin, token = written - read;
    return double(runs.size()) * (2 * prompt.count() + writtenTokens * token.count());
}

std::shared_ptr<const Writing> writingOf(const Runs& runs,
                                         const std::vector<std::shared_ptr<const Accelerator>>& accelerators,
                                         TokenPos step, bool asked, engine::Job& job)
{
    const auto prefix = std::span(runs.front()->sequence->ids).first(std::size_t(step.value) + 1);
    auto writing = std::make_shared<Writing>();
    if (!asked) {
        writing->seconds = secondsOf(runs, accelerators, prefix, job);
        if (writing->seconds > longestSeconds)
            return writing;
    }
    const int tokens = int(prefix.size()) + writtenTokens;
    for (std::size_t lane = 0; lane < runs.size(); ++lane) {
        const engine::Model& model = *runs[lane]->model;
        FreshSession free(*runs[lane], accelerators[lane].get(), tokens, job);
        writing->written.push_back(engine::writeFreely(*free, model, prefix, writtenTokens, job));
        FreshSession forced(*runs[lane], accelerators[lane].get(), tokens, job);
        writing->followed.push_back(engine::followText(*forced, model, prefix, writing->written.front(), job));
    }
    return writing;
}

} // namespace

LogitsLook lookAtLogits(const Runs& runs, TokenPos step,
                        const std::vector<std::shared_ptr<const Accelerator>>& accelerators, engine::Job& job)
{
    auto writing = writingOf(runs, accelerators, step, true, job);
    engine::Study study = studyOf(runs, step, writing.get(), job);
    return {runs, step, std::move(writing), std::move(study)};
}

LogitsWork::LogitsWork(Document& document, Lanes& lanes)
    : m_document(document)
    , m_lanes(lanes)
    , m_worker(lanes.tasks(), "logits")
{
}

LogitsWork::~LogitsWork() = default;

bool LogitsWork::wanted(const Runs& runs, TokenPos step) const
{
    return runs == m_runs && step == m_step;
}

std::optional<double> LogitsWork::waits() const
{
    if (!m_look || !m_look->writing || !m_look->writing->written.empty())
        return std::nullopt;
    return m_look->writing->seconds;
}

void LogitsWork::update()
{
    if (m_document.state().layout.tab != "logits" || !m_document.sequence())
        return;
    Runs runs;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& run = m_document.lane({lane}).run;
        if (!run || run->sequence != m_document.sequence() || run->model != m_document.model() ||
            run->plan != m_document.state().lanes[std::size_t(lane)])
            return; // the old look stays until every lane has run
        runs.push_back(run);
    }
    const TokenPos last{m_document.lastRow()};
    const TokenPos step = std::min(m_document.state().selection.query.value_or(last), last);
    if (runs.empty() || wanted(runs, step))
        return;
    m_runs = std::move(runs);
    m_step = step;
    m_worker->cancel("write");
    study(nullptr);
}

void LogitsWork::study(const std::shared_ptr<const Writing>& writing)
{
    m_lanes.tasks().submit(
        *m_worker, "study", tr("Next tokens"),
        [runs = m_runs, step = m_step, writing, turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("logits");
            const Turns::Disturbance disturbance(*turns);
            return std::make_shared<const LogitsLook>(
                LogitsLook{runs, step, writing, studyOf(runs, step, writing.get(), job)});
        },
        [this](std::shared_ptr<const LogitsLook> look) {
            if (!wanted(look->runs, look->step))
                return;
            const bool fresh = !look->writing;
            m_look = std::move(look);
            emit changed();
            if (fresh)
                write(false);
        });
}

void LogitsWork::writeOn()
{
    if (m_look && wanted(m_look->runs, m_look->step))
        write(true);
}

void LogitsWork::write(bool asked)
{
    if (!m_runs.front()->model->config().causal)
        return; // it has no next token
    std::vector<std::shared_ptr<const Accelerator>> accelerators;
    for (std::size_t lane = 0; lane < m_runs.size(); ++lane)
        accelerators.push_back(m_runs[lane]->backend == engine::Backend::OpenCl ? m_lanes.acceleratorOf({int(lane)})
                                                                                : nullptr);
    m_lanes.tasks().submit(
        *m_worker, "write", tr("Writing on"),
        [runs = m_runs, step = m_step, accelerators, asked, turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("write");
            const Turns::Turn turn = turns->take(job);
            return writingOf(runs, accelerators, step, asked, job);
        },
        [this, runs = m_runs, step = m_step](const std::shared_ptr<const Writing>& writing) {
            if (wanted(runs, step))
                study(writing);
        });
}

} // namespace app
