// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/kernel.h"
#include "engine/jobs/job.h"
#include "engine/values/deviceinfo.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// -D macros of a program, in a fixed order so that equal defines are one cached program.
using Defines = std::map<std::string, std::string>;

// The text of a program: `path` is its place below engine/ ("methods/softmax/kernels.cl") and its name in messages.
// compute/prelude.cl is put in front of every program.
struct KernelSource
{
    std::string_view path;
    std::string_view text;
};

// The source embedded at build time from engine/<path>; throws Error{Internal} if there is none.
KernelSource kernelSource(std::string_view path);

// One OpenCL device with its context and its cache of built programs. May be shared by threads: it locks inside.
class Device
{
public:
    // All devices of all platforms; empty where there is no OpenCL: never throws for that.
    static std::vector<DeviceInfo> list();

    // The device whose name contains `name` (case-insensitive; empty: the SUBQUAD_DEVICE variable, else the first GPU,
    // else the first). Throws Error{Device} that lists what there is.
    static DeviceInfo choose(std::string_view name);

    explicit Device(const DeviceInfo& which);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const DeviceInfo& info() const;

    // A kernel object of its own for the caller's thread. The program is built at first use and cached; a build failure
    // throws Error{Device} with the file, the line and the compiler's message.
    Kernel kernel(const KernelSource& source, std::string_view name, const Defines& defines = {});

    // Builds programs ahead of use, on a worker, with progress.
    void build(const std::vector<std::pair<KernelSource, Defines>>& programs, Job& job);

    // Bytes now held by Buffers of this device, and the most that were ever held.
    std::size_t allocatedBytes() const;
    std::size_t peakBytes() const;

    struct Impl;

    Impl& impl() const { return *m_impl; }

private:
    std::unique_ptr<Impl> m_impl;
};

} // namespace engine
