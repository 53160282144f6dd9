// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/prompts.h"

#include "engine/files/bytes.h"
#include "engine/files/json.h"

namespace engine {

namespace fs = std::filesystem;

std::vector<Prompt> promptsBeside(const fs::path& checkpoint)
{
    constexpr JsonLimits limits{.bytes = 1 << 20, .memory = 16 << 20, .depth = 8};
    std::error_code ignored;
    const fs::path file =
        (fs::is_directory(checkpoint, ignored) ? checkpoint : checkpoint.parent_path()) / "prompts.json";
    if (!isThere(file))
        return {};
    std::vector<Prompt> prompts;
    for (const Json& each : Json::read(file, limits).elements()) {
        const auto title = each.find("title");
        prompts.push_back({title ? title->string() : std::string(), each["text"].string()});
    }
    return prompts;
}

} // namespace engine
