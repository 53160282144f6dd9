// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace app {

// Queries, keys and values from a file, without a model: what `apply` reads (explorer.md §5.5).
struct HeadFile
{
    std::string name;
    engine::HeadTensors tensors;
    engine::LayerShape shape; // causal
    std::map<std::string, std::vector<float>, std::less<>> parameters;
};

// Whether a path is a safetensors file with query, key and value. Reads its header; false for what cannot be read.
bool isHeadFile(const std::filesystem::path& path);

// Throws engine::Error that names file and tensor; Error{Memory} before taking memory beyond the limit.
std::shared_ptr<const HeadFile> readHeadFile(const std::filesystem::path& path);

} // namespace app
