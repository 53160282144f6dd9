// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace engine {

// How far long work is: 0 to 1, and what it is doing.
struct Progress
{
    double fraction = 0;
    std::string what;
};

} // namespace engine
