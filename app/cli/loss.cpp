// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/loss.h"

#include "engine/compare/metrics.h"

#include <algorithm>
#include <cmath>

using namespace engine;

namespace app::cli {
namespace {

// Feeds one window in pieces, so that the logits of a long one need not lie in memory at once.
void addWindow(Loss& loss, Session& session, std::span<const Token> window, Job& job)
{
    constexpr std::size_t piece = 256;
    TraceFilter filter;
    filter.probes = {std::string(probes::logits)};
    filter.byteLimit = memoryLimit() / 4;
    session.reset();
    for (std::size_t first = 0; first + 1 < window.size(); first += piece) {
        // The last token predicts nothing.
        const std::size_t count = std::min(piece, window.size() - 1 - first);
        std::vector<TokenId> ids;
        for (const Token& token : window.subspan(first, count))
            ids.push_back(token.id);
        Recorder recorder(filter);
        session.feed(ids, recorder, job);
        const auto trace = recorder.take();
        checkWhole(*trace);
        const Grid logits = trace->grid(probes::logits, {});
        for (std::size_t i = 0; i < count; ++i) {
            const Token& next = window[first + i + 1];
            const double nats = -logProbability(logits.row(int(i)), next.id.value);
            loss.nats += nats;
            if (!loss.natsAt.empty()) {
                const std::size_t place = (first + i + 1) % loss.natsAt.size();
                loss.natsAt[place] += nats;
                ++loss.tokensAt[place];
            }
            loss.bytes += next.count;
            ++loss.tokens;
        }
    }
}

} // namespace

double Loss::perplexity() const
{
    return std::exp(nats / double(tokens));
}

double Loss::bitsPerByte() const
{
    return nats / std::log(2.0) / double(bytes);
}

void checkPredicts(const Model& model)
{
    if (!model.config().causal)
        throw Error(Fault::Request, model.checkpoint().name + " has no causal mask: a row sees the token that it would "
                                                              "predict; a causal model was expected");
}

Loss lossOf(Session& session, std::span<const Token> tokens, std::size_t window, Job& job, std::size_t period)
{
    Loss loss;
    loss.natsAt.assign(period, 0);
    loss.tokensAt.assign(period, 0);
    for (std::size_t first = 0; first < tokens.size(); first += window) {
        job.report(double(first) / double(tokens.size()), "perplexity");
        addWindow(loss, session, tokens.subspan(first, std::min(window, tokens.size() - first)), job);
    }
    return loss;
}

} // namespace app::cli
