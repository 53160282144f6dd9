// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/handle.h"

#include "engine/compute/check.h"

#include <cstdio>

namespace engine {
namespace {

cl_int logged(cl_int code, const char* what)
{
    if (code != CL_SUCCESS)
        std::fprintf(stderr, "subquad: releasing %s failed: %s\n", what, codeName(code).c_str());
    return code;
}

} // namespace

cl_int releaseContext(cl_context object)
{
    return logged(clReleaseContext(object), "a context");
}

cl_int releaseQueue(cl_command_queue object)
{
    return logged(clReleaseCommandQueue(object), "a queue");
}

cl_int releaseProgram(cl_program object)
{
    return logged(clReleaseProgram(object), "a program");
}

cl_int releaseKernel(cl_kernel object)
{
    return logged(clReleaseKernel(object), "a kernel");
}

cl_int releaseBuffer(cl_mem object)
{
    return logged(clReleaseMemObject(object), "a buffer");
}

cl_int releaseEvent(cl_event object)
{
    return logged(clReleaseEvent(object), "an event");
}

} // namespace engine
