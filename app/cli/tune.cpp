// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/grammar.h"
#include "app/cli/loss.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

using namespace engine;

namespace app::cli {
namespace {

std::vector<float> valuesFrom(const std::string& text, const Knob& knob)
{
    const RealRange range = std::get<RealRange>(knob.domain);
    std::vector<float> values;
    for (const std::string_view part : splitAt(text, ',')) {
        float value = 0;
        const auto [end, wrong] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (wrong != std::errc() || end != part.data() + part.size() || !(value >= range.low && value <= range.high))
            throw Error(Fault::Request, "--values '" + text + "': numbers from " + rounded(range.low, 4) + " to " +
                                            rounded(range.high, 4) + ", separated by commas, were expected");
        values.push_back(value);
    }
    return values;
}

// The knob that a method takes one number per head for. Throws Error{Request} that names those it has.
const Knob& perHeadKnob(const Method& method, const std::string& id)
{
    std::string known;
    for (const Knob& knob : method.info.knobs) {
        if (!knob.perHead)
            continue;
        if (knob.id == id || id.empty())
            return knob;
        known += (known.empty() ? "" : ", ") + std::string(knob.id);
    }
    throw Error(Fault::Request, std::string(method.info.id) + " has no knob" + (id.empty() ? "" : " '" + id + "'") +
                                    " that takes one number per head; " +
                                    (known.empty() ? "no method knob of it does" : "one of " + known) +
                                    (known.empty() ? "" : " was expected"));
}

// A text in two: what the search may look at, and what it is judged by.
struct Halves
{
    std::span<const Token> fit, heldOut;
};

// One number per layer and head, and what it does to a text.
class Search
{
public:
    Search(const Knob& knob, Part part, Runner& runner, const Halves& text, std::size_t window, Context& context)
        : m_knob(knob)
        , m_part(std::move(part))
        , m_runner(runner)
        , m_text(text)
        , m_window(window)
        , m_context(context)
    {
    }

    int layers() const { return m_runner.model().config().layers; }

    int heads() const { return m_runner.model().config().heads; }

    using Numbers = std::vector<std::vector<float>>; // [layer][head]

    Numbers everywhere(float value) const
    {
        return {std::size_t(layers()), std::vector<float>(std::size_t(heads()), value)};
    }

    Loss loss(const Numbers& numbers, std::span<const Token> text)
    {
        ++m_runs;
        SessionPlan plan = planWith(m_part, m_runner.machine().backend());
        for (int layer = 0; layer < layers(); ++layer) {
            plan.overrides[{layer}] = plan.everywhere;
            plan.overrides[{layer}].parameters[std::string(m_knob.id)] = numbers[std::size_t(layer)];
        }
        auto session = m_runner.session(plan, m_runner.prepare(plan, {}), std::min(m_window, text.size()));
        Job quiet;
        return lossOf(*session, text, m_window, quiet);
    }

    // Head by head, each with the others as they are: the value that loses least on the text to look at.
    Numbers headByHead(Numbers best, const std::vector<float>& values)
    {
        double least = loss(best, m_text.fit).nats;
        for (int layer = 0; layer < layers(); ++layer) {
            for (int head = 0; head < heads(); ++head) {
                const int place = layer * heads() + head;
                m_context.job.report(double(place) / double(layers() * heads()),
                                     "layer " + std::to_string(layer) + ", head " + std::to_string(head));
                for (const float value : values) {
                    Numbers tried = best;
                    float& number = tried[std::size_t(layer)][std::size_t(head)];
                    if (std::exchange(number, value) == value)
                        continue;
                    if (const double nats = loss(tried, m_text.fit).nats; nats < least) {
                        least = nats;
                        best = std::move(tried);
                    }
                }
            }
        }
        return best;
    }

    int runs() const { return m_runs; }

private:
    const Knob& m_knob;
    Part m_part;
    Runner& m_runner;
    Halves m_text;
    std::size_t m_window;
    Context& m_context;
    int m_runs = 0;
};

struct Row
{
    std::optional<float> value; // of all heads; none: head by head
    Loss fit, heldOut;
};

void writeJson(const Knob& knob, const Part& part, const std::vector<Row>& rows, const Search::Numbers& best, int runs,
               Context& context)
{
    JsonWriter json(context.out);
    json.object().field("method", printSpec(part)).field("knob", knob.id).field("runs", runs);
    json.field("tokens_fit", rows.front().fit.tokens).field("tokens_held_out", rows.front().heldOut.tokens);
    json.key("rows").array();
    for (const Row& row : rows) {
        json.object().field("heads", row.value ? "all" : "each");
        row.value ? json.field("value", double(*row.value)) : json.key("value").null();
        json.field("bits_per_byte_fit", row.fit.bitsPerByte());
        json.field("bits_per_byte_held_out", row.heldOut.bitsPerByte());
        json.field("perplexity_held_out", row.heldOut.perplexity()).end();
    }
    json.end().key("best").array();
    for (const auto& layer : best)
        json.list(layer);
    json.end().end();
}

void writeTables(const Knob& knob, const std::vector<Row>& rows, const Search::Numbers& best, Context& context)
{
    Table table({std::string(knob.id), "bits per byte, searched", "held out", "perplexity, held out"});
    for (const Row& row : rows)
        table.add({row.value ? rounded(*row.value, 4) : "head by head", rounded(row.fit.bitsPerByte(), 5),
                   rounded(row.heldOut.bitsPerByte(), 5), rounded(row.heldOut.perplexity(), 5)});
    table.print(context.out);
    std::vector<std::string> header{"\nlayer"};
    for (std::size_t head = 0; head < best.front().size(); ++head)
        header.push_back("head " + std::to_string(head));
    Table numbers(header);
    for (std::size_t layer = 0; layer < best.size(); ++layer) {
        std::vector<std::string> cells{std::to_string(layer)};
        for (const float value : best[layer])
            cells.push_back(rounded(value, 4));
        numbers.add(cells);
    }
    numbers.print(context.out);
}

Halves halvesOf(std::span<const Token> tokens, const std::string& file)
{
    const std::size_t half = tokens.size() / 2;
    if (half < 2)
        throw Error(Fault::Format, file + ": its text has " + std::to_string(tokens.size()) +
                                       " tokens; at least 4 were expected, half of them to judge by");
    return {tokens.first(half), tokens.subspan(half)};
}

} // namespace

int tune(const TuneOptions& options, Context& context)
{
    const Part part = parseSpec(options.method);
    const Knob& knob = perHeadKnob(findMethod(part.method), options.knob);
    const std::vector<float> values = valuesFrom(options.values, knob);
    const auto model = openModel(options.source, context);
    checkPredicts(*model);
    Prompt text;
    text.file = options.file;
    const std::vector<Token> tokens = encoded(*model, text);
    const Halves halves = halvesOf(tokens, options.file);
    const std::size_t window = std::size_t(options.window > 0 ? options.window : model->config().context);
    return onMachine(options.where, context, [&](Machine& machine) {
        Runner runner(model, machine, context.job);
        Search search(knob, part, runner, halves, window, context);
        std::vector<Row> rows;
        for (const float value : values) {
            context.job.report(0, "every head at " + rounded(value, 4));
            const auto numbers = search.everywhere(value);
            rows.push_back({value, search.loss(numbers, halves.fit), search.loss(numbers, halves.heldOut)});
        }
        const auto start = std::ranges::min_element(rows, {}, [](const Row& row) { return row.fit.nats; });
        const Search::Numbers best = search.headByHead(search.everywhere(*start->value), values);
        rows.push_back({std::nullopt, search.loss(best, halves.fit), search.loss(best, halves.heldOut)});
        if (context.json)
            writeJson(knob, part, rows, best, search.runs(), context);
        else
            writeTables(knob, rows, best, context);
        return exitOk;
    });
}

} // namespace app::cli
