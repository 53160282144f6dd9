// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/turns.h"

#include <algorithm>
#include <chrono>

namespace app {

void Turns::wait(const engine::Job& job)
{
    std::unique_lock lock(m_mutex);
    const std::int64_t ticket = m_next++;
    m_queue.push_back(ticket);
    try {
        while (m_taken || m_queue.front() != ticket) {
            // A stop does not notify: look for it often enough that nobody notices.
            m_wake.wait_for(lock, std::chrono::milliseconds(20));
            job.check();
        }
    } catch (...) {
        m_queue.erase(std::find(m_queue.begin(), m_queue.end(), ticket));
        m_wake.notify_all();
        throw;
    }
    m_queue.pop_front();
    m_taken = true;
}

Turns::Turn Turns::take(const engine::Job& job)
{
    wait(job);
    return Turn(*this);
}

void Turns::leave()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_taken = false;
    }
    m_wake.notify_all();
}

} // namespace app
