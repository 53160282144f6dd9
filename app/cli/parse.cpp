// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/parse.h"

#include "app/cli/figurecommands.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace app::cli {
namespace {

// The parser and what it fills in; a sub-command's callback sets `command`.
class Parser
{
public:
    Parser();

    std::variant<Command, WindowRequest, Answer> parse(int argc, const char* const* argv);

private:
    // A sub-command whose options live in a T of their own.
    template <typename T>
    CLI::App* add(const char* name, const char* help, const std::shared_ptr<T>& options,
                  int (*work)(const T&, Context&))
    {
        CLI::App* sub = m_app.add_subcommand(name, help);
        sub->add_flag("--json", m_command.json, "Print one JSON object");
        sub->callback([this, options, work] {
            m_command.work = [options, work](Context& context) { return work(*options, context); };
        });
        return sub;
    }

    void addInfo();
    void addTokenize();
    void addRun();
    void addCompare();
    void addPerplexity();
    void addPasskey();
    void addTune();
    void addApply();
    void addConvert();
    void addBench();
    void addDropIn();
    void addExperiment();
    void addSelftest();
    void addDevices();
    void addMethods();
    void addFigure();
    void addReport();
    void addWindow();

    CLI::App m_app{"Subquad: exact attention beside its efficient approximations, on real checkpoints"};
    Command m_command;
    WindowRequest m_window;
    bool m_version = false;
};

void addSource(CLI::App* sub, Source& source)
{
    sub->add_option("PATH", source.path, "Checkpoint: a file or a folder")->required();
    sub->add_option("--tokenizer", source.tokenizer, "Tokenizer file (default: the one beside the checkpoint)");
}

void addPrompt(CLI::App* sub, Prompt& prompt, bool tokens)
{
    auto* text = sub->add_option("--text", prompt.text, "The prompt");
    auto* file = sub->add_option("--file", prompt.file, "A file with the prompt")->excludes(text);
    if (tokens)
        sub->add_option("--tokens", prompt.tokens, "Token ids such as 1,2,3, taken as they are")
            ->excludes(text)
            ->excludes(file);
}

void addWhere(CLI::App* sub, MachineChoice& where)
{
    sub->add_option("--backend", where.backend, "opencl, or reference (float64)")
        ->check(CLI::IsMember({"opencl", "reference"}));
    sub->add_option("--device", where.device, "Part of an OpenCL device's name");
}

void addPlan(CLI::App* sub, PlanText& plan)
{
    sub->add_option("--method", plan.methods,
                    "id or id:knob=value,…; once for the attention, once for the linear layers")
        ->take_all()
        ->expected(1);
    sub->add_option("--layer", plan.layers, "L=SPEC: another method in layer L")->take_all()->expected(1);
}

void Parser::addInfo()
{
    auto options = std::make_shared<Source>();
    addSource(add("info", "What is in a checkpoint, what was assumed, and the memory a run takes", options, info),
              *options);
}

struct TokenizeOptions
{
    Source source;
    Prompt prompt;
};

void Parser::addTokenize()
{
    auto options = std::make_shared<TokenizeOptions>();
    CLI::App* sub = add<TokenizeOptions>(
        "tokenize", "Token ids, pieces and byte ranges of a text", options,
        [](const TokenizeOptions& given, Context& context) { return tokenize(given.source, given.prompt, context); });
    addSource(sub, options->source);
    addPrompt(sub, options->prompt, false);
}

void Parser::addRun()
{
    auto options = std::make_shared<RunOptions>();
    CLI::App* sub = add("run", "Run a prompt, generate, record", options, run);
    addSource(sub, options->source);
    addPrompt(sub, options->prompt, true);
    addPlan(sub, options->plan);
    addWhere(sub, options->where);
    sub->add_option("--generate", options->generate, "How many tokens to generate")->check(CLI::NonNegativeNumber);
    sub->add_option("--temperature", options->temperature, "0: always the likeliest token");
    sub->add_option("--top-k", options->topK, "Draw from the k likeliest; 0: all");
    sub->add_option("--top-p", options->topP, "Draw from the likeliest that hold this share");
    sub->add_option("--seed", options->seed, "Of the draws");
    auto* dump = sub->add_option("--dump", options->dump, "Write what was computed to a safetensors file");
    sub->add_option("--probes", options->probes, "More to write: weights, or probes of the methods")->needs(dump);
}

void Parser::addCompare()
{
    auto options = std::make_shared<CompareOptions>();
    CLI::App* sub = add("compare", "Every metric between exact attention and methods", options, compare);
    addSource(sub, options->source);
    addPrompt(sub, options->prompt, true);
    addWhere(sub, options->where);
    sub->add_option("--methods", options->methods, "Methods, separated by commas")->required();
    sub->add_option("--generate", options->generate, "Greedy tokens of the free-running comparison")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
}

void Parser::addPerplexity()
{
    auto options = std::make_shared<PerplexityOptions>();
    CLI::App* sub = add("perplexity", "Perplexity and bits per byte of a text", options, perplexity);
    addSource(sub, options->source);
    sub->add_option("--file", options->file, "The text")->required();
    addPlan(sub, options->plan);
    addWhere(sub, options->where);
    sub->add_option("--window", options->window, "Tokens of a window (default: the trained context)")
        ->check(CLI::Range(2, 1 << 30));
    sub->add_option("--period", options->period, "Also the loss by place modulo N tokens: a segment, say")
        ->check(CLI::Range(1, 1 << 20));
    sub->add_flag("--knock-out", options->knockOut, "Once for every state of the memory: on, off, zeroed, shuffled");
}

void Parser::addPasskey()
{
    auto options = std::make_shared<PasskeyOptions>();
    CLI::App* sub = add("passkey", "Hide a key in filler and ask for it, by depth and length", options, passkey);
    addSource(sub, options->source);
    addPlan(sub, options->plan);
    addWhere(sub, options->where);
    sub->add_option("--depths", options->depths, "Places of the key, percent of the filler before it")
        ->capture_default_str();
    sub->add_option("--lengths", options->lengths, "Tokens of the prompt: n | n,n | a:b:xk | a:b:+k")->required();
    sub->add_option("--samples", options->samples, "Keys for each cell")->check(CLI::Range(1, 10000));
    sub->add_option("--seed", options->seed, "Draws the keys")->capture_default_str();
}

void Parser::addTune()
{
    auto options = std::make_shared<TuneOptions>();
    CLI::App* sub =
        add("tune", "Search one knob per head on half of a text, judge it by the other half", options, tune);
    addSource(sub, options->source);
    sub->add_option("--method", options->method, "id or id:knob=value,…")->required();
    sub->add_option("--knob", options->knob, "A knob that takes one number per head (default: the first such)");
    sub->add_option("--values", options->values, "Numbers to try, separated by commas")->required();
    sub->add_option("--file", options->file, "The text")->required();
    sub->add_option("--window", options->window, "Tokens of a window (default: the trained context)")
        ->check(CLI::Range(2, 1 << 30));
    addWhere(sub, options->where);
}

void Parser::addApply()
{
    auto options = std::make_shared<ApplyOptions>();
    CLI::App* sub = add("apply", "Run one method on query, key and value tensors", options, apply);
    sub->add_option("METHOD", options->method, "Method")->required();
    sub->add_option("IN", options->in, "safetensors file with query, key and value")->required();
    sub->add_option("OUT", options->out, "safetensors file to write")->required();
    sub->add_option("--set", options->settings, "knob=value; also causal=, weights=true")->take_all()->expected(1);
    addWhere(sub, options->where);
}

void Parser::addConvert()
{
    auto options = std::make_shared<ConvertOptions>();
    CLI::App* sub = add("convert", "Fit a method to a checkpoint on a text and save both", options, convert);
    addSource(sub, options->source);
    sub->add_option("--method", options->method, "id or id:knob=value,…")->required();
    sub->add_option("--file", options->file, "The calibration text")->required();
    sub->add_option("--layers", options->layers, "Layers, separated by commas (default: all)");
    sub->add_option("--projections", options->projections, "all, or query, key, … separated by commas");
    sub->add_option("-o,--output", options->out, "The folder to write")->required();
    addWhere(sub, options->where);
}

void Parser::addBench()
{
    auto options = std::make_shared<BenchOptions>();
    CLI::App* sub = add("bench", "Time methods against length on random tensors", options, bench);
    sub->add_option("--methods", options->methods, "Methods, separated by commas (default: all)");
    sub->add_option("--heads", options->heads, "Heads")->check(CLI::Range(1, 4096))->capture_default_str();
    sub->add_option("--head-dim", options->headDim, "Width of a head")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    sub->add_option("--key-heads", options->keyHeads, "Key/value heads, a divisor of heads (default: as many)")
        ->check(CLI::Range(1, 4096));
    sub->add_option("--lengths", options->lengths, "n, n,n,…, a:b:xk or a:b:+k")->capture_default_str();
    auto* full = sub->add_flag("--full", options->full, "Every query sees every key");
    sub->add_flag("--causal", options->causal, "A query sees the keys up to it (the default)")->excludes(full);
    sub->add_flag("--linear", options->linear, "One projection of width heads x head-dim instead of attention");
    sub->add_flag("--decode", options->decode, "One token more after each length instead of a pass over it")
        ->excludes(full);
    sub->add_option("--reps", options->reps, "Repeats")->check(CLI::Range(1, 100000))->capture_default_str();
    sub->add_option("--seed", options->seed, "Of the random tensors");
    auto* base = sub->add_option("--compare", options->compare, "An earlier --json output to compare with");
    sub->add_option("--fail-if-slower", options->failIfSlower, "Exit 5 if a median is slower by more, e.g. 5%")
        ->needs(base);
    addWhere(sub, options->where);
}

void Parser::addDropIn()
{
    auto options = std::make_shared<DropInOptions>();
    CLI::App* sub =
        add("dropin", "How much attention a method moves without training, on random or a checkpoint's heads", options,
            dropin);
    auto* path = sub->add_option("PATH", options->source.path, "Checkpoint (default: random queries and keys)");
    sub->add_option("--tokenizer", options->source.tokenizer, "Tokenizer file (default: the one beside the checkpoint)")
        ->needs(path);
    auto* text = sub->add_option("--text", options->prompt.text, "The prompt")->needs(path);
    sub->add_option("--file", options->prompt.file, "A file with the prompt")->needs(path)->excludes(text);
    sub->add_option("--methods", options->methods, "Methods, separated by commas (default: the settings they name)");
    sub->add_option("--head-dim", options->headDim, "Width of a random head")
        ->excludes(path)
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    sub->add_option("--tokens", options->tokens, "Random queries, and keys")
        ->excludes(path)
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    sub->add_option("--spread", options->spread, "Standard deviation of random queries and keys")
        ->excludes(path)
        ->check(CLI::Range(0.0, 1000.0))
        ->capture_default_str();
    sub->add_option("--draws", options->draws, "Random heads")
        ->excludes(path)
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    sub->add_option("--seed", options->seed, "Of the random heads")->excludes(path)->capture_default_str();
    addWhere(sub, options->where);
}

void Parser::addExperiment()
{
    auto options = std::make_shared<ExperimentOptions>();
    CLI::App* sub = add("experiment", "Tables that a method's theory predicts, computed anew on random numbers",
                        options, experiment);
    sub->add_option("METHOD", options->method, "Method")->required();
    sub->add_option("NAME", options->names, "Which (default: all)");
    sub->add_option("--samples", options->samples, "Random vectors to fit on, and as many held out")
        ->check(CLI::Range(1, 100000000));
    sub->add_option("--seed", options->seed, "Of the random numbers")->capture_default_str();
}

void Parser::addSelftest()
{
    auto options = std::make_shared<MachineChoice>();
    addWhere(
        add("selftest", "Check the methods against golden vectors and the device against float64", options, selftest),
        *options);
}

struct Nothing
{
};

void Parser::addDevices()
{
    add<Nothing>("devices", "List the OpenCL devices", std::make_shared<Nothing>(),
                 [](const Nothing&, Context& context) { return devices(context); });
}

void Parser::addMethods()
{
    auto options = std::make_shared<MethodsOptions>();
    CLI::App* sub = add("methods", "List the methods, their knobs and what they cost", options, methods);
    auto* cost = sub->add_flag("--cost", options->cost, "Predicted operations, bytes and state");
    sub->add_option("--heads", options->heads, "Heads")->needs(cost)->check(CLI::Range(1, 4096));
    sub->add_option("--head-dim", options->headDim, "Width of a head")->needs(cost)->check(CLI::Range(1, 4096));
    sub->add_option("--lengths", options->lengths, "n, n,n,…, a:b:xk or a:b:+k")->needs(cost);
    sub->add_flag("--full", options->full, "Every query sees every key")->needs(cost);
}

void Parser::addFigure()
{
    auto options = std::make_shared<FigureOptions>();
    CLI::App* sub = add("figure", "What a tab of the window shows, as SVG, PDF, PNG or data", options, figure);
    sub->parse_complete_callback([this] { m_command.draws = true; });
    addSource(sub, options->source);
    addPrompt(sub, options->prompt, false);
    addWhere(sub, options->where);
    sub->add_option("-o,--out", options->out, "File to write; its suffix says how: .svg .pdf .png .npy .csv")
        ->required()
        ->take_all()
        ->expected(1);
    sub->add_option("--view", options->view,
                    "A tab by its id: attention, logits, timing, map, tensor, probes, or a method's own, as spectrum; "
                    "else the one that PATH has in front, or attention");
    sub->add_option("--width", options->width, "Of the figure: 85mm, 178mm")->capture_default_str();
    sub->add_option("--methods", options->methods, "Methods beside exact attention, separated by commas");
    sub->add_option("--probe", options->probe, "The record that the view probes shows, by its id");
    sub->add_option("--tensor", options->tensor, "The tensor that the view tensor shows, by its name");
    sub->add_option("--layer", options->layer, "Layer, counted from 0");
    sub->add_option("--head", options->head, "Head, counted from 0");
    auto* query = sub->add_option("--query", options->query, "Query token of the row, counted from 0");
    sub->add_option("--key", options->key, "Key token that is marked")->needs(query);
    sub->add_option("--lengths", options->lengths, "Of the timing view's sweep");
    sub->add_flag("--no-text", options->withoutText, "Leave the prompt's text out of the file");
}

void Parser::addReport()
{
    auto options = std::make_shared<ReportOptions>();
    CLI::App* sub = add("report", "Time the methods on a checkpoint's heads and write a report", options, report);
    sub->parse_complete_callback([this] { m_command.draws = true; });
    addSource(sub, options->source);
    addWhere(sub, options->where);
    sub->add_option("-o,--out", options->out, "File to write: .html, .csv or .json")
        ->required()
        ->take_all()
        ->expected(1);
    sub->add_option("--methods", options->methods, "Methods, separated by commas (default: all)");
    sub->add_option("--lengths", options->lengths, "n, n,n,…, a:b:xk or a:b:+k (default: up to the context)");
    sub->add_option("--reps", options->reps, "Repeats")->check(CLI::Range(1, 100000))->capture_default_str();
    sub->add_flag("--causal", options->causal, "A query sees the keys up to it (default: all)");
    sub->add_option("--seed", options->seed, "Of the random tensors");
}

void Parser::addWindow()
{
    m_app.add_option("PATH", m_window.path, "Checkpoint to open in the window (default: the bundled sample)");
    m_app.add_option("--text", m_window.text, "The window's prompt");
    m_app.add_option("--tokenizer", m_window.tokenizer, "Tokenizer file of the checkpoint");
    m_app.add_option("--device", m_window.device, "Part of an OpenCL device's name");
    m_app.add_option("--tour", m_window.tour, "Render the screens into this folder and leave");
    m_app.add_flag("--version", m_version, "Print the version");
    m_app.add_flag("--json", m_command.json, "With --version: print one JSON object");
}

Parser::Parser()
{
    m_app.require_subcommand(0, 1);
    m_app.footer("Without a sub-command the window opens. Exit codes: 0 ok, 1 a defect of Subquad, 2 usage, 3 input,\n"
                 "4 device, 5 tolerance or regression, 130 cancelled.");
    addWindow();
    addInfo();
    addTokenize();
    addRun();
    addCompare();
    addPerplexity();
    addPasskey();
    addTune();
    addApply();
    addConvert();
    addBench();
    addDropIn();
    addExperiment();
    addSelftest();
    addDevices();
    addMethods();
    addFigure();
    addReport();
}

std::variant<Command, WindowRequest, Answer> Parser::parse(int argc, const char* const* argv)
{
    try {
        m_app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        const auto chosen = m_app.get_subcommands();
        return Answer{chosen.empty() ? m_app.help() : chosen.front()->help("subquad"), exitOk};
    } catch (const CLI::CallForAllHelp&) {
        return Answer{m_app.help("", CLI::AppFormatMode::All), exitOk};
    } catch (const CLI::ParseError& error) {
        return Answer{"subquad: " + std::string(error.what()) + " (see --help)\n", exitUsage};
    }
    if (m_version)
        m_command.work = [](Context& context) { return version(context); };
    if (m_command.work)
        return m_command;
    return m_window;
}

} // namespace

std::variant<Command, WindowRequest, Answer> parse(int argc, const char* const* argv)
{
    // Callbacks of the parser point into it, so it does not move.
    const auto parser = std::make_unique<Parser>();
    return parser->parse(argc, argv);
}

} // namespace app::cli
