// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lanes.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/longmaps/headfile.h"
#include "app/results.h"
#endif
#include "engine/values/mapregion.h"

#include <QObject>

#include <memory>
#include <vector>

namespace app {

// One slot of a long map: a method over given queries, keys and values.
struct LongRun
{
    engine::LayerContext context;
    std::shared_ptr<const engine::Attended> attended;
    std::shared_ptr<const void> keeps; // what context and attended borrow from
    std::shared_ptr<const Accelerator> accelerator;
    engine::Fidelity fidelity = engine::Fidelity::Reference;
};

// What the Map tab shows: a file's heads, or the layer in view of a prompt that is longer than its pictures.
struct LongMap
{
    QString name; // of the file; empty: the model's
    QStringList pieces;
    std::vector<LongRun> runs; // per lane; the exact one first
    engine::HeadIndex head;
    int heads = 0, tokens = 0;
    bool causal = true;
    std::vector<engine::RegionPicture> pictures; // per run; fewer or none: not there yet
    double high = 0; // what 99 of 100 sampled weights of the whole map do not exceed, rounded up

    void setRuns(std::vector<LongRun> all); // and what they are over
};

// A method's attention over a file's queries, keys and values; by the reference where `device` is null or the plan says
// so. Computes on the calling thread.
LongRun longRunOf(const HeadFile& file, const engine::SessionPlan& plan,
                  const std::shared_ptr<const Accelerator>& device, engine::Job& job);

// The same of a lane's layer.
LongRun longRunOf(const std::shared_ptr<const HeadLook>& look, std::shared_ptr<const Accelerator> accelerator);

// Draws the whole of every run's map with at most so many elements a side, each the exact largest of its weights.
void drawWhole(LongMap& map, int elements, engine::Job& job);

// Turns the wish to see a window of a long map into pictures: a sample at once, then the exact one band by band.
// Whatever is no longer wanted is abandoned at its next tile. Lives on the GUI thread; one worker of its own computes.
class LongMapWork : public QObject
{
    Q_OBJECT

public:
    LongMapWork(Document& document, Lanes& lanes);
    ~LongMapWork() override;

    const LongMap& map() const { return m_map; }

    // Which cells are looked at, and how many elements a side they get.
    void look(const engine::MapRegion& region);

public slots:
    void update(); // the file, a lane's plan, the layer, the head or the run changed

signals:
    void runsChanged();
    void picturesChanged();

private:
    void attendFile();
    void takeRuns(std::vector<LongRun> runs);
    void sample();
    void refine();
    void band(int wish, std::size_t run, int row, const engine::Grid& rows);

    Document& m_document;
    Lanes& m_lanes;
    LongMap m_map;
    std::shared_ptr<const HeadFile> m_file;               // that m_map is of
    std::vector<engine::SessionPlan> m_plans;             // that m_map's runs are of
    std::vector<std::shared_ptr<const HeadLook>> m_looks; // the same, of a model
    engine::MapRegion m_region{{0, 0}, {0, 0}, 1};
    int m_wish = 0; // counts what was asked for: an older band is dropped
    TaskWorker m_worker;
};

} // namespace app
