// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/cost.h"
#include "engine/values/knob.h"

#include <cstdint>
#include <string_view>

namespace engine::taylorshift {

// The orders of operations that give the same result.
enum class Form
{
    Direct,    // every pair's score, O(N²d); a causal layer skips the upper triangle
    Efficient, // without mask: one sum over all keys' features, O(Nd³)
    Recurrent, // causal: the sum grows key by key
    Chunked    // causal: direct inside a chunk, the sum across chunks
};

std::string_view nameOf(Form form); // "direct", …

// Tokens of a chunk, in the reference and on the device.
inline constexpr int chunkTokens = 64;

// Length of the packed feature ψ(x) = [1, xᵢ, √½·xᵢ², xᵢxⱼ (i < j)], for which 1 + q·k + (q·k)²/2 = ψ(q)·ψ(k).
constexpr int featureWidth(int keyWidth)
{
    return (keyWidth + 1) * (keyWidth + 2) / 2;
}

// Numbers of the running sum Σ ψ(k)[1 | v]ᵀ of one key/value head: [F, d_v + 1].
constexpr std::int64_t stateSize(const LayerShape& shape)
{
    return std::int64_t(featureWidth(shape.keyWidth)) * (shape.valueWidth + 1);
}

// Numbers of ψ as a device keeps it, in whole vectors: a part of 16 numbers (8 where a row has no more) against itself
// and against every later part, see kernels.cl.
constexpr int storedFeatures(int keyWidth)
{
    const int parts = (keyWidth + 15) / 16;
    return keyWidth <= 8 ? 64 : parts * 160 + parts * (parts - 1) / 2 * 256;
}

// Numbers of the running sum as a device keeps it.
constexpr std::int64_t storedSize(const LayerShape& shape)
{
    return std::int64_t(storedFeatures(shape.keyWidth)) * (shape.valueWidth + 1);
}

// Operations of one pass over `tokens` tokens of one layer in a form, multiply and add 1 each, as the kernels run it;
// the two normalisations (6d a token and head) are in all of them.
std::int64_t operations(Form form, const LayerShape& shape, int tokens);

// The form that the knob asks for, or, where it says auto, the one with fewer operations at this length. A causal
// efficient form is Chunked (a device feeds single tokens to the same sum, which is Recurrent). An unknown length
// (`tokens` ≤ 0) counts as long.
Form chooseForm(const LayerShape& shape, const KnobValues& knobs, int tokens);

// N0: the length from which the paper's efficient form needs fewer operations
// than a direct one, without mask and without packing: (4d³ + 10d² + 9d + 4)/(4d + 6) for d_v = d.
double paperCrossover(int keyWidth, int valueWidth);

// N1: the length from which the paper's efficient form holds fewer numbers at its peak than its direct one: d_v N + 2N²
// against d²(d_v + 1) + 2dN + (d_v + 1)N + d²N.
double paperMemoryCrossover(int keyWidth, int valueWidth);

// The row of Method.
Cost cost(const LayerShape& shape, const KnobValues& knobs, int tokens);

} // namespace engine::taylorshift
