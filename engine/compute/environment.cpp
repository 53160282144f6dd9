// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/environment.h"

#include "engine/values/error.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace engine {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name)
{
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nobody but prepareEnvironment() sets any
    return value == nullptr ? "" : value;
}

bool usable(const fs::path& folder)
{
    std::error_code failed;
    fs::create_directories(folder, failed);
    return fs::is_directory(folder, failed) && access(folder.c_str(), R_OK | W_OK | X_OK) == 0;
}

fs::path cacheFolder()
{
    const std::string given = variable("POCL_CACHE_DIR");
    if (!given.empty() && usable(given))
        return given;
    if (!given.empty())
        std::fprintf(stderr, "subquad: POCL_CACHE_DIR is %s, which cannot be written; using another folder\n",
                     given.c_str());
    for (const auto& [base, below] : {std::pair("XDG_CACHE_HOME", "subquad"), std::pair("HOME", ".cache/subquad")}) {
        const std::string root = variable(base);
        if (!root.empty() && usable(fs::path(root) / below))
            return fs::path(root) / below;
    }
    std::error_code failed;
    std::string folder = (fs::temp_directory_path(failed) / "subquad-XXXXXX").string();
    return mkdtemp(folder.data()) == nullptr ? fs::path() : fs::path(folder);
}

void setVariables()
{
    const fs::path cache = cacheFolder();
    if (!cache.empty())
        setenv("POCL_CACHE_DIR", cache.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    else
        setenv("POCL_KERNEL_CACHE", "0", 1); // NOLINT(concurrency-mt-unsafe)
    setenv("POCL_AFFINITY", "1", 0);         // NOLINT(concurrency-mt-unsafe)
}

} // namespace

void prepareEnvironment()
{
    static std::once_flag once;
    std::call_once(once, setVariables);
}

std::string obstacle()
{
    // What hwloc, inside PoCL, reads.
    for (const char* folder : {"/sys/devices/system/cpu", "/sys/bus/cpu/devices"}) {
        if (access(folder, R_OK | X_OK) == 0)
            return {};
    }
    return "OpenCL was not asked for devices because /sys does not list the processors; mount /sys (mount -t sysfs "
           "sysfs /sys) to use it";
}

void requireLinker(std::string_view platform)
{
    if (platform.find("Portable Computing Language") == std::string_view::npos)
        return;
    std::string path = variable("PATH");
    if (path.empty())
        path = "/usr/bin:/bin";
    std::istringstream folders(path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (access((fs::path(folder) / "ld").c_str(), X_OK) == 0)
            return;
    }
    throw Error(Fault::Device,
                "PoCL links its kernels with the program ld, which is in no folder of PATH; install binutils or "
                "correct PATH (now: " +
                    path + ")");
}

} // namespace engine
