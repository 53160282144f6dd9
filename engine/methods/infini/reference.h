// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::infini {

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder);

// The map: (1 − g)·softmax inside the query's segment, g times the weight that the memory gives to every earlier token;
// under the delta rule followed back through its recurrence, with negative weights.
Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context);

} // namespace engine::infini
