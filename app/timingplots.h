// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"
#include "widgets/plot.h"

namespace app {

// A sweep as plots: on the Timing tab, in its figure and in the report. Pure.

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

} // namespace app
