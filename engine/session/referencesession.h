// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/session.h"

#include <memory>

namespace engine {

// The transformer in float64, layer by layer; called by makeSession(). Throws Error{Request} for a block that it does
// not know.
std::unique_ptr<Session> makeReferenceSession(std::shared_ptr<const Model> model, const SessionPlan& plan,
                                              const PreparedLayers& prepared);

} // namespace engine
