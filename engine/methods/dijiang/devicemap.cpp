// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/devicemap.h"

#include "engine/methods/common/tiles.h"
#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/reference.h"

#include <cmath>

namespace engine::dijiang {
namespace {

constexpr int tileRows = 8; // TILE of tiles.cl

// One matrix after another, each filled up with rows of zeros to whole tiles.
std::vector<float> tiled(const std::vector<Matrix>& matrices)
{
    std::vector<float> cells;
    for (const Matrix& matrix : matrices) {
        const std::vector<float> rows = engine::rowsOf(matrix);
        cells.insert(cells.end(), rows.begin(), rows.end());
        cells.resize(cells.size() +
                     std::size_t(roundUp(int(matrix.rows()), tileRows) - matrix.rows()) * std::size_t(matrix.cols()));
    }
    return cells;
}

Buffer<float> uploaded(const std::vector<float>& cells, DeviceContext& device, const char* what)
{
    Buffer<float> buffer(device.device, cells.size(), what);
    device.queue.write(buffer, std::span<const float>(cells));
    return buffer;
}

std::vector<float> floats(const std::vector<double>& numbers)
{
    return {numbers.begin(), numbers.end()};
}

// What the fast transform's sums are multiplied by: t_i·scale·s_i. The transposed one has its s_0 on the input.
std::vector<float> fastRadii(const LayerMaps& maps, int width, bool transposed)
{
    std::vector<float> radii;
    for (const FeatureMap& map : maps.maps) {
        for (int row = 0; row < map.rows(); ++row)
            radii.push_back(
                float(map.radii(row) * map.scale * std::sqrt((row == 0 && !transposed ? 1.0 : 2.0) / width)));
    }
    return radii;
}

// ln D, ln 0 as a number that stands for it.
std::vector<float> logWeights(const LayerMaps& maps)
{
    std::vector<float> all;
    for (const FeatureMap& map : maps.maps) {
        for (const double weight : map.logWeight)
            all.push_back(float(std::max(weight, noSum)));
    }
    return all;
}

} // namespace

DeviceMap::DeviceMap(const LayerContext& context, const LayerMaps& maps, DeviceContext& device)
    : m_width(context.shape.keyWidth)
    , m_operations(double(featureOperations(context.shape, context.plan.attention.knobs)))
{
    const Options options = optionsOf(context.plan.attention.knobs);
    const FeatureMap& one = maps.maps.front();
    const bool has = hasFastDct(m_width);
    const bool fast = usesFastDct(context.shape, options);
    const std::string kind = options.transposed ? "3" : "2";
    m_defines = {{"D", std::to_string(m_width)},           {"DV", "1"},
                 {"ROWS", std::to_string(one.rows())},     {"FEATURES", std::to_string(one.features())},
                 {"FAST", fast ? kind : std::string("0")}, {"SPECTRUM", has ? kind : std::string("0")}};
    m_features = device.device.kernel(withTiles(mapKernels), "features", m_defines);
    m_spectrum = device.device.kernel(withTiles(mapKernels), "spectrum", m_defines);
    std::vector<Matrix> projections;
    for (const FeatureMap& map : maps.maps)
        projections.push_back(map.projection());
    const Matrix c = dctMatrix(m_width);
    m_arguments.matrix = uploaded(tiled(projections), device, "DiJiang's map");
    m_arguments.radii = uploaded(fastRadii(maps, m_width, options.transposed), device, "DiJiang's radii");
    m_arguments.factors =
        uploaded(has ? floats(dctFactors(m_width)) : std::vector<float>(1), device, "the DCT's factors");
    m_arguments.logWeights = uploaded(logWeights(maps), device, "DiJiang's weights");
    m_arguments.maps = maps.states();
    m_arguments.norm = float(one.norm * one.scale * one.scale);
    m_arguments.shift = float(one.constant);
    m_arguments.softmax = int(one.softmax);
    m_cosines = uploaded(tiled({options.transposed ? Matrix(c.transpose()) : c}), device, "the DCT's matrix");
}

void DeviceMap::features(const Buffer<float>& x, int first, int end, int inHeads, int outHeads, Buffer<float>& out,
                         Queue& queue)
{
    const Arguments& map = m_arguments;
    launchInPieces(queue, m_features, panelsOf(end - first) * outHeads, queryPanel * m_operations, "dijiang features",
                   x, map.matrix, map.radii, map.factors, map.logWeights, map.maps, map.norm, map.shift, map.softmax,
                   out, first, end, inHeads, outHeads);
}

void DeviceMap::spectrum(const Buffer<float>& x, int count, int inHeads, int outHeads, Buffer<float>& out, Queue& queue)
{
    launchInPieces(queue, m_spectrum, panelsOf(count) * outHeads, queryPanel * 2.0 * m_width * m_width,
                   "dijiang spectrum", x, m_cosines, m_arguments.factors, out, count, inHeads, outHeads);
}

} // namespace engine::dijiang
