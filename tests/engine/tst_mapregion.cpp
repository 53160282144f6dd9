// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/mapregion.h"
#include "tests/engine/support/heads.h"

#include <QtTest/QTest>

#include <cmath>
#include <fstream>

using namespace engine;
using namespace tests;

namespace {

// One method run over random heads, with a position scheme or without.
struct Run
{
    LayerContext context;
    Attended attended;

    Run(std::string_view method, int tokens, bool causal = true, RopeKind rope = RopeKind::None,
        const KnobValues& knobs = {}, DeviceContext* device = nullptr)
        : context(contextOf(method, {2, 1, 8, 8, causal}, knobs, {rope, 10000.0}))
    {
        Job job;
        attended = attend(randomHeads(context.shape, tokens, 3, 2.0F), context, device, {}, job);
    }

    Run() = default;

    Grid whole(HeadIndex head) const
    {
        const int tokens = attended.output().rows();
        return mapTile(attended, context, head, {0, tokens}, {0, tokens}, nullptr);
    }
};

// 65,536 tokens of one head that were never attended: the records are made up, a picture reads them as they are.
constexpr int longTokens = 65536;

Run longRun()
{
    Run run;
    run.context = contextOf("softmax", {1, 1, 8, 8, true});
    const HeadTensors in = randomHeads(run.context.shape, longTokens, 5);
    const Grid sums(std::vector<float>(longTokens, 9.0F), longTokens, 1);
    const Where where{run.context.layer, allHeads, {}};
    std::vector<Trace::Record> records;
    const auto add = [&](std::string_view probe, const Grid& grid) {
        records.push_back({std::string(probe), where, Provenance::Computed, grid});
    };
    add(probes::queryRaw, in.query);
    add(probes::keyRaw, in.key);
    add(probes::value, in.value);
    add(probes::mixed, in.value);
    add("softmax.lse", sums);
    run.attended.trace = std::make_shared<const Trace>(std::move(records), false);
    return run;
}

Grid refined(const Run& run, HeadIndex head, const MapRegion& region, DeviceContext* device = nullptr)
{
    std::vector<float> cells;
    int next = 0;
    Job job;
    refineRegion(run.attended, run.context, head, region, device, job, [&](int row, const Grid& rows) {
        if (row != next)
            return; // the size below tells
        next += rows.rows();
        for (int y = 0; y < rows.rows(); ++y)
            cells.insert(cells.end(), rows.row(y).begin(), rows.row(y).end());
    });
    if (next != region.rows())
        return {};
    return {std::move(cells), region.rows(), region.cols()};
}

bool canBe(const MapRegion& region, bool causal, int row, int col)
{
    return !causal || region.keysOf(col).first < region.queriesOf(row).end();
}

float largest(const Grid& whole, TokenRange queries, TokenRange keys)
{
    float found = 0;
    for (int query = queries.first; query < queries.end(); ++query)
        for (int key = keys.first; key < keys.end(); ++key)
            if (std::abs(whole.at(query, key)) > std::abs(found))
                found = whole.at(query, key);
    return found;
}

std::size_t residentBytes()
{
    std::size_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * 4096;
}

} // namespace

class TestMapRegion : public QObject
{
    Q_OBJECT

private slots:
    void regionsFit();
    void refinedIsTheLargestOfItsCells_data();
    void refinedIsTheLargestOfItsCells();
    void sampleIsOfTrueCells_data();
    void sampleIsOfTrueCells();
    void pairwiseAndRowByRowAgree();
    void badRegionsAreRefused();
    void abandonedWorkStops();
    void memoryFollowsTheTokens();
    void deviceAgrees();
};

void TestMapRegion::regionsFit()
{
    const MapRegion whole = fittingRegion({0, 1000}, {0, 1000}, 300, 300);
    QCOMPARE(whole.reduction, 4);
    QCOMPARE(whole.rows(), 250);
    QCOMPARE(fittingRegion({10, 20}, {0, 30}, 300, 300).reduction, 1);
    const MapRegion ragged{{5, 11}, {0, 7}, 4};
    QCOMPARE(ragged.rows(), 3);
    QCOMPARE(ragged.queriesOf(2), (TokenRange{13, 3}));
    QCOMPARE(ragged.keysOf(1), (TokenRange{4, 3}));
}

void TestMapRegion::refinedIsTheLargestOfItsCells_data()
{
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("queries");
    QTest::addColumn<int>("keys");
    QTest::addColumn<int>("reduction");
    QTest::addColumn<bool>("causal");
    QTest::newRow("whole") << 0 << 257 << 257 << 4 << true;
    QTest::newRow("whole, without mask") << 0 << 257 << 257 << 5 << false;
    QTest::newRow("a part beside the diagonal") << 131 << 77 << 190 << 3 << true;
    QTest::newRow("single cells") << 63 << 64 << 65 << 1 << true;
    QTest::newRow("one element") << 0 << 257 << 257 << 300 << true;
}

void TestMapRegion::refinedIsTheLargestOfItsCells()
{
    QFETCH(int, first);
    QFETCH(int, queries);
    QFETCH(int, keys);
    QFETCH(int, reduction);
    QFETCH(bool, causal);
    const Run run("softmax", 257, causal);
    const MapRegion region{{first, queries}, {0, keys}, reduction};
    const Grid whole = run.whole({1});
    const Grid picture = refined(run, {1}, region);
    QVERIFY(!picture.empty());
    for (int row = 0; row < region.rows(); ++row) {
        for (int col = 0; col < region.cols(); ++col) {
            if (canBe(region, causal, row, col))
                QCOMPARE(picture.at(row, col), largest(whole, region.queriesOf(row), region.keysOf(col)));
            else
                QVERIFY(std::isnan(picture.at(row, col)));
        }
    }
}

void TestMapRegion::sampleIsOfTrueCells_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<bool>("causal");
    QTest::addColumn<bool>("scaled");
    QTest::newRow("softmax") << "softmax" << true << false;
    QTest::newRow("softmax, without mask") << "softmax" << false << false;
    QTest::newRow("taylorshift") << "taylorshift" << true << false;
    QTest::newRow("taylorshift, not pairwise") << "taylorshift" << true << true;
}

void TestMapRegion::sampleIsOfTrueCells()
{
    QFETCH(QString, method);
    QFETCH(bool, causal);
    QFETCH(bool, scaled);
    KnobValues knobs;
    if (scaled)
        knobs["output_scale"] = true;
    const Run run(method.toStdString(), 257, causal, RopeKind::RotateHalf, knobs);
    QCOMPARE(findMethod(method.toStdString()).pairwise(run.context), !scaled);
    const Grid whole = run.whole({1});
    Job job;
    for (const MapRegion& region :
         {MapRegion{{0, 257}, {0, 257}, 9}, MapRegion{{100, 150}, {30, 99}, 4}, MapRegion{{200, 40}, {190, 50}, 1}}) {
        const Grid sample = sampleRegion(run.attended, run.context, {1}, region, nullptr, job);
        QCOMPARE(sample.rows(), region.rows());
        for (int row = 0; row < region.rows(); ++row) {
            for (int col = 0; col < region.cols(); ++col) {
                if (!canBe(region, causal, row, col)) {
                    QVERIFY(std::isnan(sample.at(row, col)));
                    continue;
                }
                const TokenRange queries = region.queriesOf(row), keys = region.keysOf(col);
                const float cell = whole.at(queries.first + queries.count / 2, keys.first + keys.count / 2);
                // The turned rows went through float once.
                QVERIFY(std::abs(sample.at(row, col) - cell) <= 1e-5F * std::max(1e-3F, std::abs(cell)) * 10);
            }
        }
    }
}

void TestMapRegion::pairwiseAndRowByRowAgree()
{
    // A method that is not pairwise under one knob and is under another gives the same places.
    const Run run("taylorshift", 130);
    const MapRegion region{{0, 130}, {0, 130}, 4};
    Job job;
    const Grid sample = sampleRegion(run.attended, run.context, {0}, region, nullptr, job);
    const Grid exact = refined(run, {0}, region);
    for (int row = 0; row < region.rows(); ++row)
        for (int col = 0; col <= row; ++col)
            QVERIFY(std::abs(sample.at(row, col)) <= std::abs(exact.at(row, col)) + 1e-6F);
}

void TestMapRegion::badRegionsAreRefused()
{
    const Run run("softmax", 20);
    Job job;
    for (const MapRegion& region : {MapRegion{{0, 21}, {0, 20}, 1}, MapRegion{{-1, 5}, {0, 20}, 1},
                                    MapRegion{{0, 0}, {0, 20}, 1}, MapRegion{{0, 20}, {0, 20}, 0}}) {
        try {
            sampleRegion(run.attended, run.context, {0}, region, nullptr, job);
            QFAIL("a region outside the map was drawn");
        } catch (const Error& error) {
            QCOMPARE(error.fault(), Fault::Request);
        }
    }
}

void TestMapRegion::abandonedWorkStops()
{
    const Run run = longRun();
    std::stop_source stop;
    Job job(stop.get_token());
    int bands = 0;
    const MapRegion region{{0, 4096}, {0, 300}, 256}; // two bands of eight rows
    QVERIFY_EXCEPTION_THROWN(refineRegion(run.attended, run.context, {0}, region, nullptr, job,
                                          [&](int, const Grid& rows) {
                                              bands += rows.rows() == 8;
                                              stop.request_stop();
                                          }),
                             Cancelled);
    QCOMPARE(bands, 1);
    QVERIFY_EXCEPTION_THROWN(sampleRegion(run.attended, run.context, {0}, region, nullptr, job), Cancelled);
}

void TestMapRegion::memoryFollowsTheTokens()
{
    const Run run = longRun();
    const std::size_t before = residentBytes();
    Job job;
    const Grid sample = sampleRegion(run.attended, run.context, {0},
                                     fittingRegion({0, longTokens}, {0, longTokens}, 300, 300), nullptr, job);
    QCOMPARE(sample.rows(), 300); // 219 : 1
    const MapRegion strip{{longTokens - 256, 256}, {0, longTokens}, 256};
    refineRegion(run.attended, run.context, {0}, strip, nullptr, job, [](int, const Grid&) {});
    // The whole map would be 17 GB. A tile of 2048 × 256 takes 2 MB, and twice as much in float64.
#ifdef __SANITIZE_ADDRESS__
    QSKIP("the address sanitizer keeps freed memory for a while: resident bytes say nothing here");
#endif
    QVERIFY(residentBytes() < before + (std::size_t(200) << 20U));
}

void TestMapRegion::deviceAgrees()
{
    const auto here = machine();
    if (!here)
        QSKIP("no OpenCL device");
    for (const char* method : {"softmax", "taylorshift"}) {
        const Run run(method, 300, true, RopeKind::Interleaved, {}, &here->context);
        const MapRegion region{{20, 280}, {0, 300}, 7};
        const Grid device = refined(run, {1}, region, &here->context), host = refined(run, {1}, region);
        Job job;
        const Grid sample = sampleRegion(run.attended, run.context, {1}, region, &here->context, job);
        const Grid expected = sampleRegion(run.attended, run.context, {1}, region, nullptr, job);
        for (int row = 0; row < region.rows(); ++row) {
            for (int col = 0; col < region.cols(); ++col) {
                if (!canBe(region, true, row, col))
                    continue;
                QVERIFY(std::abs(device.at(row, col) - host.at(row, col)) < 1e-4F);
                QVERIFY(std::abs(sample.at(row, col) - expected.at(row, col)) < 1e-4F);
            }
        }
    }
}

QTEST_APPLESS_MAIN(TestMapRegion)
#include "tst_mapregion.moc"
