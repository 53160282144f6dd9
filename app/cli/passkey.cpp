// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/passkey.h"

#include "app/cli/grammar.h"
#include "app/cli/knockout.h"
#include "app/cli/opened.h"
#include "app/cli/plan.h"
#include "app/cli/running.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

#include <algorithm>
#include <cmath>

using namespace engine;

namespace app::cli {
namespace {

// A method with a memory has a knob of this name for the stretch of text that is attended to exactly.
constexpr std::string_view segmentKnob = "segment";

struct Cell
{
    std::string memory;
    int length = 0, tokens = 0;
    double depth = 0;
    bool local = false;
    int right = 0, answers = 0, whole = 0, samples = 0;
    double nats = 0;

    double accuracy() const { return answers > 0 ? 100.0 * right / answers : 0; }
};

std::vector<double> depthsFrom(const std::string& text)
{
    std::vector<double> depths;
    for (const std::string_view part : splitAt(text, ','))
        depths.push_back(parsePercent(part));
    for (const double depth : depths) {
        if (!(depth >= 0 && depth <= 1))
            throw Error(Fault::Request, "--depths '" + text + "': percentages from 0 to 100 were expected");
    }
    return depths;
}

// The longest segment that exact attention has in the plan; 0: some layer has none, and sees everything.
int segmentOf(const SessionPlan& plan, const Model& model)
{
    int longest = 0;
    for (int layer = 0; layer < model.config().layers; ++layer) {
        const LayerPlan& one = plan.of({layer});
        const Knob* knob = knobOf(one.attention, segmentKnob);
        if (knob == nullptr || !std::holds_alternative<IntRange>(knob->domain))
            return 0;
        const auto trained = one.parameters.find(segmentKnob);
        longest = std::max(longest,
                           trained != one.parameters.end() && !trained->second->empty()
                               ? int(trained->second->front())
                               : intOf(findMethod(one.attention.method).info.knobs, one.attention.knobs, segmentKnob));
    }
    return longest;
}

void writeJson(const std::vector<Cell>& cells, const PasskeyOptions& options, Context& context)
{
    JsonWriter json(context.out);
    json.object().field("seed", std::int64_t(options.seed)).field("samples", options.samples).key("rows").array();
    for (const Cell& cell : cells) {
        json.object().field("memory", cell.memory).field("length", cell.length).field("tokens", cell.tokens);
        json.field("depth", cell.depth).field("local", cell.local).field("token_accuracy", cell.accuracy() / 100);
        json.field("found", cell.whole).field("samples", cell.samples).field("nats", cell.nats).end();
    }
    json.end().end();
}

// A table for each state of the memory: lengths down, depths across.
void writeTables(const std::vector<Cell>& cells, const std::vector<double>& depths, Context& context)
{
    for (std::size_t first = 0; first < cells.size();) {
        const std::string& memory = cells[first].memory;
        std::vector<std::string> header{memory == "-" ? "tokens" : "memory " + memory};
        for (const double depth : depths)
            header.push_back(rounded(100 * depth, 3) + " %");
        Table table(header);
        while (first < cells.size() && cells[first].memory == memory) {
            std::vector<std::string> row{std::to_string(cells[first].length)};
            for (std::size_t i = 0; i < depths.size(); ++i, ++first)
                row.push_back(rounded(cells[first].accuracy(), 3) + (cells[first].local ? "*" : ""));
            table.add(row);
        }
        table.print(context.out);
        context.out << '\n';
    }
    context.out
        << "token-level accuracy in %, by depth of the key; * the key stands in the segment of the question, no "
           "memory is needed\n";
}

Cell ask(const KnockOut& variant, int length, double depth, int segment, const PasskeyOptions& options, Runner& runner,
         Context& context)
{
    Cell cell{variant.name, length, 0, depth};
    std::unique_ptr<Session> session;
    for (int sample = 0; sample < options.samples; ++sample) {
        // Every state of the memory is asked for the same keys.
        const std::uint64_t seed = options.seed + std::uint64_t(sample) * 1000003 + std::uint64_t(length) * 101 +
                                   std::uint64_t(std::lround(1000 * depth));
        const PasskeyQuestion question = passkeyQuestion(tokenizerOf(runner.model()), length, depth, seed);
        if (!session) {
            const PreparedLayers prepared = runner.prepare(variant.plan, question.prompt);
            session = runner.session(variant.plan, prepared, question.prompt.size() + question.answer.size());
        }
        const PasskeyAnswer answer = askPasskey(*session, question, context.job);
        cell.tokens = int(question.prompt.size());
        cell.local = segment == 0 || question.local(segment);
        cell.right += answer.right;
        cell.answers += answer.tokens;
        cell.whole += answer.whole();
        cell.nats += answer.nats / options.samples;
        ++cell.samples;
    }
    return cell;
}

} // namespace

int passkey(const PasskeyOptions& options, Context& context)
{
    const std::vector<double> depths = depthsFrom(options.depths);
    const std::vector<int> lengths = parseLengths(options.lengths);
    const auto model = openModel(options.source, context);
    tokenizerOf(*model);
    for (const int length : lengths) // refused before anything runs
        passkeyQuestion(*model->tokenizer(), length, 0, options.seed);
    sayBeyondContext(*model, std::size_t(*std::ranges::max_element(lengths)), context);
    return onMachine(options.where, context, [&](Machine& machine) {
        const SessionPlan plan = planFrom(options.plan, *model, machine.backend());
        const int segment = segmentOf(plan, *model);
        const std::vector<KnockOut> variants = knockOuts(plan);
        Runner runner(model, machine, context.job);
        std::vector<Cell> cells;
        const double all = double(variants.size() * lengths.size() * depths.size());
        for (const KnockOut& variant : variants) {
            for (const int length : lengths) {
                for (const double depth : depths) {
                    context.job.report(double(cells.size()) / all, "passkey, " + std::to_string(length) + " tokens");
                    cells.push_back(ask(variant, length, depth, segment, options, runner, context));
                }
            }
        }
        if (context.json)
            writeJson(cells, options, context);
        else
            writeTables(cells, depths, context);
        return exitOk;
    });
}

} // namespace app::cli
