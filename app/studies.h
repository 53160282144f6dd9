// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/studywork.h"
#include "app/turns.h"
#include "engine/jobs/worker.h"
#endif

#include <QObject>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace app {

// Computes what the Document's tab of a method and its explained cell ask for, on a worker of its own: newest wins, the
// old study stays until the new one is there. Follows the Document; asks for nothing twice.
class Studies : public QObject
{
    Q_OBJECT

public:
    using AcceleratorOf = std::function<std::shared_ptr<const Accelerator>(engine::LaneIndex)>;

    Studies(Document& document, std::shared_ptr<Turns> turns, AcceleratorOf acceleratorOf);
    ~Studies() override;

    bool idle() const { return m_running.empty(); }

    // Ids of jobs here are below 0, so that they are no lane's.
    void cancel(int job);
    void stop(); // asks every job to stop, does not wait

private:
    void refresh();
    void remember();
    void study();
    void explain();
    std::optional<CellRequest> cellOf(engine::LaneIndex lane) const;
    std::shared_ptr<const LayerAttention> withProbes(const StudyRequest& request) const;
    template <typename Work, typename Done>
    void submit(const char* tag, const QString& title, Work work, Done done, std::function<void()> failed);

    Document& m_document;
    std::shared_ptr<Turns> m_turns;
    AcceleratorOf m_acceleratorOf;
    std::optional<StudyRequest> m_studyAsked; // what runs or has run last
    std::optional<CellRequest> m_explainAsked;
    // Of the compared lane: the run there is, and the one under the same plan over the prompt before its last edit.
    std::shared_ptr<const LaneRun> m_now, m_before;
    std::map<int, std::string> m_running; // job → tag
    int m_jobs = 0;
    std::unique_ptr<engine::Worker> m_worker;
};

} // namespace app
