// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/knob.h"

#include <vector>

namespace engine::taylorshift {

const std::vector<Knob>& knobs();

// The knob `form`.
enum class Asked
{
    Auto,
    Direct,
    Efficient,
    Recurrent,
    Chunked
};

// The knobs as the code reads them.
struct Options
{
    Asked form = Asked::Auto;
    double temperature = 1; // τ, for every head
    bool fitted = false;    // τ per head from the prompt instead
    bool outputScale = false;
};

Options optionsOf(const KnobValues& given);

} // namespace engine::taylorshift
