// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace engine {

// Sets what PoCL reads from the environment, once, before the first OpenCL call of the process: a cache folder that
// exists and can be written (PoCL crashes without one; POCL_CACHE_DIR wins where it is usable, then
// $XDG_CACHE_HOME/subquad or ~/.cache/subquad, then a private temporary folder) and POCL_AFFINITY=1 unless it is set.
void prepareEnvironment();

// Throws Error{Device} when `platform` is PoCL and the linker it calls is not on PATH: PoCL ends the process at the
// first launch then.
void requireLinker(std::string_view platform);

// Why OpenCL must not be asked on this machine, in a sentence; empty where it may. PoCL ends the process when it is
// asked for devices and /sys does not list the processors, as in a bare chroot.
std::string obstacle();

} // namespace engine
