// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/running.h"
#include "app/cli/table.h"
#include "engine/compare/metrics.h"
#include "engine/export/json.h"

#include <algorithm>
#include <cmath>

using namespace engine;

namespace app::cli {
namespace {

// Over the counted tokens: all but the first of each window.
struct Loss
{
    std::size_t tokens = 0, bytes = 0;
    double nats = 0;
};

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
            loss.nats -= logProbability(logits.row(int(i)), next.id.value);
            loss.bytes += next.count;
            ++loss.tokens;
        }
    }
}

void write(const Loss& loss, Context& context)
{
    const double bitsPerByte = loss.nats / std::log(2.0) / double(loss.bytes);
    const double perplexity = std::exp(loss.nats / double(loss.tokens));
    if (context.json) {
        JsonWriter json(context.out);
        json.object().field("tokens", loss.tokens).field("bytes", loss.bytes).field("nll_nats", loss.nats);
        json.field("bits_per_byte", bitsPerByte).field("perplexity", perplexity).end();
        return;
    }
    Table table({"tokens", std::to_string(loss.tokens)});
    table.add({"bytes", std::to_string(loss.bytes)});
    table.add({"loss", rounded(loss.nats, 8) + " nats"});
    table.add({"bits per byte", rounded(bitsPerByte, 6)});
    table.add({"perplexity", rounded(perplexity, 6)});
    table.print(context.out);
}

} // namespace

int perplexity(const PerplexityOptions& options, Context& context)
{
    const auto model = openModel(options.source, context);
    Prompt text;
    text.file = options.file;
    const std::vector<Token> tokens = encoded(*model, text);
    if (tokens.size() < 2)
        throw Error(Fault::Format, options.file + ": its text has " + std::to_string(tokens.size()) +
                                       " tokens; at least 2 were expected, the first of a window is not counted");
    const std::size_t window = std::size_t(options.window > 0 ? options.window : model->config().context);
    sayBeyondContext(*model, std::min(window, tokens.size()), context);
    return onMachine(options.where, context, [&](Machine& machine) {
        const SessionPlan plan = planFrom(options.plan, *model, machine.backend());
        Runner runner(model, machine, context.job);
        std::vector<TokenId> calibration;
        for (std::size_t i = 0; i < std::min(window, tokens.size()); ++i)
            calibration.push_back(tokens[i].id);
        const PreparedLayers prepared = runner.prepare(plan, calibration);
        auto session = runner.session(plan, prepared, std::min(window, tokens.size()));
        Loss loss;
        for (std::size_t first = 0; first < tokens.size(); first += window) {
            context.job.report(double(first) / double(tokens.size()), "perplexity");
            addWindow(loss, *session, std::span(tokens).subspan(first, std::min(window, tokens.size() - first)),
                      context.job);
        }
        write(loss, context);
        return exitOk;
    });
}

} // namespace app::cli
