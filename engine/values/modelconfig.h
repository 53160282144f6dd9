// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <optional>
#include <string>

namespace engine {

enum class RopeKind
{
    None,
    Interleaved,
    RotateHalf
};
enum class NormKind
{
    Rms,
    Layer
};
enum class FeedForwardKind
{
    SwiGlu,
    Gelu,
    Relu,
    Memory // two layers with a layer norm between them and no activation
};

// The shape of a transformer as data: the session walks it, no architecture is a branch.
struct ModelConfig
{
    std::string architecture; // "llama"
    int layers = 0;
    int width = 0;      // of the residual stream
    int heads = 0;      // query heads
    int keyHeads = 0;   // shared key/value heads, a divisor of heads
    int headWidth = 0;  // of a query and a key
    int valueWidth = 0; // of a value
    int feedForwardWidth = 0;
    int vocabulary = 0; // rows of the embedding
    int context = 0;    // trained length; longer runs are "beyond the trained context"
    double normEps = 1e-5;
    NormKind norm = NormKind::Rms;
    RopeKind rope = RopeKind::RotateHalf;
    double ropeTheta = 10000.0;
    FeedForwardKind feedForward = FeedForwardKind::SwiGlu;
    double innerNormEps = 1e-5; // of the layer norm between the two layers of FeedForwardKind::Memory
    bool outputProjection = true;
    bool denseProjections = true; // false: every projection of a layer is a method's own parameters
    bool tied = true;             // classifier = embedding
    bool causal = true;
    std::optional<TokenId> bos;
    std::optional<TokenId> eos;

    bool operator==(const ModelConfig&) const = default;
};

} // namespace engine
