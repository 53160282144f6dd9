// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/buffer.h"
#include "engine/compute/device.h"
#include "engine/compute/kernel.h"
#include "engine/values/timeline.h"

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace engine {

// __local scratch of a launch.
struct Local
{
    std::size_t bytes = 0;
};

// bool, size_t and double do not compile as arguments: the first two are illegal in OpenCL, the third needs an
// extension.
template <typename T>
concept KernelArg = std::same_as<T, int> || std::same_as<T, std::int64_t> || std::same_as<T, float> ||
    std::same_as<T, Local> || isBuffer<T>;

// An in-order queue, used by the thread that made it (asserted in debug builds). `timed`: with profiling and a span of
// every launch; without, only to measure what that costs.
class Queue
{
public:
    explicit Queue(Device& device, bool timed = true);
    ~Queue(); // finishes first
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    Device& device() const;

    // Enqueues and returns at once. Checks the range against the device's limits; an error names the kernel and the
    // numbers.
    template <KernelArg... Args>
    void launch(Kernel& kernel, const Range& range, std::string_view label, const Args&... args)
    {
        int place = 0;
        (setArg(kernel, place++, args), ...);
        enqueue(kernel, range, label, place);
    }

    // Copies `from` to device memory, starting at element `offset`; the source may be freed on return.
    template <typename T>
    void write(Buffer<T>& to, std::span<const T> from, std::size_t offset = 0)
    {
        writeBytes(to.get(), to.bytes(), from.data(), from.size_bytes(), offset * sizeof(T));
    }

    // Copies device memory to `to` and waits.
    template <typename T>
    void read(const Buffer<T>& from, std::span<T> to, std::size_t offset = 0)
    {
        readBytes(from.get(), from.bytes(), to.data(), to.size_bytes(), offset * sizeof(T), true);
    }

    // The same without waiting: `to` must stay alive until finish().
    template <typename T>
    void readLater(const Buffer<T>& from, std::span<T> to, std::size_t offset = 0)
    {
        readBytes(from.get(), from.bytes(), to.data(), to.size_bytes(), offset * sizeof(T), false);
    }

    // Copies `count` elements between device buffers, in order with the launches.
    template <typename T>
    void copy(const Buffer<T>& from, std::size_t fromOffset, Buffer<T>& to, std::size_t toOffset, std::size_t count)
    {
        copyBytes(from.get(), from.bytes(), fromOffset * sizeof(T), to.get(), to.bytes(), toOffset * sizeof(T),
                  count * sizeof(T));
    }

    // Fills a whole buffer with zeros.
    template <typename T>
    void clear(Buffer<T>& buffer)
    {
        clearBytes(buffer.get(), buffer.bytes());
    }

    void finish(); // waits for everything

    // A point in the queue; waitFor() returns when everything enqueued before it has run. Used to keep at most two
    // layers in flight.
    EventHandle mark();
    void waitFor(const EventHandle& event);

    // Begin and end of every launch since the last drain, from the device's events, on the host's steady clock.
    // Finishes first.
    std::vector<Span> drainSpans();

    struct Impl;

private:
    void setArg(Kernel& kernel, int place, int value);
    void setArg(Kernel& kernel, int place, std::int64_t value);
    void setArg(Kernel& kernel, int place, float value);
    void setArg(Kernel& kernel, int place, Local value);
    void setBuffer(Kernel& kernel, int place, cl_mem value);

    template <typename T>
    void setArg(Kernel& kernel, int place, const Buffer<T>& value)
    {
        setBuffer(kernel, place, value.get());
    }

    void enqueue(Kernel& kernel, const Range& range, std::string_view label, int given);
    void writeBytes(cl_mem to, std::size_t capacity, const void* from, std::size_t bytes, std::size_t offset);
    void readBytes(cl_mem from, std::size_t capacity, void* to, std::size_t bytes, std::size_t offset, bool wait);
    void copyBytes(cl_mem from, std::size_t fromCapacity, std::size_t fromOffset, cl_mem to, std::size_t toCapacity,
                   std::size_t toOffset, std::size_t bytes);
    void clearBytes(cl_mem buffer, std::size_t bytes);

    std::unique_ptr<Impl> m_impl;
};

} // namespace engine
