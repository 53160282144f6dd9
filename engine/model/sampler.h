// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <cstdint>
#include <span>

namespace engine {

struct Sampling
{
    double temperature = 0; // 0: greedy
    int topK = 0;           // 0: all
    double topP = 1;
    std::uint64_t seed = 0;

    bool operator==(const Sampling&) const = default;
};

// Draws the next token. The same seed and logits give the same draws on every machine.
class Sampler
{
public:
    explicit Sampler(
        const Sampling& sampling); // throws Error{Request}: temperature < 0, top-k < 0, top-p outside (0, 1]

    // Only ids below `tokensInUse` are drawn. Ties go to the lower id.
    TokenId next(std::span<const float> logits, int tokensInUse);

private:
    Sampling m_sampling;
    std::uint64_t m_state;
};

} // namespace engine
