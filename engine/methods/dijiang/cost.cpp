// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/featuremap.h"
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/norm.h"
#include "engine/methods/dijiang/reference.h"

#include <cmath>

// Operations as the kernels run them, multiply and add 1 each (methods/dijiang.md §7). The comparisons of the running
// maxima are not counted.

namespace engine::dijiang {
namespace {

using Count = std::int64_t;

std::string grouped(Count number)
{
    std::string digits = std::to_string(number);
    for (int place = int(digits.size()) - 3; place > 0; place -= 3)
        digits.insert(std::size_t(place), 1, ',');
    return digits;
}

bool decays(const LayerShape& shape, const Options& options)
{
    return shape.causal && (options.retention || options.decay != 1.0);
}

// φ(k) and S += φ(k)[1 | v]ᵀ, once per key/value head and token; a decay multiplies S first.
Count grow(const LayerShape& shape, const KnobValues& knobs)
{
    const Options options = optionsOf(knobs);
    const Count m = featuresOf(shape, options);
    const bool denominator = options.normaliser == Normaliser::Denominator;
    Count sum = 2 * m * shape.valueWidth + (denominator ? m : 0);
    if (decays(shape, options))
        sum += m * shape.valueWidth + (denominator ? m : 0);
    return featureOperations(shape, knobs) + sum;
}

// φ(q) and φ(q)ᵀS, the denominator and the division, once per query head and token.
Count read(const LayerShape& shape, const KnobValues& knobs)
{
    const Options options = optionsOf(knobs);
    const Count m = featuresOf(shape, options), width = shape.valueWidth;
    const bool denominator = options.normaliser == Normaliser::Denominator;
    const Count norm = groupsOf(shape, options.normaliser) > 0 ? 8 * width : 0;
    return featureOperations(shape, knobs) + 2 * m * width + (denominator ? 2 * m + width : 0) + norm;
}

// The pairs inside the chunks of a pass: whole squares, the mask comes after.
Count insideChunks(const LayerShape& shape, const KnobValues& knobs, Count tokens)
{
    const Count rest = tokens % chunkTokens;
    const Count pairs = tokens / chunkTokens * chunkTokens * chunkTokens + rest * rest;
    const Count m = featuresOf(shape, optionsOf(knobs));
    return shape.heads * pairs * 2 * (m + shape.valueWidth + 1);
}

bool inChunks(const LayerShape& shape, int tokens)
{
    return shape.causal && tokens > 1;
}

} // namespace

std::int64_t featureOperations(const LayerShape& shape, const KnobValues& knobs)
{
    const Options options = optionsOf(knobs);
    const Count m = featuresOf(shape, options);
    const Count rows = options.rows > 0 ? options.rows : shape.keyWidth;
    // The dense product has the radii in its matrix.
    return (usesFastDct(shape, options) ? dctOperations(shape.keyWidth, true) + rows : 2 * rows * shape.keyWidth) + m;
}

std::int64_t stateSize(const LayerShape& shape, const KnobValues& knobs)
{
    const Options options = optionsOf(knobs);
    const Count columns = shape.valueWidth + (options.normaliser == Normaliser::Denominator ? 1 : 0) +
                          (options.weighting == Weighting::FeatureSoftmax ? 0 : 1);
    return featuresOf(shape, options) * columns;
}

Cost cost(const LayerShape& shape, const KnobValues& knobs, int tokens)
{
    const Options options = optionsOf(knobs);
    const Count perToken = shape.keyHeads * grow(shape, knobs) + shape.heads * read(shape, knobs);
    const Count state = Count(sizeof(float)) * shape.keyHeads * stateSize(shape, knobs);
    const Count m = featuresOf(shape, options);
    const Count rows = Count(shape.heads) * (shape.keyWidth + shape.valueWidth + 2 * m) +
                       Count(shape.keyHeads) * (shape.keyWidth + shape.valueWidth + 2 * m);
    const Count visits = !shape.causal             ? 2
                         : inChunks(shape, tokens) ? 2 * ((tokens + chunkTokens - 1) / chunkTokens)
                                                   : 2;
    // Per token and head, without mask, against softmax's 2d + 2d_v + 6 a key.
    const double alone = double(perToken) / shape.heads;
    const double pair = 2.0 * shape.keyWidth + 2.0 * shape.valueWidth + 6.0;

    Cost cost;
    cost.form = !shape.causal ? "full" : inChunks(shape, tokens) ? "chunked" : "recurrent";
    cost.operations = tokens * perToken + (inChunks(shape, tokens) ? insideChunks(shape, knobs, tokens) : 0);
    cost.bytesMoved = Count(sizeof(float)) * tokens * rows + visits * state;
    cost.stateBytes = state;
    cost.crossover = std::ceil(alone / pair);
    cost.reason = cost.form + ": " + grouped(perToken) + " operations a token" +
                  (cost.form == "chunked" ? " and the pairs inside chunks of " + std::to_string(chunkTokens) : "") +
                  ", " + grouped(cost.operations) + " at " + grouped(tokens) + (tokens == 1 ? " token" : " tokens") +
                  "; " + std::to_string(m) + " features, " +
                  (usesFastDct(shape, options) ? "fast DCT" : "dense product") +
                  " (d = " + std::to_string(shape.keyWidth) + "); fewer than softmax's from " +
                  grouped(Count(cost.crossover)) + " keys";
    return cost;
}

} // namespace engine::dijiang
