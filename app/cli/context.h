// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/jobs/job.h"

#include <ostream>

namespace app::cli {

// What a sub-command works with: data goes to `out`, words about the work to `log`.
struct Context
{
    engine::Job& job;
    std::ostream& out;
    std::ostream& log;
    bool json = false; // one object instead of text
};

// Exit codes of the command line besides those that follow from a Fault.
inline constexpr int exitOk = 0, exitDefect = 1, exitUsage = 2, exitInput = 3, exitDevice = 4, exitTolerance = 5,
                     exitCancelled = 130;

int exitCodeOf(engine::Fault fault);

} // namespace app::cli
