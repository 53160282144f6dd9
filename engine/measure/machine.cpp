// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/sweep.h"

#include <fstream>

namespace engine {
namespace {

struct Processor
{
    std::string name = "unknown processor";
    int threads = 0;
};

Processor processor()
{
    Processor found;
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos)
            found.name = line.substr(colon + 2);
        found.threads += line.starts_with("processor");
    }
    return found;
}

} // namespace

std::string machineLine(const DeviceContext* device)
{
    const Processor host = processor();
    std::string line = host.name + ", " + std::to_string(host.threads) + " threads; ";
    if (device == nullptr)
        return line + "float64 reference on 1 thread";
    const DeviceInfo& info = device->device.info();
    return line + "OpenCL " + info.name + ", " + std::to_string(info.computeUnits) + " compute units, " +
           info.platform + ", driver " + info.driver;
}

} // namespace engine
