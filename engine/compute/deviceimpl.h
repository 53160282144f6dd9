// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/device.h"

#include <atomic>
#include <mutex>
#include <tuple>

namespace engine {

// Bytes held by the buffers of one device; shared with them, so that a buffer may be counted out after its Device.
struct MemoryAccount
{
    std::atomic<std::size_t> bytes = 0;
    std::atomic<std::size_t> peak = 0;
};

// What the other files of compute/ need of a Device.
struct Device::Impl
{
    struct Program
    {
        std::mutex mutex; // held while it is built: a second thread that wants it waits for the first
        ProgramHandle handle;
    };

    using ProgramKey = std::tuple<std::string, std::string, Defines>; // path, text, defines

    DeviceInfo info;
    cl_device_id id = nullptr;
    ContextHandle context;
    std::shared_ptr<MemoryAccount> account = std::make_shared<MemoryAccount>();
    std::mutex mutex; // of the map, not of its programs
    std::map<ProgramKey, std::shared_ptr<Program>> programs;

    // The built program, kept alive by the cache for as long as the Device.
    cl_program program(const KernelSource& source, const Defines& defines);
};

} // namespace engine
