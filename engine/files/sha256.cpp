// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/checkpoint.h"

#include <algorithm>
#include <array>
#include <bit>

namespace engine {
namespace {

constexpr std::size_t blockBytes = 64;

// FIPS 180-4, §4.2.2.
constexpr std::array<std::uint32_t, 64> roundConstants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using State = std::array<std::uint32_t, 8>;

// One block of 64 bytes (FIPS 180-4, §6.2.2).
void compress(State& state, std::span<const std::byte> block)
{
    std::array<std::uint32_t, 64> w{};
    for (std::size_t t = 0; t < 16; ++t) {
        for (std::size_t byte = 0; byte < 4; ++byte)
            w[t] = (w[t] << 8U) | std::to_integer<std::uint32_t>(block[4 * t + byte]);
    }
    for (std::size_t t = 16; t < 64; ++t) {
        const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3U);
        const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10U);
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
        const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t];
        const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const State change{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i)
        state[i] += change[i];
}

// The hash of bytes that arrive in pieces.
class Sha256
{
public:
    void add(std::span<const std::byte> bytes)
    {
        m_length += bytes.size();
        while (!bytes.empty()) {
            const std::size_t count = std::min(blockBytes - m_filled, bytes.size());
            std::ranges::copy(bytes.first(count), m_block.begin() + std::ptrdiff_t(m_filled));
            m_filled += count;
            bytes = bytes.subspan(count);
            if (m_filled == blockBytes)
                compressBlock();
        }
    }

    // Ends with a 1 bit, zeros, and the length in bits at the end of the last block.
    std::string hex()
    {
        const std::uint64_t bits = std::uint64_t(m_length) * 8;
        constexpr std::array<std::byte, 1> one{std::byte{0x80}};
        constexpr std::array<std::byte, 1> zero{};
        add(one);
        while (m_filled != blockBytes - sizeof(bits))
            add(zero);
        std::array<std::byte, sizeof(bits)> end{};
        for (std::size_t i = 0; i < end.size(); ++i)
            end[end.size() - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
        add(end);
        std::string digits;
        for (const std::uint32_t word : m_state) {
            for (int shift = 28; shift >= 0; shift -= 4)
                digits += "0123456789abcdef"[(word >> static_cast<unsigned>(shift)) & 0xFU];
        }
        return digits;
    }

private:
    void compressBlock()
    {
        compress(m_state, m_block);
        m_filled = 0;
    }

    State m_state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, blockBytes> m_block{};
    std::size_t m_filled = 0, m_length = 0;
};

constexpr std::size_t pieceBytes = std::size_t(1) << 20; // between reports

} // namespace

std::string sha256(const std::filesystem::path& path, Job& job)
{
    const File file(path);
    Sha256 hash;
    std::vector<std::byte> piece(std::min(pieceBytes, file.size()));
    for (std::size_t first = 0; first < file.size(); first += piece.size()) {
        job.report(static_cast<double>(first) / static_cast<double>(file.size()), "hashing");
        const auto bytes = std::span(piece).first(std::min(piece.size(), file.size() - first));
        file.read(first, bytes);
        hash.add(bytes);
    }
    return hash.hex();
}

std::string sha256(std::span<const std::byte> bytes, Job& job)
{
    Sha256 hash;
    for (std::size_t first = 0; first < bytes.size(); first += pieceBytes) {
        job.report(static_cast<double>(first) / static_cast<double>(bytes.size()), "hashing");
        hash.add(bytes.subspan(first, std::min(pieceBytes, bytes.size() - first)));
    }
    return hash.hex();
}

} // namespace engine
