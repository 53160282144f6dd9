// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/reference.h"

#include "engine/methods/infini/cost.h"
#include "engine/methods/infini/memory.h"
#include "engine/methods/infini/records.h"

#include <cmath>

// A = g·A_mem + (1 − g)·A_dot, segment after segment (Munkhdalai, Faruqui, Gopal 2024, §3.1): read with the old memory,
// attend locally, mix, write.

namespace engine::infini {
namespace {

struct Local
{
    Matrix rows; // softmax(QKᵀ/√d)V with the causal mask
    Vector lse;
};

// Positions restart with the segment.
Local localAttention(const Matrix& queries, const Matrix& keys, const Matrix& values, const Positions& positions)
{
    const Matrix q = rotate(positions, queries, 0), k = rotate(positions, keys, 0);
    const double scale = 1.0 / std::sqrt(double(keys.cols()));
    Local local{Matrix(queries.rows(), values.cols()), Vector(queries.rows())};
    for (Eigen::Index row = 0; row < queries.rows(); ++row) {
        const Vector scores = scale * (k.topRows(row + 1) * q.row(row).transpose());
        const double top = scores.maxCoeff();
        local.lse(row) = top + std::log((scores.array() - top).exp().sum());
        const Vector a = (scores.array() - local.lse(row)).exp();
        local.rows.row(row) = a.transpose() * values.topRows(row + 1);
    }
    return local;
}

// One matrix after each segment is kept.
void checkMemory(const LayerShape& shape, int segments)
{
    const double bytes = 8.0 * double(memoryNumbers(shape)) * segments;
    if (bytes > double(memoryLimit()))
        throw Error(Fault::Memory, "the memories after " + std::to_string(segments) + " segments take " +
                                       std::to_string(bytes / 1e9) + " GB; the limit is " +
                                       std::to_string(double(memoryLimit()) / 1e9) + " GB, longer segments are fewer");
}

} // namespace

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder)
{
    const LayerShape& shape = context.shape;
    const Options options = optionsOf(context);
    const Positions positions = localPositions(context);
    const std::vector<double> gate = gates(context);
    const auto tokens = int(input.queries.front().rows());
    checkMemory(shape, segmentsOf(tokens, options.segment));
    std::vector<std::vector<Memory>> memories;
    memories.reserve(std::size_t(shape.keyHeads));
    for (int head = 0; head < shape.keyHeads; ++head)
        memories.push_back(memoriesOf(input.keys[std::size_t(head)], input.values[std::size_t(head)], options,
                                      placeOf(context, head)));

    Matrix mixed(tokens, shape.heads * shape.valueWidth);
    Series series(tokens, shape);
    for (int head = 0; head < shape.heads; ++head) {
        const auto shared = std::size_t(shape.keyHeadOf(head));
        for (int index = 0; index < segmentsOf(tokens, options.segment); ++index) {
            const auto [first, count] = segmentAt(index, tokens, options.segment);
            const Matrix q = input.queries[std::size_t(head)].middleRows(first, count);
            const Local local = localAttention(q, input.keys[shared].middleRows(first, count),
                                               input.values[shared].middleRows(first, count), positions);
            const Memory& memory = memories[shared][std::size_t(index)];
            const ReadOut read = readOut(memory, queryFeatures(q, options));
            const Mix mix = mixOf(gate[std::size_t(head)], memory.empty(), options);
            mixed.block(first, Eigen::Index(head) * shape.valueWidth, count, shape.valueWidth) =
                mix.memory * read.rows + mix.local * local.rows;
            for (int row = 0; row < count; ++row)
                series.set(head, first + row, read.rows.row(row), local.rows.row(row), mix);
            series.denominator.col(head).segment(first, count) = read.denominators;
            series.lse.col(head).segment(first, count) = local.lse;
        }
    }
    series.append(recorder, context.layer);
    recordGates(recorder, context);
    for (int head = 0; head < shape.heads; ++head)
        recordMemories(recorder, context, head, 0, memories[std::size_t(shape.keyHeadOf(head))]);
    recordNovelty(recorder, context, 0, memories, input.keys, input.values);
    return mixed;
}

} // namespace engine::infini
