// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "engine/jobs/worker.h"
#endif

#include <QDateTime>
#include <QObject>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace app {

// Jobs of every worker under one roof: numbered, shown in the Document's list of jobs with their progress, cancelled by
// number, and their errors reported. Lives on the GUI thread and outlives the workers whose jobs it knows.
class Tasks : public QObject
{
    Q_OBJECT

public:
    explicit Tasks(Document& document)
        : m_document(document)
    {
    }

    // Posts to the GUI thread: for the workers' constructors.
    engine::Deliver deliver();

    // Worker::submit, and seen: `done` gets the result, `failed` is called where there is none (error or cancelled).
    template <typename Work, typename Done>
    void submit(engine::Worker& worker, std::string tag, const QString& title, Work work, Done done,
                std::function<void()> failed = {});

    bool idle() const { return m_running.empty(); } // nothing runs or waits

    bool running(const engine::Worker& worker, std::string_view tag) const;

    void cancel(int job);

    bool awaits(const engine::Worker& worker) const; // anything of it

    // Before a worker goes (TaskWorker does it): its jobs are no longer counted.
    void forget(const engine::Worker& worker);

    // Asks every job (of one worker) to stop, waits for none.
    void cancelAll();
    void cancelAll(engine::Worker& worker);

private:
    engine::OwnThread m_thread;
    Document& m_document;
    int m_jobs = 0; // ids given out
    std::map<int, std::pair<engine::Worker*, std::string>> m_running;
};

// A worker whose jobs are Tasks': when it goes they are stopped and no longer counted.
class TaskWorker
{
public:
    TaskWorker(Tasks& tasks, std::string name)
        : m_tasks(tasks)
        , m_worker(std::move(name), tasks.deliver())
    {
    }

    ~TaskWorker() { stop(); }

    TaskWorker(const TaskWorker&) = delete;
    TaskWorker& operator=(const TaskWorker&) = delete;

    engine::Worker& operator*() { return m_worker; }

    engine::Worker* operator->() { return &m_worker; }

    // Asks its jobs to stop and waits for none: before several workers go one after the other.
    void stop()
    {
        m_tasks.cancelAll(m_worker);
        m_tasks.forget(m_worker);
    }

private:
    Tasks& m_tasks;
    engine::Worker m_worker;
};

template <typename Work, typename Done>
void Tasks::submit(engine::Worker& worker, std::string tag, const QString& title, Work work, Done done,
                   std::function<void()> failed)
{
    m_thread.check();
    const int id = ++m_jobs;
    m_running[id] = {&worker, tag};
    JobStatus status{id, title, {}, 0, QDateTime::currentMSecsSinceEpoch()};
    m_document.setJob(status);
    worker.submit(
        std::move(tag), std::move(work),
        [this, id, done = std::move(done), failed = std::move(failed)](auto outcome) {
            m_running.erase(id);
            if (std::holds_alternative<engine::Error>(outcome))
                m_document.report(std::get<engine::Error>(outcome));
            if (outcome.index() == 0)
                done(std::get<0>(std::move(outcome)));
            else if (failed)
                failed();
            m_document.endJob(id);
        },
        [this, status](const engine::Progress& progress) mutable {
            status.fraction = progress.fraction;
            status.what = QString::fromStdString(progress.what);
            if (m_running.contains(status.id))
                m_document.setJob(status);
        });
}

} // namespace app
