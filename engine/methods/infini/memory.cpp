// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/memory.h"

#include <algorithm>
#include <cmath>

namespace engine::infini {
namespace {

// One token at a time: every token sees what the ones before it wrote, and z takes only what it lacks of a key.
Memory writtenByToken(Memory memory, const Matrix& keyFeatures, const Matrix& values)
{
    for (Eigen::Index token = 0; token < keyFeatures.rows(); ++token) {
        const Matrix f = keyFeatures.row(token);
        const double squares = f.squaredNorm();
        if (squares == 0)
            continue;
        memory.m += f.transpose() * (values.row(token) - readOut(memory, f).rows);
        const double gamma = std::clamp(1.0 - memory.z.dot(f.row(0)) / squares, 0.0, 1.0);
        memory.z += gamma * f.transpose();
    }
    return memory;
}

} // namespace

Memory emptyMemory(int keyWidth, int valueWidth)
{
    return {Matrix::Zero(keyWidth, valueWidth), Vector::Zero(keyWidth)};
}

Matrix features(const Matrix& rows)
{
    return rows.unaryExpr([](double u) { return u > 0 ? u + 1 : u < -87.33 ? 0.0 : std::exp(u); });
}

Matrix queryFeatures(const Matrix& rows, const Options& options)
{
    const Matrix all = features(rows);
    return options.reading == Reading::Shuffled ? Matrix(all.rowwise().reverse()) : all;
}

ReadOut readOut(const Memory& memory, const Matrix& features)
{
    if (memory.empty())
        return {Matrix::Zero(features.rows(), memory.m.cols()), Vector::Zero(features.rows())};
    const Vector denominators = features * memory.z;
    const Matrix sums = features * memory.m;
    return {sums.array().colwise() / denominators.array().max(leastDenominator), denominators};
}

Memory written(const Memory& before, const Matrix& keyFeatures, const Matrix& values, const Options& options)
{
    if (options.delta && options.correction)
        return writtenByToken(before, keyFeatures, values);
    Matrix novel = values;
    if (options.delta)
        novel -= readOut(before, keyFeatures).rows;
    return {before.m + keyFeatures.transpose() * novel, before.z + keyFeatures.colwise().sum().transpose()};
}

int segmentsOf(int tokens, int segment)
{
    return (tokens + segment - 1) / segment;
}

TokenRange segmentAt(int index, int tokens, int segment)
{
    const int first = index * segment;
    return {first, std::min(segment, tokens - first)};
}

std::vector<Memory> memoriesOf(const Matrix& keys, const Matrix& values, const Options& options,
                               const std::string& place)
{
    std::vector<Memory> all{emptyMemory(int(keys.cols()), int(values.cols()))};
    const auto tokens = int(keys.rows());
    for (int index = 0; index < segmentsOf(tokens, options.segment); ++index) {
        const TokenRange segment = segmentAt(index, tokens, options.segment);
        Memory next = written(all.back(), features(keys.middleRows(segment.first, segment.count)),
                              values.middleRows(segment.first, segment.count), options);
        if (!next.m.allFinite() || !next.z.allFinite())
            throw notFinite(place, segment);
        all.push_back(std::move(next));
    }
    return all;
}

Error notFinite(const std::string& place, TokenRange segment)
{
    return {Fault::Request, "the memory of " + place + " would take a number that is not finite from tokens " +
                                std::to_string(segment.first) + " to " + std::to_string(segment.end() - 1) +
                                "; finite keys and values were expected"};
}

Mix mixOf(double gate, bool empty, const Options& options)
{
    if (!empty)
        return {options.reading == Reading::Zeroed ? 0 : gate, 1 - gate};
    return {0, options.firstGated ? 1 - gate : 1};
}

} // namespace engine::infini
