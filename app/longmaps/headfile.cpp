// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/headfile.h"

#include "app/cli/tensors.h"
#include "app/laneengine.h"
#include "engine/files/safetensors.h"

#include <algorithm>

namespace app {

bool isHeadFile(const std::filesystem::path& path)
{
    if (path.extension() != ".safetensors")
        return false;
    try {
        const engine::SafetensorsFile file = engine::readSafetensors(path);
        return std::ranges::all_of(std::initializer_list<const char*>{"query", "key", "value"},
                                   [&](const char* name) { return file.entries.contains(name); });
    } catch (const engine::Error&) {
        return false; // whoever opens it says why
    }
}

std::shared_ptr<const HeadFile> readHeadFile(const std::filesystem::path& path)
{
    noteEngineWork("open");
    cli::ApplyInput input = cli::readApplyInput(path.string());
    auto file = std::make_shared<HeadFile>();
    file->name = path.filename().string();
    file->tensors = std::move(input.tensors);
    file->shape = input.shape;
    file->parameters = std::move(input.parameters);
    return file;
}

} // namespace app
