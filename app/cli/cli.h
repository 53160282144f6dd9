// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/window.h"

#include <variant>

namespace app::cli {

// Reads the command line. With a sub-command it runs to its end, data on stdout and words on stderr, and the exit code
// comes back; without one, what the window is asked to open. Ctrl-C stops the sub-command's job (exit 130).
std::variant<int, WindowRequest> run(int argc, const char* const* argv);

} // namespace app::cli
