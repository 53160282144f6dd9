// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/load.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace engine {
namespace {

std::int64_t nanoseconds(const timeval& time)
{
    return std::int64_t(time.tv_sec) * 1'000'000'000 + std::int64_t(time.tv_usec) * 1000;
}

} // namespace

OtherLoad::OtherLoad()
    : m_begin(read())
{
}

OtherLoad::Reading OtherLoad::read()
{
    Reading now;
    now.wallNs = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    std::ifstream file("/proc/stat");
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, steal = 0;
    now.known = bool(file >> name >> user >> nice >> system >> idle >> wait >> irq >> softIrq >> steal);
    now.busyTicks = user + nice + system + irq + softIrq + steal;
    now.allTicks = now.busyTicks + idle + wait;
    rusage used = {};
    getrusage(RUSAGE_SELF, &used);
    now.ownNs = nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime);
    return now;
}

std::optional<double> OtherLoad::share() const
{
    constexpr std::int64_t shortest = 50'000'000;
    const Reading now = read();
    const double all = now.allTicks - m_begin.allTicks;
    if (!now.known || !m_begin.known || now.wallNs - m_begin.wallNs < shortest || all <= 0)
        return std::nullopt;
    const double own = double(now.ownNs - m_begin.ownNs) * 1e-9 * double(sysconf(_SC_CLK_TCK));
    return std::clamp((now.busyTicks - m_begin.busyTicks - own) / all, 0.0, 1.0);
}

} // namespace engine
