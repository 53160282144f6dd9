// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "app/window.h"

#include <functional>
#include <string>
#include <variant>

namespace app::cli {

// A sub-command with everything that was written for it.
struct Command
{
    std::function<int(Context&)> work;
    bool json = false;
    bool draws = false; // needs a QGuiApplication while it runs: type and drawings
};

// What is printed instead of doing anything, and the exit code: help, or what is wrong with the command line.
struct Answer
{
    std::string text;
    int exitCode = exitOk;
};

std::variant<Command, WindowRequest, Answer> parse(int argc, const char* const* argv);

} // namespace app::cli
