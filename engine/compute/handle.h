// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

#include <utility>

namespace engine {

// Move-only owner of one OpenCL object. A release that fails is logged, never thrown.
template <typename T, cl_int (*release)(T)>
class Handle
{
public:
    Handle() = default;

    explicit Handle(T object)
        : m_object(object)
    {
    }

    Handle(Handle&& other) noexcept
        : m_object(std::exchange(other.m_object, nullptr))
    {
    }

    Handle& operator=(Handle&& other) noexcept
    {
        std::swap(m_object, other.m_object);
        return *this;
    }

    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    ~Handle()
    {
        if (m_object != nullptr)
            release(m_object);
    }

    T get() const { return m_object; }

private:
    T m_object = nullptr;
};

// Each wraps clRelease… and logs a failing code to stderr (handle.cpp).
cl_int releaseContext(cl_context object);
cl_int releaseQueue(cl_command_queue object);
cl_int releaseProgram(cl_program object);
cl_int releaseKernel(cl_kernel object);
cl_int releaseBuffer(cl_mem object);
cl_int releaseEvent(cl_event object);

using ContextHandle = Handle<cl_context, releaseContext>;
using QueueHandle = Handle<cl_command_queue, releaseQueue>;
using ProgramHandle = Handle<cl_program, releaseProgram>;
using KernelHandle = Handle<cl_kernel, releaseKernel>;
using BufferHandle = Handle<cl_mem, releaseBuffer>;
using EventHandle = Handle<cl_event, releaseEvent>;

} // namespace engine
