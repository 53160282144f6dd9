// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/cost.h"
#include "engine/methods/infini/memory.h"
#include "engine/methods/infini/records.h"
#include "tests/engine/support/heads.h"

#include <QtTest/QTest>

#include <algorithm>

using namespace engine;
using namespace tests;
using infini::Memory;
using infini::Options;

namespace {

constexpr std::string_view id = "infini";
constexpr int linear = 0, delta = 1; // of knob rule
constexpr int firstA = 0, firstB = 1;
const Positions turned{RopeKind::RotateHalf, 10000.0};

LayerContext contextWith(const LayerShape& shape, const KnobValues& knobs = {}, Positions positions = {})
{
    return contextOf(id, shape, knobs, positions);
}

Grid scaled(const Grid& grid, double factor)
{
    return gridOf(factor * matrixOf(grid));
}

Options optionsWith(int segment, int rule = linear, bool correction = false)
{
    Options options;
    options.segment = segment;
    options.delta = rule == delta;
    options.correction = correction;
    return options;
}

std::vector<Memory> memories(const Grid& keys, const Grid& values, const Options& options)
{
    return infini::memoriesOf(matrixOf(keys), matrixOf(values), options, "a test");
}

bool finiteRefused(const LayerContext& context)
{
    try {
        checkPlan(context);
        return false;
    } catch (const Error& error) {
        return error.fault() == Fault::Request;
    }
}

double cosine(const Vector& a, const Vector& b)
{
    return a.dot(b) / (a.norm() * b.norm());
}

// Mean over the stored keys of the cosine between what a memory returns for a key, its mean over the keys removed, and
// the key's value, its mean removed.
double centredRecall(const Matrix& keys, const Matrix& values)
{
    const Memory memory = infini::memoriesOf(keys, values, optionsWith(int(keys.rows())), "a test").back();
    const Matrix read = infini::readOut(memory, infini::features(keys)).rows;
    const Eigen::RowVectorXd meanRead = read.colwise().mean(), meanValue = values.colwise().mean();
    double sum = 0;
    for (Eigen::Index row = 0; row < keys.rows(); ++row)
        sum += cosine((read.row(row) - meanRead).transpose(), (values.row(row) - meanValue).transpose());
    return sum / double(keys.rows());
}

} // namespace

class TestInfini : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { m_machine = machine(); }

    // 1: one stored token comes back whatever is asked.
    void oneTokenIsReturned()
    {
        const Grid keys = randomGrid(1, 6, 1), values = randomGrid(1, 5, 2);
        for (const int rule : {linear, delta}) {
            const Memory memory = memories(keys, values, optionsWith(8, rule)).back();
            const Matrix read = infini::readOut(memory, infini::features(matrixOf(randomGrid(9, 6, 3, 2.0F)))).rows;
            QVERIFY(distance(matrixOf(values).replicate(9, 1), read) < 1e-12);
        }
    }

    // 2: a read-out of the linear rule is a weighted mean of the stored values.
    void linearReadOutsAreMeans()
    {
        const Grid keys = randomGrid(40, 6, 4), values = randomGrid(40, 5, 5);
        const Matrix v = matrixOf(values);
        const Memory memory = memories(keys, values, optionsWith(7)).back();
        const Matrix read = infini::readOut(memory, infini::features(matrixOf(randomGrid(30, 6, 6, 3.0F)))).rows;
        for (Eigen::Index c = 0; c < v.cols(); ++c) {
            QVERIFY(read.col(c).maxCoeff() <= v.col(c).maxCoeff() + 1e-12);
            QVERIFY(read.col(c).minCoeff() >= v.col(c).minCoeff() - 1e-12);
        }
    }

    // 3: the linear memory knows neither segments nor order.
    void linearMemoryHasNoOrder()
    {
        const Grid keys = randomGrid(29, 4, 7), values = randomGrid(29, 3, 8);
        const Memory once = memories(keys, values, optionsWith(64)).back();
        for (const int segment : {1, 2, 7, 28, 29}) {
            const Memory other = memories(keys, values, optionsWith(segment)).back();
            QVERIFY(distance(once.m, other.m) < 1e-12 && distance(Matrix(once.z), Matrix(other.z)) < 1e-12);
        }
        const Grid turnedKeys = gridOf(matrixOf(keys).colwise().reverse());
        const Grid turnedValues = gridOf(matrixOf(values).colwise().reverse());
        QVERIFY(distance(once.m, memories(turnedKeys, turnedValues, optionsWith(4)).back().m) < 1e-12);
        // The delta rule's does.
        QVERIFY(distance(memories(keys, values, optionsWith(4, delta)).back().m,
                         memories(turnedKeys, turnedValues, optionsWith(4, delta)).back().m) > 1e-3);
    }

    // 4: z grows in every coordinate.
    void normaliserGrows()
    {
        const auto all = memories(randomGrid(30, 4, 9), randomGrid(30, 3, 10), optionsWith(3, delta));
        QCOMPARE(all.size(), std::size_t(11));
        for (std::size_t i = 1; i < all.size(); ++i)
            QVERIFY((all[i].z.array() > all[i - 1].z.array()).all());
    }

    // 5: values in, values out: everything is linear in V.
    void scalesWithTheValues()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        HeadTensors in = randomHeads(shape, 50, 11);
        for (const int rule : {linear, delta}) {
            const LayerContext context = contextWith(shape, {{"segment", 8}, {"rule", rule}});
            const Matrix mixed = mixedOf(in, context);
            HeadTensors larger = in;
            larger.value = scaled(in.value, 4);
            QVERIFY(distance(4 * mixed, mixedOf(larger, context)) < 1e-12);
        }
    }

    // 6: the ends of the gate.
    void gateEnds()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        const HeadTensors in = randomHeads(shape, 40, 12);
        const Matrix off = mixedOf(in, contextWith(shape, {{"segment", 8}, {"gate", -40.0}}));
        for (int first = 0; first < 40; first += 8) { // local attention: each segment by itself
            const HeadTensors part{
                in.query.rowRange(first, 8), in.key.rowRange(first, 8), in.value.rowRange(first, 8), {}};
            QVERIFY(distance(mixedOf(part, contextOf(baseline, shape)), off.middleRows(first, 8)) < 1e-12);
        }
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const LayerContext on = contextWith(shape, {{"segment", 8}, {"gate", 40.0}});
        const Attended attended = attend(in, on, nullptr, every, job);
        const Matrix read = matrixOf(attended.trace->grid("infini.read", {{0}, allHeads, {}}));
        QVERIFY(distance(read.bottomRows(32), matrixOf(attended.output()).bottomRows(32)) < 1e-6);
        QVERIFY(matrixOf(attended.trace->grid("infini.share", {{0}, allHeads, {}})).bottomRows(32).minCoeff() > 0.999);
    }

    // 7: three segments and more; every head; both rules.
    void laterTokensChangeNothingBefore()
    {
        const LayerShape shape{4, 2, 6, 4, true};
        HeadTensors in = randomHeads(shape, 37, 13);
        for (const KnobValues& knobs : {KnobValues{{"segment", 8}}, KnobValues{{"segment", 8}, {"rule", delta}},
                                        KnobValues{{"segment", 8}, {"rule", delta}, {"correction", true}}}) {
            const LayerContext context = contextWith(shape, knobs, turned);
            const Matrix mixed = mixedOf(in, context);
            for (const int token : {0, 7, 8, 20, 36}) {
                HeadTensors changed = in;
                for (Grid* grid : {&changed.query, &changed.key, &changed.value}) {
                    Matrix rows = matrixOf(*grid);
                    rows.row(token).array() += 1.5;
                    *grid = gridOf(rows);
                }
                const Matrix other = mixedOf(changed, context);
                QVERIFY(token == 0 || distance(mixed.topRows(token), other.topRows(token)) == 0);
                QVERIFY((mixed.row(token) - other.row(token)).cwiseAbs().minCoeff() > 0);
            }
        }
    }

    // 8: token by token, in sevens, whole: on the device, whose state is what streams.
    void streamingIsParallel_data()
    {
        QTest::addColumn<int>("segment");
        QTest::addColumn<int>("rule");
        QTest::addColumn<bool>("correction");
        for (const int segment : {1, 5, 32, 33, 64, 200}) {
            QTest::addRow("linear, %d", segment) << segment << linear << false;
            QTest::addRow("delta, %d", segment) << segment << delta << false;
            QTest::addRow("corrected, %d", segment) << segment << delta << true;
        }
    }

    void streamingIsParallel()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        QFETCH(int, segment);
        QFETCH(int, rule);
        QFETCH(bool, correction);
        const LayerShape shape{4, 2, 12, 20, true};
        const HeadTensors in = randomHeads(shape, 131, 14);
        LayerContext context = contextWith(
            shape, {{"segment", segment}, {"rule", rule}, {"correction", correction}, {"first", firstA}}, turned);
        context.plan.parameters["gate"] = {-1.0F, 0.0F, 0.5F, 2.0F};
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const Attended exact = attend(in, context, nullptr, every, job);
        for (const int feed : {0, 1, 7, 100}) {
            every.feed = feed;
            const Attended found = attend(in, context, &m_machine->context, every, job);
            QVERIFY(distance(exact.output(), found.output()) <= 1e-5);
            QVERIFY(proof(found, context, {3}, nullptr, job) <= 1e-5);
            for (const char* probe : {"infini.memory", "infini.normaliser", "infini.singular_values"}) {
                const auto expected = exact.trace->snapshots(probe, {0}, {2});
                const auto kept = found.trace->snapshots(probe, {0}, {2});
                QCOMPARE(kept.size(), std::size_t(infini::segmentsOf(131, segment)));
                QCOMPARE(kept.size(), expected.size());
                for (std::size_t i = 0; i < kept.size(); ++i) {
                    QCOMPARE(kept[i].where.token.value, (int(i) + 1) * segment - 1);
                    QVERIFY(distance(expected[i].grid, kept[i].grid) <= 2e-5);
                }
            }
            for (const char* probe : {"infini.novelty", "infini.share", "infini.read", "infini.denominator"}) {
                const Where place{{0}, allHeads, {}};
                QVERIFY2(distance(exact.trace->grid(probe, place), found.trace->grid(probe, place)) <= 1e-4, probe);
            }
        }
    }

    // 10: positions touch neither memory nor read-out.
    void positionsStayOutOfTheMemory()
    {
        const LayerShape shape{2, 2, 6, 4, true};
        const HeadTensors in = randomHeads(shape, 40, 15);
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const Attended plain = attend(in, contextWith(shape, {{"segment", 8}}), nullptr, every, job);
        for (const LayerContext& context : {contextWith(shape, {{"segment", 8}}, turned),
                                            contextWith(shape, {{"segment", 8}, {"rope_theta", 50.0}})}) {
            const Attended rotated = attend(in, context, nullptr, every, job);
            QVERIFY(distance(plain.output(), rotated.output()) > 1e-3);
            const auto one = plain.trace->snapshots("infini.memory", {0}, {1});
            const auto other = rotated.trace->snapshots("infini.memory", {0}, {1});
            for (std::size_t i = 0; i < one.size(); ++i)
                QVERIFY(distance(one[i].grid, other[i].grid) == 0);
            const Where place{{0}, allHeads, {}};
            QVERIFY(distance(plain.trace->grid("infini.read", place), rotated.trace->grid("infini.read", place)) == 0);
        }
    }

    // 11: after reset() a device starts as if nothing had been (timed repeats reset between passes).
    void resetForgets()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        const LayerShape shape{2, 1, 8, 8, true};
        const HeadTensors in = randomHeads(shape, 50, 16);
        const LayerContext context = contextWith(shape, {{"segment", 16}, {"first", firstA}}, turned);
        const auto attention = findMethod(id).deviceAttention(context, m_machine->context, 50);
        Queue& queue = m_machine->queue;
        const auto uploaded = [&](const Grid& grid) {
            std::vector<float> cells;
            for (int row = 0; row < grid.rows(); ++row)
                cells.insert(cells.end(), grid.row(row).begin(), grid.row(row).end());
            Buffer<float> buffer(m_machine->device, cells.size());
            queue.write(buffer, std::span<const float>(cells));
            return buffer;
        };
        const Buffer<float> query = uploaded(in.query), key = uploaded(in.key), value = uploaded(in.value);
        Buffer<float> out(m_machine->device, 50 * 16);
        const auto pass = [&] {
            Recorder nothing;
            attention->append({query, key, value, nullptr, 0, 50}, out, m_machine->context, nothing);
            std::vector<float> cells(50 * 16);
            queue.read(out, std::span<float>(cells));
            return cells;
        };
        const std::vector<float> first = pass();
        attention->reset(queue);
        QVERIFY(first == pass());
    }

    // 12: shared key/value heads.
    void sharedHeads()
    {
        const LayerShape shared{4, 2, 6, 4, true}, apart{4, 4, 6, 4, true};
        const HeadTensors in = randomHeads(shared, 40, 17);
        const auto doubled = [](const Grid& grid) {
            const Matrix rows = matrixOf(grid);
            const Eigen::Index width = rows.cols() / 2;
            Matrix all(rows.rows(), 2 * rows.cols());
            all << rows.leftCols(width), rows.leftCols(width), rows.rightCols(width), rows.rightCols(width);
            return gridOf(all);
        };
        const HeadTensors copied{in.query, doubled(in.key), doubled(in.value), {}};
        for (const int rule : {linear, delta}) {
            const KnobValues knobs{{"segment", 8}, {"rule", rule}};
            QVERIFY(distance(mixedOf(in, contextWith(shared, knobs)), mixedOf(copied, contextWith(apart, knobs))) == 0);
        }
    }

    // 13 has no padding here: a text is never padded, its last segment is short. Same tokens, same outputs.
    void raggedEndIsNotPadded()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        const HeadTensors in = randomHeads(shape, 43, 18);
        const LayerContext context = contextWith(shape, {{"segment", 8}}, turned);
        const Matrix whole = mixedOf(in, context);
        for (const int count : {1, 8, 9, 42})
            QVERIFY(distance(whole.topRows(count), mixedOf(firstTokens(in, count), context)) == 0);
    }

    // 14 and §7.3: the delta rule is biased, because z grows by what M does not.
    void deltaIsBiased()
    {
        const Matrix key = Matrix::Constant(1, 2, 0.3), query = infini::features(key);
        const Matrix keys = key.replicate(2, 1);
        Matrix same(2, 2), other(2, 2);
        same << 2, -1, 2, -1;
        other << 2, -1, 4, 3;
        const auto read = [&](const Matrix& values, int rule, bool correction) -> Matrix {
            return infini::readOut(infini::memoriesOf(keys, values, optionsWith(1, rule, correction), "a test").back(),
                                   query)
                .rows;
        };
        const auto row = [](double a, double b) -> Matrix { return Eigen::RowVector2d(a, b); };
        QVERIFY(distance(row(2, -1), read(same, linear, false)) < 1e-12);
        QVERIFY(distance(row(1, -0.5), read(same, delta, false)) < 1e-12);
        QVERIFY(distance(row(2, -1), read(same, delta, true)) < 1e-12);
        QVERIFY(distance(row(3, 1), read(other, linear, false)) < 1e-12);
        QVERIFY(distance(row(2, 1.5), read(other, delta, false)) < 1e-12);
        QVERIFY(distance(row(4, 3), read(other, delta, true)) < 1e-12);
        // A segment written twice, and constant values over many.
        const Matrix k = matrixOf(randomGrid(16, 6, 19)).replicate(4, 1), v = Matrix::Ones(64, 3);
        const auto all = infini::memoriesOf(k, v, optionsWith(16, delta), "a test");
        const Matrix f = infini::features(matrixOf(randomGrid(5, 6, 20)));
        QVERIFY(distance(Matrix::Ones(5, 3), infini::readOut(all[1], f).rows) < 1e-12);
        for (std::size_t i = 2; i < all.size(); ++i)
            QVERIFY(distance(0.5 * Matrix::Ones(5, 3), infini::readOut(all[i], f).rows) < 1e-12);
    }

    // A short segment first and long ones after it overshoot (§7.3): never more than the last may be short.
    void deltaOvershootsAfterAShortSegment()
    {
        const Matrix keys = matrixOf(randomGrid(128, 64, 21)), values = matrixOf(randomGrid(128, 64, 22));
        const auto growth = [&](int first) {
            Memory memory = infini::emptyMemory(64, 64);
            const Options options = optionsWith(64, delta);
            memory = infini::written(memory, infini::features(keys.topRows(first)), values.topRows(first), options);
            const double before = memory.m.norm();
            memory = infini::written(memory, infini::features(keys.middleRows(first, 64)), values.middleRows(first, 64),
                                     options);
            return memory.m.norm() / before;
        };
        QVERIFY(growth(1) > 20);
        QVERIFY(growth(64) < 2);
    }

    // 15, shortened to what a test may take: the device's float32 state over many tokens.
    void stateStaysFinite()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        const LayerShape shape{1, 1, 8, 8, true};
        const int tokens = 60000;
        const HeadTensors in = randomHeads(shape, tokens, 23);
        Job job;
        AttendOptions options;
        options.everyProbe = true;
        options.feed = 4096;
        const LayerContext context = contextWith(shape, {{"segment", 500}});
        const Attended found = attend(in, context, &m_machine->context, options, job);
        const Matrix z = matrixOf(found.trace->snapshots("infini.normaliser", {0}, {0}).back().grid);
        QVERIFY(matrixOf(found.trace->snapshots("infini.memory", {0}, {0}).back().grid).allFinite());
        const Matrix mean = infini::features(matrixOf(in.key)).colwise().mean();
        QVERIFY(distance(mean, z / tokens) < 1e-4);
        QVERIFY(std::abs(z.mean() / tokens - 1.160) < 0.0116); // E σ(k), k ~ N(0, 1)
        QCOMPARE(std::int64_t(found.stateBytes), findMethod(id).cost(shape, {{"segment", 500}}, 1000000).stateBytes);
    }

    // §7.2.
    void capacityLaw()
    {
        for (const int tokens : {64, 128, 256, 512, 1024, 2048}) {
            double sum = 0;
            const int runs = std::max(1, 4096 / tokens);
            for (int run = 0; run < runs; ++run)
                sum += centredRecall(matrixOf(randomGrid(tokens, 64, unsigned(100 * run + 1))),
                                     matrixOf(randomGrid(tokens, 64, unsigned(100 * run + 2))));
            const double law = std::sqrt(64.0 / (64.0 + tokens));
            QVERIFY2(std::abs(sum / runs - law) < 0.01,
                     (std::to_string(tokens) + " tokens: " + std::to_string(sum / runs)).c_str());
        }
    }

    // §3, row by row; the rows and their tests:
    //   first segment (z = 0), A and B      emptyMemory
    //   denominator, max(den, 1e-6)         denominatorsAreClamped
    //   last segment shorter than N         raggedEndIsNotPadded; not written before more follows: streamingIsParallel
    //   sequence ≤ N                        segmentLongerThanTheText: legal, plain attention, and the account says so
    //   N = 1                               segmentOfOne
    //   short segment first, delta rule     deltaOvershootsAfterAShortSegment
    //   keys below −80                      keysThatVanish
    //   float32 sums                        stateStaysFinite: beyond float16's range, and bfloat16 would stand still
    //   NaN at commit                       nothingBrokenEnters
    //   d_k ≠ d_v                           emptyMemory and most others: 6 and 4
    //   gates of the wrong number, segment 0, causal = false (exit 2)     badPlansAreRefused, tst_cli
    void emptyMemory()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        const HeadTensors in = randomHeads(shape, 8, 24);
        const Matrix exact = mixedOf(in, contextOf(baseline, shape, {}, turned));
        const auto mixed = [&](int first) {
            return mixedOf(in, contextWith(shape, {{"segment", 8}, {"gate", 1.0}, {"first", first}}, turned));
        };
        QVERIFY(distance(exact, mixed(firstB)) < 1e-12); // a text within a segment is plain attention
        QVERIFY(distance(exact / (1 + std::exp(1.0)), mixed(firstA)) < 1e-12);
    }

    void segmentOfOne()
    {
        const LayerShape shape{1, 1, 4, 3, true};
        const HeadTensors in = randomHeads(shape, 6, 25);
        const Matrix mixed = mixedOf(in, contextWith(shape, {{"segment", 1}}));
        const Matrix q = infini::features(matrixOf(in.query)), k = infini::features(matrixOf(in.key));
        const Matrix v = matrixOf(in.value);
        for (int row = 1; row < 6; ++row) { // itself, and linear attention over the past
            const Matrix w = q.row(row) * k.topRows(row).transpose();
            const Matrix expected = 0.5 * v.row(row) + 0.5 * w * v.topRows(row) / w.sum();
            QVERIFY(distance(expected, mixed.row(row)) < 1e-12);
        }
    }

    void segmentLongerThanTheText()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        const HeadTensors in = randomHeads(shape, 20, 26);
        for (const KnobValue segment : {KnobValue(20), KnobValue(21), KnobValue(65536)})
            QVERIFY(distance(mixedOf(in, contextOf(baseline, shape, {}, turned)),
                             mixedOf(in, contextWith(shape, {{"segment", segment}}, turned))) < 1e-12);
        QVERIFY(findMethod(id).cost(shape, {{"segment", 20}}, 20).reason.find("never read") != std::string::npos);
        QVERIFY(findMethod(id).cost(shape, {{"segment", 19}}, 20).reason.find("never read") == std::string::npos);
    }

    // Keys below −88 leave nothing: the memory is still empty, whichever segment it is. Device and reference agree.
    void keysThatVanish()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        HeadTensors in = randomHeads(shape, 40, 27);
        Matrix keys = matrixOf(in.key);
        keys.topRows(24).setConstant(-100);
        in.key = gridOf(keys);
        for (const int first : {firstA, firstB}) {
            const LayerContext context = contextWith(shape, {{"segment", 8}, {"first", first}});
            const Matrix mixed = mixedOf(in, context);
            const HeadTensors part{in.query.rowRange(16, 8), in.key.rowRange(16, 8), in.value.rowRange(16, 8), {}};
            const Matrix local = mixedOf(part, contextOf(baseline, shape));
            QVERIFY(distance((first == firstA ? 0.5 : 1.0) * local, mixed.middleRows(16, 8)) < 1e-12);
            Job job;
            const Attended attended = attend(in, context, nullptr, {}, job);
            QVERIFY(proof(attended, context, {1}, nullptr, job) < tolerance(in, shape));
            if (m_machine)
                QVERIFY(distance(mixed, matrixOf(attend(in, context, &m_machine->context, {}, job).output())) < 1e-5);
        }
    }

    // Denominators below 1e-6 are raised to it.
    void denominatorsAreClamped()
    {
        const LayerShape shape{1, 1, 4, 3, true};
        HeadTensors in = randomHeads(shape, 16, 28);
        in.key = gridOf(Matrix::Constant(16, 4, -20));
        in.query = gridOf(Matrix::Constant(16, 4, -20));
        const LayerContext context = contextWith(shape, {{"segment", 8}, {"gate", 40.0}});
        Job job;
        const Attended attended = attend(in, context, nullptr, {}, job);
        const Matrix den = matrixOf(attended.trace->grid("infini.denominator", {{0}, allHeads, {}}));
        QVERIFY(den(8, 0) > 0 && den(8, 0) < 1e-12);
        QVERIFY(matrixOf(attended.output()).bottomRows(8).cwiseAbs().maxCoeff() < 1e-6);
        QVERIFY(proof(attended, context, {0}, nullptr, job) < tolerance(in, shape));
        if (m_machine)
            QVERIFY(distance(matrixOf(attended.output()),
                             matrixOf(attend(in, context, &m_machine->context, {}, job).output())) < 1e-5);
    }

    // One number that is not finite would poison the memory for ever: refused where it would enter.
    void nothingBrokenEnters()
    {
        const LayerShape shape{1, 1, 4, 3, true};
        const HeadTensors in = randomHeads(shape, 20, 29);
        LayerInput input{{}, {matrixOf(in.query)}, {matrixOf(in.key)}, {matrixOf(in.value)}};
        input.keys[0](9, 2) = std::numeric_limits<double>::quiet_NaN();
        Recorder nothing;
        try {
            findMethod(id).attention(input, contextWith(shape, {{"segment", 4}}), nothing);
            QFAIL("accepted");
        } catch (const Error& error) {
            QCOMPARE(error.fault(), Fault::Request);
            QVERIFY(std::string(error.what()).find("tokens 8 to 11") != std::string::npos);
        }
        if (!m_machine)
            return;
        // Finite, and too large for float32 once summed.
        HeadTensors huge = in;
        huge.value = gridOf(Matrix::Constant(20, 3, 3e38));
        Job job;
        QVERIFY_EXCEPTION_THROWN(attend(huge, contextWith(shape, {{"segment", 4}}), &m_machine->context, {}, job),
                                 Error);
    }

    void badPlansAreRefused()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        LayerShape full = shape, odd = shape;
        full.causal = false;
        odd.keyWidth = 5;
        QVERIFY(finiteRefused(contextWith(full)));
        QVERIFY(finiteRefused(contextWith(shape, {{"segment", 0}})));
        QVERIFY(finiteRefused(contextWith(shape, {{"rope_theta", 0.5}})));
        QVERIFY(finiteRefused(contextWith(odd, {{"rope_theta", 100.0}})));
        QVERIFY(!finiteRefused(contextWith(odd)));
        const auto refusedWith = [&](const char* name, std::vector<float> values) {
            LayerContext context = contextWith(shape);
            context.plan.parameters[name] = std::move(values);
            return finiteRefused(context);
        };
        QVERIFY(!refusedWith("gate", {1, 2}));
        QVERIFY(refusedWith("gate", {1}));
        QVERIFY(refusedWith("gate", {1, 2, 3}));
        QVERIFY(refusedWith("gate", {1, std::numeric_limits<float>::quiet_NaN()}));
        QVERIFY(!refusedWith("segment", {32}));
        QVERIFY(refusedWith("segment", {0}));
        QVERIFY(refusedWith("segment", {2.5F}));
        QVERIFY(refusedWith("segment", {2, 3}));
    }

    void aCheckpointsGatesAndSegmentWin()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        LayerContext context = contextWith(shape, {{"segment", 64}, {"gate", 3.0}});
        context.plan.parameters["segment"] = {16};
        context.plan.parameters["gate"] = {0, -40};
        QCOMPARE(infini::optionsOf(context).segment, 16);
        QCOMPARE(infini::gates(context).front(), 0.5);
        QVERIFY(infini::gates(context).back() < 1e-17);
    }

    // Knocked out: no gate, nothing returned, the wrong content.
    void memoryCanBeKnockedOut()
    {
        const LayerShape shape{2, 1, 7, 4, true};
        const HeadTensors in = randomHeads(shape, 60, 31);
        const auto with = [&](int memory, double gate) {
            return contextWith(shape, {{"segment", 8}, {"memory", memory}, {"gate", gate}}, {});
        };
        const double g = 1 / (1 + std::exp(-1.0));
        const Matrix on = mixedOf(in, with(0, 1)), off = mixedOf(in, with(1, 1)), zeroed = mixedOf(in, with(2, 1));
        QVERIFY(distance(mixedOf(in, with(0, -40)), off) < 1e-12);
        QVERIFY(distance((1 - g) * off.bottomRows(52), zeroed.bottomRows(52)) < 1e-12);
        QVERIFY(distance(off.topRows(8), zeroed.topRows(8)) < 1e-12);
        const Matrix shuffled = mixedOf(in, with(3, 1));
        QVERIFY(distance(on.topRows(8), shuffled.topRows(8)) == 0 && distance(on, shuffled) > 1e-3);
        for (int memory = 0; memory < 4; ++memory) {
            Job job;
            const Attended exact = attend(in, with(memory, 1), nullptr, {}, job);
            QVERIFY(proof(exact, with(memory, 1), {1}, nullptr, job) < 1e-5);
            AttendOptions options;
            for (options.feed = 0; m_machine && options.feed < 2; ++options.feed)
                QVERIFY(distance(exact.output(),
                                 attend(in, with(memory, 1), &m_machine->context, options, job).output()) < 1e-5);
        }
    }

    // The map of the delta rule has negative weights, and says so.
    void deltaMapIsSigned()
    {
        const LayerShape shape{2, 1, 6, 4, true};
        const HeadTensors in = randomHeads(shape, 60, 30);
        Job job;
        for (const bool correction : {false, true}) {
            const KnobValues knobs{{"segment", 8}, {"rule", delta}, {"correction", correction}};
            const LayerContext context = contextWith(shape, knobs, turned);
            const Attended attended = attend(in, context, nullptr, {}, job);
            QVERIFY(proof(attended, context, {1}, nullptr, job) < 1e-6);
            const Matrix map = matrixOf(mapTile(attended, context, {1}, {0, 60}, {0, 60}, nullptr));
            QVERIFY(map.minCoeff() < -1e-3);
            const Matrix tile = matrixOf(mapTile(attended, context, {1}, {30, 20}, {11, 30}, nullptr));
            QVERIFY(distance(map.block(30, 11, 20, 30), tile) < 1e-6);
            const Attended exact = attend(in, contextOf(baseline, shape, {}, turned), nullptr, {}, job);
            const Metrics metrics =
                headMetrics(exact, contextOf(baseline, shape, {}, turned), attended, context, {1}, nullptr, job);
            QVERIFY(!metricOf(metrics, "kl").applies() && !metricOf(metrics, "kl").reason.empty());
            QVERIFY(!metricOf(metrics, "tv").applies());
            QVERIFY(metricOf(metrics, "out_rel").applies() && metricOf(metrics, "fro").applies());
        }
    }

    // Table 1 of the paper, for its model: 1.6 M numbers against the 183 M of a Memorizing Transformer.
    void paperMemoryTable()
    {
        const std::vector<infini::TableRow> table = infini::memoryTable({});
        const auto numbers = [&](std::string_view model) {
            return std::ranges::find(table, model, &infini::TableRow::model)->numbers;
        };
        QCOMPARE(numbers("Infini-Transformer"), 1585152.0);
        QVERIFY(std::abs(numbers("Transformer-XL") / 50.3e6 - 1) < 0.01);
        QVERIFY(std::abs(numbers("RMT") / 2.46e6 - 1) < 0.01);
        const double cached = numbers("Memorizing Transformers") + numbers("Transformer-XL");
        QCOMPARE(std::round(cached / 1e6), 183.0);
        // 1.6 M as printed: 114 times.
        QCOMPARE(std::round(std::round(cached / 1e6) / (std::round(numbers("Infini-Transformer") / 1e5) / 10)), 114.0);
        const LayerShape one{8, 8, 128, 128, true};
        QCOMPARE(infini::memoryNumbers(one) * 12, std::int64_t(1585152));
    }

    // §4: 262,272 local, 16,512 read and as much written, a token of d = 128 and N = 2048 (multiply-adds).
    void costsAreThePapers()
    {
        const LayerShape shape{1, 1, 128, 128, true};
        const KnobValues knobs{{"segment", 2048}};
        const int tokens = 100 * 2048;
        const double perToken = double(infini::operations(shape, knobs, tokens)) / tokens / 2;
        QVERIFY(std::abs(perToken / (262272 + 2 * 16512) - 1) < 0.02);
        KnobValues other = knobs;
        other["rule"] = delta;
        const double more = double(infini::operations(shape, other, tokens)) / tokens / 2 - perToken;
        QVERIFY(std::abs(more / 16512 - 1) < 0.02);
        const auto bytes = [&](int length) { return findMethod(id).cost(shape, knobs, length).stateBytes; };
        QCOMPARE(bytes(2048), bytes(1 << 20));
        QVERIFY(bytes(100) < bytes(2048));
    }

    void effectiveRankCounts()
    {
        QVERIFY(std::abs(infini::effectiveRankOf(infini::singularValues(Matrix::Identity(5, 5))) - 5) < 1e-12);
        QVERIFY(std::abs(infini::effectiveRankOf(infini::singularValues(Matrix::Ones(5, 3))) - 1) < 1e-6);
        QCOMPARE(infini::effectiveRankOf(infini::singularValues(Matrix::Zero(4, 4))), 0.0);
    }

private:
    std::unique_ptr<Machine> m_machine; // null where there is no OpenCL
};

QTEST_GUILESS_MAIN(TestInfini)
#include "tst_infini.moc"
