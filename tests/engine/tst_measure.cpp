// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/load.h"
#include "engine/measure/pass.h"
#include "engine/measure/sweep.h"

#include <QtTest/QTest>

#include <chrono>
#include <cmath>

using namespace engine;

namespace {

// A sweep of the baseline and one other whose times are given functions of the length.
template <typename Exact, typename Other>
Sweep sweepOf(Exact exact, Other other)
{
    Sweep sweep;
    for (int tokens = 64; tokens <= 4096; tokens *= 2) {
        for (const bool isExact : {true, false}) {
            SweepRow row;
            row.place = isExact ? 0 : 1;
            row.method = isExact ? std::string(baseline) : "other";
            row.tokens = tokens;
            row.timing = summarise({std::int64_t(isExact ? exact(tokens) : other(tokens))}, false);
            sweep.rows.push_back(row);
        }
    }
    return sweep;
}

double quadratic(double n)
{
    return n * n;
}

} // namespace

class MeasureTest : public QObject
{
    Q_OBJECT

private slots:
    void crossoverOfPowersIsExact();
    void crossoverIsTheLastChange();
    void crossoverOfNothing();
    void sweepTimesEveryMethodAtEveryLength();
    void whatDoesNotFitIsARow();
    void badRequestsAreRefused();
    void cancelStopsASweep();
    void bandIsOfTheRounds();
    void partialPicturesGrow();
    void estimateFollowsTheOperations();
    void ownWorkIsNoDisturbance();
    void passIsTakenApart();
    void peaksAndMachine();
};

void MeasureTest::crossoverOfPowersIsExact()
{
    // n² against 300·n cross at 300, between two measured lengths; log-log interpolation of powers has no error.
    const Sweep sweep = sweepOf(quadratic, [](double n) { return 300 * n; });
    QVERIFY(std::abs(crossover(sweep, "other").value() / 300 - 1) < 1e-3);
    QCOMPARE(crossover(sweep, 1).value(), crossover(sweep, "other").value());
}

void MeasureTest::crossoverIsTheLastChange()
{
    // One lucky length early on does not count.
    const Sweep sweep = sweepOf(quadratic, [](double n) { return n == 128 ? 1 : 1000 * n; });
    QVERIFY(std::abs(crossover(sweep, "other").value() / 1000 - 1) < 1e-3);
}

void MeasureTest::crossoverOfNothing()
{
    QVERIFY(!crossover(sweepOf(quadratic, [](double n) { return 1e6 * n; }), "other")); // never faster
    QVERIFY(!crossover(sweepOf(quadratic, [](double n) { return n; }), "other"));       // always was
    QVERIFY(!crossover(sweepOf(quadratic, [](double n) { return n == 4096 ? 1e12 : 300 * n; }), "other"));
    QVERIFY(!crossover(Sweep(), "other"));
}

void MeasureTest::sweepTimesEveryMethodAtEveryLength()
{
    SweepRequest request;
    for (const Method& method : methods())
        request.methods.push_back({std::string(method.info.id), {}});
    request.shape = {2, 1, 4, 4, true};
    request.lengths = {1, 5, 16};
    request.repeats = 4;
    Job job;
    const Sweep result = sweep(request, nullptr, job);
    QCOMPARE(result.rows.size(), request.methods.size() * 3);
    for (const SweepRow& row : result.rows) {
        QVERIFY2(row.failure.empty(), row.failure.c_str());
        QCOMPARE(row.timing.samplesNs.size(), std::size_t(4));
        QVERIFY(row.timing.medianNs > 0 && row.cost.operations > 0 && !row.form.empty());
    }
}

void MeasureTest::whatDoesNotFitIsARow()
{
    SweepRequest request;
    request.methods = {{std::string(baseline), {}}};
    request.shape = {1, 1, 4, 4, true};
    request.lengths = {4, 1 << 29};
    request.repeats = 1;
    Job job;
    const Sweep result = sweep(request, nullptr, job);
    QCOMPARE(result.rows.size(), std::size_t(2));
    QVERIFY(result.rows[0].failure.empty());
    QVERIFY(!result.rows[1].failure.empty() && result.rows[1].timing.samplesNs.empty());
}

void MeasureTest::badRequestsAreRefused()
{
    SweepRequest good;
    good.methods = {{std::string(baseline), {}}};
    good.shape = {1, 1, 4, 4, true};
    good.lengths = {4};
    Job job;
    const auto refused = [&](auto change) {
        SweepRequest request = good;
        change(request);
        try {
            sweep(request, nullptr, job);
        } catch (const Error& error) {
            return error.fault() == Fault::Request;
        }
        return false;
    };
    QVERIFY(refused([](SweepRequest& request) { request.methods.clear(); }));
    QVERIFY(refused([](SweepRequest& request) { request.methods[0].method = "nonsense"; }));
    QVERIFY(refused([](SweepRequest& request) { request.methods[0].knobs["nonsense"] = 1; }));
    QVERIFY(refused([](SweepRequest& request) { request.lengths = {4, 0}; }));
    QVERIFY(refused([](SweepRequest& request) { request.lengths.clear(); }));
    QVERIFY(refused([](SweepRequest& request) { request.repeats = 0; }));
    QVERIFY(refused([](SweepRequest& request) { request.shape.keyHeads = 2; }));
}

void MeasureTest::cancelStopsASweep()
{
    SweepRequest request;
    request.methods = {{std::string(baseline), {}}};
    request.shape = {1, 1, 4, 4, true};
    request.lengths = {8};
    request.repeats = 1000000;
    std::stop_source stop;
    int reports = 0;
    Job job(stop.get_token(), [&](const Progress&) {
        if (++reports == 2) // the length has begun
            stop.request_stop();
    });
    QVERIFY_EXCEPTION_THROWN(sweep(request, nullptr, job), Cancelled);
}

void MeasureTest::bandIsOfTheRounds()
{
    // In round r the other method takes (100 + 10·r)·n: rounds cross at 100, 110 … 190, so that 20 % lie at or below
    // 110 and 80 % at or below 170.
    Sweep sweep;
    for (int tokens = 16; tokens <= 1024; tokens *= 2) {
        SweepRow exact, other;
        exact.method = baseline;
        other.place = 1;
        exact.tokens = other.tokens = tokens;
        std::vector<std::int64_t> exactNs, otherNs;
        for (int round = 0; round < 10; ++round) {
            exactNs.push_back(std::int64_t(tokens) * tokens);
            otherNs.push_back(std::int64_t(100 + 10 * round) * tokens);
        }
        exact.timing = summarise(exactNs, false);
        other.timing = summarise(otherNs, false);
        sweep.rows.push_back(exact);
        sweep.rows.push_back(other);
    }
    const CrossoverBand band = crossoverBand(sweep, 1).value();
    QVERIFY(std::abs(band.low / 110 - 1) < 1e-3);
    QVERIFY(std::abs(band.high / 170 - 1) < 1e-3);
    QCOMPARE(band.rounds, 10);
    QCOMPARE(band.without, 0);
    QVERIFY(!crossoverBand(sweepOf(quadratic, [](double n) { return 1e6 * n; }), 1));
}

void MeasureTest::partialPicturesGrow()
{
    SweepRequest request;
    request.methods = {{std::string(baseline), {}}};
    request.shape = {1, 1, 4, 4, false};
    request.lengths = {4, 8, 16};
    request.repeats = 2;
    Job job;
    std::vector<std::size_t> rows;
    const Sweep result = sweep(request, nullptr, job, [&](const Sweep& now) {
        QVERIFY(now.peaks.fmaFlops > 0 && !now.machine.empty());
        rows.push_back(now.rows.size());
    });
    QCOMPARE(rows, (std::vector<std::size_t>{0, 1, 2, 3}));
    QCOMPARE(result.rows.size(), std::size_t(3));
}

void MeasureTest::estimateFollowsTheOperations()
{
    SweepRequest request;
    request.methods = {{std::string(baseline), {}}};
    request.shape = {1, 1, 4, 4, false};
    request.lengths = {64};
    request.repeats = 8;
    const double operations = double(findMethod(baseline).cost(request.shape, {}, 64).operations);
    const double seconds = estimatedSeconds(request, operations); // a pass a second
    QVERIFY(seconds > 8 && seconds < 12);
    request.lengths = {64, 64};
    QVERIFY(estimatedSeconds(request, operations) > 2 * 8);
}

void MeasureTest::ownWorkIsNoDisturbance()
{
    const OtherLoad load;
    QVERIFY(!load.share()); // too short to say
    const auto begin = std::chrono::steady_clock::now();
    volatile double sum = 0;
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(200))
        sum = sum + 1;
    if (!load.share())
        QSKIP("this system does not say what its processors do");
    QVERIFY(*load.share() >= 0 && *load.share() <= 1);
}

void MeasureTest::passIsTakenApart()
{
    constexpr int tokens = 33;
    LayerContext context;
    context.shape = {2, 1, 8, 8, true};
    const auto rows = [](int width) {
        std::vector<float> cells(std::size_t(tokens) * std::size_t(width));
        for (std::size_t i = 0; i < cells.size(); ++i)
            cells[i] = float(std::sin(double(i)));
        return Grid(std::move(cells), tokens, width);
    };
    const HeadTensors in{rows(16), rows(8), rows(8), {}};
    Job job;
    const Attended reference = attend(in, context, nullptr, {}, job);
    const PassTimes slow = measurePass(in, reference, context, {0}, nullptr, 3, job);
    QCOMPARE(slow.attention.samplesNs.size(), std::size_t(3));
    QCOMPARE(slow.map.samplesNs.size(), std::size_t(3));
    QVERIFY(slow.upload.samplesNs.empty() && slow.launches.empty());
    QCOMPARE(slow.stages.size(), std::size_t(2));
    if (Device::list().empty())
        QSKIP("there is no OpenCL device");
    Device device(Device::choose(""));
    Queue queue(device);
    DeviceBlocks blocks(device);
    DeviceContext onDevice{device, queue, blocks};
    const Attended attended = attend(in, context, &onDevice, {}, job);
    const PassTimes times = measurePass(in, attended, context, {1}, &onDevice, 3, job);
    QCOMPARE(times.stages.size(), std::size_t(4));
    QCOMPARE(times.stages.front().beginNs, std::int64_t(0));
    QVERIFY(!times.launches.empty());
    // The launches ran inside the attention's stage; the two clocks are matched to a fraction of a millisecond.
    const Span& stage = times.stages[1];
    for (const Span& launch : times.launches) {
        QVERIFY(launch.endNs >= launch.beginNs);
        QVERIFY(launch.beginNs > stage.beginNs - 1000000 && launch.endNs < stage.endNs + 1000000);
    }
    QCOMPARE(times.download.samplesNs.size(), std::size_t(3));
}

void MeasureTest::peaksAndMachine()
{
    Job job;
    const Peaks host = measurePeaks(nullptr, job);
    QVERIFY(host.fmaFlops > 1e6 && host.readBytesPerSecond > 1e6);
    QVERIFY(QString::fromStdString(machineLine(nullptr)).contains(QStringLiteral("reference")));
    if (Device::list().empty())
        QSKIP("there is no OpenCL device");
    Device device(Device::choose(""));
    Queue queue(device);
    DeviceBlocks blocks(device);
    DeviceContext context{device, queue, blocks};
    const Peaks peaks = measurePeaks(&context, job);
    QVERIFY(peaks.fmaFlops > 1e6 && peaks.readBytesPerSecond > 1e6);
    QVERIFY(machineLine(&context).find(device.info().name) != std::string::npos);
}

QTEST_APPLESS_MAIN(MeasureTest)
#include "tst_measure.moc"
