// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/form.h"

#include "engine/methods/taylorshift/knobs.h"

#include <array>

namespace engine::taylorshift {
namespace {

using Count = std::int64_t;

// One pair in the direct form: score 2d, polynomial 4, row sum and division 2, W·V 2d_v.
Count pairOperations(const LayerShape& shape)
{
    return 2 * Count(shape.keyWidth) + 2 * Count(shape.valueWidth) + 6;
}

Count pairs(bool causal, Count tokens)
{
    return causal ? tokens * (tokens + 1) / 2 : tokens * tokens;
}

// ψ of one row: d(d+1)/2 products and d factors √½.
Count featureOperations(Count keyWidth)
{
    return keyWidth * (keyWidth + 1) / 2 + keyWidth;
}

// ψ(k) and its product with [1 | v], added to the sum: once per key/value head. ψ(q), its product with the sum and the
// division: once per query head.
Count sumOperations(const LayerShape& shape, Count tokens)
{
    const Count grow = featureOperations(shape.keyWidth) + 2 * stateSize(shape);
    const Count read = featureOperations(shape.keyWidth) + 2 * stateSize(shape) + shape.valueWidth;
    return tokens * (shape.keyHeads * grow + shape.heads * read);
}

// Pairs inside the chunks of a pass, the triangle only: score 2d, polynomial 4, product with [1 | v] 2(d_v + 1).
Count chunkOperations(const LayerShape& shape, Count tokens)
{
    const Count inside = (tokens / chunkTokens) * pairs(true, chunkTokens) + pairs(true, tokens % chunkTokens);
    return shape.heads * inside * (2 * Count(shape.keyWidth) + 4 + 2 * (Count(shape.valueWidth) + 1));
}

// Sum of squares and division by the root: 3d each for the query and its key.
Count normOperations(const LayerShape& shape, Count tokens)
{
    return tokens * 3 * Count(shape.keyWidth) * (shape.heads + shape.keyHeads);
}

} // namespace

std::string_view nameOf(Form form)
{
    static constexpr std::array<std::string_view, 4> names{"direct", "efficient", "recurrent", "chunked"};
    return names[std::size_t(form)];
}

std::int64_t operations(Form form, const LayerShape& shape, int tokens)
{
    const Count norm = normOperations(shape, tokens);
    switch (form) {
    case Form::Direct:
        return norm + shape.heads * pairs(shape.causal, tokens) * pairOperations(shape);
    case Form::Efficient:
    case Form::Recurrent:
        return norm + sumOperations(shape, tokens);
    case Form::Chunked:
        return norm + sumOperations(shape, tokens) + chunkOperations(shape, tokens);
    }
    return 0;
}

Form chooseForm(const LayerShape& shape, const KnobValues& knobs, int tokens)
{
    const Form summed = shape.causal ? Form::Chunked : Form::Efficient;
    switch (optionsOf(knobs).form) {
    case Asked::Direct:
        return Form::Direct;
    case Asked::Efficient:
        return summed;
    case Asked::Recurrent:
        return Form::Recurrent;
    case Asked::Chunked:
        return Form::Chunked;
    case Asked::Auto:
        break;
    }
    const bool shorter = tokens > 0 && operations(Form::Direct, shape, tokens) <= operations(summed, shape, tokens);
    return shorter ? Form::Direct : summed;
}

} // namespace engine::taylorshift
