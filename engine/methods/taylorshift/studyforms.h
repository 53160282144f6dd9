// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::taylorshift {

// The panels of the Kernel tab that are about the forms.

// Operations of each form, the one that runs, and why.
Panel formPanel(const StudyInput& input, int tokens);

// Direct against summed, both in float64, and what really ran against direct, of one head: unit keys, queries of length
// τ. `tried`: the τ is another one than the method ran with.
void addDifferences(Study& study, const Matrix& queries, const Matrix& keys, const Matrix& values, bool tried,
                    const StudyInput& input);

} // namespace engine::taylorshift
