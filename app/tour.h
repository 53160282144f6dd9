// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/lanes.h"
#include "app/mainwindow.h"

#include <filesystem>
#include <string>
#include <vector>

namespace app {

// Waits outside the window's own code, in an event loop, until nothing runs; false if that takes longer.
bool waitUntilIdle(const Lanes& lanes, int milliseconds);

// The first screen at 1366 × 768 and 1920 × 1080, light and dark, as PNG; returns the names of the files.
// Throws engine::Error{File} where one cannot be written.
std::vector<std::string> writeFirstScreens(Document& document, Lanes& lanes, MainWindow& window,
                                           const std::filesystem::path& folder);

// The same for every tab, with a cell pinned, and at twice the size of the interface.
std::vector<std::string> writeTour(Document& document, Lanes& lanes, MainWindow& window,
                                   const std::filesystem::path& folder);

} // namespace app
