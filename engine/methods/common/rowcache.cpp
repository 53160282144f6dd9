// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/common/rowcache.h"

#include "engine/values/error.h"

#include <string>

namespace engine {
namespace {

constexpr int mostTokens = 1 << 30; // places are ints

} // namespace

RowCache::RowCache(const LayerShape& shape, int expectedTokens)
    : m_shape(shape)
    , m_expected(expectedTokens)
{
}

void RowCache::reserve(int tokens, int kept, Queue& queue)
{
    if (tokens <= m_capacity)
        return;
    if (tokens > mostTokens)
        throw Error(Fault::Memory, "a cache of " + std::to_string(tokens) + " tokens was asked for; at most " +
                                       std::to_string(mostTokens) + " can be addressed");
    // Past the expected length half as much again is taken, so that appending one by one copies O(1) times a token.
    const int wanted = m_capacity == 0 ? std::max(tokens, m_expected) : std::max(tokens, m_capacity / 2 * 3);
    const int capacity = roundUp(std::min(wanted, mostTokens), keyBlock);
    Buffer<float> keys = grown(m_keys, capacity, m_shape.keyWidth, kept, queue);
    Buffer<float> values = grown(m_values, capacity, m_shape.valueWidth, kept, queue);
    queue.finish(); // the old buffers are freed below
    m_keys = std::move(keys);
    m_values = std::move(values);
    m_capacity = capacity;
}

Buffer<float> RowCache::grown(const Buffer<float>& from, int capacity, int width, int kept, Queue& queue) const
{
    const auto rows = std::size_t(capacity);
    Buffer<float> to(queue.device(), std::size_t(m_shape.keyHeads) * rows * std::size_t(width), "a key/value cache");
    queue.clear(to);
    for (std::size_t head = 0; kept > 0 && head < std::size_t(m_shape.keyHeads); ++head)
        queue.copy(from, head * std::size_t(m_capacity) * std::size_t(width), to, head * rows * std::size_t(width),
                   std::size_t(kept) * std::size_t(width));
    return to;
}

std::size_t RowCache::bytes(int tokens) const
{
    return sizeof(float) * std::size_t(tokens) * std::size_t(m_shape.keyHeads) *
           (std::size_t(m_shape.keyWidth) + std::size_t(m_shape.valueWidth));
}

} // namespace engine
