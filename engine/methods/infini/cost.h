// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/cost.h"
#include "engine/values/knob.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace engine::infini {

// Numbers of M and z of all key/value heads: d_k (d_v + 1) each, independent of length.
std::int64_t memoryNumbers(const LayerShape& shape);

// Numbers that survive from token to token: the memory, the sum that the open segment will add to it, and the keys and
// values of at most one segment.
std::int64_t stateNumbers(const LayerShape& shape, int segment, int tokens);

// One pass over `tokens` tokens of one layer, a multiply and an add 1 each: local attention, read, write, mix.
std::int64_t operations(const LayerShape& shape, const KnobValues& knobs, int tokens);

// The row of Method.
Cost cost(const LayerShape& shape, const KnobValues& knobs, int tokens);

// The length from which a token costs fewer operations than exact attention without mask, whose every query scores all
// keys.
double crossover(const LayerShape& shape, const KnobValues& knobs);

// A model as the paper's Table 1 counts it.
struct TableModel
{
    int layers = 12, heads = 8, keyWidth = 128, valueWidth = 128, width = 1024, segment = 2048;
    double tokens = 65000;            // of the text, N·S: the paper's 65K
    double compressed = 0, ratio = 1; // c and r of the Compressive Transformer
    double summary = 100, steps = 0;  // p, and the m of AutoCompressors
};

struct TableRow
{
    std::string_view model, formula;
    double numbers = 0; // stored
    double context = 0; // tokens that can have an effect
};

// Table 1: what each recurrent model stores, in its order.
std::vector<TableRow> memoryTable(const TableModel& model);

} // namespace engine::infini
