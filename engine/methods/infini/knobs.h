// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

#include <vector>

namespace engine::infini {

const std::vector<Knob>& knobs();

// The knob memory: how queries read it.
enum class Reading
{
    On,
    Off,     // g = 0 in every head
    Zeroed,  // it returns nothing, and the gate still applies
    Shuffled // with the features of the query in reversed order: the right amount of the wrong content
};

// The knobs as the code reads them; a checkpoint's `segment` wins over the knob's.
struct Options
{
    int segment = 16;         // N
    bool delta = false;       // the delta rule, else linear
    bool firstGated = false;  // first = A: the gate applies to an empty memory, too
    bool correction = false;  // ARMT: token by token, z grows by what is new of a key
    double beta = 0;          // the gate before its sigmoid, for every head
    double ropeTheta = 0;     // 0: the layer's own positions
    bool interleaved = false; // pairs that rope_theta turns
    Reading reading = Reading::On;

    bool operator==(const Options&) const = default;
};

Options optionsOf(const KnobValues& knobs);
Options optionsOf(const LayerContext& context);

// g = 1/(1 + e^−β) of every query head: the checkpoint's trained gates (parameter `gate`, β), else the knob's.
// g multiplies the MEMORY.
std::vector<double> gates(const LayerContext& context);

// Whether two plans of a layer differ in nothing but their gates, so that what is read from the memory and what is
// local stay as they are.
bool sameBranches(const LayerPlan& a, const LayerPlan& b);

// What turns queries and keys of the local attention: the layer's positions, or those of the knob rope_theta.
Positions localPositions(const LayerContext& context);

// Refuses a layer without causal mask, gates of another number, and a trained segment below 1.
void check(const LayerContext& context);

} // namespace engine::infini
