// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/speedrows.h"

#include "engine/files/safetensors.h"
#include "engine/measure/linear.h"
#include "engine/measure/sweep.h"
#include "engine/session/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <random>
#include <unistd.h>

using namespace engine;

namespace bench {
namespace {

namespace fs = std::filesystem;

double secondsOf(const auto& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// ---- matrix products

std::vector<float> randomNumbers(std::size_t count, unsigned seed)
{
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> one(-1, 1);
    std::vector<float> numbers(count);
    std::ranges::generate(numbers, [&] { return one(random); });
    return numbers;
}

struct Product
{
    int rows, out, in;

    double operations() const { return 2.0 * rows * out * in; }

    std::string name() const
    {
        return "matrix product " + std::to_string(rows) + " x " + std::to_string(out) + " x " + std::to_string(in);
    }
};

// The best of a few, after one to warm: a single product is too short to be timed against a peak.
double ownSeconds(const Product& product, Bench& bench)
{
    const auto cells = [&](int a, int b) { return std::size_t(a) * std::size_t(b); };
    Buffer<float> x(bench.device, cells(product.rows, product.in), "rows"),
        y(bench.device, cells(product.rows, product.out), "product");
    const std::vector<float> rows = randomNumbers(x.count(), 1);
    bench.queue.write(x, std::span<const float>(rows));
    const PackedWeight weight =
        packWeight(bench.queue, randomNumbers(cells(product.out, product.in), 2), product.out, product.in);
    double best = 1e9;
    for (int turn = 0; turn < 4; ++turn) {
        const double seconds = secondsOf([&] {
            bench.blocks.dense(bench.queue, x, weight, y, product.rows);
            bench.queue.finish();
        });
        best = turn > 0 ? std::min(best, seconds) : best;
    }
    return best;
}

// OpenBLAS where it is installed, with the kernels that suit the processor: by itself it takes old ones here.
double openBlasSeconds(const Product& product)
{
    using Sgemm =
        void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
    static const Sgemm sgemm = [] {
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 0); // NOLINT(concurrency-mt-unsafe): before any thread of it
        void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
        return library != nullptr ? reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm")) : nullptr;
    }();
    if (sgemm == nullptr)
        throw Missing{"libopenblas.so.0 is not installed"};
    const auto m = std::size_t(product.rows), n = std::size_t(product.out), k = std::size_t(product.in);
    const std::vector<float> a = randomNumbers(m * k, 1), b = randomNumbers(k * n, 2);
    std::vector<float> c(m * n);
    constexpr int rowMajor = 101, plain = 111;
    double best = 1e9;
    for (int turn = 0; turn < 4; ++turn) {
        const double seconds = secondsOf([&] {
            sgemm(rowMajor, plain, plain, product.rows, product.out, product.in, 1, a.data(), product.in, b.data(),
                  product.out, 0, c.data(), product.out);
        });
        best = turn > 0 ? std::min(best, seconds) : best;
    }
    return best;
}

// ---- attention of one layer

Part partOf(std::string_view method, std::string_view knob = {}, std::string_view value = {})
{
    Part part{std::string(method), {}};
    if (!knob.empty()) {
        const auto& knobs = findMethod(method).info.knobs;
        part.knobs[std::string(knob)] = parseKnob(*std::ranges::find(knobs, knob, &Knob::id), value);
    }
    return part;
}

// Operations that the method executes, over the time they take, over the peak of the same round.
double ofThePeak(const Part& part, int width, bool causal, int tokens, Bench& bench)
{
    const Sweep sweep = engine::sweep({{part}, {8, 8, width, width, causal}, {tokens}, 3}, &bench.context, bench.job);
    const SweepRow& row = sweep.rows.front();
    if (!row.failure.empty())
        throw Missing{row.failure};
    return double(row.cost.operations) / (double(row.timing.medianNs) / 1e9) / sweep.peaks.fmaFlops;
}

SpeedRow attention(const char* what, const Part& part, int width, bool causal, int tokens, double aim)
{
    return {std::string(what) + ", 8 heads of " + std::to_string(width) + (causal ? ", causal" : ", full") +
                ", N = " + std::to_string(tokens),
            aim, "of the peak", false, [=](Bench& bench) { return ofThePeak(part, width, causal, tokens, bench); }};
}

double paperLength(int width)
{
    return double(width) * width + width + 1;
}

// Where TaylorShift's efficient form overtakes exact attention, over N0 = d² + d + 1.
double crossoverShare(int width, Bench& bench)
{
    SweepRequest request{
        {partOf(baseline), partOf("taylorshift", "form", "efficient")}, {8, 8, width, width, false}, {}, 5};
    for (const double share : {0.15, 0.25, 0.35, 0.45, 0.6, 0.8, 1.0, 1.3})
        request.lengths.push_back(std::max(1, int(share * paperLength(width))));
    const auto found = crossover(engine::sweep(request, &bench.context, bench.job), 1);
    if (!found)
        throw Missing{"no crossing between 0.15 and 1.3 of N0"};
    return *found / paperLength(width);
}

// ---- look-up

double linearNs(const Part& part, int tokens, Bench& bench)
{
    return double(timeLinear({{part}, 512, {tokens}, 15}, bench.context, bench.job).rows.front().timing.medianNs);
}

Part tables()
{
    return partOf("memoryformer", "tau", "8");
}

// Rows of the tables that a batch reads, over the time, over the read bandwidth of the same round.
double ofTheBandwidth(int tokens, Bench& bench)
{
    constexpr double width = 512, tau = 8;
    const double bytes = sizeof(float) * tokens * (width / tau) * width;
    const double seconds = linearNs(tables(), tokens, bench) / 1e9;
    return bytes / seconds / measurePeaks(&bench.context, bench.job).readBytesPerSecond;
}

double denseOverTables(int tokens, Bench& bench)
{
    const auto rows = timeLinear({{partOf(baseline), tables()}, 512, {tokens}, 15}, bench.context, bench.job).rows;
    return double(rows[0].timing.medianNs) / double(rows[1].timing.medianNs);
}

// ---- whole models

struct Opened
{
    std::shared_ptr<const Model> model;
    std::shared_ptr<const DeviceModel> device;
};

const Opened& opened(const std::string& name, Bench& bench)
{
    static std::map<std::string, Opened> all;
    if (const auto found = all.find(name); found != all.end())
        return found->second;
    const fs::path source = SUBQUAD_SOURCE_DIR;
    const fs::path shared = std::getenv("SUBQUAD_SHARED") != nullptr // NOLINT(concurrency-mt-unsafe): one thread
                                ? fs::path(std::getenv("SUBQUAD_SHARED"))
                                : source / "../shared";
    const fs::path path = name == "stories-1m" ? source / "samples" / name : shared / "checkpoints" / name;
    if (!fs::exists(path))
        throw Missing{path.string() + " is not there"};
    Opened made;
    made.model = std::make_shared<const Model>(readCheckpoint(path, bench.job), bench.job);
    made.device = std::make_shared<const DeviceModel>(made.model, bench.queue, bench.job);
    return all.emplace(name, std::move(made)).first->second;
}

std::unique_ptr<Session> sessionOf(const Opened& opened, const std::string& method, int tokens, Bench& bench)
{
    SessionPlan plan;
    plan.everywhere.attention.method = method;
    return makeSession(opened.model, plan, {}, &bench.context, opened.device, tokens, bench.job);
}

std::vector<TokenId> someTokens(const Model& model, int count)
{
    std::vector<TokenId> ids;
    for (int i = 0; i < count; ++i)
        ids.push_back({(i * 37 + 11) % model.config().vocabulary});
    return ids;
}

// What the driver takes for a launch that does nothing and a read of what it wrote, threads asleep before: no token of
// a greedy decode can cost less. Microseconds, the median of many.
double emptyLaunch(Bench& bench)
{
    constexpr std::string_view text = "__kernel void nothing(__global float* to) { to[0] = 1.0f; }";
    Kernel nothing = bench.device.kernel({"an empty kernel", text}, "nothing");
    Buffer<float> to(bench.device, 1, "a number");
    std::array<float, 1> number{};
    std::vector<double> samples;
    for (int turn = 0; turn < 300; ++turn)
        samples.push_back(secondsOf([&] {
            bench.queue.launch(nothing, Range::groups(1), "nothing", to);
            bench.queue.read(to, std::span<float>(number));
        }));
    bench.queue.finish();
    std::ranges::nth_element(samples, samples.begin() + std::ptrdiff_t(samples.size() / 2));
    return samples[samples.size() / 2] * 1e6;
}

struct Decoded
{
    double perToken = 0, busy = 0, launches = 0; // microseconds, of them on the device, a token
};

Decoded decode(const std::string& name, Bench& bench)
{
    constexpr int prompt = 8, steps = 256;
    const Opened& model = opened(name, bench);
    const auto session = sessionOf(model, std::string(baseline), prompt + steps, bench);
    Recorder nothing;
    std::vector<float> logits = session->feed(someTokens(*model.model, prompt), nothing, bench.job);
    session->stats(); // what ran before
    const double seconds = secondsOf([&] {
        for (int step = 0; step < steps; ++step) {
            const TokenId next{int(std::ranges::max_element(logits) - logits.begin())};
            logits = session->feed(std::array{next}, nothing, bench.job);
        }
    });
    Decoded decoded{seconds * 1e6 / steps};
    for (const Span& span : session->stats().spans) {
        decoded.busy += double(span.endNs - span.beginNs) / 1e3 / steps;
        decoded.launches += 1.0 / steps;
    }
    return decoded;
}

// What timing and recorders that nobody asks cost a token: the median ratio of tokens with a timed queue to the same
// tokens without, and the calls of a recorder, as many as one that records everything takes, without a run.
double recordingOff(const std::string& name, Bench& bench)
{
    constexpr int prompt = 8, steps = 256;
    const Opened& model = opened(name, bench);
    Queue plainQueue(bench.device, false);
    DeviceContext plainContext{bench.device, plainQueue, bench.blocks};
    SessionPlan plan;
    const auto make = [&](DeviceContext& context) {
        return makeSession(model.model, plan, {}, &context, model.device, prompt + steps, bench.job);
    };
    const auto timed = make(bench.context), plain = make(plainContext);
    Recorder nothing;
    const auto ids = someTokens(*model.model, prompt);
    timed->feed(ids, nothing, bench.job);
    plain->feed(ids, nothing, bench.job);
    std::vector<double> ratios;
    double perToken = 0;
    for (int step = 0; step < steps; ++step) {
        const std::array<TokenId, 1> next{TokenId{step % 200}};
        double a = 0, b = 0;
        const auto one = [&](Session& session) { return secondsOf([&] { session.feed(next, nothing, bench.job); }); };
        if (step % 2 == 0) {
            a = one(*timed);
            b = one(*plain);
        } else {
            b = one(*plain);
            a = one(*timed);
        }
        ratios.push_back(a / b);
        perToken += b / steps;
    }
    std::ranges::sort(ratios);
    Recorder everything(TraceFilter::everything());
    timed->feed(std::array{TokenId{1}}, everything, bench.job);
    const auto calls = everything.take()->records().size();
    Buffer<float> row(bench.device, 4096, "a row");
    constexpr int repeats = 1000;
    const double callSeconds = secondsOf([&] {
        for (int repeat = 0; repeat < repeats; ++repeat)
            for (std::size_t call = 0; call < calls; ++call)
                nothing.append(probes::queryRaw, LayerIndex{int(call % 4)}, row, 1, 64, bench.queue);
    });
    return ratios[ratios.size() / 2] - 1 + callSeconds / repeats / perToken;
}

struct Prefilled
{
    double milliseconds = 0, attention = 0; // share of the device's time that is the method's
};

Prefilled prefill(const std::string& name, const std::string& method, int tokens, Bench& bench)
{
    const Opened& model = opened(name, bench);
    const auto session = sessionOf(model, method, tokens, bench);
    const auto ids = someTokens(*model.model, tokens);
    Recorder nothing;
    Prefilled filled;
    for (int turn = 0; turn < 3; ++turn) {
        session->reset();
        session->stats();
        filled.milliseconds = 1e3 * secondsOf([&] { session->feed(ids, nothing, bench.job); });
    }
    double all = 0, own = 0;
    for (const Span& span : session->stats().spans) {
        all += double(span.endNs - span.beginNs);
        if (span.label.starts_with(method))
            own += double(span.endNs - span.beginNs);
    }
    filled.attention = own / all;
    return filled;
}

// ---- files

// A thousand tensors in a file of 1 GiB that has no blocks on the disk: only the header is read.
double secondsToTheList(Bench& /*bench*/)
{
    constexpr std::size_t gigabyte = std::size_t(1) << 30, tensors = 1024, each = gigabyte / tensors;
    const fs::path path = fs::temp_directory_path() / ("subquad-speed-" + std::to_string(::getpid()) + ".safetensors");
    std::string header = "{";
    for (std::size_t i = 0; i < tensors; ++i)
        header += (i > 0 ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":[)" +
                  std::to_string(each / 4) + R"(],"data_offsets":[)" + std::to_string(i * each) + "," +
                  std::to_string((i + 1) * each) + "]}";
    header += "}";
    const std::uint64_t length = header.size();
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&length), 8) << header;
    fs::resize_file(path, 8 + header.size() + gigabyte);
    std::size_t found = 0;
    const double seconds = secondsOf([&] { found = readSafetensors(path).entries.size(); });
    fs::remove(path);
    if (found != tensors)
        throw Missing{"the list has " + std::to_string(found) + " tensors"};
    return seconds;
}

} // namespace

std::vector<SpeedRow> speedRows()
{
    std::vector<SpeedRow> rows;
    for (const Product& product : {Product{512, 512, 512}, {1024, 1024, 1024}, {128, 2048, 2048}}) {
        rows.push_back({product.name() + ", packed weights", 0.75, "of the peak", false, [=](Bench& bench) {
                            const double peak = measurePeaks(&bench.context, bench.job).fmaFlops;
                            return product.operations() / ownSeconds(product, bench) / peak;
                        }});
        rows.push_back({product.name() + ", beside OpenBLAS", 1.0, "x OpenBLAS", false, [=](Bench& bench) {
                            const double theirs = openBlasSeconds(product);
                            return theirs / ownSeconds(product, bench);
                        }});
    }
    const Part exact = partOf(baseline);
    for (const int tokens : {2048, 4096}) {
        rows.push_back(attention("exact attention", exact, 64, false, tokens, 0.70));
        rows.push_back(attention("exact attention", exact, 64, true, tokens, 0.62));
    }
    for (const int width : {16, 32})
        rows.push_back(attention("exact attention", exact, width, false, 2048, 0.55));
    for (const int width : {16, 32, 64})
        rows.push_back(
            attention("TaylorShift efficient", partOf("taylorshift", "form", "efficient"), width, false, 4096, 0.65));
    for (const int width : {16, 32, 64}) {
        const std::string heads = "heads of " + std::to_string(width);
        rows.push_back({"TaylorShift overtakes exact attention, full, " + heads, 0.60, "of N0", true,
                        [=](Bench& bench) { return crossoverShare(width, bench); }});
        const int there = int(0.6 * paperLength(width));
        rows.push_back(attention("exact attention there", exact, width, false, there, 0.45));
    }
    rows.push_back(attention("DiJiang", partOf("dijiang"), 64, true, 4096, 0.45));
    for (const char* segment : {"2048", "256", "64"}) {
        const std::string what = "Infini-attention, segments of " + std::string(segment);
        rows.push_back(attention(what.c_str(), partOf("infini", "segment", segment), 64, true, 4096, 0.45));
    }
    for (const int tokens : {1, 512})
        rows.push_back({"Memory Layer, d 512, tau 8, " + std::to_string(tokens) + " tokens", 0.7, "of the bandwidth",
                        false, [=](Bench& bench) { return ofTheBandwidth(tokens, bench); }});
    for (const int tokens : {1, 512})
        rows.push_back({"dense product over Memory Layer, " + std::to_string(tokens) + " tokens",
                        tokens == 1 ? std::optional(4.0) : std::nullopt, "x faster", false,
                        [=](Bench& bench) { return denseOverTables(tokens, bench); }});
    rows.push_back({"an empty launch and a read of its number", std::nullopt, "us", true, emptyLaunch});
    for (const char* name : {"stories260K", "tinystories-656K", "stories-1m"}) {
        const std::string what = "decode " + std::string(name) + ", greedy, 256 tokens, ";
        rows.push_back({what + "tokens a second", std::nullopt, "tokens/s", false,
                        [=](Bench& bench) { return 1e6 / decode(name, bench).perToken; }});
        rows.push_back({what + "launches a token", std::nullopt, "launches", true,
                        [=](Bench& bench) { return decode(name, bench).launches; }});
        rows.push_back({what + "not on the device", 40.0, "us a token", true, [=](Bench& bench) {
                            const Decoded decoded = decode(name, bench);
                            return decoded.perToken - decoded.busy;
                        }});
        rows.push_back({"recording off, decode " + std::string(name) + ", over a run without", 0.01, "of a token", true,
                        [=](Bench& bench) { return recordingOff(name, bench); }});
        rows.push_back({"prefill " + std::string(name) + ", 512 tokens", std::nullopt, "ms", true,
                        [=](Bench& bench) { return prefill(name, std::string(baseline), 512, bench).milliseconds; }});
    }
    for (const Method& method : methods()) {
        if (method.deviceAttention == nullptr)
            continue;
        const std::string id(method.info.id);
        rows.push_back({"prefill stories-1m, 1024 tokens, " + id, std::nullopt, "ms", true,
                        [=](Bench& bench) { return prefill("stories-1m", id, 1024, bench).milliseconds; }});
        rows.push_back({"prefill stories-1m, 1024 tokens, " + id + ", attention", std::nullopt, "of the device's time",
                        true, [=](Bench& bench) { return prefill("stories-1m", id, 1024, bench).attention; }});
    }
    rows.push_back({"a 1 GB safetensors file to its list of tensors", 0.2, "s", true, secondsToTheList});
    return rows;
}

} // namespace bench
