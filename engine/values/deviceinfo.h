// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace engine {

// One OpenCL device as the driver describes it.
struct DeviceInfo
{
    int platformIndex = 0;
    int deviceIndex = 0;
    std::string name, vendor, driver, version, platform;
    int computeUnits = 0;
    std::uint64_t globalBytes = 0;
    std::uint64_t maxAllocationBytes = 0;
    std::uint64_t localBytes = 0;
    std::uint64_t maxWorkGroup = 0;
    bool cpu = false;
    bool gpu = false;

    bool operator==(const DeviceInfo&) const = default;
};

} // namespace engine
