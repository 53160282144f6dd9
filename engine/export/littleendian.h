// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstring>
#include <ostream>
#include <span>

namespace engine {

// Numbers as every binary format here wants them.
template <typename T>
requires std::integral<T> || std::floating_point<T>

void writeLittleEndian(std::ostream& out, T number)
{
    std::array<char, sizeof(T)> bytes;
    std::memcpy(bytes.data(), &number, sizeof(T));
    if constexpr (std::endian::native == std::endian::big)
        std::ranges::reverse(bytes);
    out.write(bytes.data(), sizeof(T));
}

template <typename T>
void writeLittleEndian(std::ostream& out, std::span<const T> numbers)
{
    if constexpr (std::endian::native == std::endian::little) {
        const auto bytes = std::as_bytes(numbers);
        out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    } else {
        for (const T number : numbers)
            writeLittleEndian(out, number);
    }
}

} // namespace engine
