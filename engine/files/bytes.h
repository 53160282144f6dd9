// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// A regular file open for reading. Opening a directory, device, FIFO, an unreadable or an empty file throws Error{File}
// that names it. It is read by copy and never mapped: where someone shortens a mapped file, the next look at it ends
// the process. Any number of threads may read.
class File
{
public:
    explicit File(std::filesystem::path path);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::filesystem::path& path() const { return m_path; }

    std::size_t size() const { return m_size; } // when it was opened

    // Fills `to` from byte `first` on. Throws Error{File} for a file that has become shorter or cannot be read.
    void read(std::size_t first, std::span<std::byte> to) const;

    // The first bytes, at most 4 KiB: enough to know a format by.
    std::vector<std::byte> head() const;

    // All of it. Throws Error{Format} with the size if that is more than `most` bytes.
    std::string text(std::size_t most) const;

private:
    std::filesystem::path m_path;
    int m_descriptor = -1;
    std::size_t m_size = 0;
};

// Whether a name stands for anything, be it a link that leads nowhere: opening it says what is wrong.
bool isThere(const std::filesystem::path& path);

// Bytes of a file.
struct ByteRange
{
    std::size_t first = 0, count = 0;
};

// The only way formats touch bytes: every take is checked, and its error says file, byte and what was expected
// (Error{Format}).
class ByteReader
{
public:
    ByteReader(std::string name, std::span<const std::byte> bytes)
        : ByteReader(std::move(name), bytes, bytes.size())
    {
    }

    // The beginning of `size` bytes, which are not all here: what lies behind it can only be skipped.
    ByteReader(std::string name, std::span<const std::byte> bytes, std::size_t size)
        : m_name(std::move(name))
        , m_bytes(bytes)
        , m_size(size)
    {
    }

    // The next little-endian number. "stories.bin: cut off at byte 28, inside the vocabulary size".
    template <typename T>
    T take(std::string_view what)
    {
        T value;
        std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
        return value;
    }

    std::span<const std::byte> take(std::size_t count, std::string_view what);

    // The next `count` bytes by their place.
    ByteRange skip(std::size_t count, std::string_view what);

    std::string place() const; // "stories.bin at byte 20", for messages

    std::size_t position() const { return m_position; }

    std::size_t left() const { return m_size - m_position; }

    const std::string& name() const { return m_name; }

private:
    std::string m_name;
    std::span<const std::byte> m_bytes;
    std::size_t m_size = 0;
    std::size_t m_position = 0;
};

// a·b and a+b that throw Error{Format} naming `what` instead of wrapping around.
std::size_t checkedProduct(std::size_t a, std::size_t b, std::string_view what);
std::size_t checkedSum(std::size_t a, std::size_t b, std::string_view what);

} // namespace engine
