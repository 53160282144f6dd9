// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/buffer.h"

#include "engine/compute/check.h"
#include "engine/compute/deviceimpl.h"
#include "engine/values/error.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace engine {
namespace {

constexpr std::size_t canaryBytes = 256;
constexpr unsigned char canary = 0xC5;

bool poisoned()
{
    static const bool yes = std::getenv("SUBQUAD_POISON") != nullptr; // NOLINT(concurrency-mt-unsafe)
    return yes;
}

// What a kernel reads that was never written: NaN in every float.
std::vector<unsigned char> poison(std::size_t bytes)
{
    static constexpr std::uint32_t notANumber = 0x7fc0dead;
    std::vector<unsigned char> cells(bytes + canaryBytes);
    for (std::size_t i = 0; i < bytes; ++i)
        cells[i] = static_cast<unsigned char>(notANumber >> (8 * (i % 4)));
    std::fill(cells.begin() + std::ptrdiff_t(bytes), cells.end(), canary);
    return cells;
}

// Whether the bytes behind the buffer are as poison() left them. A queue of its own: the buffer's last user may be
// gone.
bool canaryAlive(cl_mem buffer, std::size_t bytes)
{
    cl_context context = nullptr;
    cl_device_id device = nullptr;
    check(clGetMemObjectInfo(buffer, CL_MEM_CONTEXT, sizeof(cl_context), &context, nullptr), "asking a buffer");
    check(clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(cl_device_id), &device, nullptr), "asking a context");
    cl_int code = CL_SUCCESS;
    const QueueHandle queue(clCreateCommandQueue(context, device, 0, &code));
    check(code, "making a queue");
    std::vector<unsigned char> found(canaryBytes);
    check(clEnqueueReadBuffer(queue.get(), buffer, CL_TRUE, bytes, canaryBytes, found.data(), 0, nullptr, nullptr),
          "reading a canary");
    return std::ranges::all_of(found, [](unsigned char byte) { return byte == canary; });
}

} // namespace

RawBuffer::RawBuffer(const Device& device, std::size_t bytes, const char* what)
    : m_bytes(bytes)
    , m_account(device.impl().account)
{
    if (bytes == 0)
        return;
    const DeviceInfo& info = device.info();
    const std::string wanted = std::string(what) + " needs " + std::to_string(bytes) + " bytes on " + info.name;
    if (bytes > info.maxAllocationBytes)
        throw Error(Fault::Memory,
                    wanted + "; its largest allocation is " + std::to_string(info.maxAllocationBytes) + " bytes");
    // Counted before it is taken, so that two threads cannot both pass the check.
    const std::size_t held = m_account->bytes.fetch_add(bytes) + bytes;
    try {
        if (held > info.globalBytes)
            throw Error(Fault::Memory, wanted + "; " + std::to_string(held - bytes) + " of its " +
                                           std::to_string(info.globalBytes) + " bytes are in use");
        const std::vector<unsigned char> cells = poisoned() ? poison(bytes) : std::vector<unsigned char>();
        cl_int code = CL_SUCCESS;
        m_handle = BufferHandle(
            cells.empty()
                ? clCreateBuffer(device.impl().context.get(), CL_MEM_READ_WRITE, bytes, nullptr, &code)
                : clCreateBuffer(device.impl().context.get(), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, cells.size(),
                                 const_cast<unsigned char*>(cells.data()), &code)); // copied, not written to
        check(code, wanted + "; allocating them");
        if (poisoned())
            m_what = what;
    } catch (...) {
        m_account->bytes -= bytes;
        throw;
    }
    std::size_t peak = m_account->peak;
    while (peak < held && !m_account->peak.compare_exchange_weak(peak, held)) {
    }
}

RawBuffer::~RawBuffer()
{
    if (m_handle.get() == nullptr)
        return;
    if (poisoned()) {
        bool alive = false;
        try {
            alive = canaryAlive(m_handle.get(), m_bytes);
        } catch (const Error& error) {
            std::fprintf(stderr, "subquad: %s\n", error.what());
        }
        if (!alive) {
            std::fprintf(stderr, "subquad: something wrote past the end of %s (%zu bytes)\n", m_what.c_str(), m_bytes);
            std::abort();
        }
    }
    m_account->bytes -= m_bytes;
}

RawBuffer::RawBuffer(RawBuffer&& other) noexcept
{
    swap(other);
}

RawBuffer& RawBuffer::operator=(RawBuffer&& other) noexcept
{
    RawBuffer taken(std::move(other));
    swap(taken);
    return *this;
}

void RawBuffer::swap(RawBuffer& other) noexcept
{
    std::swap(m_handle, other.m_handle);
    std::swap(m_bytes, other.m_bytes);
    std::swap(m_account, other.m_account);
    std::swap(m_what, other.m_what);
}

} // namespace engine
