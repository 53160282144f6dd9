// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace engine {

// A matrix of numbers to look at. Copying is cheap; the memory lives as long as any Grid on it.
// Rows may lie apart by a stride, so that one head's columns of a wider record are a Grid too.
class Grid
{
public:
    Grid() = default;

    Grid(std::shared_ptr<const float> cells, int rows, int cols, std::ptrdiff_t stride)
        : m_cells(std::move(cells))
        , m_rows(rows)
        , m_cols(cols)
        , m_stride(stride)
    {
    }

    // Takes over rows × cols numbers, row after row.
    Grid(std::vector<float> cells, int rows, int cols)
        : m_rows(rows)
        , m_cols(cols)
        , m_stride(cols)
    {
        assert(cells.size() == std::size_t(rows) * std::size_t(cols));
        auto owner = std::make_shared<const std::vector<float>>(std::move(cells));
        m_cells = std::shared_ptr<const float>(owner, owner->data());
    }

    int rows() const { return m_rows; }

    int cols() const { return m_cols; }

    bool empty() const { return m_rows == 0 || m_cols == 0; }

    float at(int row, int col) const { return this->row(row)[std::size_t(col)]; }

    std::span<const float> row(int row) const
    {
        assert(row >= 0 && row < m_rows);
        return {m_cells.get() + row * m_stride, std::size_t(m_cols)};
    }

    // Columns [first, first + count) of all rows, sharing the memory.
    Grid columns(int first, int count) const
    {
        assert(first >= 0 && count >= 0 && first + count <= m_cols);
        return {std::shared_ptr<const float>(m_cells, m_cells.get() + first), m_rows, count, m_stride};
    }

    // Rows [first, first + count), sharing the memory.
    Grid rowRange(int first, int count) const
    {
        assert(first >= 0 && count >= 0 && first + count <= m_rows);
        return {std::shared_ptr<const float>(m_cells, m_cells.get() + first * m_stride), count, m_cols, m_stride};
    }

private:
    std::shared_ptr<const float> m_cells;
    int m_rows = 0;
    int m_cols = 0;
    std::ptrdiff_t m_stride = 0;
};

} // namespace engine
