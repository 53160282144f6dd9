// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace engine {

// The text of a file that the build put into the program (kernels and about texts), by its path below engine/; empty if
// there is none. The table behind it is written by .cmake/embed.cmake.
std::string_view embedded(std::string_view path);

} // namespace engine
