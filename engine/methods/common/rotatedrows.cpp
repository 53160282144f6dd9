// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/common/rotatedrows.h"

#include "engine/methods/common/tiles.h"

namespace engine {

RotatedRows::Rows RotatedRows::of(const LayerRows& rows, const LayerShape& shape, const Positions& positions,
                                  DeviceContext& context)
{
    if (positions.kind == RopeKind::None)
        return {rows.query, rows.key};
    const auto cells = [&](int heads) { return std::size_t(rows.count) * std::size_t(heads * shape.keyWidth); };
    ensure(m_query, cells(shape.heads), context.queue, "queries with positions");
    ensure(m_key, cells(shape.keyHeads), context.queue, "keys with positions");
    context.blocks.rotate(context.queue, positions, {rows.query, m_query, shape.heads},
                          {rows.key, m_key, shape.keyHeads}, rows.count, shape.keyWidth, rows.first);
    return {m_query, m_key};
}

} // namespace engine
