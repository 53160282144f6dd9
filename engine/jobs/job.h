// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/error.h"
#include "engine/values/progress.h"

#include <functional>
#include <stop_token>
#include <string_view>

namespace engine {

// What long work is handed: progress and cancel in one call. Used by the one thread that does the work.
class Job
{
public:
    using Report = std::function<void(const Progress&)>;

    // A job nobody stops and nobody watches.
    Job() = default;

    explicit Job(std::stop_token stop, Report report = {})
        : m_stop(std::move(stop))
        , m_report(std::move(report))
    {
    }

    // Progress from 0 to 1; throws Cancelled when a stop was asked for.
    void report(double fraction, std::string_view what)
    {
        check();
        if (m_report)
            m_report({fraction, std::string(what)});
    }

    // The same without progress.
    void check() const
    {
        if (m_stop.stop_requested())
            throw Cancelled{};
    }

private:
    std::stop_token m_stop;
    Report m_report;
};

} // namespace engine
