// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/safetensors.h"

#include "engine/files/json.h"

#include <algorithm>
#include <array>

namespace engine {
namespace {

constexpr std::size_t lengthBytes = 8;
// The format itself allows 100 MB; the memory is enough for eighty thousand tensors, fifty times what files have.
constexpr JsonLimits headerLimits{.memory = std::size_t(96) << 20};
constexpr std::size_t mostDimensions = 8;

std::size_t elementBytes(const Json& type)
{
    static const std::map<std::string, std::size_t, std::less<>> sizes{
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
        {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"I64", 8},     {"U64", 8}, {"F64", 8}};
    const auto found = sizes.find(type.string());
    if (found == sizes.end())
        type.refuse("an element type such as F32, F16 or BF16");
    return found->second;
}

SafetensorsEntry entryOf(const std::string& name, const Json& json, ByteRange data)
{
    const Json type = json["dtype"];
    SafetensorsEntry entry{name, type.string(), {}, {}};
    std::size_t bytes = elementBytes(type);
    const Json shape = json["shape"];
    if (shape.isArray() && shape.size() > mostDimensions)
        shape.refuse("at most " + std::to_string(mostDimensions) + " dimensions");
    for (const Json& side : shape.elements()) {
        entry.shape.push_back(static_cast<std::size_t>(side.integer(0, INT64_MAX)));
        bytes = checkedProduct(bytes, entry.shape.back(), shape.place());
    }
    const Json offsets = json["data_offsets"];
    if (!offsets.isArray() || offsets.size() != 2)
        offsets.refuse("the first byte and the byte after the last");
    const auto dataBytes = static_cast<std::int64_t>(data.count);
    const std::int64_t first = offsets[std::size_t(0)].integer(0, dataBytes);
    const std::int64_t end = offsets[1].integer(first, dataBytes);
    if (static_cast<std::size_t>(end - first) != bytes)
        throw Error(Fault::Format, offsets.place() + " spans " + std::to_string(end - first) +
                                       " bytes; type and shape take " + std::to_string(bytes));
    entry.bytes = {data.first + static_cast<std::size_t>(first), bytes};
    return entry;
}

// Every byte of the data belongs to exactly one tensor.
void checkCover(const SafetensorsFile& file, ByteRange data, const std::string& name)
{
    std::vector<const SafetensorsEntry*> sorted;
    for (const auto& [key, entry] : file.entries)
        sorted.push_back(&entry);
    std::ranges::sort(sorted, {},
                      [](const SafetensorsEntry* entry) { return std::pair(entry->bytes.first, entry->bytes.count); });
    std::size_t next = data.first;
    for (const SafetensorsEntry* entry : sorted) {
        if (entry->bytes.first != next)
            throw Error(Fault::Format, name + ": tensor " + quoteJson(entry->name) + " begins at data byte " +
                                           std::to_string(entry->bytes.first - data.first) +
                                           (entry->bytes.first < next ? ", inside" : ", after a gap behind") +
                                           " the one before, which ends at " + std::to_string(next - data.first));
        next += entry->bytes.count;
    }
    if (next != data.first + data.count)
        throw Error(Fault::Format, name + ": has " + std::to_string(data.first + data.count - next) +
                                       " bytes after the last tensor; none were expected");
}

} // namespace

TensorRef SafetensorsFile::tensor(std::string_view name) const
{
    const std::string fileName = file->path().filename().string();
    const auto found = entries.find(name);
    if (found == entries.end())
        throw Error(Fault::Format, fileName + ": has no tensor " + quoteJson(name));
    const SafetensorsEntry& entry = found->second;
    TensorRef tensor;
    if (entry.type == "F32")
        tensor.type = ElementType::F32;
    else if (entry.type == "F16")
        tensor.type = ElementType::F16;
    else if (entry.type == "BF16")
        tensor.type = ElementType::BF16;
    else
        throw Error(Fault::Format, fileName + ": tensor " + quoteJson(name) + " is " + entry.type +
                                       "; F32, F16 and BF16 are supported");
    tensor.shape = entry.shape;
    tensor.bytes = entry.bytes;
    tensor.file = file;
    tensor.name = entry.name;
    return tensor;
}

SafetensorsFile readSafetensors(const std::filesystem::path& path)
{
    SafetensorsFile result;
    result.file = std::make_shared<File>(path);
    const File& file = *result.file;
    const std::string name = path.filename().string();
    const std::vector<std::byte> head = file.head();
    ByteReader reader(name, head, file.size());
    const auto length = reader.take<std::uint64_t>("length of the header");
    if (length > headerLimits.bytes)
        throw Error(Fault::Format, name + ": the header's length at byte 0 is " + std::to_string(length) +
                                       "; at most " + std::to_string(headerLimits.bytes) + " was expected");
    const ByteRange header = reader.skip(static_cast<std::size_t>(length), "header");
    const ByteRange data = reader.skip(reader.left(), "data");
    std::string headerText(header.count, '\0');
    file.read(header.first, std::as_writable_bytes(std::span(headerText)));
    const Json json = Json::parse(headerText, name, headerLimits);
    if (!json.isObject())
        json.refuse("an object of tensors");
    json.eachMember([&](const std::string& key, const Json& value) {
        if (key == "__metadata__") {
            for (const auto& [item, text] : value.members())
                result.metadata.emplace(item, text.string());
        } else {
            result.entries.emplace(key, entryOf(key, value, data));
        }
    });
    checkCover(result, data, name);
    return result;
}

} // namespace engine
