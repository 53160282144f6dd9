// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/context.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app::cli {

// The sub-commands of explorer.md §5.5 as calls: what was written on the command line goes in, the exit code comes out;
// everything that goes wrong is thrown as engine::Error. Texts are parsed by the commands, with grammar.h.

// Where it runs: --backend, --device. Empty: chosen as Machine says.
struct MachineChoice
{
    std::string backend, device;
};

// What is opened.
struct Source
{
    std::string path, tokenizer;
};

// --text, --file or --tokens; none of them: the beginning-of-sequence token alone.
struct Prompt
{
    std::optional<std::string> text, file, tokens;
};

// --method and --layer, as written.
struct PlanText
{
    std::vector<std::string> methods, layers;
};

struct RunOptions
{
    Source source;
    Prompt prompt;
    PlanText plan;
    MachineChoice where;
    int generate = 0;
    double temperature = 0, topP = 1;
    int topK = 0;
    std::uint64_t seed = 0;
    std::string dump, probes;
};

struct CompareOptions
{
    Source source;
    Prompt prompt;
    MachineChoice where;
    std::string methods;
    int generate = 32; // greedy tokens of the free-running comparison
};

struct PerplexityOptions
{
    Source source;
    MachineChoice where;
    PlanText plan;
    std::string file;
    int window = 0;        // 0: the trained context
    int period = 0;        // also by place modulo it; 0: not
    bool knockOut = false; // once for every state of the memory
};

struct PasskeyOptions
{
    Source source;
    MachineChoice where;
    PlanText plan;
    std::string depths = "0,25,50,75,100", lengths; // percent of the filler; tokens of the prompt
    int samples = 1;
    std::uint64_t seed = 1;
};

struct TuneOptions
{
    Source source;
    MachineChoice where;
    std::string method, knob, values, file; // knob empty: the method's only one
    int window = 0;                         // 0: the trained context
};

struct ApplyOptions
{
    std::string method, in, out;
    std::vector<std::string> settings;
    MachineChoice where;
};

struct ConvertOptions
{
    Source source;
    std::string method, file, layers, projections, out; // lists: empty is all layers, what the method replaces
    MachineChoice where;
};

struct BenchOptions
{
    std::string methods; // empty: all
    int heads = 8, headDim = 16, reps = 9;
    int keyHeads = 0; // 0: as many as heads
    std::string lengths = "64:4096:x2";
    bool full = false;
    bool linear = false; // projections of width heads · headDim instead of attention
    bool decode = false; // one token more after each length
    bool causal = false; // what is done anyway where `full` is not set
    std::uint64_t seed = 1;
    std::string compare, failIfSlower;
    MachineChoice where;
};

// How much attention moves without training: on random heads, or on a checkpoint's where a path is given.
struct DropInOptions
{
    Source source;
    Prompt prompt;
    MachineChoice where;
    std::string methods; // empty: what the methods' rows name
    int headDim = 64, tokens = 64, draws = 12;
    double spread = 1; // of random q and k
    std::uint64_t seed = 1;
};

// Tables that a method's theory predicts, computed anew.
struct ExperimentOptions
{
    std::string method;
    std::vector<std::string> names; // empty: all of the method's
    int samples = 0;                // 0: as the method says
    std::uint64_t seed = 1;
};

struct MethodsOptions
{
    bool cost = false;
    int heads = 8, headDim = 16;
    std::string lengths = "64:4096:x2";
    bool full = false;
};

int info(const Source& source, Context& context);
int tokenize(const Source& source, const Prompt& prompt, Context& context);
int run(const RunOptions& options, Context& context);
int compare(const CompareOptions& options, Context& context);
int perplexity(const PerplexityOptions& options, Context& context);
int passkey(const PasskeyOptions& options, Context& context);
int tune(const TuneOptions& options, Context& context);
int apply(const ApplyOptions& options, Context& context);
int convert(const ConvertOptions& options, Context& context);
int bench(const BenchOptions& options, Context& context);
int dropin(const DropInOptions& options, Context& context);
int experiment(const ExperimentOptions& options, Context& context);
int selftest(const MachineChoice& where, Context& context);
int devices(Context& context);
int methods(const MethodsOptions& options, Context& context);
int version(Context& context);

} // namespace app::cli
