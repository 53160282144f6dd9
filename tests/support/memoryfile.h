// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/bytes.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

// A file that lives in memory only, for tensors that no checkpoint holds.
inline std::shared_ptr<const engine::File> memoryFile(const std::string& bytes)
{
    const int descriptor = ::memfd_create("test", MFD_CLOEXEC);
    const bool written = ::write(descriptor, bytes.data(), bytes.size()) == ssize_t(bytes.size());
    const auto close = std::shared_ptr<void>(nullptr, [descriptor](void*) { ::close(descriptor); });
    if (!written)
        throw std::runtime_error("a file in memory was not written");
    return std::make_shared<const engine::File>("/proc/self/fd/" + std::to_string(descriptor));
}
