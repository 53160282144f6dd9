// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/writing.h"

#include "engine/model/sampler.h"

#include <limits>

namespace engine {

std::vector<TokenId> writeFreely(Session& session, const Model& model, std::span<const TokenId> prefix, int count,
                                 Job& job)
{
    std::vector<TokenId> text;
    Recorder nothing;
    Sampler greedy({});
    std::vector<float> logits = session.feed(prefix, nothing, job);
    while (int(text.size()) < count) {
        job.report(double(text.size()) / count, "writing");
        text.push_back(greedy.next(logits, model.tokensInUse()));
        if (model.config().eos == text.back() || int(text.size()) == count)
            break;
        logits = session.feed(std::span(text).last(1), nothing, job);
    }
    return text;
}

std::vector<TokenId> followText(Session& session, const Model& model, std::span<const TokenId> prefix,
                                std::span<const TokenId> text, Job& job)
{
    if (text.empty())
        return {};
    Sampler greedy({});
    Recorder nothing;
    std::vector<TokenId> likeliest{greedy.next(session.feed(prefix, nothing, job), model.tokensInUse())};
    if (text.size() == 1)
        return likeliest;
    TraceFilter filter;
    filter.probes.insert(std::string(probes::logits));
    filter.byteLimit = std::numeric_limits<std::size_t>::max(); // of the text's rows alone
    Recorder recorder(filter);
    session.feed(text.first(text.size() - 1), recorder, job);
    const auto trace = recorder.take();
    const Grid logits = trace->grid(probes::logits, {});
    for (int row = 0; row < logits.rows(); ++row)
        likeliest.push_back(greedy.next(logits.row(row), model.tokensInUse()));
    return likeliest;
}

} // namespace engine
