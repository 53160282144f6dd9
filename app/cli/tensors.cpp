// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/tensors.h"

#include "engine/files/safetensors.h"
#include "engine/model/model.h"

#include <algorithm>
#include <limits>

using namespace engine;

namespace app::cli {
namespace {

std::string shapeText(const std::vector<std::size_t>& shape)
{
    std::string text = "[";
    for (const std::size_t size : shape)
        text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

[[noreturn]] void refuse(const std::string& path, const TensorRef& tensor, const std::string& expected)
{
    throw Error(Fault::Shape,
                path + ": " + tensor.name + " is " + shapeText(tensor.shape) + "; " + expected + " was expected");
}

// Sizes that fit the engine's counters.
void checkThree(const std::string& path, const TensorRef& tensor, const char* names)
{
    constexpr std::size_t mostHeads = 4096, mostTokens = std::size_t(1) << 30, mostWidth = 4096;
    if (tensor.shape.size() != 3)
        refuse(path, tensor, std::string("a shape ") + names);
    if (tensor.shape[0] < 1 || tensor.shape[0] > mostHeads || tensor.shape[1] < 1 || tensor.shape[1] > mostTokens ||
        tensor.shape[2] < 1 || tensor.shape[2] > mostWidth)
        refuse(path, tensor, std::string(names) + " with 1 to 4096 heads, 1 to 2^30 tokens and a width of 1 to 4096");
}

// [slots, N, width] as it lies in the file to rows of tokens [N, slots·width].
Grid tokenRows(const TensorRef& tensor)
{
    const std::size_t slots = tensor.shape[0], tokens = tensor.shape[1], width = tensor.shape[2];
    constexpr std::size_t mostRows = 1024; // at a time
    std::vector<float> cells(slots * tokens * width), rows(std::min(mostRows, tokens) * width);
    for (std::size_t slot = 0; slot < slots; ++slot) {
        for (std::size_t first = 0; first < tokens; first += mostRows) {
            const std::size_t count = std::min(mostRows, tokens - first);
            widen(tensor, (slot * tokens + first) * width, std::span(rows).first(count * width));
            for (std::size_t row = 0; row < count; ++row)
                std::copy_n(rows.begin() + std::ptrdiff_t(row * width), width,
                            cells.begin() + std::ptrdiff_t(((first + row) * slots + slot) * width));
        }
    }
    return {std::move(cells), int(tokens), int(slots * width)};
}

std::vector<float> flat(const TensorRef& tensor)
{
    std::vector<float> cells(tensor.count());
    widen(tensor, 0, cells);
    return cells;
}

} // namespace

ApplyInput readApplyInput(const std::string& path)
{
    const SafetensorsFile file = readSafetensors(path);
    const TensorRef query = file.tensor("query"), key = file.tensor("key"), value = file.tensor("value");
    checkThree(path, query, "[H, N, d]");
    checkThree(path, key, "[Hkv, N, d]");
    checkThree(path, value, "[Hkv, N, d_v]");
    const std::size_t heads = query.shape[0], tokens = query.shape[1], width = query.shape[2];
    if (key.shape[1] != tokens || key.shape[2] != width || heads % key.shape[0] != 0)
        refuse(path, key,
               "[Hkv, " + std::to_string(tokens) + ", " + std::to_string(width) + "] with Hkv a divisor of " +
                   std::to_string(heads));
    if (value.shape[0] != key.shape[0] || value.shape[1] != tokens)
        refuse(path, value, "[" + std::to_string(key.shape[0]) + ", " + std::to_string(tokens) + ", d_v]");
    if (heads * width > std::size_t(std::numeric_limits<int>::max()))
        refuse(path, query, "fewer numbers a token");
    // Floats of the file, again as rows, again as float64 matrices.
    const double need = 16.0 * double(query.count() + key.count() + value.count());
    if (need > double(memoryLimit()))
        throw Error(Fault::Memory, path + ": needs " + std::to_string(need / 1e9) + " GB; the limit is " +
                                       std::to_string(double(memoryLimit()) / 1e9) + " GB");
    ApplyInput input;
    input.tensors = {tokenRows(query), tokenRows(key), tokenRows(value), {}};
    input.shape = {int(heads), int(key.shape[0]), int(width), int(value.shape[2]), true};
    for (const auto& [name, entry] : file.entries) {
        if (name != "query" && name != "key" && name != "value")
            input.parameters.emplace(name, flat(file.tensor(name)));
    }
    return input;
}

PlainTensors readPlainTensors(const std::string& path)
{
    const SafetensorsFile file = readSafetensors(path);
    double numbers = 0;
    for (const auto& [name, entry] : file.entries)
        numbers += double(file.tensor(name).count());
    // The numbers as floats, and room for what is made of them.
    if (8 * numbers > double(memoryLimit()))
        throw Error(Fault::Memory, path + ": needs " + std::to_string(8 * numbers / 1e9) + " GB; the limit is " +
                                       std::to_string(double(memoryLimit()) / 1e9) + " GB");
    PlainTensors tensors;
    for (const auto& [name, entry] : file.entries) {
        const TensorRef tensor = file.tensor(name);
        tensors.emplace(name, PlainTensor{tensor.shape, flat(tensor), {}});
    }
    return tensors;
}

} // namespace app::cli
