// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/jobs/worker.h"

#include <chrono>

namespace engine {

Worker::Worker(std::string name, Deliver deliver)
    : m_name(std::move(name))
    , m_deliver(std::move(deliver))
    , m_thread([this](const std::stop_token& closing) { loop(closing); })
{
}

Worker::~Worker()
{
    m_owner.check();
    m_alive->yes = false;
    {
        const std::lock_guard lock(m_mutex);
        m_waiting.clear();
        m_running.request_stop();
    }
    m_thread.request_stop();
    m_thread.join();
}

void Worker::deliver(std::function<void()> call)
{
    m_deliver([alive = m_alive, call = std::move(call)] {
        if (alive->yes)
            call();
    });
}

void Worker::enqueue(Task task)
{
    m_owner.check();
    cancel(task.tag);
    {
        const std::lock_guard lock(m_mutex);
        m_waiting.push_back(std::move(task));
    }
    m_wake.notify_one();
}

void Worker::cancel(std::string_view tag)
{
    m_owner.check();
    std::deque<Task> dropped;
    {
        const std::lock_guard lock(m_mutex);
        std::deque<Task> kept;
        for (Task& task : m_waiting)
            (task.tag == tag ? dropped : kept).push_back(std::move(task));
        m_waiting = std::move(kept);
        if (m_busy && m_runningTag == tag)
            m_running.request_stop();
    }
    for (Task& task : dropped)
        deliver(std::move(task.dropped));
}

bool Worker::idle() const
{
    const std::lock_guard lock(m_mutex);
    return !m_busy && m_waiting.empty();
}

void Worker::loop(const std::stop_token& closing)
{
    using Clock = std::chrono::steady_clock;
    static constexpr auto betweenReports = std::chrono::milliseconds(33);
    while (true) {
        Task task;
        {
            std::unique_lock lock(m_mutex);
            if (!m_wake.wait(lock, closing, [this] { return !m_waiting.empty(); }))
                return;
            task = std::move(m_waiting.front());
            m_waiting.pop_front();
            m_runningTag = task.tag;
            m_running = task.stop;
            m_busy = true;
        }
        Job::Report report;
        if (task.progress) {
            report = [this, progress = task.progress, last = Clock::time_point()](const Progress& now) mutable {
                if (Clock::now() - last < betweenReports)
                    return;
                last = Clock::now();
                deliver([progress, now] { progress(now); });
            };
        }
        Job job(task.stop.get_token(), std::move(report));
        std::function<void()> handOver = task.run(job);
        // What the work captured dies here, on the worker's thread, before the result is seen by anyone.
        task = Task{};
        {
            const std::lock_guard lock(m_mutex);
            m_busy = false;
            m_running = std::stop_source(std::nostopstate);
        }
        deliver(std::move(handOver));
    }
}

} // namespace engine
