// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <cstddef>

namespace engine {

// One token of an encoded text and the bytes of the text it stands for; special tokens that were added stand for none.
struct Token
{
    TokenId id;
    std::size_t first = 0;
    std::size_t count = 0;

    bool operator==(const Token&) const = default;
};

} // namespace engine
