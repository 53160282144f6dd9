// SPDX-License-Identifier: GPL-3.0-or-later
// Runs every kernel of every method on small shapes, without Qt, so that it can be run under Oclgrind: memory that was
// never written is NaN, behind every buffer lies a canary (SUBQUAD_POISON), and what comes out is compared with the
// float64 reference. Launches are counted by standing between the engine and OpenCL; a kernel that the sources define
// and nothing launched is a failure. `--break` launches a kernel that races and writes past its buffer instead: whoever
// looks for such faults must find these. Exit code 0: all is well.
#include "engine/methods/method.h"
#include "engine/session/attend.h"
#include "engine/session/session.h"
#include "tests/support/syntheticmodel.h"

#include <CL/cl.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <map>
#include <regex>
#include <string_view>

using namespace engine;

namespace {

std::map<std::string, std::map<std::string, long>> launches; // by source, by kernel
std::map<cl_program, std::string> sources;

std::string sourceOf(std::string_view text)
{
    // The engine puts "#line 1 "path"" in front of each file of a program; the last is the method's own.
    static const std::string mark = "#line 1 \"";
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos)
        return "?";
    const std::size_t begin = at + mark.size();
    return std::string(text.substr(begin, text.find('"', begin) - begin));
}

template <typename Function>
Function next(const char* name)
{
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char** texts,
                                                const std::size_t* lengths, cl_int* code)
{
    static const auto call = next<decltype(&clCreateProgramWithSource)>("clCreateProgramWithSource");
    cl_program program = call(context, count, texts, lengths, code);
    sources[program] = sourceOf({texts[0], lengths[0]});
    return program;
}

extern "C" cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                         const std::size_t* offset, const std::size_t* global, const std::size_t* local,
                                         cl_uint waits, const cl_event* wait, cl_event* event)
{
    static const auto call = next<decltype(&clEnqueueNDRangeKernel)>("clEnqueueNDRangeKernel");
    char name[256] = {};
    cl_program program = nullptr;
    clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof(name) - 1, name, nullptr);
    clGetKernelInfo(kernel, CL_KERNEL_PROGRAM, sizeof(program), &program, nullptr);
    ++launches[sources[program]][name];
    return call(queue, kernel, dimensions, offset, global, local, waits, wait, event);
}

namespace {

struct Bench
{
    Device device{Device::choose("")};
    Queue queue{device};
    DeviceBlocks blocks{device};
    DeviceContext context{device, queue, blocks};
};

int cases = 0, refused = 0, failures = 0;

void fail(const std::string& what)
{
    std::fprintf(stderr, "%s\n", what.c_str());
    ++failures;
}

Grid randomRows(int rows, int cols, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> cells(std::size_t(rows) * std::size_t(cols));
    std::ranges::generate(cells, [&] { return normal(random); });
    return {std::move(cells), rows, cols};
}

// Largest difference over the largest magnitude; infinite where a number is none, or the shapes differ.
double difference(const Grid& one, const Grid& other)
{
    if (one.rows() != other.rows() || one.cols() != other.cols())
        return HUGE_VAL;
    double largest = 1e-6, apart = 0;
    for (int row = 0; row < one.rows(); ++row)
        for (int col = 0; col < one.cols(); ++col) {
            const double a = double(one.at(row, col)), b = double(other.at(row, col));
            if (!std::isfinite(a) || !std::isfinite(b))
                return HUGE_VAL;
            largest = std::max({largest, std::abs(a), std::abs(b)});
            apart = std::max(apart, std::abs(a - b));
        }
    return apart / largest;
}

// The presets, then each choice and each flag turned by itself: what selects among kernels.
std::vector<KnobValues> variants(const Method& method)
{
    std::vector<KnobValues> all{{}};
    for (const Knob& knob : method.info.knobs) {
        if (const auto* choice = std::get_if<Choice>(&knob.domain)) {
            for (int option = 0; option < int(choice->options.size()); ++option)
                if (option != choice->preset)
                    all.push_back({{std::string(knob.id), option}});
        } else if (const auto* flag = std::get_if<Flag>(&knob.domain)) {
            all.push_back({{std::string(knob.id), !flag->preset}});
        } else if (const auto* range = std::get_if<IntRange>(&knob.domain)) {
            all.push_back({{std::string(knob.id), std::max(range->low, std::min(4, range->high))}});
        }
    }
    return all;
}

// The map must be the float64 reference's too.
void checkMap(const Attended& onDevice, const Attended& onHost, const LayerContext& context, const std::string& name)
{
    const TokenRange all{0, onDevice.output().rows()};
    const HeadIndex last{context.shape.heads - 1};
    const Grid map = mapTile(onDevice, context, last, all, all, nullptr);
    const double apart = difference(map, mapTile(onHost, context, last, all, all, nullptr));
    if (!(apart < 1e-3))
        fail(name + ": the map is " + std::to_string(apart) + " from the reference's");
}

void checkAttention(const Method& method, const KnobValues& knobs, const LayerShape& shape, int tokens, Bench& bench)
{
    LayerContext context;
    context.shape = shape;
    context.positions = {RopeKind::RotateHalf, 10000};
    context.plan.attention = {std::string(method.info.id), knobs};
    std::string name = std::string(method.info.id) + " N " + std::to_string(tokens) + (shape.causal ? "" : " full");
    for (const auto& [id, value] : knobs)
        for (const Knob& knob : method.info.knobs)
            name += knob.id == id ? " " + id + "=" + printKnob(knob, value) : "";
    const HeadTensors in{randomRows(tokens, shape.heads * shape.keyWidth, 1),
                         randomRows(tokens, shape.keyHeads * shape.keyWidth, 2),
                         randomRows(tokens, shape.keyHeads * shape.valueWidth, 3),
                         {}};
    Job job;
    try {
        checkPlan(context);
        AttendOptions options{.everyProbe = true};
        const Attended reference = attend(in, context, nullptr, options, job);
        if (reference.prepared)
            context.prepared = reference.prepared.get();
        for (const int feed : {0, 1, 7}) {
            if (feed != 0 && (!shape.causal || feed >= tokens))
                continue;
            options.feed = feed;
            const Attended attended = attend(in, context, &bench.context, options, job);
            ++cases;
            const double apart = difference(attended.output(), reference.output());
            if (!(apart < 1e-3))
                fail(name + " fed " + std::to_string(feed) + ": " + std::to_string(apart) + " from the reference");
            const TokenRange all{0, tokens};
            if (method.deviceWeights != nullptr) {
                const Grid tile = mapTile(attended, context, HeadIndex{0}, all, all, &bench.context);
                const double off = difference(tile, mapTile(reference, context, HeadIndex{0}, all, all, nullptr));
                if (!(off < 1e-3))
                    fail(name + ": the device's map is " + std::to_string(off) + " from the reference's");
            }
            if (feed == 0 && method.weights != nullptr)
                checkMap(attended, reference, context, name);
        }
    } catch (const Error& error) {
        if (error.fault() != Fault::Request)
            fail(name + ": " + error.what());
        ++refused; // the knobs do not go together
    }
}

// A whole model, so that the blocks around the method run too, and the projections that a method replaces.
void checkSession(const Method& method, const KnobValues& knobs, int tokens, Bench& bench)
{
    ModelConfig config = smallConfig();
    config.layers = 1;
    config.width = 16;
    config.heads = 2;
    config.keyHeads = 1;
    config.headWidth = config.valueWidth = 8;
    config.feedForwardWidth = 24;
    config.vocabulary = 33;
    Job job;
    const auto model = syntheticModel(config);
    SessionPlan plan;
    place(plan.everywhere, {std::string(method.info.id), knobs});
    std::vector<TokenId> ids;
    for (int i = 0; i < tokens; ++i)
        ids.push_back({(7 * i * i + 3 * i + 1) % config.vocabulary});
    try {
        checkPlan(layerContext(*model, plan, LayerIndex{0}, {}));
        plan.backend = Backend::Reference;
        const PreparedLayers prepared = prepareLayers(model, plan, ids, nullptr, nullptr, job);
        Recorder none(TraceFilter::nothing());
        const auto expected = makeSession(model, plan, prepared, nullptr, nullptr, tokens, job)->feed(ids, none, job);
        plan.backend = Backend::OpenCl;
        const auto deviceModel = std::make_shared<const DeviceModel>(model, bench.queue, job);
        Recorder all(TraceFilter::everything());
        const auto session = makeSession(model, plan, prepared, &bench.context, deviceModel, tokens, job);
        session->feed(std::span(ids).first(std::size_t(tokens - 1)), all, job);
        // What nobody looks at may go another way, fused.
        const auto logits = session->feed(std::span(ids).last(1), none, job);
        ++cases;
        const int count = int(logits.size());
        const double apart = difference({logits, 1, count}, {expected, 1, count});
        // A hash that falls on the other side of a threshold in float32 is no fault of a kernel: finite will do.
        if (replacesLinear(method) ? std::isinf(apart) : !(apart < 1e-3))
            fail(std::string(method.info.id) + " in a model: " + std::to_string(apart) + " from the reference");
    } catch (const Error& error) {
        if (error.fault() != Fault::Request)
            fail(std::string(method.info.id) + " in a model: " + error.what());
        ++refused;
    }
}

// What no method launches by itself.
void checkBlocks(Bench& bench)
{
    const Grid in = randomRows(3, 17, 5);
    const std::vector<float> rows(&in.row(0)[0], &in.row(0)[0] + 51), one(17, 1.0F), none(17, 0.0F);
    Buffer<float> x(bench.device, 51), out(bench.device, 51), gain(bench.device, 17), bias(bench.device, 17);
    bench.queue.write(x, std::span(rows));
    bench.queue.write(gain, std::span<const float>(one));
    bench.queue.write(bias, std::span<const float>(none));
    bench.blocks.layerNorm(bench.queue, x, gain, bias, out, 3, 17, 1e-5F);
    bench.blocks.add(bench.queue, x, out, 3, 17);
    std::vector<float> sums(51);
    bench.queue.read(out, std::span(sums));
    ++cases;
    if (!std::ranges::all_of(sums, [](float sum) { return std::isfinite(sum); }))
        fail("the norm of a layer is not finite");
}

// Kernels that a source defines and nothing launched.
void tellUnlaunched()
{
    int defined = 0;
    long all = 0;
    for (const auto& [source, kernels] : launches) {
        const std::string text(kernelSource(source).text);
        const std::regex kernel(R"((?:^|\n)_*kernel void (\w+))");
        for (std::sregex_iterator at(text.begin(), text.end(), kernel), end; at != end; ++at) {
            ++defined;
            if (!kernels.contains((*at)[1]))
                fail(source + ": the kernel " + (*at)[1].str() + " was not launched");
        }
        for (const auto& [name, count] : kernels)
            all += count;
    }
    std::printf("%d kernels of %zu sources, %ld launches in %d cases (%d refused), %d failures\n", defined,
                launches.size(), all, cases, refused, failures);
}

// One group whose items race, and a write behind the end.
int breakRules()
{
    constexpr KernelSource bad{"tests/bad.cl", "kernel void bad(global int* x) { x[0] = get_global_id(0); "
                                               "x[4 + get_global_id(0)] = 1; }\n"};
    Device device(Device::choose(""));
    Queue queue(device);
    Kernel kernel = device.kernel(bad, "bad");
    Buffer<int> four(device, 4, "the broken kernel's buffer");
    queue.launch(kernel, {1, {8, 1, 1}, {8, 1, 1}}, "bad", four);
    queue.finish();
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc > 1 && std::string_view(argv[1]) == "--break")
        return breakRules();
    setenv("SUBQUAD_POISON", "1", 1);
    const bool brief = argc > 1 && std::string_view(argv[1]) == "--brief"; // Oclgrind is slow
    Bench bench;
    for (const Method& method : methods()) {
        for (const KnobValues& knobs : variants(method)) {
            for (const bool causal : {true, false})
                for (const int tokens : brief ? std::vector{9} : std::vector{9, 65}) {
                    if (method.deviceAttention != nullptr && replacesAttention(method))
                        checkAttention(method, knobs, {2, 1, 8, 4, causal}, tokens, bench);
                }
            if (knobs.empty() && method.deviceAttention != nullptr &&
                replacesAttention(method)) // a cache for each head
                checkAttention(method, knobs, {2, 2, 8, 4, true}, 9, bench);
            if (knobs.size() == 1 && std::holds_alternative<int>(knobs.begin()->second)) // long enough to be split up
                checkAttention(method, knobs, {1, 1, 8, 4, false}, 260, bench);
            checkSession(method, knobs, brief && !replacesLinear(method) ? 9 : 40, bench);
        }
    }
    checkBlocks(bench);
    bench.queue.finish();
    tellUnlaunched();
    return failures == 0 ? 0 : 1;
}
