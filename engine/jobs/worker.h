// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/jobs/job.h"
#include "engine/values/ownthread.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>

namespace engine {

// Runs a call on the thread that owns the results. The application posts to the GUI thread; a test collects the calls.
using Deliver = std::function<void(std::function<void()>)>;

// One thread with a queue of tagged jobs, newest wins: waiting jobs with the same tag are dropped, a running one is
// asked to stop. Made, used and destroyed on the thread that owns the results.
class Worker
{
public:
    Worker(std::string name, Deliver deliver);
    ~Worker(); // stops the running job, drops waiting ones, joins; nothing is delivered afterwards
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // `work` is called as T(Job&) on the worker's thread and takes with it what it needs, by value. `done` is delivered
    // once with Outcome<T> (Outcome<std::monostate> where work returns nothing). `progress` is delivered at most 30
    // times a second.
    template <typename Work, typename Done>
    void submit(std::string tag, Work work, Done done, std::function<void(Progress)> progress = {});

    // Drops waiting jobs with this tag and asks a running one to stop; each is delivered as Cancelled.
    void cancel(std::string_view tag);

    bool idle() const; // nothing waits, nothing runs

private:
    // A job whose types have been forgotten: runs the work and returns the call that hands over its outcome.
    using Run = std::function<std::function<void()>(Job&)>;

    struct Task
    {
        std::string tag;
        Run run;
        std::function<void()> dropped;
        std::function<void(Progress)> progress;
        std::stop_source stop;
    };

    void enqueue(Task task);
    void loop(const std::stop_token& closing);
    void deliver(std::function<void()> call);

    // Deliveries hold this; the destructor clears it so that calls already posted do nothing.
    struct Alive
    {
        bool yes = true; // touched only on the owner's thread
    };

    std::string m_name;
    Deliver m_deliver;
    std::shared_ptr<Alive> m_alive = std::make_shared<Alive>();
    OwnThread m_owner;
    mutable std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::deque<Task> m_waiting;                   // guarded by m_mutex
    std::string m_runningTag;                     // guarded by m_mutex
    std::stop_source m_running{std::nostopstate}; // guarded by m_mutex
    bool m_busy = false;                          // guarded by m_mutex
    std::jthread m_thread;                        // last: starts when everything above is there
};

// Runs work and turns whatever it throws into an Outcome: Error as it is, Cancelled, bad_alloc as Fault::Memory,
// anything else as Fault::Internal.
template <typename Work>
auto outcomeOf(Work& work, Job& job)
{
    using Result = std::invoke_result_t<Work&, Job&>;
    using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
    try {
        if constexpr (std::is_void_v<Result>) {
            work(job);
            return Outcome<Value>(std::in_place_index<0>);
        } else {
            return Outcome<Value>(std::in_place_index<0>, work(job));
        }
    } catch (const Error& error) {
        return Outcome<Value>(std::in_place_index<1>, error);
    } catch (const Cancelled&) {
        return Outcome<Value>(std::in_place_index<2>);
    } catch (const std::bad_alloc&) {
        return Outcome<Value>(std::in_place_index<1>, Fault::Memory, "the machine has no memory left for this");
    } catch (const std::exception& defect) {
        return Outcome<Value>(std::in_place_index<1>, Fault::Internal,
                              std::string("a defect of Subquad: ") + defect.what());
    }
}

template <typename Work, typename Done>
void Worker::submit(std::string tag, Work work, Done done, std::function<void(Progress)> progress)
{
    using Result = std::invoke_result_t<Work&, Job&>;
    using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
    auto hand = std::make_shared<Done>(std::move(done));
    Task task;
    task.tag = std::move(tag);
    task.progress = std::move(progress);
    task.run = [work = std::make_shared<Work>(std::move(work)), hand](Job& job) -> std::function<void()> {
        auto outcome = std::make_shared<Outcome<Value>>(outcomeOf(*work, job));
        return [hand, outcome] { (*hand)(std::move(*outcome)); };
    };
    task.dropped = [hand] { (*hand)(Outcome<Value>(std::in_place_index<2>)); };
    enqueue(std::move(task));
}

} // namespace engine
