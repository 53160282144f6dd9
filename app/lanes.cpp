// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lane.h"

#include <QTimer>

#include <algorithm>
#include <utility>

namespace app {

using engine::Backend;
using engine::Job;
using engine::LaneIndex;

Lanes::Lanes(Document& document)
    : m_document(document)
    , m_tasks(document)
    , m_files(std::make_unique<engine::Worker>("files", m_tasks.deliver()))
    , m_builder(std::make_unique<engine::Worker>("device", m_tasks.deliver()))
    , m_measuring(std::make_unique<engine::Worker>("measuring", m_tasks.deliver()))
{
    for (int lane = 0; lane < document.laneCount(); ++lane)
        m_lanes.push_back(makeLane());
    m_studies = std::make_unique<Studies>(document, m_turns, [this](LaneIndex lane) { return acceleratorOf(lane); });
}

Lanes::~Lanes()
{
    // All are asked to stop before the first is waited for.
    m_tasks.cancelAll();
    m_studies->stop();
    m_lanes.clear();
    m_retired.clear();
    m_measuring.reset();
    m_studies.reset();
    m_builder.reset();
    m_files.reset();
}

std::unique_ptr<Lanes::Lane> Lanes::makeLane()
{
    return std::make_unique<Lane>(m_made++, m_tasks.deliver());
}

std::optional<LaneIndex> Lanes::placeOf(const Lane* lane) const
{
    for (std::size_t place = 0; place < m_lanes.size(); ++place)
        if (m_lanes[place].get() == lane)
            return LaneIndex{int(place)};
    return std::nullopt;
}

void Lanes::rearrange(const std::vector<int>& cameFrom)
{
    std::vector<std::unique_ptr<Lane>> before = std::move(m_lanes);
    m_lanes.clear();
    std::vector<LaneIndex> fresh;
    for (const int from : cameFrom) {
        if (from < 0)
            fresh.push_back({int(m_lanes.size())});
        m_lanes.push_back(from < 0 ? makeLane() : std::move(before[std::size_t(from)]));
    }
    for (std::unique_ptr<Lane>& lane : before)
        if (lane)
            retire(std::move(lane));
    for (const LaneIndex lane : fresh)
        rerun(lane);
    if (!cameFrom.empty() && cameFrom.front() != 0) { // the others are seen against another one now
        generate();
        lookAtSelection();
    }
}

// A worker that is destroyed is waited for, and nobody waits on this thread: it goes when it has nothing left to do.
void Lanes::retire(std::unique_ptr<Lane> lane)
{
    m_tasks.cancelAll(lane->worker);
    m_retired.push_back(std::move(lane));
    sweep();
}

void Lanes::sweep()
{
    constexpr int soon = 50; // ms
    std::erase_if(m_retired, [this](const std::unique_ptr<Lane>& lane) {
        return !m_tasks.awaits(lane->worker) && lane->worker.idle();
    });
    if (!m_retired.empty())
        QTimer::singleShot(soon, this, &Lanes::sweep);
}

bool Lanes::idle() const
{
    return m_tasks.idle() && m_studies->idle();
}

void Lanes::cancel(int job)
{
    m_tasks.cancel(job);
    m_studies->cancel(job);
}

std::shared_ptr<const Accelerator> Lanes::acceleratorOf(LaneIndex lane) const
{
    const bool wanted = m_document.state().lanes[std::size_t(lane.value)].backend == Backend::OpenCl;
    return wanted ? m_accelerator : nullptr;
}

void Lanes::listDevices()
{
    submit(
        *m_builder, "list", tr("Looking for devices"),
        [](Job&) {
            noteEngineWork("devices");
            return engine::Device::list();
        },
        [this](std::vector<engine::DeviceInfo> devices) {
            if (devices.empty())
                m_document.setMessage(Message{tr("No OpenCL device."),
                                              tr("Running the built-in double-precision reference (slower)."), true,
                                              Message::Cure::None});
            m_document.setDevices(std::move(devices));
            if (m_document.sequence())
                prepareDevice();
        });
}

void Lanes::open()
{
    submit(
        *m_files, "open",
        tr("Opening %1").arg(QString::fromStdString(m_document.state().checkpoint.filename().string())),
        [path = m_document.state().checkpoint, tokenizer = m_document.state().tokenizer, turns = m_turns](Job& job) {
            const Turns::Disturbance disturbance(*turns);
            return openModel(path, tokenizer, job);
        },
        [this](Opened opened) {
            if (opened.heads) // what was of the model before goes with it
                m_document.setModel(nullptr);
            m_document.setHeads(opened.heads);
            if (opened.heads)
                return;
            m_accelerator.reset(); // the weights on the device are another model's
            for (const auto& lane : m_lanes)
                lane->layers.clear();
            m_misfit = opened.misfit;
            if (!m_misfit.empty())
                m_document.setMessage(Message{QString::fromStdString(m_misfit),
                                              tr("Its texts would be gibberish: the prompt is token ids."), true,
                                              Message::Cure::ChooseTokenizer});
            // A checkpoint of tables alone has nothing exact to run: both lanes take its own methods.
            const bool alone = !opened.model->config().denseProjections;
            m_document.setModel(std::move(opened.model), std::move(opened.prompts));
            for (int lane = alone ? 0 : 1; opened.native && m_document.takesNative() && lane < m_document.laneCount();
                 ++lane) {
                engine::SessionPlan plan = *opened.native;
                plan.backend = m_document.state().lanes[std::size_t(lane)].backend;
                m_document.adopt({lane}, plan);
            }
            if (opened.native && m_document.takesNative()) {
                ViewLayout layout = m_document.state().layout;
                if (const std::string tab = ownTab(*opened.native); !tab.empty())
                    layout.tab = tab;
                m_document.prefer(layout);
            }
            encode();
        },
        [this] {
            if (!m_tasks.running(*m_files, "open")) // else it was given up for another
                m_document.keepOpened();
        });
}

void Lanes::encode()
{
    if (!m_document.model())
        return;
    submit(
        *m_files, "encode", tr("Reading the prompt"),
        [model = m_document.model(), prompt = m_document.state().prompt, turns = m_turns](Job&) {
            const Turns::Disturbance disturbance(*turns);
            return encodePrompt(*model, prompt);
        },
        [this, model = m_document.model()](std::shared_ptr<const Sequence> sequence) {
            if (model == m_document.model())
                makeSequence(std::move(sequence));
        },
        [this] { offerTokenizer(); });
}

// A prompt that could not be read, of a model that has nothing to read it with.
void Lanes::offerTokenizer()
{
    if (!m_document.model() || m_document.model()->tokenizer() || !m_document.message())
        return;
    Message message = *m_document.message();
    message.why = QString::fromStdString(m_misfit);
    message.cure = Message::Cure::ChooseTokenizer;
    m_document.setMessage(message);
}

void Lanes::makeSequence(std::shared_ptr<const Sequence> sequence)
{
    m_document.setSequence(std::move(sequence));
    runAll();
    if (!m_accelerator && !m_document.devices().empty())
        prepareDevice();
}

void Lanes::generate()
{
    const std::shared_ptr<const Sequence> now = m_document.sequence();
    if (!now)
        return;
    const int wanted = now->promptCount + m_document.state().generated;
    const int there = int(now->ids.size());
    if (wanted == there)
        return;
    auto next = std::make_shared<Sequence>(*now);
    if (wanted < there) {
        next->ids.resize(std::size_t(wanted));
        next->pieces.resize(std::size_t(wanted));
        next->special.resize(std::size_t(wanted));
    } else {
        // One more; the rest follow when this one has been through the exact lane.
        const std::shared_ptr<const LaneRun>& exact = m_document.lane(exactLane).run;
        if (!current(exact.get()))
            return;
        next->ids.push_back(exact->next);
        next->pieces.push_back(exact->nextPiece);
        next->special.push_back(exact->nextSpecial);
    }
    m_document.setSequence(std::move(next));
    runAll();
}

void Lanes::prepareDevice()
{
    const std::vector<engine::DeviceInfo>& devices = m_document.devices();
    const std::vector<engine::SessionPlan>& plans = m_document.state().lanes;
    const bool wanted = std::any_of(plans.begin(), plans.end(),
                                    [](const engine::SessionPlan& plan) { return plan.backend == Backend::OpenCl; });
    if (devices.empty() || !wanted || !m_document.model() || !m_document.sequence())
        return;
    m_preparing = true;
    // Everything the lanes are about to do is done here once, so that they find every kernel built.
    const engine::LayerIndex layer = m_document.state().selection.layer;
    const engine::HeadIndex head = m_document.state().selection.head;
    submit(
        *m_builder, "prepare", tr("Building kernels"),
        [name = m_document.state().device, device = m_device, model = m_document.model(), plans,
         sequence = m_document.sequence(), layer, head, turns = m_turns](Job& job) {
            noteEngineWork("prepare");
            const Turns::Disturbance disturbance(*turns);
            auto ready = std::make_shared<Accelerator>();
            ready->device = device;
            const engine::DeviceInfo info = engine::Device::choose(name);
            if (!device || device->info() != info)
                ready->device = std::make_shared<engine::Device>(info);
            LaneEngine& engine = LaneEngine::ofThisThread();
            job.report(0.1, "uploading weights");
            engine::DeviceContext* context = engine.context(ready.get());
            ready->model = std::make_shared<const engine::DeviceModel>(model, context->queue, job);
            context->queue.finish();
            std::shared_ptr<const LaneRun> exact;
            std::shared_ptr<const HeadLook> exactLook;
            for (const engine::SessionPlan& plan : plans) {
                const auto run = engine.run({model, plan, sequence, ready}, job);
                if (!exact)
                    exact = run;
                const auto look = lookAtHead(attendLayer(exact, run, layer, false, nullptr, ready.get(), job), head,
                                             exactLook, ready.get(), job);
                if (!exactLook)
                    exactLook = look;
            }
            return std::shared_ptr<const Accelerator>(std::move(ready));
        },
        [this, model = m_document.model()](std::shared_ptr<const Accelerator> ready) {
            m_preparing = false;
            if (model != m_document.model())
                return;
            m_device = ready->device;
            m_accelerator = std::move(ready);
            m_document.setDevice(m_device->info());
            runAll();
        },
        [this] {
            m_preparing = m_tasks.running(*m_builder, "prepare"); // cancelled for a newer one, or failed
            measure();
        });
}

void Lanes::chooseDevice()
{
    m_accelerator.reset();
    m_document.setDevice(std::nullopt);
    prepareDevice();
}

void Lanes::runAll()
{
    for (int lane = 0; lane < int(m_lanes.size()); ++lane)
        run({lane});
}

void Lanes::rerun(LaneIndex lane)
{
    const bool onDevice = m_document.state().lanes[std::size_t(lane.value)].backend == Backend::OpenCl;
    if (onDevice && !m_accelerator && !m_preparing)
        prepareDevice();
    run(lane);
}

void Lanes::run(LaneIndex lane)
{
    if (!m_document.sequence())
        return;
    Lane& own = *m_lanes[std::size_t(lane.value)];
    own.worker.cancel("time");
    RunRequest request{m_document.model(), m_document.state().lanes[std::size_t(lane.value)], m_document.sequence(),
                       acceleratorOf(lane)};
    submit(
        own.worker, "run", tr("Running the prompt"),
        [request = std::move(request), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return LaneEngine::ofThisThread().run(request, job);
        },
        [this, own = &own](std::shared_ptr<const LaneRun> run) {
            if (const auto place = placeOf(own))
                ran(*place, std::move(run));
        });
}

bool Lanes::current(const LaneRun* run) const
{
    return run != nullptr && run->sequence == m_document.sequence() && run->model == m_document.model();
}

void Lanes::ran(LaneIndex lane, std::shared_ptr<const LaneRun> run)
{
    if (!current(run.get()))
        return;
    m_document.setRun(lane, std::move(run));
    if (lane == exactLane) {
        generate();
        for (int each = 0; each < int(m_lanes.size()); ++each)
            if (!m_tasks.running(m_lanes[std::size_t(each)]->worker, "run")) // else it follows its own run
                attend({each}, false);
    } else {
        attend(lane, false);
    }
    showProbes();
}

void Lanes::measure()
{
    for (int lane = 0; lane < int(m_lanes.size()) && !m_document.playing(); ++lane)
        time({lane});
}

void Lanes::measureOn(std::string tag, const QString& title, std::function<void(Job&, Bench&)> work,
                      std::function<void()> done)
{
    submit(
        *m_measuring, std::move(tag), title,
        [work = std::move(work), accelerator = acceleratorOf(exactLane), turns = m_turns,
         post = m_tasks.deliver()](Job& job) {
            noteEngineWork("measure");
            Bench bench{LaneEngine::ofThisThread().context(accelerator.get()), *turns, post};
            work(job, bench);
        },
        [done = std::move(done)](std::monostate) { done(); });
}

void Lanes::stopMeasuring(std::string_view tag)
{
    m_measuring->cancel(tag);
}

void Lanes::measureReport(const std::filesystem::path& folder, const ReportRequest& request)
{
    submit(
        *m_builder, "report", tr("Measuring"),
        [folder, request, accelerator = acceleratorOf(exactLane), turns = m_turns](Job& job) {
            noteEngineWork("report");
            const Turns::Turn turn = turns->take(job);
            writeReport(folder, request, LaneEngine::ofThisThread().context(accelerator.get()), job);
        },
        [](std::monostate) {});
}

} // namespace app
