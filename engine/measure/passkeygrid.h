// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/knockout.h"
#include "engine/measure/passkey.h"

#include <functional>

namespace engine {

// What is put to the test: every depth at every length, with keys drawn from the seed.
struct PasskeyRequest
{
    std::vector<double> depths; // shares of the filler, 0 to 1
    std::vector<int> lengths;   // tokens of the prompt
    int samples = 1;            // keys per cell
    std::uint64_t seed = 1;

    bool operator==(const PasskeyRequest&) const = default;
};

struct PasskeyCell
{
    std::string memory; // its state: KnockOut::name
    int length = 0;     // asked for
    int tokens = 0;     // of the last prompt
    double depth = 0;
    bool local = false; // the key stands in the segment of the question: no memory is needed
    int right = 0, answers = 0, whole = 0, samples = 0;
    double nats = 0;

    double accuracy() const { return answers > 0 ? 100.0 * right / answers : 0; } // of the key's tokens, in %
};

// A session under a plan for a question's prompt and answer.
using PasskeySession =
    std::function<std::unique_ptr<Session>(const SessionPlan& plan, const PasskeyQuestion& question)>;

// Tokens that passkeyGrid() reads, at most.
double passkeyTokens(const SessionPlan& plan, const PasskeyRequest& request);

// Throws Error{Request} where a length is too short for a prompt, or a depth is none. Cheap.
void checkPasskey(const Tokenizer& tokenizer, const PasskeyRequest& request);

// By state of the memory, then length, then depth. Every state is asked for the same keys.
std::vector<PasskeyCell> passkeyGrid(const Model& model, const SessionPlan& plan, const PasskeyRequest& request,
                                     const PasskeySession& makeSession, Job& job);

} // namespace engine
