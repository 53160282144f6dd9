// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/queue.h"

namespace engine {

// Waits for everything enqueued, so that buffers may go; for destructors: a device that fails now is told on standard
// error, for a throw would end the process.
void settle(Queue& queue) noexcept;

} // namespace engine
