// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/method.h"

namespace engine {

LayerTrace::LayerTrace(std::shared_ptr<const Trace> trace, LayerIndex layer, LayerShape shape, Positions positions)
    : m_trace(std::move(trace))
    , m_layer(layer)
    , m_shape(shape)
    , m_positions(positions)
{
}

int LayerTrace::tokens() const
{
    return m_trace->grid(probes::queryRaw, {m_layer, allHeads, {}}).rows();
}

Matrix LayerTrace::slice(std::string_view probe, int slot, int slots, TokenRange rows) const
{
    const Grid grid = m_trace->grid(probe, {m_layer, allHeads, {}});
    const std::string what = "probe " + std::string(probe) + " of layer " + std::to_string(m_layer.value);
    if (grid.empty())
        throw Error(Fault::Internal, what + " was not recorded");
    if (rows.first < 0 || rows.count < 0 || rows.end() > grid.rows())
        throw Error(Fault::Memory, what + " holds " + std::to_string(grid.rows()) + " tokens; tokens up to " +
                                       std::to_string(rows.end()) + " were asked for" +
                                       (m_trace->truncated() ? " (the run reached its recording limit)" : ""));
    if (grid.cols() % slots != 0)
        throw Error(Fault::Internal,
                    what + " has " + std::to_string(grid.cols()) + " columns for " + std::to_string(slots) + " heads");
    const int width = grid.cols() / slots;
    return matrixOf(grid.rowRange(rows.first, rows.count).columns(slot * width, width));
}

Matrix LayerTrace::queriesRaw(HeadIndex head, TokenRange rows) const
{
    return slice(probes::queryRaw, head.value, m_shape.heads, rows);
}

Matrix LayerTrace::keysRaw(HeadIndex head, TokenRange rows) const
{
    return slice(probes::keyRaw, m_shape.keyHeadOf(head.value), m_shape.keyHeads, rows);
}

Matrix LayerTrace::queries(HeadIndex head, TokenRange rows) const
{
    return rotate(m_positions, queriesRaw(head, rows), rows.first);
}

Matrix LayerTrace::keys(HeadIndex head, TokenRange rows) const
{
    return rotate(m_positions, keysRaw(head, rows), rows.first);
}

Matrix LayerTrace::values(HeadIndex head, TokenRange rows) const
{
    return slice(probes::value, m_shape.keyHeadOf(head.value), m_shape.keyHeads, rows);
}

Matrix LayerTrace::mixed(HeadIndex head, TokenRange rows) const
{
    return slice(probes::mixed, head.value, m_shape.heads, rows);
}

Matrix LayerTrace::record(std::string_view probe, HeadIndex head, TokenRange rows) const
{
    return slice(probe, head.value, m_shape.heads, rows);
}

} // namespace engine
