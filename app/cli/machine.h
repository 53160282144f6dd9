// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "engine/methods/method.h"

#include <functional>
#include <memory>
#include <optional>

namespace app::cli {

// What a command computes with: a device with a queue, or nothing, which is the float64 reference.
class Machine
{
public:
    Machine() = default; // the reference

    explicit Machine(const engine::DeviceInfo& which)
        : m_parts(std::make_unique<Parts>(which))
    {
    }

    engine::DeviceContext* device() { return m_parts ? &m_parts->context : nullptr; }

    engine::Backend backend() const { return m_parts ? engine::Backend::OpenCl : engine::Backend::Reference; }

    // "opencl" or "reference".
    std::string backendName() const { return m_parts ? "opencl" : "reference"; }

    std::string deviceName() const { return m_parts ? m_parts->device.info().name : "float64 reference"; }

private:
    struct Parts
    {
        explicit Parts(const engine::DeviceInfo& which)
            : device(which)
            , queue(device)
            , blocks(device)
            , context{device, queue, blocks}
        {
        }

        engine::Device device;
        engine::Queue queue;
        engine::DeviceBlocks blocks;
        engine::DeviceContext context;
    };

    std::unique_ptr<Parts> m_parts;
};

// Calls `work` on the machine that `where` asks for. Where none was asked for and there is no OpenCL device, or it
// fails, the reference runs and the log says so; one that was asked for and fails throws Error{Device}.
int onMachine(const MachineChoice& where, Context& context, const std::function<int(Machine&)>& work);

} // namespace app::cli
