// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace engine {

// What other programs did to the processors while something was measured: a time that had to share the machine is shown
// as disturbed.
class OtherLoad
{
public:
    OtherLoad(); // begins to watch

    // The share of all processors' time since then that was busy, or taken by the hypervisor, and not this process'.
    // Nullopt where the system does not say (no /proc/stat), or in less than 50 ms: its clock ticks every 10 ms.
    std::optional<double> share() const;

    // More than a tenth.
    bool disturbed() const { return share().value_or(0) > 0.1; }

private:
    struct Reading
    {
        bool known = false;
        std::int64_t wallNs = 0, ownNs = 0;
        double busyTicks = 0, allTicks = 0;
    };

    static Reading read();

    Reading m_begin;
};

} // namespace engine
