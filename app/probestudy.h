// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/studywork.h"

#include <memory>
#include <vector>

namespace app {

inline constexpr const char* probesTab = "probes";

// What the Probes tab shows, as a study of one panel, so that it is exported as a method's own tab is: the chosen probe
// of the first lane that has recorded it. Null where none has.
std::shared_ptr<const StudyResult> probeStudy(const DocumentState& state, const std::vector<LaneResults>& lanes,
                                              int lastRow);

} // namespace app
