// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/queue.h"

#include "engine/compute/check.h"
#include "engine/compute/deviceimpl.h"
#include "engine/values/error.h"
#include "engine/values/ownthread.h"

#include <chrono>
#include <cstdio>
#include <deque>
#include <string>

namespace engine {
namespace {

constexpr std::size_t mostPending = 4096;     // launches whose events are held; beyond it the oldest are waited for
constexpr std::size_t mostSpans = 1U << 16;   // spans nobody drained; beyond it the oldest are forgotten
constexpr std::size_t stagedBytes = 1U << 16; // writes up to this size are copied instead of waited for

std::int64_t hostNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::int64_t eventNs(cl_event event, cl_profiling_info which)
{
    cl_ulong ns = 0;
    check(clGetEventProfilingInfo(event, which, sizeof(ns), &ns, nullptr), "reading an event's time");
    return std::int64_t(ns);
}

// Throws when the command behind the event failed, as a wait on it alone would not say which one did.
bool complete(const EventHandle& event, std::string_view label)
{
    cl_int status = CL_QUEUED;
    check(clGetEventInfo(event.get(), CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr),
          "asking an event");
    if (status < 0)
        check(status, label);
    return status == CL_COMPLETE;
}

} // namespace

struct Queue::Impl
{
    struct Launch
    {
        EventHandle event;
        std::string label;
    };

    struct Staged
    {
        EventHandle event;
        std::vector<std::byte> bytes;
    };

    Impl(Device& d, bool keepsSpans)
        : device(d)
        , timed(keepsSpans)
    {
    }

    Device& device;
    bool timed;
    QueueHandle handle;
    OwnThread thread;
    std::deque<Launch> launches; // in the order of the queue
    std::deque<Staged> staged;   // what small writes read from until they have run
    std::deque<Span> spans;      // of finished launches, on the device's clock

    void collectFinished();
    std::int64_t hostMinusDevice() const;
};

// Turns events of finished launches into spans and frees what finished writes read from.
void Queue::Impl::collectFinished()
{
    while (!launches.empty() && complete(launches.front().event, launches.front().label)) {
        Launch& done = launches.front();
        spans.push_back({std::move(done.label), TrackIndex{0}, eventNs(done.event.get(), CL_PROFILING_COMMAND_START),
                         eventNs(done.event.get(), CL_PROFILING_COMMAND_END)});
        launches.pop_front();
        if (spans.size() > mostSpans)
            spans.pop_front();
    }
    while (!staged.empty() && complete(staged.front().event, "a write"))
        staged.pop_front();
}

// The device's clock has an origin and a rate of its own (PoCL: CLOCK_MONOTONIC_RAW). A marker is stamped on enqueue,
// between two readings of the host's clock; the tightest of a few pairs counts.
std::int64_t Queue::Impl::hostMinusDevice() const
{
    std::int64_t tightest = INT64_MAX;
    std::int64_t offset = 0;
    for (int i = 0; i < 4; ++i) {
        cl_event raw = nullptr;
        const std::int64_t before = hostNs();
        const cl_int code = clEnqueueMarkerWithWaitList(handle.get(), 0, nullptr, &raw);
        const std::int64_t after = hostNs();
        const EventHandle marker(raw);
        check(code, "enqueuing a marker");
        check(clWaitForEvents(1, &raw), "waiting for a marker");
        if (after - before < tightest) {
            tightest = after - before;
            offset = before + (after - before) / 2 - eventNs(raw, CL_PROFILING_COMMAND_QUEUED);
        }
    }
    return offset;
}

Queue::Queue(Device& device, bool timed)
    : m_impl(std::make_unique<Impl>(device, timed))
{
    cl_int code = CL_SUCCESS;
    m_impl->handle = QueueHandle(clCreateCommandQueue(device.impl().context.get(), device.impl().id,
                                                      timed ? CL_QUEUE_PROFILING_ENABLE : 0, &code));
    check(code, "making a queue");
}

Queue::~Queue()
{
    m_impl->thread.check();
    const cl_int code = clFinish(m_impl->handle.get());
    if (code != CL_SUCCESS)
        std::fprintf(stderr, "subquad: finishing a queue failed: %s\n", codeName(code).c_str());
}

Device& Queue::device() const
{
    return m_impl->device;
}

void Queue::setArg(Kernel& kernel, int place, int value)
{
    check(clSetKernelArg(kernel.get(), cl_uint(place), sizeof(value), &value),
          kernel.name() + ": setting argument " + std::to_string(place) + " to a number");
}

void Queue::setArg(Kernel& kernel, int place, std::int64_t value)
{
    check(clSetKernelArg(kernel.get(), cl_uint(place), sizeof(value), &value),
          kernel.name() + ": setting argument " + std::to_string(place) + " to a 64-bit number");
}

void Queue::setArg(Kernel& kernel, int place, float value)
{
    check(clSetKernelArg(kernel.get(), cl_uint(place), sizeof(value), &value),
          kernel.name() + ": setting argument " + std::to_string(place) + " to a float");
}

void Queue::setArg(Kernel& kernel, int place, Local value)
{
    check(clSetKernelArg(kernel.get(), cl_uint(place), value.bytes, nullptr),
          kernel.name() + ": setting argument " + std::to_string(place) + " to " + std::to_string(value.bytes) +
              " bytes of local memory");
}

void Queue::setBuffer(Kernel& kernel, int place, cl_mem value)
{
    check(clSetKernelArg(kernel.get(), cl_uint(place), sizeof(cl_mem), &value),
          kernel.name() + ": setting argument " + std::to_string(place) + " to a buffer");
}

namespace {

void checkRange(const Kernel& kernel, const Range& range, const DeviceInfo& device, int given)
{
    cl_uint wanted = 0;
    check(clGetKernelInfo(kernel.get(), CL_KERNEL_NUM_ARGS, sizeof(wanted), &wanted, nullptr), kernel.name());
    std::string problem;
    std::size_t group = 1;
    if (int(wanted) != given)
        problem = "takes " + std::to_string(wanted) + " arguments and was given " + std::to_string(given);
    for (int i = 0; i < range.dimensions; ++i) {
        const std::size_t global = range.global[std::size_t(i)];
        const std::size_t local = range.local[std::size_t(i)];
        const std::string numbers = std::to_string(global) + " items in groups of " + std::to_string(local) +
                                    " along dimension " + std::to_string(i);
        if (global == 0)
            problem = "was launched with " + numbers;
        else if (local != 0 && global % local != 0)
            problem = "was launched with " + numbers + "; a whole number of groups was expected";
        group *= local == 0 ? 1 : local;
    }
    if (group > device.maxWorkGroup)
        problem = "was launched with groups of " + std::to_string(group) + " items; " + device.name + " allows " +
                  std::to_string(device.maxWorkGroup);
    if (!problem.empty())
        throw Error(Fault::Internal, "kernel " + kernel.name() + " " + problem);
}

void checkInside(std::size_t offset, std::size_t bytes, std::size_t capacity, const char* what)
{
    if (offset > capacity || bytes > capacity - offset)
        throw Error(Fault::Internal, std::string(what) + " of " + std::to_string(bytes) + " bytes at byte " +
                                         std::to_string(offset) + " does not fit a buffer of " +
                                         std::to_string(capacity) + " bytes");
}

} // namespace

void Queue::enqueue(Kernel& kernel, const Range& range, std::string_view label, int given)
{
    m_impl->thread.check();
    checkRange(kernel, range, m_impl->device.info(), given);
    if (m_impl->launches.size() >= mostPending) {
        const cl_event oldest = m_impl->launches.front().event.get();
        check(clWaitForEvents(1, &oldest), m_impl->launches.front().label);
        m_impl->collectFinished();
    }
    const bool chosen = range.local[0] != 0;
    cl_event event = nullptr;
    const cl_int code = clEnqueueNDRangeKernel(m_impl->handle.get(), kernel.get(), cl_uint(range.dimensions), nullptr,
                                               range.global.data(), chosen ? range.local.data() : nullptr, 0, nullptr,
                                               m_impl->timed ? &event : nullptr);
    EventHandle launched(event);
    check(code, "launching kernel " + kernel.name());
    if (m_impl->timed)
        m_impl->launches.push_back({std::move(launched), std::string(label)});
}

void Queue::writeBytes(cl_mem to, std::size_t capacity, const void* from, std::size_t bytes, std::size_t offset)
{
    m_impl->thread.check();
    checkInside(offset, bytes, capacity, "a write");
    if (bytes == 0)
        return;
    if (bytes > stagedBytes) {
        check(clEnqueueWriteBuffer(m_impl->handle.get(), to, CL_TRUE, offset, bytes, from, 0, nullptr, nullptr),
              "writing to a buffer");
        return;
    }
    m_impl->collectFinished();
    const auto* first = static_cast<const std::byte*>(from);
    m_impl->staged.push_back({EventHandle(), std::vector<std::byte>(first, first + bytes)});
    Impl::Staged& copy = m_impl->staged.back();
    cl_event event = nullptr;
    const cl_int code =
        clEnqueueWriteBuffer(m_impl->handle.get(), to, CL_FALSE, offset, bytes, copy.bytes.data(), 0, nullptr, &event);
    copy.event = EventHandle(event);
    if (code != CL_SUCCESS)
        m_impl->staged.pop_back();
    check(code, "writing to a buffer");
}

void Queue::readBytes(cl_mem from, std::size_t capacity, void* to, std::size_t bytes, std::size_t offset, bool wait)
{
    m_impl->thread.check();
    checkInside(offset, bytes, capacity, "a read");
    if (bytes == 0)
        return;
    check(clEnqueueReadBuffer(m_impl->handle.get(), from, wait ? CL_TRUE : CL_FALSE, offset, bytes, to, 0, nullptr,
                              nullptr),
          "reading a buffer");
}

void Queue::copyBytes(cl_mem from, std::size_t fromCapacity, std::size_t fromOffset, cl_mem to, std::size_t toCapacity,
                      std::size_t toOffset, std::size_t bytes)
{
    m_impl->thread.check();
    checkInside(fromOffset, bytes, fromCapacity, "a copy");
    checkInside(toOffset, bytes, toCapacity, "a copy");
    if (bytes == 0)
        return;
    check(clEnqueueCopyBuffer(m_impl->handle.get(), from, to, fromOffset, toOffset, bytes, 0, nullptr, nullptr),
          "copying a buffer");
}

void Queue::clearBytes(cl_mem buffer, std::size_t bytes)
{
    m_impl->thread.check();
    if (bytes == 0)
        return;
    const unsigned char zero = 0;
    check(clEnqueueFillBuffer(m_impl->handle.get(), buffer, &zero, sizeof(zero), 0, bytes, 0, nullptr, nullptr),
          "clearing a buffer");
}

void Queue::finish()
{
    m_impl->thread.check();
    check(clFinish(m_impl->handle.get()), "finishing a queue");
    m_impl->collectFinished();
}

EventHandle Queue::mark()
{
    m_impl->thread.check();
    cl_event event = nullptr;
    const cl_int code = clEnqueueMarkerWithWaitList(m_impl->handle.get(), 0, nullptr, &event);
    EventHandle marker(event);
    check(code, "enqueuing a marker");
    check(clFlush(m_impl->handle.get()), "flushing a queue");
    return marker;
}

void Queue::waitFor(const EventHandle& event)
{
    m_impl->thread.check();
    const cl_event raw = event.get();
    if (raw != nullptr)
        check(clWaitForEvents(1, &raw), "waiting for a marker");
    m_impl->collectFinished();
}

std::vector<Span> Queue::drainSpans()
{
    finish();
    std::vector<Span> drained(std::make_move_iterator(m_impl->spans.begin()),
                              std::make_move_iterator(m_impl->spans.end()));
    m_impl->spans.clear();
    if (drained.empty())
        return drained;
    const std::int64_t offset = m_impl->hostMinusDevice();
    for (Span& span : drained) {
        span.beginNs += offset;
        span.endNs += offset;
    }
    return drained;
}

} // namespace engine
