// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/handle.h"

#include <string>
#include <string_view>

namespace engine {

// "CL_INVALID_KERNEL_ARGS (-52)", or "unknown code (-9999)".
std::string codeName(cl_int code);

// Does nothing on success; otherwise throws Error{Memory} for the codes that mean memory ran out and Error{Device} for
// all others: "<what> failed: <code's name>". The one place where OpenCL codes become errors.
void check(cl_int code, std::string_view what);

} // namespace engine
