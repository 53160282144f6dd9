// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/bytes.h"

#include "engine/values/error.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

namespace engine {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why)
{
    throw Error(Fault::File, path.string() + ": " + why);
}

std::string systemReason()
{
    return std::generic_category().message(errno);
}

std::size_t sizeOf(int descriptor, const std::filesystem::path& path)
{
    struct stat status = {};
    if (::fstat(descriptor, &status) != 0)
        refuse(path, "cannot be examined: " + systemReason());
    if (S_ISDIR(status.st_mode))
        refuse(path, "is a folder; a file was expected");
    if (!S_ISREG(status.st_mode))
        refuse(path, "is not a regular file; one was expected");
    if (status.st_size <= 0)
        refuse(path, "is empty; bytes were expected");
    return static_cast<std::size_t>(status.st_size);
}

} // namespace

File::File(std::filesystem::path path)
    : m_path(std::move(path))
{
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    m_descriptor = ::open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (m_descriptor < 0)
        refuse(m_path, "cannot be opened: " + systemReason());
    try {
        m_size = sizeOf(m_descriptor, m_path);
    } catch (...) {
        ::close(m_descriptor);
        throw;
    }
}

File::~File()
{
    ::close(m_descriptor);
}

void File::read(std::size_t first, std::span<std::byte> to) const
{
    while (!to.empty()) {
        const ssize_t count = ::pread(m_descriptor, to.data(), to.size(), static_cast<off_t>(first));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            refuse(m_path, "cannot be read at byte " + std::to_string(first) + ": " + systemReason());
        if (count == 0)
            refuse(m_path,
                   "ends at byte " + std::to_string(first) + "; it had " + std::to_string(m_size) +
                       " bytes when it was opened: something is writing to it, open it again when that is done");
        first += static_cast<std::size_t>(count);
        to = to.subspan(static_cast<std::size_t>(count));
    }
}

std::vector<std::byte> File::head() const
{
    constexpr std::size_t most = 4096;
    std::vector<std::byte> bytes(std::min(most, m_size));
    read(0, bytes);
    return bytes;
}

std::string File::text(std::size_t most) const
{
    if (m_size > most)
        throw Error(Fault::Format, m_path.filename().string() + ": is " + std::to_string(m_size) +
                                       " bytes long; at most " + std::to_string(most) + " were expected");
    std::string bytes(m_size, '\0');
    read(0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

bool isThere(const std::filesystem::path& path)
{
    std::error_code unknown;
    return std::filesystem::symlink_status(path, unknown).type() != std::filesystem::file_type::not_found;
}

std::span<const std::byte> ByteReader::take(std::size_t count, std::string_view what)
{
    const ByteRange taken = skip(count, what);
    return m_bytes.subspan(taken.first, taken.count);
}

ByteRange ByteReader::skip(std::size_t count, std::string_view what)
{
    if (count > left())
        throw Error(Fault::Format, m_name + ": cut off at byte " + std::to_string(m_size) + ", inside the " +
                                       std::string(what) + ", which begins at byte " + std::to_string(m_position) +
                                       " and takes " + std::to_string(count) + " bytes");
    const ByteRange skipped{m_position, count};
    m_position += count;
    return skipped;
}

std::string ByteReader::place() const
{
    return m_name + " at byte " + std::to_string(m_position);
}

std::size_t checkedProduct(std::size_t a, std::size_t b, std::string_view what)
{
    if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b)
        throw Error(Fault::Format, std::string(what) + " is too large: " + std::to_string(a) + " times " +
                                       std::to_string(b) + " overflows");
    return a * b;
}

std::size_t checkedSum(std::size_t a, std::size_t b, std::string_view what)
{
    if (a > std::numeric_limits<std::size_t>::max() - b)
        throw Error(Fault::Format, std::string(what) + " is too large: " + std::to_string(a) + " plus " +
                                       std::to_string(b) + " overflows");
    return a + b;
}

} // namespace engine
