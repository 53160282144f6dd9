// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/common/tiles.h"

namespace engine {

// Keys and values of one layer, row after row for each key/value head: [keyHeads][capacity][d] and
// [keyHeads][capacity][d_v]. Grows geometrically; rows past what was stored are 0.
class RowCache
{
public:
    RowCache(const LayerShape& shape, int expectedTokens);

    // Room for `tokens` tokens; the first `kept` of them survive. Waits where it has to grow.
    void reserve(int tokens, int kept, Queue& queue);

    const Buffer<float>& keys() const { return m_keys; }

    const Buffer<float>& values() const { return m_values; }

    int capacity() const { return m_capacity; } // tokens per head, a multiple of keyBlock

    // Bytes that `tokens` tokens take.
    std::size_t bytes(int tokens) const;

private:
    Buffer<float> grown(const Buffer<float>& from, int capacity, int width, int kept, Queue& queue) const;

    LayerShape m_shape;
    int m_expected;
    int m_capacity = 0;
    Buffer<float> m_keys, m_values;
};

} // namespace engine
