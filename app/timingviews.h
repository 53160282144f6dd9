// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"
#include "widgets/factsview.h"
#include "widgets/plot.h"
#include "widgets/sentence.h"
#include "widgets/timelineview.h"

namespace app {

// Measurements as what is drawn of them: on the Timing tab, in its figure and in the report. Pure.

enum class SweepQuantity
{
    Time,     // ms
    PerToken, // µs
    Ratio,    // times of the exact method
    Memory    // bytes of state
};

widgets::PlotValue sweepPlot(const SweepResult& result, SweepQuantity quantity);
QString sweepNumber(double value, SweepQuantity quantity); // with its unit
QString sweepWords(SweepQuantity quantity);                // "ms, both axes logarithmic"

// What was reached against what the machine can do: GFLOP/s of predicted operations over operations per predicted byte.
widgets::PlotValue rooflinePlot(const SweepResult& result);

// The methods one after the other: stages above, launches below; pauses between stages are left out.
widgets::TimelineValue timelineOf(const PassSet& passes);
widgets::Facts kernelTotals(const PassSet& passes);
widgets::Facts stageFacts(const PassSet& passes);

// "From 239 tokens on, TaylorShift beats exact attention on this machine; the operation count says 273."
std::vector<widgets::Run> timingSentence(const SweepResult& result);
QString timingSecond(const SweepResult& result);
QString timingWords(const SweepResult& result); // "8 heads, d 16, float32, no mask · median of 15 runs…"

widgets::Facts machineFacts(const SweepResult& result);
widgets::Facts timesFacts(const SweepResult& result); // at three lengths
widgets::Facts countFacts(const SweepResult& result); // why the crossover is where it is
widgets::Facts memoryFacts(const SweepResult& result);

// A method's place in the request as its name and colours; with its knobs where a method occurs twice.
widgets::Identity identityAt(const SweepResult& result, int place);

} // namespace app
