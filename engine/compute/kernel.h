// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/handle.h"
#include "engine/values/ownthread.h"

#include <array>
#include <cstddef>
#include <string>

namespace engine {

// How many work-items a launch has. A local size of 0 leaves the choice to the driver.
struct Range
{
    int dimensions = 1;
    std::array<std::size_t, 3> global{1, 1, 1};
    std::array<std::size_t, 3> local{0, 0, 0};

    // `count` work-groups of one item each: the shape of our CPU-style kernels.
    static Range groups(std::size_t x, std::size_t y = 1, std::size_t z = 1) { return {3, {x, y, z}, {1, 1, 1}}; }

    // `count` independent items, work-group chosen by the driver.
    static Range items(std::size_t count) { return {1, {count, 1, 1}, {0, 0, 0}}; }
};

// One cl_kernel, owned and used by one thread (clSetKernelArg is not thread-safe per kernel object).
class Kernel
{
public:
    Kernel() = default;

    Kernel(KernelHandle handle, std::string name)
        : m_handle(std::move(handle))
        , m_name(std::move(name))
    {
    }

    const std::string& name() const { return m_name; }

    // Asserts the thread in debug builds.
    cl_kernel get() const
    {
        m_thread.check();
        return m_handle.get();
    }

    explicit operator bool() const { return m_handle.get() != nullptr; }

private:
    KernelHandle m_handle;
    std::string m_name;
    OwnThread m_thread;
};

} // namespace engine
