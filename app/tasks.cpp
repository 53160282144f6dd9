// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tasks.h"

#include <QMetaObject>

#include <algorithm>

namespace app {

engine::Deliver Tasks::deliver()
{
    return
        [this](std::function<void()> call) { QMetaObject::invokeMethod(this, std::move(call), Qt::QueuedConnection); };
}

bool Tasks::running(const engine::Worker& worker, std::string_view tag) const
{
    return std::any_of(m_running.begin(), m_running.end(),
                       [&](const auto& each) { return each.second.first == &worker && each.second.second == tag; });
}

void Tasks::cancel(int job)
{
    const auto found = m_running.find(job);
    if (found != m_running.end())
        found->second.first->cancel(found->second.second);
}

bool Tasks::awaits(const engine::Worker& worker) const
{
    return std::any_of(m_running.begin(), m_running.end(),
                       [&](const auto& each) { return each.second.first == &worker; });
}

void Tasks::cancelAll(engine::Worker& worker)
{
    for (const auto& [id, running] : m_running)
        if (running.first == &worker)
            worker.cancel(running.second);
}

void Tasks::forget(const engine::Worker& worker)
{
    std::erase_if(m_running, [&](const auto& each) {
        const bool its = each.second.first == &worker;
        if (its)
            m_document.endJob(each.first);
        return its;
    });
}

void Tasks::cancelAll()
{
    for (const auto& [id, running] : m_running)
        running.first->cancel(running.second);
}

} // namespace app
