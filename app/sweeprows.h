// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"
#include "widgets/paint.h"

namespace app {

// What the rows of a sweep say, for its plots and facts.

bool ran(const engine::SweepRow* row);             // measured, and without failing; null: no
int exactPlace(const SweepResult& result);         // of the exact method in the request; -1: it has none
double rateOf(const engine::SweepRow& row);        // operations a nanosecond that it reached
std::int64_t stateOf(const engine::SweepRow& row); // bytes: measured, else predicted

// From which length a method does fewer operations than exact attention; 0: never.
double predictedOf(const SweepResult& result, int place);

// A method's place in the request as its name and colours; with its knobs where a method occurs twice.
widgets::Identity identityAt(const SweepResult& result, int place);

} // namespace app
