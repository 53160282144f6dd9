// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/jobs/job.h"
#include "engine/model/model.h"
#include "engine/values/trace.h"

namespace engine {

// The logit lens (nostalgebraist 2020): what the model would say next if it stopped after a layer. Row l is the
// residual stream after layer l at `token`, through the final norm and the classifier: [layers, vocabulary], in
// float64. The last row is the model's own prediction. Throws Error{Request} where a stream was not recorded.
Grid logitLens(const Model& model, const Trace& trace, TokenPos token, Job& job);

} // namespace engine
