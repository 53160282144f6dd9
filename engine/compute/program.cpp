// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/check.h"
#include "engine/compute/deviceimpl.h"
#include "engine/values/error.h"

#include <regex>

namespace engine {
namespace {

// Never -cl-fast-relaxed-math: it reassociates the range reduction of exp2 away.
// No warnings: PoCL counts them on stderr, between the lines of a story.
constexpr std::string_view flags = "-cl-std=CL1.2 -cl-mad-enable -cl-no-signed-zeros -cl-finite-math-only -w";

std::string options(const Defines& defines)
{
    std::string all(flags);
    for (const auto& [name, value] : defines)
        all += " -D" + name + (value.empty() ? "" : "=" + value);
    return all;
}

std::string buildLog(cl_program program, cl_device_id device)
{
    std::size_t bytes = 0;
    if (clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &bytes) != CL_SUCCESS || bytes == 0)
        return {};
    std::string log(bytes, '\0');
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, bytes, log.data(), nullptr);
    log.resize(log.find_last_not_of(std::string_view("\0 \n", 3)) + 1);
    return log;
}

// "methods/softmax/kernels.cl, line 12: use of undeclared identifier 'x'" from the first error of the log, and the log
// below it. Drivers put "error: " before or after the place.
std::string describeFailure(std::string_view path, const std::string& log)
{
    static const std::regex place(R"((?:error: )?([^\s:]+\.cl):(\d+):\d+: (?:fatal )?(?:error: )?(.*))");
    static constexpr std::size_t longest = 4000;
    std::string sentence = std::string(path) + " was not built";
    std::size_t begin = 0;
    while (begin < log.size()) {
        const std::size_t end = std::min(log.find('\n', begin), log.size());
        const std::string line = log.substr(begin, end - begin);
        begin = end + 1;
        std::smatch found;
        if (line.find("error") != std::string::npos && std::regex_match(line, found, place)) {
            sentence = found[1].str() + ", line " + found[2].str() + ": " + found[3].str();
            break;
        }
    }
    return sentence + "\n" + log.substr(0, longest);
}

ProgramHandle buildProgram(cl_context context, cl_device_id device, const KernelSource& source, const Defines& defines)
{
    // Line numbers of messages count within the file they name.
    const std::string whole = "#line 1 \"compute/prelude.cl\"\n" +
                              std::string(kernelSource("compute/prelude.cl").text) + "\n#line 1 \"" +
                              std::string(source.path) + "\"\n" + std::string(source.text);
    const char* text = whole.c_str();
    const std::size_t length = whole.size();
    cl_int code = CL_SUCCESS;
    ProgramHandle program(clCreateProgramWithSource(context, 1, &text, &length, &code));
    check(code, "loading " + std::string(source.path));
    code = clBuildProgram(program.get(), 1, &device, options(defines).c_str(), nullptr, nullptr);
    if (code == CL_BUILD_PROGRAM_FAILURE)
        throw Error(Fault::Device, describeFailure(source.path, buildLog(program.get(), device)));
    check(code, "building " + std::string(source.path));
    return program;
}

} // namespace

cl_program Device::Impl::program(const KernelSource& source, const Defines& defines)
{
    std::shared_ptr<Program> entry;
    {
        const std::lock_guard lock(mutex);
        auto& held = programs[{std::string(source.path), std::string(source.text), defines}];
        if (!held)
            held = std::make_shared<Program>();
        entry = held;
    }
    const std::lock_guard lock(entry->mutex);
    if (entry->handle.get() == nullptr)
        entry->handle = buildProgram(context.get(), id, source, defines);
    return entry->handle.get();
}

} // namespace engine
