// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace engine {

// A text that a checkpoint brings to be started with.
struct Prompt
{
    std::string title, text;
};

// The prompts.json beside a checkpoint (a folder, or a file in one): [{"title", "text"}]; empty if there is none.
// Throws Error{Format} for one that is not that, Error{File} for one that is no file.
std::vector<Prompt> promptsBeside(const std::filesystem::path& checkpoint);

} // namespace engine
