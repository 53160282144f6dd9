// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/jobs/job.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

namespace app {

// The lanes of one device take turns, first come first served, so that times shown side by side are true. Work that
// cannot be kept away (reading a file, building kernels) says so, and what it ran beside is marked disturbed.
class Turns
{
public:
    // Held while a lane computes.
    class Turn
    {
    public:
        explicit Turn(Turns& turns)
            : m_turns(turns)
        {
        }

        ~Turn()
        {
            if (m_held)
                m_turns.leave();
        }

        // Lets those who wait have theirs, then waits for it again; throws Cancelled as take() does.
        void yield(const engine::Job& job)
        {
            m_held = false;
            m_turns.leave();
            m_turns.wait(job);
            m_held = true;
        }

        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Turns& m_turns;
        bool m_held = true;
    };

    // Held by work outside the turns.
    class Disturbance
    {
    public:
        explicit Disturbance(Turns& turns)
            : m_turns(turns)
        {
            m_turns.m_running.fetch_add(1);
            m_turns.m_begun.fetch_add(1);
        }

        ~Disturbance() { m_turns.m_running.fetch_sub(1); }

        Disturbance(const Disturbance&) = delete;
        Disturbance& operator=(const Disturbance&) = delete;

    private:
        Turns& m_turns;
    };

    // Waits for its turn; throws Cancelled when the job is stopped meanwhile, and gives up its place.
    [[nodiscard]] Turn take(const engine::Job& job);

    // Whether something disturbs now or has since `mark` was taken.
    std::int64_t mark() const { return m_running.load() > 0 ? -1 : m_begun.load(); }

    bool disturbedSince(std::int64_t mark) const { return mark < 0 || m_begun.load() != mark; }

private:
    void wait(const engine::Job& job);
    void leave();

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::int64_t m_next = 0;                 // the ticket to give out; guarded by m_mutex
    std::deque<std::int64_t> m_queue;        // who waits, in order; guarded by m_mutex
    bool m_taken = false;                    // guarded by m_mutex
    std::atomic<std::int64_t> m_running = 0; // disturbances now
    std::atomic<std::int64_t> m_begun = 0;   // disturbances ever
};

} // namespace app
