// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/dump.h"
#include "app/cli/grammar.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/running.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/model/sampler.h"
#include "engine/values/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

using namespace engine;

namespace app::cli {
namespace {

using Clock = std::chrono::steady_clock;

// What a run left behind.
struct Ran
{
    std::vector<TokenId> prompt, generated, fed;
    std::vector<float> logits; // after the last token fed
    std::int64_t prefillNs = 0;
    std::vector<std::int64_t> stepsNs;
    SessionStats stats;
    PreparedLayers prepared;
};

std::int64_t nanosecondsSince(Clock::time_point begin)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

// Prints a growing text as far as it will not change any more: a character that is still missing bytes waits.
class Typewriter
{
public:
    Typewriter(const Tokenizer* tokenizer, std::ostream& out)
        : m_tokenizer(tokenizer)
        , m_out(out)
    {
    }

    void show(std::span<const TokenId> ids, bool last)
    {
        if (m_tokenizer == nullptr)
            return;
        std::string text = m_tokenizer->decode(ids);
        constexpr std::string_view replacement = "\xEF\xBF\xBD";
        while (!last && text.ends_with(replacement))
            text.resize(text.size() - replacement.size());
        if (text.starts_with(m_shown) && text.size() > m_shown.size()) {
            m_out << text.substr(m_shown.size()) << std::flush;
            m_shown = text;
        }
    }

private:
    const Tokenizer* m_tokenizer;
    std::ostream& m_out;
    std::string m_shown;
};

bool endsSequence(const Model& model, TokenId id)
{
    const auto is = [id](std::optional<TokenId> token) { return token && *token == id; };
    const Tokenizer* tokenizer = model.tokenizer();
    return is(model.config().eos) || is(model.config().bos) ||
           (tokenizer != nullptr && (is(tokenizer->eos()) || is(tokenizer->bos())));
}

// Builds the programs of prefill and decode, so that no time below contains a compiler's.
void warmUp(Session& session, std::span<const TokenId> prompt, Job& job)
{
    constexpr std::size_t enough = 64;
    Recorder nothing;
    session.feed(prompt.first(std::min(enough, prompt.size())), nothing, job);
    session.reset();
    session.feed(prompt.first(1), nothing, job);
    session.reset();
}

// Feeds the prompt, then one token after another.
Ran generate(Runner& runner, const RunOptions& options, const SessionPlan& plan, std::vector<TokenId> prompt,
             Recorder& recorder, Context& context)
{
    const Model& model = runner.model();
    Ran ran;
    ran.prompt = ran.fed = std::move(prompt);
    ran.prepared = runner.prepare(plan, ran.prompt);
    Sampler sampler({options.temperature, options.topK, options.topP, options.seed});
    auto session = runner.session(plan, ran.prepared, ran.prompt.size() + std::size_t(options.generate));
    if (runner.machine().device() != nullptr)
        warmUp(*session, ran.prompt, context.job);
    auto begin = Clock::now();
    ran.logits = session->feed(ran.prompt, recorder, context.job);
    ran.prefillNs = nanosecondsSince(begin);
    Typewriter typewriter(context.json ? nullptr : model.tokenizer(), context.out);
    for (int step = 0; step < options.generate; ++step) {
        context.job.report(double(step) / options.generate, "generating");
        const TokenId id = sampler.next(ran.logits, model.tokensInUse());
        if (endsSequence(model, id))
            break;
        ran.generated.push_back(id);
        std::vector<TokenId> all = ran.prompt;
        all.insert(all.end(), ran.generated.begin(), ran.generated.end());
        typewriter.show(all, step + 1 == options.generate);
        if (step + 1 == options.generate)
            break;
        begin = Clock::now();
        ran.logits = session->feed(std::span(&id, 1), recorder, context.job);
        ran.stepsNs.push_back(nanosecondsSince(begin));
        ran.fed.push_back(id);
    }
    ran.stats = session->stats();
    return ran;
}

std::string textOf(const Model& model, const Ran& ran)
{
    std::vector<TokenId> all = ran.prompt;
    all.insert(all.end(), ran.generated.begin(), ran.generated.end());
    return model.tokenizer() != nullptr ? model.tokenizer()->decode(all) : std::string();
}

void writeIds(JsonWriter& json, std::string_view name, const std::vector<TokenId>& ids)
{
    json.key(name).array();
    for (const TokenId id : ids)
        json.value(id.value);
    json.end();
}

void writeJson(Runner& runner, const Ran& ran, Context& context)
{
    JsonWriter json(context.out);
    json.object();
    writeIds(json, "tokens", ran.prompt);
    writeIds(json, "generated", ran.generated);
    json.field("text", textOf(runner.model(), ran));
    json.key("timing").object().field("backend", runner.machine().backendName());
    json.field("device", runner.machine().deviceName()).field("prefill_ns", ran.prefillNs);
    json.key("step_ns").list(ran.stepsNs);
    const Timing steps = summarise(ran.stepsNs, false);
    json.field("step_median_ns", steps.medianNs).field("state_bytes", ran.stats.stateBytes);
    json.key("forms").list(ran.stats.forms).end().end();
}

// Without generation: the likeliest next tokens.
void writeNext(const Model& model, const Ran& ran, Context& context)
{
    const auto count = std::size_t(std::min(model.tokensInUse(), int(ran.logits.size())));
    std::vector<int> order(count);
    std::iota(order.begin(), order.end(), 0);
    const std::size_t shown = std::min<std::size_t>(5, count);
    std::ranges::partial_sort(order, order.begin() + std::ptrdiff_t(shown), [&](int a, int b) {
        const float left = ran.logits[std::size_t(a)], right = ran.logits[std::size_t(b)];
        return left > right || (left == right && a < b);
    });
    const double top = double(ran.logits[std::size_t(order[0])]);
    double sum = 0;
    for (const float logit : ran.logits)
        sum += std::exp(double(logit) - top);
    Table table({"next", "probability", "piece"});
    for (std::size_t i = 0; i < shown; ++i) {
        const double share = std::exp(double(ran.logits[std::size_t(order[i])]) - top) / sum;
        table.add({std::to_string(order[i]), rounded(share),
                   model.tokenizer() != nullptr ? jsonString(model.tokenizer()->piece(TokenId{order[i]})) : ""});
    }
    table.print(context.out);
}

void writeText(Runner& runner, const Ran& ran, const RunOptions& options, Context& context)
{
    if (options.generate == 0)
        writeNext(runner.model(), ran, context);
    else if (runner.model().tokenizer() != nullptr)
        context.out << '\n';
    else
        for (const TokenId id : ran.generated)
            context.out << id.value << '\n';
    context.log << ran.prompt.size() << " tokens of prompt in " << timeText(double(ran.prefillNs));
    if (!ran.stepsNs.empty())
        context.log << ", then " << timeText(double(summarise(ran.stepsNs, false).medianNs)) << " a token";
    context.log << " (" << runner.machine().deviceName() << ")\n";
}

} // namespace

int run(const RunOptions& options, Context& context)
{
    const Sampler check({options.temperature, options.topK, options.topP, options.seed}); // before anything is read
    const auto model = openModel(options.source, context);
    const std::vector<TokenId> prompt = promptTokens(*model, options.prompt);
    if (options.generate > 1 && !model->config().causal)
        throw Error(Fault::Request, "--generate " + std::to_string(options.generate) + ": " + model->checkpoint().name +
                                        " has no causal mask and writes no text; 1 gives its answer at the last token");
    const std::size_t length = prompt.size() + std::size_t(options.generate);
    sayBeyondContext(*model, length, context);
    return onMachine(options.where, context, [&](Machine& machine) {
        const SessionPlan plan = planFrom(options.plan, *model, machine.backend());
        Runner runner(model, machine, context.job);
        DumpRequest dump{options.dump, options.probes, plan};
        Recorder recorder(dump.filter(*model, length));
        const Ran ran = generate(runner, options, plan, prompt, recorder, context);
        if (!options.dump.empty())
            writeDump(dump, runner, ran.fed, ran.prepared, recorder.take(), context);
        if (context.json)
            writeJson(runner, ran, context);
        else
            writeText(runner, ran, options, context);
        return exitOk;
    });
}

} // namespace app::cli
