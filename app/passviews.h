// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/timing.h"
#include "widgets/factsview.h"
#include "widgets/timelineview.h"

namespace app {

// One pass of every method as what is drawn of it. Pure.

// The methods one after the other: stages above, launches below; pauses between stages are left out.
widgets::TimelineValue timelineOf(const PassSet& passes);
widgets::Facts kernelTotals(const PassSet& passes);
widgets::Facts stageFacts(const PassSet& passes);

} // namespace app
