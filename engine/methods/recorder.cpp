// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/recorder.h"

#include "engine/values/error.h"

#include <algorithm>

namespace engine {
namespace {

using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void copyTo(float* room, const Matrix& values)
{
    Eigen::Map<FloatMatrix>(room, values.rows(), values.cols()) = values.cast<float>();
}

} // namespace

Recorder::Recorder(TraceFilter filter)
    : m_filter(std::move(filter))
{
}

bool Recorder::wants(std::string_view probe, LayerIndex layer) const
{
    if (!m_filter.everyProbe && !m_filter.probes.contains(probe))
        return false;
    return m_filter.layers.empty() || layer == wholeModel || m_filter.layers.contains(layer);
}

bool Recorder::wantsAny(std::initializer_list<std::string_view> probes, LayerIndex layer) const
{
    return std::ranges::any_of(probes, [&](std::string_view probe) { return wants(probe, layer); });
}

// Memory for `rows` more rows at a place, or null where nobody wants them or the byte limit is reached. A series that
// lost rows takes no later ones: row t of a series is always token t.
float* Recorder::room(std::string_view probe, Where where, int rows, int cols, Provenance provenance)
{
    m_thread.check();
    if (!wants(probe, where.layer) || rows == 0 || cols == 0)
        return nullptr;
    Series& series = m_series[Key{std::string(probe), where}];
    if (series.closed)
        return nullptr;
    if (!series.chunks.empty() && series.cols != cols)
        throw Error(Fault::Internal, "probe " + std::string(probe) + ": " + std::to_string(cols) +
                                         " columns were recorded after rows of " + std::to_string(series.cols));
    const std::size_t count = std::size_t(rows) * std::size_t(cols);
    if (count * sizeof(float) > m_filter.byteLimit - std::min(m_bytes, m_filter.byteLimit)) {
        series.closed = m_truncated = true;
        return nullptr;
    }
    m_bytes += count * sizeof(float);
    series.cols = cols;
    series.provenance = provenance;
    Chunk& chunk = series.chunks.emplace_back();
    chunk.rows = rows;
    chunk.cells.resize(count);
    return chunk.cells.data();
}

// A snapshot replaces what was kept at its place before. The queue was finished between the two: a place is kept once
// per append at most.
float* Recorder::freshRoom(std::string_view probe, Where where, int rows, int cols, Provenance provenance)
{
    m_thread.check();
    const auto old = m_series.find(Key{std::string(probe), where});
    if (old != m_series.end()) {
        for (const Chunk& chunk : old->second.chunks)
            m_bytes -= chunk.cells.size() * sizeof(float);
        m_series.erase(old);
    }
    return room(probe, where, rows, cols, provenance);
}

void Recorder::append(std::string_view probe, LayerIndex layer, const Matrix& rows, Provenance provenance)
{
    if (float* to = room(probe, {layer, allHeads, {}}, int(rows.rows()), int(rows.cols()), provenance))
        copyTo(to, rows);
}

void Recorder::append(std::string_view probe, LayerIndex layer, const float* rows, int count, int cols,
                      Provenance provenance)
{
    if (float* to = room(probe, {layer, allHeads, {}}, count, cols, provenance))
        std::copy_n(rows, std::size_t(count) * std::size_t(cols), to);
}

void Recorder::append(std::string_view probe, LayerIndex layer, const Buffer<float>& rows, int count, int cols,
                      Queue& queue, Provenance provenance)
{
    if (float* to = room(probe, {layer, allHeads, {}}, count, cols, provenance))
        queue.readLater(rows, std::span<float>(to, std::size_t(count) * std::size_t(cols)));
}

void Recorder::keep(std::string_view probe, Where where, const Matrix& values, Provenance provenance)
{
    if (float* to = freshRoom(probe, where, int(values.rows()), int(values.cols()), provenance))
        copyTo(to, values);
}

void Recorder::keep(std::string_view probe, Where where, const Buffer<float>& values, int rows, int cols, Queue& queue,
                    Provenance provenance)
{
    if (float* to = freshRoom(probe, where, rows, cols, provenance))
        queue.readLater(values, std::span<float>(to, std::size_t(rows) * std::size_t(cols)));
}

void Recorder::put(const Trace::Record& record)
{
    const Grid& grid = record.grid;
    float* to = freshRoom(record.probe, record.where, grid.rows(), grid.cols(), record.provenance);
    for (int row = 0; to != nullptr && row < grid.rows(); ++row)
        to = std::ranges::copy(grid.row(row), to).out;
}

std::shared_ptr<const Trace> Recorder::snapshot() const
{
    m_thread.check();
    std::vector<Trace::Record> records;
    for (const auto& [key, series] : m_series) {
        if (series.chunks.empty())
            continue;
        std::vector<float> cells;
        int rows = 0;
        for (const Chunk& chunk : series.chunks) {
            cells.insert(cells.end(), chunk.cells.begin(), chunk.cells.end());
            rows += chunk.rows;
        }
        records.push_back({key.probe, key.where, series.provenance, Grid(std::move(cells), rows, series.cols)});
    }
    return std::make_shared<const Trace>(std::move(records), m_truncated);
}

std::shared_ptr<const Trace> Recorder::take()
{
    auto trace = snapshot();
    clear();
    return trace;
}

void Recorder::clear()
{
    m_thread.check();
    m_series.clear();
    m_bytes = 0;
    m_truncated = false;
}

void Recorder::forgetFrom(LayerIndex first)
{
    m_thread.check();
    std::erase_if(m_series, [&](const auto& entry) {
        const bool gone = entry.first.where.layer >= first || entry.first.where.layer == wholeModel;
        for (const Chunk& chunk : entry.second.chunks)
            m_bytes -= gone ? chunk.cells.size() * sizeof(float) : 0;
        return gone;
    });
}

} // namespace engine
