// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/safetensors.h"

#include "engine/export/json.h"
#include "engine/export/littleendian.h"
#include "engine/values/error.h"

#include <cassert>
#include <sstream>

namespace engine {
namespace {

std::size_t countOf(const NamedTensor& tensor)
{
    std::size_t count = 1;
    for (const std::size_t size : tensor.shape)
        count *= size;
    return count;
}

std::string headerOf(const std::vector<NamedTensor>& tensors,
                     const std::vector<std::pair<std::string, std::string>>& metadata)
{
    std::ostringstream text;
    JsonWriter json(text);
    json.object();
    if (!metadata.empty()) {
        json.key("__metadata__").object();
        for (const auto& [name, content] : metadata)
            json.field(name, content);
        json.end();
    }
    std::size_t offset = 0;
    for (const NamedTensor& tensor : tensors) {
        const bool whole = std::holds_alternative<std::vector<std::int32_t>>(tensor.cells);
        json.key(tensor.name).object().field("dtype", whole ? "I32" : "F32");
        json.key("shape").list(tensor.shape);
        const std::size_t end = offset + 4 * countOf(tensor);
        json.key("data_offsets").list(std::vector<std::size_t>{offset, end}).end();
        offset = end;
    }
    json.end();
    std::string header = text.str();
    header.pop_back(); // the line break
    header.resize((header.size() + 7) / 8 * 8, ' ');
    return header;
}

} // namespace

NamedTensor bySlots(std::string name, const Grid& record, int slots)
{
    assert(slots > 0 && record.cols() % slots == 0);
    const int width = record.cols() / slots;
    std::vector<Grid> parts;
    for (int slot = 0; slot < slots; ++slot)
        parts.push_back(record.columns(slot * width, width));
    return {std::move(name), {std::size_t(slots), std::size_t(record.rows()), std::size_t(width)}, std::move(parts)};
}

NamedTensor asTensor(std::string name, const Grid& grid)
{
    return {std::move(name), {std::size_t(grid.rows()), std::size_t(grid.cols())}, std::vector<Grid>{grid}};
}

void writeSafetensors(std::ostream& out, const std::vector<NamedTensor>& tensors,
                      const std::vector<std::pair<std::string, std::string>>& metadata)
{
    const std::string header = headerOf(tensors, metadata);
    writeLittleEndian(out, std::uint64_t(header.size()));
    out << header;
    for (const NamedTensor& tensor : tensors) {
        if (const auto* whole = std::get_if<std::vector<std::int32_t>>(&tensor.cells)) {
            assert(whole->size() == countOf(tensor));
            writeLittleEndian(out, std::span<const std::int32_t>(*whole));
            continue;
        }
        [[maybe_unused]] std::size_t count = 0;
        for (const Grid& grid : std::get<std::vector<Grid>>(tensor.cells)) {
            count += std::size_t(grid.rows()) * std::size_t(grid.cols());
            for (int row = 0; row < grid.rows(); ++row)
                writeLittleEndian(out, grid.row(row));
        }
        assert(count == countOf(tensor));
    }
    if (!out.flush())
        throw Error(Fault::File, "the safetensors file could not be written to its end");
}

} // namespace engine
