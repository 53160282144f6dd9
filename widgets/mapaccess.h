// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace widgets {

// Makes every HeatmapView readable as a table: rows and columns in view with their labels, cells in words, the picked
// one as the selection. Called once by HeatmapView itself.
void installMapAccess();

} // namespace widgets
