// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"
#include "widgets/factsview.h"
#include "widgets/sentence.h"

namespace app {

// A sweep in words and facts: on the Timing tab, in its figure and in the report. Pure.

// "From 239 tokens on, TaylorShift beats exact attention on this machine; the operation count says 273."
std::vector<widgets::Run> timingSentence(const SweepResult& result);
QString timingSecond(const SweepResult& result);
QString timingWords(const SweepResult& result); // "8 heads, d 16, float32, no mask · median of 15 runs…"

widgets::Facts machineFacts(const SweepResult& result);
widgets::Facts timesFacts(const SweepResult& result); // at three lengths
widgets::Facts countFacts(const SweepResult& result); // why the crossover is where it is
widgets::Facts memoryFacts(const SweepResult& result);

} // namespace app
