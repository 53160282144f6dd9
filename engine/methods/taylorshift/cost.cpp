// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/form.h"
#include "engine/methods/taylorshift/knobs.h"

#include <algorithm>
#include <cmath>

namespace engine::taylorshift {
namespace {

using Count = std::int64_t;

std::string grouped(Count number)
{
    std::string digits = std::to_string(number);
    for (int place = int(digits.size()) - 3; place > 0; place -= 3)
        digits.insert(std::size_t(place), ",");
    return digits;
}

Count stateBytes(Form form, const LayerShape& shape, Count tokens)
{
    const Count perKeyHead =
        form == Form::Direct ? tokens * (Count(shape.keyWidth) + shape.valueWidth) : storedSize(shape);
    return Count(sizeof(float)) * shape.keyHeads * perKeyHead;
}

// q, k, v read once, the output written once, and the running sum as often as the form passes over it.
Count bytesMoved(Form form, const LayerShape& shape, Count tokens)
{
    const Count width = Count(shape.keyWidth) + shape.valueWidth;
    const Count once = Count(sizeof(float)) * tokens * width * (shape.heads + shape.keyHeads);
    const Count sum = stateBytes(form, shape, tokens);
    switch (form) {
    case Form::Direct:
        return once;
    case Form::Efficient:
        return once + 2 * sum;
    case Form::Recurrent:
        return once + 2 * sum * tokens;
    case Form::Chunked:
        return once + 2 * sum * ((tokens + chunkTokens - 1) / chunkTokens);
    }
    return once;
}

std::string reason(Form form, const LayerShape& shape, const KnobValues& knobs, int tokens)
{
    const Form other = form != Form::Direct ? Form::Direct : shape.causal ? Form::Chunked : Form::Efficient;
    std::string text = std::string(nameOf(form)) + (optionsOf(knobs).form == Asked::Auto ? "" : ", as the knob asks") +
                       ": " + grouped(operations(form, shape, tokens)) + " operations against " +
                       grouped(operations(other, shape, tokens)) + " of the " + std::string(nameOf(other)) +
                       " form at " + grouped(tokens) + (tokens == 1 ? " token" : " tokens") +
                       " (d = " + std::to_string(shape.keyWidth) + (shape.causal ? ", causal" : "") + "); ";
    return text + "the paper's N0, without mask and packing, is " +
           grouped(Count(std::ceil(paperCrossover(shape.keyWidth, shape.valueWidth)))) + " tokens";
}

} // namespace

double paperCrossover(int keyWidth, int valueWidth)
{
    const double d = keyWidth, columns = valueWidth + 1.0;
    // Two box products; (K⊠K)ᵀV' and its reading; KᵀV' and its reading; ΣV', the ½ and two additions; the division.
    const double efficient = 2 * d * d + columns * (4 * d * d + 4 * d + 4) + valueWidth;
    return efficient / (2.0 * keyWidth + 2.0 * valueWidth + 6.0);
}

double paperMemoryCrossover(int keyWidth, int valueWidth)
{
    const double d = keyWidth, square = (d + 1) * (d + 1);
    return (square + std::sqrt(square * square + 8 * d * d * (valueWidth + 1.0))) / 4;
}

Cost cost(const LayerShape& shape, const KnobValues& knobs, int tokens)
{
    const Form form = chooseForm(shape, knobs, tokens);
    Cost cost;
    cost.operations = operations(form, shape, tokens);
    cost.bytesMoved = bytesMoved(form, shape, tokens);
    cost.stateBytes = stateBytes(form, shape, tokens);
    cost.form = nameOf(form);
    cost.reason = reason(form, shape, knobs, tokens);
    cost.crossover = std::ceil(paperCrossover(shape.keyWidth, shape.valueWidth));
    return cost;
}

} // namespace engine::taylorshift
