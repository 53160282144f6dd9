// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/tokenizer.h"
#include "engine/session/session.h"

#include <cstdint>
#include <string>
#include <vector>

namespace engine {

// A passkey hidden in filler (Mohtashami and Jaggi 2023, with the prompt of Munkhdalai et al. 2024, App. B), and the
// question for it.
struct PasskeyQuestion
{
    std::string key;             // 1 … 50000, drawn from the seed
    std::vector<TokenId> prompt; // ends before the key is due
    std::vector<TokenId> answer; // the key's tokens
    TokenRange needle;           // "The pass key is …" in the prompt

    // The needle begins in the segment that the question ends in, so that no memory is needed.
    bool local(int segment) const { return needle.first / segment == (int(prompt.size()) - 1) / segment; }
};

// A prompt of at most `tokens` tokens with the needle at `depth` of the filler (0: in front, 1: at the end). Throws
// Error{Request} where not even one piece of filler fits.
PasskeyQuestion passkeyQuestion(const Tokenizer& tokenizer, int tokens, double depth, std::uint64_t seed);

// What a session says when the answer is fed token by token (teacher forcing).
struct PasskeyAnswer
{
    int right = 0, tokens = 0; // most likely tokens that are the key's
    double nats = 0;           // mean loss of the key's tokens

    bool whole() const { return right == tokens; } // so that free running, too, gives the key
};

// Resets the session, feeds the question, asks.
PasskeyAnswer askPasskey(Session& session, const PasskeyQuestion& question, Job& job);

} // namespace engine
