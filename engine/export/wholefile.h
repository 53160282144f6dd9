// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <ostream>

namespace engine {

// A file that is there whole or not at all: `fill` writes beside its place, under another name, and what it wrote gets
// the name when all of it is on the disk. What stood there before stays until then, and for good when `fill` throws.
// A link is followed; a device or a FIFO is written as it is. Throws Error{File} naming the path where it cannot be
// made, or where the disk is full.
void writeWhole(const std::filesystem::path& path, const std::function<void(std::ostream&)>& fill);

// The same for a folder that is not there yet, or empty: `fill` is given the one it writes into.
void writeWholeFolder(const std::filesystem::path& path, const std::function<void(const std::filesystem::path&)>& fill);

} // namespace engine
