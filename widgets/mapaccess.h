// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace widgets {

// Makes every view that has a MapTable readable as one: rows and columns in view with their labels, cells in words, the
// picked one as the selection. Called by those views themselves.
void installMapAccess();

} // namespace widgets
