// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/cost.h"

#include <array>
#include <cstdio>

namespace engine::memoryformer {
namespace {

constexpr int expandingBits = 2;

std::string rounded(double number, int decimals)
{
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
    return text.data();
}

} // namespace

LayerCost layerCost(const Chunks& chunks, int outputs, int probes)
{
    LayerCost cost;
    cost.tables = chunks.count();
    for (int table = 0; table < chunks.count(); ++table)
        cost.rows += chunks.rowsOf(table);
    cost.multiplyAdds = cost.readNumbers = cost.tables * probes * outputs;
    cost.storedNumbers = cost.rows * outputs;
    cost.denseNumbers = std::int64_t(chunks.width) * outputs;
    return cost;
}

LinearCost blockCost(const BlockShape& shape, const KnobValues& knobs, int tokens)
{
    const int bits = intOf(memoryformer::knobs(), knobs, "tau"), width = shape.width;
    const int probes = ruleOf(knobs).probes;
    const Chunks in{width, bits};
    const int hidden = in.count() * (bits + expandingBits);
    const LayerCost qkv = layerCost(in, 3 * width, probes), first = layerCost(in, hidden, probes);
    const LayerCost second = layerCost({hidden, bits + expandingBits}, width, probes);
    LinearCost cost;
    cost.readPerToken = qkv.readNumbers + first.readNumbers + second.readNumbers;
    cost.multiplyAdds = cost.readPerToken * tokens;
    cost.storedNumbers = qkv.storedNumbers + first.storedNumbers + second.storedNumbers;
    cost.attention = 2 * std::int64_t(tokens) * tokens * width;
    cost.classifier = std::int64_t(shape.vocabulary) * width * tokens;

    const double dense = 12.0 * width * width;
    const double paper = 6.0 * in.count() * width;
    const double whole = double(cost.attention);
    cost.reason =
        std::to_string(in.count()) + " tables of " + std::to_string(bits) + " bits, " +
        std::to_string(bits + expandingBits) + " in the last layer: " + rounded(dense / double(cost.readPerToken), 2) +
        " times fewer multiply-adds than 12 d^2, " + rounded(double(cost.storedNumbers) / dense, 1) +
        " times its numbers; with attention " + rounded(100 * (whole + paper * tokens) / (whole + dense * tokens), 1) +
        " % of the dense block by the paper's 6 K d (" + rounded(paper * tokens / 1e9, 2) +
        " G); hashing and the classifier, " + rounded(double(shape.vocabulary) * width / 1e6, 1) + " M a token at " +
        std::to_string(shape.vocabulary) + " words, in neither";
    return cost;
}

} // namespace engine::memoryformer
