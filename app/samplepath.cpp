// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/samplepath.h"

#include <algorithm>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr const char* sampleName = "stories-1m";

} // namespace

fs::path samplePath()
{
    std::error_code ignored; // what cannot be looked at is not there
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& samples : {program / "../share/subquad/samples", program / "samples", program / "../samples",
                                    fs::path(SUBQUAD_SOURCE_DIR) / "samples"})
        if (fs::exists(samples / sampleName / "config.json", ignored))
            return fs::weakly_canonical(samples / sampleName, ignored);
    return {};
}

std::vector<fs::path> bundledSamples()
{
    const fs::path first = samplePath();
    std::vector<fs::path> others;
    std::error_code failed;
    for (fs::directory_iterator entry(first.parent_path(), failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code ignored;
        if (entry->path() != first && fs::exists(entry->path() / "config.json", ignored))
            others.push_back(entry->path());
    }
    std::ranges::sort(others);
    if (!first.empty())
        others.insert(others.begin(), first);
    return others;
}

std::string startPrompt(const std::vector<Prompt>& prompts)
{
    if (!prompts.empty())
        return prompts.front().text;
    return "Once upon a time, a little girl named Lily lived in a small house with her mom, dad, and her dog Spot.";
}

} // namespace app
