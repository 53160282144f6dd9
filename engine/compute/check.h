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

// For tests: the nth call of check() from now on fails with `code` whatever OpenCL said; 0: none does. Returns how many
// calls there were since the last time. SUBQUAD_FAULT=n:code does the same for a whole process.
long failCheck(long nth, cl_int code);

} // namespace engine
