// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/commands.h"
#include "app/documentstate.h"

namespace app::cli {

// Commands that write files with type and drawings; they need a QGuiApplication, which Command::draws asks for.

struct ReportOptions
{
    Source source; // PATH: a checkpoint, a session or an exported figure
    MachineChoice where;
    std::vector<std::string> out;
    std::string methods; // empty: all
    std::string lengths; // empty: up to the model's context
    int reps = 9;
    bool causal = false;
    std::uint64_t seed = 1;
};

struct FigureOptions
{
    Source source;
    MachineChoice where;
    Prompt prompt;
    std::vector<std::string> out;
    std::string view;    // empty: the tab that a session or figure has in front, or the first there is
    std::string probe;   // of the probes view; empty: as the session says, or the compared method's first
    std::string tensor;  // of the tensor view; empty: as the session says, or the checkpoint's first matrix
    std::string methods; // empty: as the session says, or the first method that is not exact
    std::string width = "178mm";
    int layer = -1, head = -1, query = -1, key = -1; // counted from 0; −1: as the session says
    std::string lengths;                             // of the timing view's sweep
    bool withoutText = false;
};

// The state in a session file or in a figure; nullopt where the path's suffix is neither's. Throws Error{File, Format}.
std::optional<DocumentState> heldState(const std::string& path);

int report(const ReportOptions& options, Context& context);
int figure(const FigureOptions& options, Context& context);

} // namespace app::cli
