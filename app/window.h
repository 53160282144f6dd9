// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace app {

// What the command line says about the window.
struct WindowRequest
{
    std::filesystem::path path;      // checkpoint, file or folder; empty: the bundled sample
    std::filesystem::path tokenizer; // empty: the one beside the checkpoint
    std::optional<std::string> text; // the prompt; none: the sample's first prompt
    std::string device;              // part of a device's name; empty: chosen as Device::choose("") does
    std::filesystem::path tour;      // not empty: render the screens into this folder and leave
};

// Makes the QApplication, opens the window on what was asked for and runs until it is closed; returns the exit code.
// Without a display (neither DISPLAY nor WAYLAND_DISPLAY, and QT_QPA_PLATFORM unset) it says so on stderr, writes the
// first screen's pictures and the timing report to ./subquad-report/ and returns 0.
int runWindow(int argc, char** argv, const WindowRequest& request);

} // namespace app
