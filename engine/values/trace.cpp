// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/trace.h"

#include <algorithm>
#include <tuple>

namespace engine {
namespace {

auto keyOf(const Trace::Record& record)
{
    return std::tie(record.probe, record.where);
}

} // namespace

Trace::Trace(std::vector<Record> records, bool truncated)
    : m_records(std::move(records))
    , m_truncated(truncated)
{
    std::ranges::stable_sort(m_records, [](const Record& a, const Record& b) { return keyOf(a) < keyOf(b); });
}

Grid Trace::grid(std::string_view probe, Where where) const
{
    const auto found = std::ranges::find_if(
        m_records, [&](const Record& record) { return record.probe == probe && record.where == where; });
    return found == m_records.end() ? Grid() : found->grid;
}

std::vector<Trace::Record> Trace::snapshots(std::string_view probe, LayerIndex layer, HeadIndex head) const
{
    std::vector<Record> found;
    std::ranges::copy_if(m_records, std::back_inserter(found), [&](const Record& record) {
        return record.probe == probe && record.where.layer == layer && record.where.head == head;
    });
    return found;
}

std::size_t Trace::bytes() const
{
    std::size_t sum = 0;
    for (const Record& record : m_records)
        sum += std::size_t(record.grid.rows()) * std::size_t(record.grid.cols()) * sizeof(float);
    return sum;
}

} // namespace engine
