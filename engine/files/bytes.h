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

namespace engine {

// A regular file mapped read-only. Opening a directory, device, FIFO, an unreadable or an empty file throws Error{File}
// that names it.
class MappedFile
{
public:
    explicit MappedFile(std::filesystem::path path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::filesystem::path& path() const { return m_path; }

    std::span<const std::byte> bytes() const { return m_bytes; }

private:
    std::filesystem::path m_path;
    std::span<const std::byte> m_bytes;
};

// The only way formats touch bytes: every take is checked, and its error says file, byte and what was expected
// (Error{Format}).
class ByteReader
{
public:
    ByteReader(std::string name, std::span<const std::byte> bytes)
        : m_name(std::move(name))
        , m_bytes(bytes)
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

    std::string place() const; // "stories.bin at byte 20", for messages

    std::size_t position() const { return m_position; }

    std::size_t left() const { return m_bytes.size() - m_position; }

    const std::string& name() const { return m_name; }

private:
    std::string m_name;
    std::span<const std::byte> m_bytes;
    std::size_t m_position = 0;
};

// a·b and a+b that throw Error{Format} naming `what` instead of wrapping around.
std::size_t checkedProduct(std::size_t a, std::size_t b, std::string_view what);
std::size_t checkedSum(std::size_t a, std::size_t b, std::string_view what);

} // namespace engine
