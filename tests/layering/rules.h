// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

// The dependency rules of the project as a function of one file's text, so that each rule can be broken on purpose.
namespace layering {

// What is wrong with a source file at `path` (relative to the project, "engine/values/grid.h"): one sentence per
// violation, empty if it keeps all rules. `methodIds` are the folder names below engine/methods.
std::vector<std::string> violations(std::string_view path, std::string_view text,
                                    const std::vector<std::string>& methodIds);

} // namespace layering
