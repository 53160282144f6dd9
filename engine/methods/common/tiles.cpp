// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/common/tiles.h"

#include "engine/compute/embedded.h"

#include <map>
#include <mutex>
#include <string>

namespace engine {
namespace {

std::string joined(std::string_view path, std::string_view first)
{
    std::string text;
    for (const std::string_view part : {std::string_view("methods/common/tiles.cl"), first, path})
        if (!part.empty()) // #line keeps the compiler's messages at the places of the files
            text += "#line 1 \"" + std::string(part) + "\"\n" + std::string(kernelSource(part).text);
    return text;
}

} // namespace

KernelSource withTiles(std::string_view path, std::string_view first)
{
    static std::mutex mutex;
    static std::map<std::string, std::string, std::less<>> texts;
    const std::string name = first.empty() ? std::string(path) : std::string(first) + ", " + std::string(path);
    const std::lock_guard lock(mutex);
    auto found = texts.find(name);
    if (found == texts.end())
        found = texts.emplace(name, joined(path, first)).first;
    return {found->first, found->second};
}

Defines tileDefines(const LayerShape& shape)
{
    return {{"D", std::to_string(shape.keyWidth)}, {"DV", std::to_string(shape.valueWidth)}};
}

std::vector<float> rowsOf(const Matrix& rows)
{
    std::vector<float> cells(std::size_t(rows.size()));
    std::transform(rows.data(), rows.data() + rows.size(), cells.begin(), [](double x) { return float(x); });
    return cells;
}

std::vector<float> panelsOf16(const Matrix& rows)
{
    const Eigen::Index cols = rows.cols();
    std::vector<float> cells(std::size_t((rows.rows() + 15) / 16 * 16 * cols), 0.0F);
    for (Eigen::Index row = 0; row < rows.rows(); ++row)
        for (Eigen::Index col = 0; col < cols; ++col)
            cells[std::size_t((row / 16 * cols + col) * 16 + row % 16)] = float(rows(row, col));
    return cells;
}

} // namespace engine
