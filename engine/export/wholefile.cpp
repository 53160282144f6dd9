// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/wholefile.h"

#include "engine/values/error.h"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace engine {
namespace {

namespace fs = std::filesystem;

// Another name in the same folder, so that renaming copies nothing.
fs::path beside(const fs::path& path)
{
    const fs::path whole = path.has_filename() ? path : path.parent_path(); // "folder/"
    return whole.parent_path() / ("." + whole.filename().string() + "." + std::to_string(::getpid()) + ".part");
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why)
{
    throw Error(Fault::File, path.string() + " cannot be written: " + why);
}

void fillStream(const fs::path& named, const fs::path& path, const std::function<void(std::ostream&)>& fill)
{
    errno = 0;
    std::ofstream out(path, std::ios::binary);
    if (!out)
        refuse(named, std::generic_category().message(errno));
    errno = 0;
    try {
        fill(out);
    } catch (const Error&) {
        if (out)
            throw; // nothing to do with the file
    }
    if (out.flush())
        out.close();
    if (!out)
        refuse(named, errno != 0 ? std::generic_category().message(errno) : "the disk may be full");
}

// Removes what was begun unless it got its name.
struct Begun
{
    fs::path path;
    bool kept = false;

    explicit Begun(fs::path begun)
        : path(std::move(begun))
    {
    }

    Begun(const Begun&) = delete;
    Begun& operator=(const Begun&) = delete;

    ~Begun()
    {
        std::error_code ignored;
        if (!kept)
            fs::remove_all(path, ignored);
    }

    void rename(const fs::path& to)
    {
        std::error_code failed;
        fs::rename(path, to, failed);
        if (failed)
            refuse(to, failed.message());
        kept = true;
    }
};

} // namespace

void writeWhole(const fs::path& path, const std::function<void(std::ostream&)>& fill)
{
    std::error_code unknown;
    const fs::file_status status = fs::status(path, unknown);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        fillStream(path, path, fill);
        return;
    }
    const fs::path place = fs::is_symlink(fs::symlink_status(path, unknown)) ? fs::weakly_canonical(path) : path;
    Begun part(beside(place));
    fillStream(path, part.path, fill);
    if (fs::exists(status))
        fs::permissions(part.path, status.permissions(), unknown);
    part.rename(place);
}

void writeWholeFolder(const fs::path& path, const std::function<void(const fs::path&)>& fill)
{
    Begun part(beside(path));
    std::error_code failed;
    if (const fs::path parent = part.path.parent_path(); !parent.empty())
        fs::create_directories(parent, failed);
    if (!failed)
        fs::create_directory(part.path, failed);
    if (failed)
        refuse(path, failed.message());
    fill(part.path);
    part.rename(path.has_filename() ? path : path.parent_path());
}

} // namespace engine
