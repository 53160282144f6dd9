// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/lens.h"
#include "engine/values/study.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace engine {

// One slot of the compare shelf as the Logits tab reads it.
struct LogitsSlot
{
    std::string title;                  // of its method
    std::shared_ptr<const Trace> trace; // logits and residual streams of the sequence
    std::vector<float> losses;          // nats per token, NaN for the first
    // What it wrote by itself after the prefix, and what it held likeliest along the exact slot's text
    // (session/writing.h). Empty: not asked for yet.
    std::vector<TokenId> written, followed;
};

// References are borrowed for the call.
struct LogitsInput
{
    const Model& model;
    std::span<const LogitsSlot> compared; // the exact one first
    std::span<const TokenId> tokens;
    TokenPos step;                             // the token whose successor is looked at
    std::function<std::string(TokenId)> label; // how a token of the vocabulary is written
};

// How many candidates stand side by side: the likeliest of every slot, each once, by the exact slot's order.
inline constexpr int candidatesOfSlot = 6;

// The Logits tab: candidates of every slot at the step, the logit lens by layer, loss and entropy along the text,
// perplexity by position, and teacher-forced against free writing where it is there. Throws Error{Request} where logits
// or streams were not recorded.
Study logitsStudy(const LogitsInput& input, Job& job);

} // namespace engine
