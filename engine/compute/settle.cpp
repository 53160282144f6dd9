// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/settle.h"

#include "engine/values/error.h"

#include <cstdio>

namespace engine {

void settle(Queue& queue) noexcept
{
    try {
        queue.finish();
    } catch (const Error& error) {
        std::fprintf(stderr, "subquad: %s\n", error.what());
    }
}

} // namespace engine
