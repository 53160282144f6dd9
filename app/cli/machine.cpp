// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/machine.h"

#include <cstdlib>

using namespace engine;

namespace app::cli {

int onMachine(const MachineChoice& where, Context& context, const std::function<int(Machine&)>& work)
{
    if (where.backend == "reference") {
        if (!where.device.empty())
            throw Error(Fault::Request, "--device " + where.device + " and --backend reference exclude each other");
        Machine reference;
        return work(reference);
    }
    const char* variable = std::getenv("SUBQUAD_DEVICE"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    const bool asked = where.backend == "opencl" || !where.device.empty() || (variable != nullptr && *variable != '\0');
    if (!asked && Device::list().empty()) {
        context.log << "No OpenCL device. Running the built-in double-precision reference (slower).\n";
        Machine reference;
        return work(reference);
    }
    try {
        Machine machine(Device::choose(where.device));
        return work(machine);
    } catch (const Error& error) {
        if (asked || error.fault() != Fault::Device)
            throw;
        context.log << error.what() << "\nRunning the built-in double-precision reference instead (slower).\n";
    }
    Machine reference;
    return work(reference);
}

} // namespace app::cli
