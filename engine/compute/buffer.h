// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/handle.h"

#include <cstddef>
#include <memory>
#include <string>

namespace engine {

class Device;
struct MemoryAccount;

// Untyped owner of device memory; counts itself in its device's allocatedBytes(). Move-only.
class RawBuffer
{
public:
    RawBuffer() = default;

    // Throws Error{Memory} with the bytes wanted and the device's limit, before asking the driver. `what` names the
    // buffer in that message. With SUBQUAD_POISON set, memory starts as NaN and ends in a canary that the destructor
    // checks (tests).
    RawBuffer(const Device& device, std::size_t bytes, const char* what);
    ~RawBuffer();
    RawBuffer(RawBuffer&&) noexcept;
    RawBuffer& operator=(RawBuffer&&) noexcept;
    RawBuffer(const RawBuffer&) = delete;
    RawBuffer& operator=(const RawBuffer&) = delete;

    std::size_t bytes() const { return m_bytes; }

    cl_mem get() const { return m_handle.get(); }

private:
    void swap(RawBuffer& other) noexcept;

    BufferHandle m_handle;
    std::size_t m_bytes = 0;
    std::shared_ptr<MemoryAccount> m_account;
    std::string m_what; // kept only with SUBQUAD_POISON, for the message about a broken canary
};

// `count` numbers of type T on a device. Must outlive every launch that uses it: finish the queue first (PoCL aborts
// otherwise).
template <typename T>
class Buffer
{
public:
    Buffer() = default;

    Buffer(const Device& device, std::size_t count, const char* what = "a buffer")
        : m_raw(device, count * sizeof(T), what)
        , m_count(count)
    {
    }

    std::size_t count() const { return m_count; }

    std::size_t bytes() const { return m_count * sizeof(T); }

    cl_mem get() const { return m_raw.get(); }

private:
    RawBuffer m_raw;
    std::size_t m_count = 0;
};

template <typename T>
inline constexpr bool isBuffer = false;
template <typename T>
inline constexpr bool isBuffer<Buffer<T>> = true;

} // namespace engine
