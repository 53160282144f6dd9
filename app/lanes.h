// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/tasks.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/headwork.h"
#include "app/report.h"
#include "app/studies.h"
#include "app/turns.h"
#include "engine/jobs/worker.h"
#endif

#include <QObject>

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace app {

// What measuring work is handed on its worker: the device in use (null: the reference), the turns it must take, and a
// way to hand over what it has so far (runs on the GUI thread, or never).
struct Bench
{
    engine::DeviceContext* device = nullptr;
    Turns& turns;
    std::function<void(std::function<void()>)> post;
};

// Turns what the Document wants into jobs and what they find into calls of the Document. Lives on the GUI thread and
// only submits: one worker reads files, one prepares the device (kernels are built there while the lanes already draw
// with the reference), one computes for each lane.
//
// The chain: open → encode → run every lane → attend (each lane's method over the exact lane's queries, keys and
// values, one layer) → look (one head's map, proof and metrics) → time, alone. Each step starts the next when its
// result arrives, and results that are no longer wanted are dropped.
class Lanes : public QObject
{
    Q_OBJECT

public:
    explicit Lanes(Document& document);
    ~Lanes() override; // asks every job to stop, then joins

    bool idle() const; // nothing runs or waits, of any worker that submits to tasks()

    // For work beside the lanes: one list of jobs for all. Its workers are destroyed before the lanes.
    Tasks& tasks() { return m_tasks; }

    // Held by whoever computes on the lanes' device.
    const std::shared_ptr<Turns>& turns() const { return m_turns; }

    // The device a lane's plan asks for, once it is ready; null: the reference computes.
    std::shared_ptr<const Accelerator> acceleratorOf(engine::LaneIndex lane) const;

public slots:
    void listDevices();
    void open();                                      // the document's checkpoint
    void encode();                                    // its prompt
    void generate();                                  // up to the document's number of generated tokens
    void rerun(engine::LaneIndex lane);               // its plan changed
    void rearrange(const std::vector<int>& cameFrom); // Document::lanesChanged
    void chooseDevice();                              // the device's name changed
    void lookAtSelection();                           // layer, head, step or pinned cell changed
    void showProbes();                                // the Probes tab may want its records
    void cancel(int job);
    void measure(); // what was skipped while playing
    void measureReport(const std::filesystem::path& folder, const app::ReportRequest& request);

public:
    // Runs `work` on the measuring worker as a job that can be cancelled; newest wins among those of one tag. `done` is
    // called when it has ended well.
    void measureOn(std::string tag, const QString& title, std::function<void(engine::Job&, Bench&)> work,
                   std::function<void()> done);
    void stopMeasuring(std::string_view tag);

private:
    struct Lane;

    template <typename Work, typename Done>
    void submit(engine::Worker& worker, std::string tag, const QString& title, Work work, Done done,
                std::function<void()> failed = {});
    std::unique_ptr<Lane> makeLane();
    void retire(std::unique_ptr<Lane> lane);
    void sweep();                                                     // the retired lanes that have come to rest
    std::optional<engine::LaneIndex> placeOf(const Lane* lane) const; // none: it is no longer compared
    void prepareDevice();
    void makeSequence(std::shared_ptr<const Sequence> sequence);
    void offerTokenizer();
    void runAll();
    void run(engine::LaneIndex lane);
    void ran(engine::LaneIndex lane, std::shared_ptr<const LaneRun> run);
    bool current(const LaneRun* run) const;
    void attend(engine::LaneIndex lane, bool everyProbe);
    void attended(engine::LaneIndex lane, std::shared_ptr<const LayerAttention> layer);
    std::shared_ptr<const LayerAttention> remembered(engine::LaneIndex lane, bool everyProbe) const;
    std::shared_ptr<const LayerAttention> earlier(const Lane& lane, bool everyProbe) const;
    void look(engine::LaneIndex lane);
    void rows(engine::LaneIndex lane);
    void row(engine::LaneIndex lane);
    void time(engine::LaneIndex lane);

    Document& m_document;
    std::shared_ptr<Turns> m_turns = std::make_shared<Turns>();
    std::string m_misfit;                             // why the model's own tokenizer is not used
    std::shared_ptr<const Accelerator> m_accelerator; // once it is ready, of the document's model
    std::shared_ptr<engine::Device> m_device;
    bool m_preparing = false;
    Tasks m_tasks;
    std::unique_ptr<engine::Worker> m_files;
    std::unique_ptr<engine::Worker> m_builder;
    std::unique_ptr<engine::Worker> m_measuring;
    std::vector<std::unique_ptr<Lane>> m_lanes;
    std::vector<std::unique_ptr<Lane>> m_retired; // asked to stop, not waited for
    int m_made = 0;                               // lanes ever
    std::unique_ptr<Studies> m_studies;           // what methods' own tabs show
};

} // namespace app
