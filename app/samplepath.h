// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/prompts.h"

#include <filesystem>
#include <string>
#include <vector>

namespace app {

using engine::Prompt;

// The folder of the sample that opens when nothing is given: beside the program, where it is installed, or in the
// source tree; the first that exists. Empty if there is none.
std::filesystem::path samplePath();

// The folders of all samples: that one first, then the others beside it by name; none where it is not there.
std::vector<std::filesystem::path> bundledSamples();

// What a checkpoint is started with: the first of its prompts, or one that suits any.
std::string startPrompt(const std::vector<Prompt>& prompts);

} // namespace app
