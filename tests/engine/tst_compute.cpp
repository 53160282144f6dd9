// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/check.h"
#include "engine/compute/queue.h"
#include "engine/values/error.h"

#include <QtTest/QTest>

#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <thread>

using namespace engine;

namespace {

constexpr std::string_view kernels = R"(
kernel void scale(global const float* from, global float* to, int n, float factor, long add)
{
    const int i = get_global_id(0);
    if (i < n)
        to[i] = factor * from[i] + (float)add;
}
kernel void exps(global const float* x, global float* out, int n)
{
    const int i = get_global_id(0);
    if (i >= n)
        return;
    out[6 * i] = safe_exp(x[i]);
    out[6 * i + 1] = safe_exp_16((float16)(x[i])).s7;
    out[6 * i + 2] = safe_exp2(x[i]);
    out[6 * i + 3] = safe_exp2_16((float16)(x[i])).sf;
    out[6 * i + 4] = is_finite(x[i]);
    out[6 * i + 5] = safe_exp(masked) + safe_exp2(masked);
}
kernel void sums(global const float* a, global const float* b, global float* out, int n)
{
    out[0] = dot_n(a, b, n);
    out[1] = lane_max(vload16(0, a));
    out[2] = lane_sum(vload16(0, a));
}
kernel void staged(local float* scratch, global float* out)
{
    scratch[0] = 3.0f;
    out[0] = scratch[0];
}
)";

constexpr KernelSource source{"tests/compute.cl", kernels};

std::vector<float> randomNumbers(int count, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> numbers(std::size_t(count), 0.0F);
    std::ranges::generate(numbers, [&] { return normal(random); });
    return numbers;
}

// What `call` throws; fails the test by an impossible fault when it throws nothing.
Error thrown(const std::function<void()>& call)
{
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return {Fault(-1), "nothing was thrown"};
}

std::int64_t hostNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

} // namespace

class TestCompute : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void listedDevicesCanBeChosen();
    void unknownNameListsWhatThereIs();
    void launchComputes();
    void smallWritesKeepTheirOwnCopy();
    void copiesAndClears();
    void safeExponentials();
    void preludeSums();
    void buildFailureNamesFileAndLine();
    void programsAreBuiltOnce();
    void twoThreadsShareADevice();
    void buildReportsAndCancels();
    void memoryIsCountedAndBounded();
    void wrongLaunchesAreRefused();
    void spansAreOnTheHostsClock();
    void manyLaunchesWithoutDrain();
    void codesHaveNames();

private:
    std::unique_ptr<Device> m_device;
};

void TestCompute::initTestCase()
{
    QVERIFY2(!Device::list().empty(), "these tests need an OpenCL device (pocl-opencl-icd)");
    m_device = std::make_unique<Device>(Device::choose(""));
}

void TestCompute::listedDevicesCanBeChosen()
{
    for (const DeviceInfo& info : Device::list()) {
        QVERIFY(!info.name.empty() && info.computeUnits > 0 && info.maxAllocationBytes > 0);
        QVERIFY(info.cpu || info.gpu);
        QCOMPARE(Device::choose(info.name).name, info.name);
    }
}

void TestCompute::unknownNameListsWhatThereIs()
{
    const Error error = thrown([] { Device::choose("no such device"); });
    QCOMPARE(error.fault(), Fault::Device);
    QVERIFY(std::string(error.what()).find("no such device") != std::string::npos);
    QVERIFY(std::string(error.what()).find(Device::list().front().name) != std::string::npos);
}

void TestCompute::launchComputes()
{
    Queue queue(*m_device);
    Kernel scale = m_device->kernel(source, "scale");
    QVERIFY(scale && scale.name() == "scale");
    for (const int n : {1, 2, 63, 64, 65, 257, 100000}) {
        const std::vector<float> in = randomNumbers(n, 1);
        Buffer<float> from(*m_device, std::size_t(n));
        Buffer<float> to(*m_device, std::size_t(n));
        queue.write(from, std::span(in));
        queue.launch(scale, Range::items(std::size_t(n)), "scale", from, to, n, 2.0F, std::int64_t(3));
        std::vector<float> out(std::size_t(n), 0.0F);
        queue.read(to, std::span(out));
        for (int i = 0; i < n; ++i)
            QCOMPARE(out[std::size_t(i)], 2.0F * in[std::size_t(i)] + 3.0F);
    }
    Kernel staged = m_device->kernel(source, "staged");
    Buffer<float> one(*m_device, 1);
    queue.launch(staged, Range::groups(1), "staged", Local{64}, one);
    std::vector<float> out(1);
    queue.readLater(one, std::span(out));
    queue.finish();
    QCOMPARE(out[0], 3.0F);
}

void TestCompute::smallWritesKeepTheirOwnCopy()
{
    Queue queue(*m_device);
    Buffer<int> buffer(*m_device, 1000);
    for (int i = 0; i < 1000; ++i) {
        std::vector<int> one{i};
        queue.write(buffer, std::span<const int>(one), std::size_t(i));
        one[0] = -1;
    }
    std::vector<int> out(1000);
    queue.read(buffer, std::span(out));
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(out[std::size_t(i)], i);
}

void TestCompute::copiesAndClears()
{
    Queue queue(*m_device);
    const std::vector<float> in = randomNumbers(50, 2);
    Buffer<float> a(*m_device, 50);
    Buffer<float> b(*m_device, 60);
    queue.write(a, std::span(in));
    queue.clear(b);
    queue.copy(a, 10, b, 5, 40);
    std::vector<float> out(60, 1.0F);
    queue.read(b, std::span(out));
    for (int i = 0; i < 60; ++i)
        QCOMPARE(out[std::size_t(i)], i >= 5 && i < 45 ? in[std::size_t(i + 5)] : 0.0F);
    QCOMPARE(thrown([&] { queue.copy(a, 20, b, 0, 31); }).fault(), Fault::Internal);
    QCOMPARE(thrown([&] { queue.read(a, std::span(out)); }).fault(), Fault::Internal);
    QCOMPARE(thrown([&] { queue.write(a, std::span(in), 1); }).fault(), Fault::Internal);
}

void TestCompute::safeExponentials()
{
    std::vector<float> x;
    for (float at = -160.0F; at < 160.0F; at += 0.0371F)
        x.push_back(at);
    const std::size_t regular = x.size();
    x.insert(x.end(), {-1e30F, 1e30F, std::numeric_limits<float>::infinity(), std::nanf("")});
    const int n = int(x.size());
    Queue queue(*m_device);
    Kernel exps = m_device->kernel(source, "exps");
    Buffer<float> in(*m_device, x.size());
    Buffer<float> out(*m_device, 6 * x.size());
    queue.write(in, std::span<const float>(x));
    queue.launch(exps, Range::items(x.size()), "exps", in, out, n);
    std::vector<float> got(6 * x.size());
    queue.read(out, std::span(got));
    double worst = 0;
    for (std::size_t i = 0; i < regular; ++i) {
        const double at = x[i];
        const std::array expected{std::exp(at), std::exp(at), std::exp2(at), std::exp2(at)};
        for (std::size_t form = 0; form < 4; ++form) {
            const double found = got[6 * i + form];
            const double exact = expected[form];
            if (exact < 0x1p-125)
                QVERIFY(found <= 0x1p-124);
            else if (exact > 0x1p127)
                QVERIFY(found >= 0x1p126 && std::isfinite(found));
            else
                worst = std::max(worst, std::abs(found - exact) / exact);
        }
        QCOMPARE(got[6 * i + 4], 1.0F);
        QCOMPARE(got[6 * i + 5], 0.0F);
    }
    QVERIFY2(worst < 4e-7, std::to_string(worst).c_str()); // 1e-7 of the polynomial and a few roundings of 6e-8
    QCOMPARE(got[6 * regular], 0.0F);
    QCOMPARE(got[6 * (regular + 1) + 4], 1.0F);
    QCOMPARE(got[6 * (regular + 2) + 4], 0.0F);
    QCOMPARE(got[6 * (regular + 3) + 4], 0.0F);
}

void TestCompute::preludeSums()
{
    Queue queue(*m_device);
    Kernel sums = m_device->kernel(source, "sums");
    for (const int n : {1, 15, 16, 17, 64, 257}) {
        const std::vector<float> a = randomNumbers(300, 3);
        const std::vector<float> b = randomNumbers(300, 4);
        Buffer<float> bufferA(*m_device, 300);
        Buffer<float> bufferB(*m_device, 300);
        Buffer<float> out(*m_device, 3);
        queue.write(bufferA, std::span(a));
        queue.write(bufferB, std::span(b));
        queue.launch(sums, Range::groups(1), "sums", bufferA, bufferB, out, n);
        std::array<float, 3> got{};
        queue.read(out, std::span<float>(got));
        double dot = 0;
        double size = 0;
        for (std::size_t i = 0; i < std::size_t(n); ++i) {
            dot += double(a[i]) * b[i];
            size += std::abs(double(a[i]) * b[i]);
        }
        QVERIFY(std::abs(got[0] - dot) <= 32 * 6e-8 * size);
        QCOMPARE(got[1], *std::max_element(a.begin(), a.begin() + 16));
        QVERIFY(std::abs(got[2] - std::accumulate(a.begin(), a.begin() + 16, 0.0)) < 1e-5);
    }
}

void TestCompute::buildFailureNamesFileAndLine()
{
    const KernelSource broken{"tests/broken.cl", "kernel void fine(global float* x) { x[0] = 1; }\n\n"
                                                 "kernel void bad(global float* x)\n{\n    x[0] = undeclared;\n}\n"};
    const Error error = thrown([&] { m_device->kernel(broken, "fine"); });
    QCOMPARE(error.fault(), Fault::Device);
    const std::string message = error.what();
    QVERIFY2(message.starts_with("tests/broken.cl, line 5: "), message.c_str());
    QVERIFY2(message.find("undeclared") != std::string::npos, message.c_str());
    // The same file builds when a define mends it: a failure is not cached, and defines are part of the program.
    m_device->kernel(broken, "fine", {{"undeclared", "2.0f"}});
    QCOMPARE(thrown([&] { m_device->kernel(source, "missing"); }).fault(), Fault::Device);
}

void TestCompute::programsAreBuiltOnce()
{
    const auto programOf = [](const Kernel& kernel) {
        cl_program program = nullptr;
        check(clGetKernelInfo(kernel.get(), CL_KERNEL_PROGRAM, sizeof(cl_program), &program, nullptr), "asking");
        return program;
    };
    const Kernel a = m_device->kernel(source, "scale");
    const Kernel b = m_device->kernel(source, "sums");
    const Kernel c = m_device->kernel(source, "scale", {{"OTHER", "1"}});
    QVERIFY(a.get() != m_device->kernel(source, "scale").get());
    QCOMPARE(programOf(a), programOf(b));
    QVERIFY(programOf(a) != programOf(c));
}

void TestCompute::twoThreadsShareADevice()
{
    std::array<double, 2> sums{};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 2; ++t) {
            threads.emplace_back([this, t, &sums] {
                Queue queue(*m_device);
                Kernel scale = m_device->kernel(source, "scale", {{"SHARED", "1"}});
                const std::vector<float> ones(1000, 1.0F);
                Buffer<float> from(*m_device, 1000);
                Buffer<float> to(*m_device, 1000);
                queue.write(from, std::span(ones));
                std::vector<float> out(1000);
                for (int i = 0; i < 50; ++i) {
                    queue.launch(scale, Range::items(1000), "scale", from, to, 1000, float(t + 1), std::int64_t(i));
                    queue.read(to, std::span(out));
                    sums[std::size_t(t)] += std::accumulate(out.begin(), out.end(), 0.0);
                }
            });
        }
    }
    QCOMPARE(sums[0], 1000.0 * (50 + 49 * 25));
    QCOMPARE(sums[1], 1000.0 * (100 + 49 * 25));
}

void TestCompute::buildReportsAndCancels()
{
    std::vector<double> seen;
    std::stop_source stop;
    Job job(stop.get_token(), [&](const Progress& progress) {
        seen.push_back(progress.fraction);
        if (seen.size() == 2)
            stop.request_stop();
    });
    const KernelSource a{"tests/a.cl", "kernel void a(global float* x) { x[0] = 1; }"};
    QVERIFY_EXCEPTION_THROWN(m_device->build({{a, {}}, {a, {{"B", ""}}}, {a, {{"C", ""}}}}, job), Cancelled);
    QCOMPARE(seen.size(), 2U);
    Job whole({}, [&](const Progress& progress) { seen.push_back(progress.fraction); });
    m_device->build({{a, {}}, {a, {{"B", ""}}}, {a, {{"C", ""}}}}, whole);
    QCOMPARE(seen.back(), 1.0);
    QCOMPARE(seen.size(), 6U);
}

void TestCompute::memoryIsCountedAndBounded()
{
    const std::size_t before = m_device->allocatedBytes();
    {
        Buffer<float> a(*m_device, 1000);
        QCOMPARE(m_device->allocatedBytes(), before + 4000);
        Buffer<float> b(std::move(a));
        QCOMPARE(m_device->allocatedBytes(), before + 4000);
        b = Buffer<float>(*m_device, 10);
        QCOMPARE(m_device->allocatedBytes(), before + 40);
        const Buffer<float> none(*m_device, 0);
        QCOMPARE(m_device->allocatedBytes(), before + 40);
    }
    QCOMPARE(m_device->allocatedBytes(), before);
    QVERIFY(m_device->peakBytes() >= before + 4000);

    const std::size_t tooMany = std::size_t(m_device->info().maxAllocationBytes) + 1;
    const Error one = thrown([&] { Buffer<char>(*m_device, tooMany, "the score matrix"); });
    QCOMPARE(one.fault(), Fault::Memory);
    QVERIFY(std::string(one.what()).starts_with("the score matrix needs " + std::to_string(tooMany) + " bytes"));

    // Untouched memory costs nothing here, so the budget of the whole device can be reached.
    std::vector<Buffer<char>> held;
    const Error all = thrown([&] {
        while (held.size() < 1000)
            held.emplace_back(*m_device, std::size_t(m_device->info().maxAllocationBytes), "a cache");
    });
    QCOMPARE(all.fault(), Fault::Memory);
    QVERIFY(m_device->allocatedBytes() <= m_device->info().globalBytes);
    held.clear();
    QCOMPARE(m_device->allocatedBytes(), before);
}

void TestCompute::wrongLaunchesAreRefused()
{
    Queue queue(*m_device);
    Kernel sums = m_device->kernel(source, "sums");
    Buffer<float> a(*m_device, 16);
    QCOMPARE(thrown([&] { queue.launch(sums, Range::groups(1), "sums", a, a); }).fault(), Fault::Internal);
    QCOMPARE(thrown([&] { queue.launch(sums, Range::groups(0), "sums", a, a, a, 1); }).fault(), Fault::Internal);
    const std::size_t many = 2 * m_device->info().maxWorkGroup;
    const Error error = thrown([&] { queue.launch(sums, Range{1, {many, 1, 1}, {many, 0, 0}}, "sums", a, a, a, 1); });
    QCOMPARE(error.fault(), Fault::Internal);
    QVERIFY(std::string(error.what()).find("sums") != std::string::npos);
    QVERIFY(std::string(error.what()).find(std::to_string(many)) != std::string::npos);
}

void TestCompute::spansAreOnTheHostsClock()
{
    Queue queue(*m_device);
    Kernel scale = m_device->kernel(source, "scale");
    Buffer<float> from(*m_device, 1000);
    Buffer<float> to(*m_device, 1000);
    queue.clear(from);
    queue.drainSpans();
    const std::int64_t begin = hostNs();
    for (int i = 0; i < 10; ++i)
        queue.launch(scale, Range::items(1000), "step " + std::to_string(i), from, to, 1000, 1.0F, std::int64_t(0));
    const EventHandle marker = queue.mark();
    queue.waitFor(marker);
    const std::int64_t end = hostNs();
    const std::vector<Span> spans = queue.drainSpans();
    QCOMPARE(spans.size(), 10U);
    static constexpr std::int64_t slack = 1'000'000; // of matching the two clocks
    for (std::size_t i = 0; i < spans.size(); ++i) {
        QCOMPARE(spans[i].label, "step " + std::to_string(i));
        QVERIFY(spans[i].beginNs <= spans[i].endNs);
        QVERIFY(spans[i].beginNs >= begin - slack && spans[i].endNs <= end + slack);
        QVERIFY(i == 0 || spans[i].beginNs >= spans[i - 1].endNs);
    }
    QVERIFY(queue.drainSpans().empty());
}

void TestCompute::manyLaunchesWithoutDrain()
{
    Queue queue(*m_device);
    Kernel scale = m_device->kernel(source, "scale");
    Buffer<float> buffer(*m_device, 1);
    queue.clear(buffer);
    static constexpr int launches = 10000; // more than the events a queue holds
    for (int i = 0; i < launches; ++i)
        queue.launch(scale, Range::groups(1), "count", buffer, buffer, 1, 1.0F, std::int64_t(1));
    std::vector<float> out(1);
    queue.read(buffer, std::span(out));
    QCOMPARE(out[0], float(launches));
    QCOMPARE(queue.drainSpans().size(), std::size_t(launches));
}

void TestCompute::codesHaveNames()
{
    check(CL_SUCCESS, "nothing");
    QCOMPARE(codeName(-54), std::string("CL_INVALID_WORK_GROUP_SIZE (-54)"));
    QCOMPARE(codeName(-9999), std::string("unknown code (-9999)"));
    const Error error = thrown([] { check(-48, "launching kernel k"); });
    QCOMPARE(error.fault(), Fault::Device);
    QCOMPARE(std::string(error.what()), std::string("launching kernel k failed: CL_INVALID_KERNEL (-48)"));
    QCOMPARE(thrown([] { check(-4, "taking"); }).fault(), Fault::Memory);
}

QTEST_APPLESS_MAIN(TestCompute)
#include "tst_compute.moc"
