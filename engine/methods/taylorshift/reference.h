// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::taylorshift {

Matrix reference(const LayerInput& input, const LayerContext& context, Recorder& recorder);
Matrix weights(const LayerTrace& trace, HeadIndex head, TokenRange queries, TokenRange keys,
               const LayerContext& context);

} // namespace engine::taylorshift
