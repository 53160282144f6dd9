// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/error.h"
#include "engine/values/modelconfig.h"

#include <string>

namespace engine {

// The largest sizes a header may name. Products of two of them fit in 64 bits; memory is checked against the machine's
// when it is taken.
struct SizeLimits
{
    int layers = 4096;
    int width = 1 << 20;
    int heads = 4096;
    int headWidth = 4096;
    int vocabulary = 1 << 24;
    int context = 1 << 24;
};

inline constexpr SizeLimits sizeLimits;

// Throws Error{Shape} for heads that do not go together: key heads must divide query heads, and rotary positions turn
// pairs, so a head's width must be even.
inline void checkHeads(const ModelConfig& config, const std::string& file)
{
    if (config.heads % config.keyHeads != 0)
        throw Error(Fault::Shape, file + ": " + std::to_string(config.keyHeads) + " key heads do not divide " +
                                      std::to_string(config.heads) + " query heads");
    if (config.rope != RopeKind::None && config.headWidth % 2 != 0)
        throw Error(Fault::Shape, file + ": the head width is " + std::to_string(config.headWidth) +
                                      "; rotary positions need an even one");
    if (config.headWidth > sizeLimits.headWidth)
        throw Error(Fault::Shape, file + ": the head width is " + std::to_string(config.headWidth) + "; at most " +
                                      std::to_string(sizeLimits.headWidth) + " was expected");
}

} // namespace engine
