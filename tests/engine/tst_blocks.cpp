// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/recorder.h"
#include "engine/model/blocks.h"
#include "engine/values/error.h"
#include "tests/engine/support/heads.h"

#include <QtTest/QTest>

using namespace engine;
using namespace tests;

class TestBlocks : public QObject
{
    Q_OBJECT

private slots:

    void rotationsKeepLengthsAndSeeDistancesOnly()
    {
        for (const RopeKind kind : {RopeKind::Interleaved, RopeKind::RotateHalf}) {
            const Positions positions{kind, 10000.0};
            for (const int width : {2, 6, 64}) {
                const Matrix q = matrixOf(randomGrid(1, width, 1)), k = matrixOf(randomGrid(1, width, 2));
                const auto score = [&](int i, int j) {
                    return rotate(positions, q, i).row(0).dot(rotate(positions, k, j).row(0));
                };
                QVERIFY(std::abs(rotate(positions, q, 900).norm() - q.norm()) < 1e-12);
                QVERIFY(std::abs(score(7, 3) - score(1004, 1000)) < 1e-9);
                QVERIFY(std::abs(score(7, 3) - score(3, 7)) > 1e-3);
                QVERIFY(distance(q, rotate(positions, q, 0)) < 1e-15);
            }
            // A block of rows is its rows one by one.
            const Matrix rows = matrixOf(randomGrid(5, 8, 3));
            const Matrix whole = rotate(positions, rows, 11);
            for (int row = 0; row < 5; ++row)
                QVERIFY(distance(rotate(positions, rows.row(row), 11 + row), whole.row(row)) < 1e-15);
            QVERIFY_EXCEPTION_THROWN(rotate(positions, matrixOf(randomGrid(2, 7, 4)), 0), Error);
        }
        const Matrix rows = matrixOf(randomGrid(3, 7, 5));
        QVERIFY(rotate({}, rows, 50) == rows);
    }

    void theTwoKindsPairOtherNumbers()
    {
        // (1, 0, 0, 0) at position 1 turns its first pair by one radian.
        Matrix row = Matrix::Zero(1, 4);
        row(0, 0) = 1;
        const Matrix pairs = rotate({RopeKind::Interleaved, 10000.0}, row, 1);
        const Matrix halves = rotate({RopeKind::RotateHalf, 10000.0}, row, 1);
        QVERIFY(std::abs(pairs(0, 1) - std::sin(1.0)) < 1e-15 && pairs(0, 2) == 0);
        QVERIFY(std::abs(halves(0, 2) - std::sin(1.0)) < 1e-15 && halves(0, 1) == 0);
    }

    void normsAndDense()
    {
        const Matrix x = matrixOf(randomGrid(4, 9, 6));
        const std::vector<float> ones(9, 1.0F);
        const Matrix normed = rmsNorm(x, ones, 0.0);
        for (int row = 0; row < 4; ++row)
            QVERIFY(std::abs(normed.row(row).squaredNorm() / 9 - 1) < 1e-12);
        QVERIFY(distance(normed, rmsNorm(1000.0 * x, ones, 0.0)) < 1e-12);
        QVERIFY(rmsNorm(Matrix::Zero(1, 9), ones, 1e-5).isZero());
        // W [out, in]: row o of W gives column o.
        const std::vector<float> weight{1, 2, 3, 0, -1, 0.5F};
        Matrix in(1, 3);
        in << 1, 10, 100;
        const Matrix out = dense(in, weight, 2);
        QCOMPARE(out(0, 0), 321.0);
        QCOMPARE(out(0, 1), 40.0);
        Matrix gate(1, 2), up(1, 2);
        gate << 0, -1000;
        up << 5, 3;
        QVERIFY(swiGlu(gate, up).isZero());
        gate << 40, 1;
        QVERIFY(std::abs(swiGlu(gate, up)(0, 0) - 200) < 1e-12);
        QVERIFY(std::abs(swiGlu(gate, up)(0, 1) - 3 / (1 + std::exp(-1.0))) < 1e-15);
    }

    void seriesGrowRowByRow()
    {
        const Matrix rows = matrixOf(randomGrid(6, 3, 7));
        Recorder whole(TraceFilter::everything()), pieces(TraceFilter::everything());
        whole.append("a", {2}, rows);
        pieces.append("a", {2}, rows.topRows(1));
        pieces.append("a", {2}, rows.middleRows(1, 4));
        const auto early = pieces.snapshot();
        pieces.append("a", {2}, rows.bottomRows(1));
        const Where place{{2}, allHeads, {}};
        QVERIFY(matrixOf(whole.take()->grid("a", place)) == matrixOf(pieces.take()->grid("a", place)));
        QCOMPARE(early->grid("a", place).rows(), 5);
        QVERIFY(pieces.take()->records().empty());
        QVERIFY_EXCEPTION_THROWN(appendTwoWidths(), Error);
    }

    void filtersDecide()
    {
        TraceFilter filter;
        filter.probes = {"a"};
        filter.layers = {{1}};
        Recorder recorder(filter);
        QVERIFY(recorder.wants("a", {1}) && !recorder.wants("a", {0}) && !recorder.wants("b", {1}));
        QVERIFY(recorder.wants("a", wholeModel));
        recorder.append("b", {1}, Matrix::Ones(1, 1));
        recorder.append("a", {0}, Matrix::Ones(1, 1));
        QVERIFY(recorder.take()->records().empty());
        QVERIFY(!Recorder().wants("a", {1}));
    }

    void aFullTraceKeepsItsRowsInPlace()
    {
        TraceFilter filter = TraceFilter::everything();
        filter.byteLimit = 10 * sizeof(float);
        Recorder recorder(filter);
        recorder.append("a", {0}, Matrix::Ones(2, 4)); // 8 of 10
        recorder.append("a", {0}, Matrix::Ones(1, 4)); // does not fit
        recorder.append("b", {0}, Matrix::Ones(1, 2)); // does
        QVERIFY(recorder.snapshot()->truncated());
        recorder.append("a", {0}, Matrix::Ones(1, 4));
        const auto trace = recorder.take();
        QCOMPARE(trace->grid("a", {{0}, allHeads, {}}).rows(), 2);
        QCOMPARE(trace->grid("b", {{0}, allHeads, {}}).rows(), 1);
        QVERIFY(!recorder.snapshot()->truncated());
    }

    void snapshotsReplaceOneAnother()
    {
        TraceFilter filter = TraceFilter::everything();
        filter.byteLimit = 8 * sizeof(float);
        Recorder recorder(filter);
        for (int turn = 0; turn < 5; ++turn)
            recorder.keep("state", {{0}, {1}, {3}}, Matrix::Constant(2, 3, turn));
        recorder.keep("state", {{0}, {1}, {4}}, Matrix::Constant(1, 1, 9));
        const auto trace = recorder.take();
        QVERIFY(!trace->truncated());
        const auto kept = trace->snapshots("state", {0}, {1});
        QCOMPARE(kept.size(), std::size_t(2));
        QCOMPARE(kept[0].grid.at(1, 2), 4.0F);
        QCOMPARE(kept[1].grid.at(0, 0), 9.0F);
    }

    void deviceRowsArriveWithTheFinish()
    {
        const auto computer = machine();
        if (!computer)
            QSKIP("no OpenCL device on this machine");
        Buffer<float> rows(computer->device, 6);
        Recorder recorder(TraceFilter::everything());
        for (int turn = 0; turn < 3; ++turn) { // scratch is reused: each read comes before the next write
            const std::vector<float> cells(6, float(turn));
            computer->queue.write(rows, std::span<const float>(cells));
            recorder.append("a", {0}, rows, 2, 3, computer->queue);
        }
        computer->queue.finish();
        const Grid grid = recorder.take()->grid("a", {{0}, allHeads, {}});
        QCOMPARE(grid.rows(), 6);
        for (int row = 0; row < 6; ++row)
            QCOMPARE(grid.at(row, 2), float(row / 2));
    }

private:
    static void appendTwoWidths()
    {
        Recorder recorder(TraceFilter::everything());
        recorder.append("a", {0}, Matrix::Ones(1, 3));
        recorder.append("a", {0}, Matrix::Ones(1, 4));
    }
};

QTEST_GUILESS_MAIN(TestBlocks)
#include "tst_blocks.moc"
