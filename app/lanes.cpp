// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lanes.h"

#include <QTimer>

#include <algorithm>
#include <utility>

namespace app {

using engine::Backend;
using engine::Job;
using engine::LaneIndex;

// One lane's worker and the layers it has been through, newest first.
struct Lanes::Lane
{
    explicit Lane(int number, engine::Deliver deliver)
        : worker("lane " + std::to_string(number), std::move(deliver))
    {
    }

    engine::Worker worker;
    std::list<std::shared_ptr<const LayerAttention>> layers;
};

namespace {

constexpr LaneIndex exactLane{0};
constexpr std::size_t rememberedLayers = 16; // a lane's; each holds q, k, v and the method's states

bool sameQueries(const LayerAttention& a, const LayerAttention& b)
{
    return a.exact == b.exact && a.layer == b.layer;
}

} // namespace

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

template <typename Work, typename Done>
void Lanes::submit(engine::Worker& worker, std::string tag, const QString& title, Work work, Done done,
                   std::function<void()> failed)
{
    m_tasks.submit(worker, std::move(tag), title, std::move(work), std::move(done), std::move(failed));
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
            // A checkpoint of tables alone has nothing exact to run: both lanes take its own methods.
            const bool alone = !opened.model->config().denseProjections;
            m_document.setModel(std::move(opened.model), std::move(opened.prompts));
            for (int lane = alone ? 0 : 1; opened.native && m_document.takesNative() && lane < m_document.laneCount();
                 ++lane) {
                engine::SessionPlan plan = *opened.native;
                plan.backend = m_document.state().lanes[std::size_t(lane)].backend;
                m_document.adopt({lane}, plan);
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
        });
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
                const auto look = lookAtHead(attendLayer(exact, run, layer, false, ready.get(), job), head, exactLook,
                                             ready.get(), job);
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

// What this lane found before for the document's layer, if nothing that it depends on has changed.
std::shared_ptr<const LayerAttention> Lanes::remembered(LaneIndex lane, bool everyProbe) const
{
    const std::shared_ptr<const LaneRun>& exact = m_document.lane(exactLane).run;
    const std::shared_ptr<const LaneRun>& own = m_document.lane(lane).run;
    const engine::LayerIndex layer = m_document.state().selection.layer;
    for (const std::shared_ptr<const LayerAttention>& each : m_lanes[std::size_t(lane.value)]->layers)
        if (each->exact == exact && each->own == own && each->layer == layer && each->everyProbe == everyProbe)
            return each;
    return nullptr;
}

void Lanes::attend(LaneIndex lane, bool everyProbe)
{
    const std::shared_ptr<const LaneRun>& exact = m_document.lane(exactLane).run;
    const std::shared_ptr<const LaneRun>& run = m_document.lane(lane).run;
    if (!current(exact.get()) || !current(run.get()))
        return;
    if (std::shared_ptr<const LayerAttention> known = remembered(lane, everyProbe)) {
        attended(lane, std::move(known));
        return;
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, everyProbe ? "probes" : "attend", tr("Attention of one layer"),
        [exact, run, layer = m_document.state().selection.layer, everyProbe, accelerator = acceleratorOf(lane),
         turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return attendLayer(exact, run, layer, everyProbe, accelerator.get(), job);
        },
        [this, own](std::shared_ptr<const LayerAttention> layer) {
            const auto place = placeOf(own);
            if (!place)
                return;
            auto& layers = own->layers;
            std::erase_if(layers, [&](const auto& each) { return !current(each->exact.get()); });
            layers.push_front(layer);
            if (layers.size() > rememberedLayers)
                layers.pop_back();
            attended(*place, std::move(layer));
        });
}

void Lanes::attended(LaneIndex lane, std::shared_ptr<const LayerAttention> layer)
{
    if (!current(layer->exact.get()) || layer->layer != m_document.state().selection.layer)
        return;
    if (layer->everyProbe)
        m_document.setProbes(lane, std::move(layer));
    else
        look(lane);
}

void Lanes::look(LaneIndex lane)
{
    const std::shared_ptr<const LayerAttention> layer = remembered(lane, false);
    if (!layer)
        return;
    const engine::HeadIndex head = m_document.state().selection.head;
    std::shared_ptr<const HeadLook> exact;
    if (lane != exactLane) {
        exact = m_document.lane(exactLane).look;
        if (!exact || exact->head != head || !sameQueries(*exact->layer, *layer))
            return; // follows when the exact lane has looked
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "look", tr("Reconstructing the map"),
        [layer, head, exact, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return lookAtHead(layer, head, exact, accelerator.get(), job);
        },
        [this, own](std::shared_ptr<const HeadLook> found) {
            const Selection& selection = m_document.state().selection;
            const auto place = placeOf(own);
            if (!place || !current(found->layer->exact.get()) || found->head != selection.head ||
                found->layer->layer != selection.layer)
                return;
            if ((*place == exactLane) != found->difference.cells.empty()) { // the lanes changed places meanwhile
                look(*place);
                return;
            }
            m_document.setLook(*place, std::move(found));
            rows(*place);
            row(*place);
            if (*place == exactLane)
                for (int other = 1; other < int(m_lanes.size()); ++other)
                    look({other});
            time(*place);
        });
}

void Lanes::lookAtSelection()
{
    const Selection& selection = m_document.state().selection;
    for (int each = 0; each < int(m_lanes.size()); ++each) {
        const LaneIndex lane{each};
        const std::shared_ptr<const HeadLook>& look = m_document.lane(lane).look;
        if (look && look->layer->exact == m_document.lane(exactLane).run && current(look->layer->exact.get()) &&
            look->head == selection.head && look->layer->layer == selection.layer) {
            rows(lane);
            row(lane);
        } else {
            attend(lane, false);
        }
    }
    showProbes();
}

void Lanes::rows(LaneIndex lane)
{
    const std::shared_ptr<const HeadLook>& exact = m_document.lane(exactLane).look;
    const std::shared_ptr<const HeadLook>& other = m_document.lane(lane).look;
    if (lane == exactLane || !exact || !other || !sameQueries(*exact->layer, *other->layer))
        return;
    const int count = std::min(m_document.lastRow() + 1, other->map.tokens);
    if (count == other->map.tokens) {
        m_document.setRows(lane, std::make_shared<const RowsMetrics>(RowsMetrics{other, count, other->metrics}));
        return;
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "rows", tr("Comparing rows"),
        [exact, other, count, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return metricsOfRows(exact, other, count, accelerator.get(), job);
        },
        [this, own](std::shared_ptr<const RowsMetrics> found) {
            if (const auto place = placeOf(own))
                m_document.setRows(*place, std::move(found));
        });
}

// The picked query's row, or the one of the step.
void Lanes::row(LaneIndex lane)
{
    const std::shared_ptr<const HeadLook>& look = m_document.lane(lane).look;
    if (!look)
        return;
    const engine::TokenPos query = m_document.state().selection.query.value_or(engine::TokenPos{m_document.lastRow()});
    if (query.value < 0 || query.value >= look->map.tokens)
        return;
    const std::shared_ptr<const RowWeights>& known = m_document.lane(lane).row;
    if (known && known->look == look && known->query == query)
        return;
    if (look->map.reduction == 1) {
        m_document.setRow(lane, std::make_shared<const RowWeights>(
                                    RowWeights{look, query, look->map.cells.rowRange(query.value, 1)}));
        return;
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "row", tr("One row of the map"),
        [look, query, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return weightsOfRow(look, query, accelerator.get());
        },
        [this, own](std::shared_ptr<const RowWeights> found) {
            if (const auto place = placeOf(own))
                m_document.setRow(*place, std::move(found));
        });
}

// Times are taken when everything is drawn, and only of runs that take less than a third of a second.
void Lanes::time(LaneIndex lane)
{
    constexpr double longest = 0.3;
    const std::shared_ptr<const HeadLook>& look = m_document.lane(lane).look;
    if (!look || m_preparing || m_document.playing())
        return;
    if (look->layer->seconds > longest) {
        m_document.setTiming(lane, nullptr); // nothing that takes long starts by itself
        return;
    }
    const std::shared_ptr<const LayerTiming>& known = m_document.lane(lane).timing;
    if (known && known->layer == look->layer)
        return;
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "time", tr("Measuring"),
        [layer = look->layer, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            const std::int64_t mark = turns->mark();
            const std::shared_ptr<const LayerTiming> taken = timeLayer(layer, accelerator.get(), job);
            auto judged = std::make_shared<LayerTiming>(*taken);
            judged->timing.disturbed = judged->timing.disturbed || turns->disturbedSince(mark);
            return std::shared_ptr<const LayerTiming>(std::move(judged));
        },
        [this, own](std::shared_ptr<const LayerTiming> timing) {
            if (const auto place = placeOf(own))
                m_document.setTiming(*place, std::move(timing));
        });
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

void Lanes::showProbes()
{
    if (m_document.state().layout.tab != "probes")
        return;
    for (int lane = 0; lane < int(m_lanes.size()); ++lane)
        attend({lane}, true);
}

} // namespace app
