// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/sweep.h"

#include <QtTest/QTest>

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
