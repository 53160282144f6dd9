// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine {

// The queries [count, heads·d] and keys [count, keyHeads·d] of an append with their positions, in buffers of its own
// that grow with the longest one.
class RotatedRows
{
public:
    struct Rows
    {
        const Buffer<float>& query;
        const Buffer<float>& key;
    };

    // `rows` turned by RoPE in one launch, or as they are where there are no positions. Valid until the next call.
    Rows of(const LayerRows& rows, const LayerShape& shape, const Positions& positions, DeviceContext& context);

private:
    Buffer<float> m_query, m_key;
};

} // namespace engine
