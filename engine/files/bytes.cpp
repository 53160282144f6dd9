// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/bytes.h"

#include "engine/values/error.h"

#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace engine {
namespace {

// Closes a descriptor on every way out.
struct Descriptor
{
    int number = -1;

    explicit Descriptor(int descriptor)
        : number(descriptor)
    {
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor()
    {
        if (number >= 0)
            ::close(number);
    }
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why)
{
    throw Error(Fault::File, path.string() + ": " + why);
}

std::string systemReason()
{
    return std::generic_category().message(errno);
}

} // namespace

MappedFile::MappedFile(std::filesystem::path path)
    : m_path(std::move(path))
{
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    const Descriptor file(::open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number < 0)
        refuse(m_path, "cannot be opened: " + systemReason());
    struct stat status = {};
    if (::fstat(file.number, &status) != 0)
        refuse(m_path, "cannot be examined: " + systemReason());
    if (S_ISDIR(status.st_mode))
        refuse(m_path, "is a folder; a file was expected");
    if (!S_ISREG(status.st_mode))
        refuse(m_path, "is not a regular file");
    if (status.st_size <= 0)
        refuse(m_path, "is empty");
    const auto size = static_cast<std::size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (address == MAP_FAILED)
        refuse(m_path, "cannot be mapped: " + systemReason());
    m_bytes = {static_cast<const std::byte*>(address), size};
}

MappedFile::~MappedFile()
{
    // munmap takes a mutable address although it changes no byte.
    ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
}

std::span<const std::byte> ByteReader::take(std::size_t count, std::string_view what)
{
    if (count > left())
        throw Error(Fault::Format, m_name + ": cut off at byte " + std::to_string(m_bytes.size()) + ", inside the " +
                                       std::string(what) + ", which begins at byte " + std::to_string(m_position) +
                                       " and takes " + std::to_string(count) + " bytes");
    const std::span<const std::byte> taken = m_bytes.subspan(m_position, count);
    m_position += count;
    return taken;
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
