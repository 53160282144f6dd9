// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/running.h"

#include <span>
#include <vector>

namespace app::cli {

// What a model loses on a text: tokens and bytes that were predicted, and nats over all of them.
struct Loss
{
    std::size_t tokens = 0, bytes = 0;
    double nats = 0;
    std::vector<double> natsAt;        // by the place of the predicted token, modulo a period
    std::vector<std::size_t> tokensAt; // of these

    double perplexity() const;
    double bitsPerByte() const;
};

// Throws Error{Request} for a model without causal mask, which predicts nothing.
void checkPredicts(const engine::Model& model);

// Windows without overlap, the state empty at each start, a window's first token not counted. `period`: also by the
// place in the window modulo it; 0: not.
Loss lossOf(engine::Session& session, std::span<const engine::Token> tokens, std::size_t window, engine::Job& job,
            std::size_t period = 0);

} // namespace app::cli
