// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/session.h"

#include <memory>

namespace engine {

// The transformer on a device, incremental; called by makeSession(). `device` is borrowed for the session's life. Runs
// every kernel once on a few tokens, because a driver compiles at the first launch: that is slow, and no cancel can
// interrupt it.
// Throws Error{Request} for a plan that a method refuses, Error{Memory} when caches and scratch do not fit.
std::unique_ptr<Session> makeDeviceSession(std::shared_ptr<const Model> model, const SessionPlan& plan,
                                           const PreparedLayers& prepared, DeviceContext& device,
                                           std::shared_ptr<const DeviceModel> deviceModel, int expectedTokens,
                                           Job& job);

} // namespace engine
