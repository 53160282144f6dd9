// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/device.h"

#include "engine/compute/check.h"
#include "engine/compute/deviceimpl.h"
#include "engine/compute/embedded.h"
#include "engine/compute/environment.h"
#include "engine/values/error.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace engine {
namespace {

std::vector<cl_platform_id> platforms()
{
    prepareEnvironment();
    if (!obstacle().empty())
        return {};
    cl_uint count = 0;
    if (clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS || count == 0)
        return {}; // no OpenCL on this machine is not an error
    std::vector<cl_platform_id> found(count);
    if (clGetPlatformIDs(count, found.data(), nullptr) != CL_SUCCESS)
        return {};
    return found;
}

std::vector<cl_device_id> devicesOf(cl_platform_id platform)
{
    cl_uint count = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count) != CL_SUCCESS || count == 0)
        return {};
    std::vector<cl_device_id> found(count);
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, found.data(), nullptr) != CL_SUCCESS)
        return {};
    return found;
}

template <typename T>
T number(cl_device_id id, cl_device_info which)
{
    T value{};
    clGetDeviceInfo(id, which, sizeof(value), &value, nullptr);
    return value;
}

template <typename Query>
std::string text(Query query)
{
    std::size_t bytes = 0;
    if (query(0, nullptr, &bytes) != CL_SUCCESS || bytes == 0)
        return {};
    std::string found(bytes, '\0');
    query(bytes, found.data(), nullptr);
    while (!found.empty() && (found.back() == '\0' || found.back() == ' '))
        found.pop_back();
    return found;
}

std::string text(cl_device_id id, cl_device_info which)
{
    return text([&](std::size_t bytes, void* to, std::size_t* needed) {
        return clGetDeviceInfo(id, which, bytes, to, needed);
    });
}

DeviceInfo describe(cl_platform_id platform, cl_device_id id)
{
    DeviceInfo info;
    info.platform = text([&](std::size_t bytes, void* to, std::size_t* needed) {
        return clGetPlatformInfo(platform, CL_PLATFORM_NAME, bytes, to, needed);
    });
    info.name = text(id, CL_DEVICE_NAME);
    info.vendor = text(id, CL_DEVICE_VENDOR);
    info.driver = text(id, CL_DRIVER_VERSION);
    info.version = text(id, CL_DEVICE_VERSION);
    info.computeUnits = int(number<cl_uint>(id, CL_DEVICE_MAX_COMPUTE_UNITS));
    info.globalBytes = number<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_SIZE);
    info.maxAllocationBytes = number<cl_ulong>(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info.localBytes = number<cl_ulong>(id, CL_DEVICE_LOCAL_MEM_SIZE);
    info.maxWorkGroup = number<std::size_t>(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    const auto type = number<cl_device_type>(id, CL_DEVICE_TYPE);
    info.cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
    info.gpu = (type & CL_DEVICE_TYPE_GPU) != 0;
    return info;
}

std::string lowered(std::string_view name)
{
    std::string low(name);
    std::ranges::transform(low, low.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return low;
}

} // namespace

KernelSource kernelSource(std::string_view path)
{
    const std::string_view found = embedded(path);
    if (found.empty())
        throw Error(Fault::Internal, std::string(path) + ": no such kernel file was built into this program");
    return {path, found};
}

std::vector<DeviceInfo> Device::list()
{
    std::vector<DeviceInfo> found;
    int platformIndex = 0;
    for (cl_platform_id platform : platforms()) {
        int deviceIndex = 0;
        for (cl_device_id id : devicesOf(platform)) {
            found.push_back(describe(platform, id));
            found.back().platformIndex = platformIndex;
            found.back().deviceIndex = deviceIndex++;
        }
        ++platformIndex;
    }
    return found;
}

DeviceInfo Device::choose(std::string_view name)
{
    const std::vector<DeviceInfo> found = list();
    if (found.empty() && !obstacle().empty())
        throw Error(Fault::Device, obstacle());
    if (found.empty())
        throw Error(Fault::Device, "no OpenCL device was found; one (for example of pocl-opencl-icd) or the reference "
                                   "back end was expected");
    const char* fromEnvironment = std::getenv("SUBQUAD_DEVICE"); // NOLINT(concurrency-mt-unsafe)
    const std::string wanted = name.empty() && fromEnvironment != nullptr ? fromEnvironment : std::string(name);
    if (wanted.empty()) {
        const auto gpu = std::ranges::find_if(found, &DeviceInfo::gpu);
        return gpu == found.end() ? found.front() : *gpu;
    }
    std::string known;
    for (const DeviceInfo& info : found) {
        if (lowered(info.name).find(lowered(wanted)) != std::string::npos)
            return info;
        known += (known.empty() ? "" : ", ") + info.name;
    }
    throw Error(Fault::Device, "no device's name contains \"" + wanted + "\"; there is: " + known);
}

Device::Device(const DeviceInfo& which)
    : m_impl(std::make_unique<Impl>())
{
    requireLinker(which.platform);
    const std::vector<cl_platform_id> all = platforms();
    if (which.platformIndex < 0 || std::size_t(which.platformIndex) >= all.size())
        throw Error(Fault::Device, which.name + ": its OpenCL platform is not there any more");
    cl_platform_id platform = all[std::size_t(which.platformIndex)];
    const std::vector<cl_device_id> ids = devicesOf(platform);
    if (which.deviceIndex < 0 || std::size_t(which.deviceIndex) >= ids.size())
        throw Error(Fault::Device, which.name + ": the device is not there any more");
    m_impl->info = which;
    m_impl->id = ids[std::size_t(which.deviceIndex)];
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, reinterpret_cast<cl_context_properties>(platform),
                                                0};
    cl_int code = CL_SUCCESS;
    m_impl->context = ContextHandle(clCreateContext(properties, 1, &m_impl->id, nullptr, nullptr, &code));
    check(code, "opening " + which.name);
}

Device::~Device() = default;

const DeviceInfo& Device::info() const
{
    return m_impl->info;
}

Kernel Device::kernel(const KernelSource& source, std::string_view name, const Defines& defines)
{
    cl_program program = m_impl->program(source, defines);
    const std::string asked(name);
    cl_int code = CL_SUCCESS;
    KernelHandle handle(clCreateKernel(program, asked.c_str(), &code));
    check(code, "taking kernel " + asked + " of " + std::string(source.path));
    return {std::move(handle), asked};
}

void Device::build(const std::vector<std::pair<KernelSource, Defines>>& programs, Job& job)
{
    double done = 0;
    for (const auto& [source, defines] : programs) {
        job.report(done++ / double(programs.size()), "building " + std::string(source.path));
        m_impl->program(source, defines);
    }
    job.report(1, "kernels built");
}

std::size_t Device::allocatedBytes() const
{
    return m_impl->account->bytes;
}

std::size_t Device::peakBytes() const
{
    return m_impl->account->peak;
}

} // namespace engine
