// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lanes.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/results.h"
#endif
#include "engine/values/study.h"

#include <QObject>

#include <memory>
#include <optional>
#include <vector>

namespace app {

// What the lanes write by themselves after a place of the text, and along the exact lane's writing.
struct Writing
{
    std::vector<std::vector<engine::TokenId>> written, followed; // per lane; empty: it would take too long
    double seconds = 0;                                          // that it would take, where it was not done
};

// Everything the Logits tab shows.
struct LogitsLook
{
    std::vector<std::shared_ptr<const LaneRun>> runs; // per lane; the exact one first
    engine::TokenPos step;
    std::shared_ptr<const Writing> writing;
    engine::Study study;
};

// The tab after a place of the text, with what every lane writes on, however long it takes. `accelerators`: per lane;
// null: the reference. Computes on the calling thread.
LogitsLook lookAtLogits(const std::vector<std::shared_ptr<const LaneRun>>& runs, engine::TokenPos step,
                        const std::vector<std::shared_ptr<const Accelerator>>& accelerators, engine::Job& job);

// Computes the Logits tab on a worker of its own, while the tab is shown, after the pinned token or the step: the study
// at once, then what every lane writes on. Writing that would take more than a second waits to be asked for. Lives on
// the GUI thread.
class LogitsWork : public QObject
{
    Q_OBJECT

public:
    LogitsWork(Document& document, Lanes& lanes);
    ~LogitsWork() override;

    const std::shared_ptr<const LogitsLook>& look() const { return m_look; } // null until there is one

    // The seconds that writing on would take, where it waits to be asked for.
    std::optional<double> waits() const;

public slots:
    void update();  // runs, step or tab changed
    void writeOn(); // asked for, however long it takes

signals:
    void changed();

private:
    void study(const std::shared_ptr<const Writing>& writing);
    void write(bool asked);
    bool wanted(const std::vector<std::shared_ptr<const LaneRun>>& runs, engine::TokenPos step) const;

    Document& m_document;
    Lanes& m_lanes;
    std::vector<std::shared_ptr<const LaneRun>> m_runs; // that are looked at
    engine::TokenPos m_step;
    std::shared_ptr<const LogitsLook> m_look;
    TaskWorker m_worker;
};

} // namespace app
