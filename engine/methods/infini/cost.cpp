// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/cost.h"

#include "engine/methods/infini/knobs.h"

#include <algorithm>
#include <cmath>

namespace engine::infini {
namespace {

using Count = std::int64_t;

std::string grouped(Count number)
{
    std::string digits = std::to_string(number);
    for (int place = int(digits.size()) - 3; place > 0; place -= 3)
        digits.insert(std::size_t(place), ",");
    return digits;
}

// Pairs of a query and a key of one segment up to it.
Count localPairs(Count tokens, Count segment)
{
    const Count rest = tokens % segment;
    return tokens / segment * (segment * (segment + 1) / 2) + rest * (rest + 1) / 2;
}

// σ(q)M, σ(q)·z and the divisions.
Count readOperations(Count d, Count dv)
{
    return 2 * d * dv + 2 * d + dv;
}

} // namespace

std::int64_t memoryNumbers(const LayerShape& shape)
{
    return Count(shape.keyHeads) * shape.keyWidth * (Count(shape.valueWidth) + 1);
}

std::int64_t stateNumbers(const LayerShape& shape, int segment, int tokens)
{
    return 2 * memoryNumbers(shape) +
           Count(std::min(tokens, segment)) * shape.keyHeads * (Count(shape.keyWidth) + shape.valueWidth);
}

std::int64_t operations(const LayerShape& shape, const KnobValues& knobs, int tokens)
{
    const Options options = optionsOf(knobs);
    const Count d = shape.keyWidth, dv = shape.valueWidth, n = tokens;
    const Count reading = std::max<Count>(0, n - options.segment); // the first segment reads nothing
    const Count features = 2 * d;                                  // a comparison, and an addition or an exponential
    const Count local = localPairs(n, options.segment) * (2 * d + 2 * dv + 6);
    const Count query = n * features + reading * (readOperations(d, dv) + 3 * dv); // the mix of the two branches
    Count write = n * (features + 2 * d * dv + d);
    if (options.delta)
        write += reading * (readOperations(d, dv) + dv);
    return shape.heads * (local + query) + shape.keyHeads * write;
}

Cost cost(const LayerShape& shape, const KnobValues& knobs, int tokens)
{
    const Options options = optionsOf(knobs);
    const Count width = Count(shape.keyWidth) + shape.valueWidth;
    const Count once = Count(sizeof(float)) * tokens * width * (shape.heads + shape.keyHeads);
    const Count segments = (Count(tokens) + options.segment - 1) / options.segment;
    const Count cache = Count(sizeof(float)) * tokens * shape.keyHeads * width;
    const Count pairs = shape.heads * localPairs(tokens, options.segment);
    Cost cost;
    cost.operations = operations(shape, knobs, tokens);
    cost.bytesMoved = once + 3 * Count(sizeof(float)) * memoryNumbers(shape) * segments;
    cost.stateBytes = Count(sizeof(float)) * stateNumbers(shape, options.segment, tokens);
    cost.form = "segments";
    cost.reason =
        "segments of " + grouped(options.segment) + ": " + grouped(pairs) + " local pairs at " + grouped(tokens) +
        (tokens == 1 ? " token" : " tokens") + " instead of " +
        grouped(shape.heads * (Count(tokens) * (tokens + 1) / 2)) + "; a memory of " +
        grouped(Count(sizeof(float)) * memoryNumbers(shape)) + " bytes, whatever the length, beside " + grouped(cache) +
        " of a full key/value cache" +
        (tokens <= options.segment ? "; the text is not longer than a segment, the memory is never read" : "");
    cost.crossover = crossover(shape, knobs);
    return cost;
}

double crossover(const LayerShape& shape, const KnobValues& knobs)
{
    const Options options = optionsOf(knobs);
    const double d = shape.keyWidth, dv = shape.valueWidth, pair = 2 * d + 2 * dv + 6;
    const double writes = 2 * d * dv + 3 * d + (options.delta ? double(readOperations(Count(d), Count(dv))) + dv : 0);
    const double token = (options.segment + 1) / 2.0 * pair + 2 * d + 3 * dv +
                         double(readOperations(Count(d), Count(dv))) + writes * shape.keyHeads / shape.heads;
    return std::ceil(token / pair);
}

std::vector<TableRow> memoryTable(const TableModel& model)
{
    const double width = model.keyWidth + model.valueWidth, heads = model.heads, layers = model.layers;
    const double segment = model.segment, d = model.width;
    return {
        {"Transformer-XL", "(d_k + d_v) H N l", width * heads * segment * layers, segment * layers},
        {"Compressive Transformer", "d_model (c + N) l", d * (model.compressed + segment) * layers,
         (model.compressed * model.ratio + segment) * layers},
        {"Memorizing Transformers", "(d_k + d_v) H N S", width * heads * model.tokens, model.tokens},
        {"RMT", "d_model p l 2", d * model.summary * layers * 2, model.tokens},
        {"AutoCompressors", "d_model p (m + 1) l", d * model.summary * (model.steps + 1) * layers, model.tokens},
        {"Infini-Transformer", "d_k (d_v + 1) H l", model.keyWidth * (model.valueWidth + 1.0) * heads * layers,
         model.tokens},
    };
}

} // namespace engine::infini
