// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/form.h"
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/temperature.h"
#include "tests/engine/support/heads.h"

#include <QtTest/QTest>

#include <algorithm>
#include <numeric>

using namespace engine;
using namespace tests;
using taylorshift::Form;

namespace {

constexpr std::string_view id = "taylorshift";

LayerContext contextWith(const LayerShape& shape, const KnobValues& knobs = {})
{
    return contextOf(id, shape, knobs);
}

Grid scaled(const Grid& grid, double factor)
{
    return gridOf(factor * matrixOf(grid));
}

} // namespace

class TestTaylorShift : public QObject
{
    Q_OBJECT

private slots:

    void crossoverIsThePapers_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("crossover");
        QTest::addColumn<qint64>("state");
        QTest::newRow("8") << 8 << 73 << qint64(405);
        QTest::newRow("16") << 16 << 273 << qint64(2601);
        QTest::newRow("32") << 32 << 1057 << qint64(18513);
        QTest::newRow("64") << 64 << 4161 << qint64(139425);
        QTest::newRow("128") << 128 << 16513 << qint64(1081665);
    }

    void crossoverIsThePapers()
    {
        QFETCH(int, width);
        QFETCH(int, crossover);
        QFETCH(qint64, state);
        const LayerShape shape{1, 1, width, width, false};
        QCOMPARE(taylorshift::cost(shape, {}, 100).crossover, double(crossover));
        QCOMPARE(crossover, width * width + width + 1);
        QCOMPARE(qint64(taylorshift::stateSize(shape)), state);
    }

    void directCountIsThePapers()
    {
        // ops_dir = 4N²d + 6N² a head, beside 6d a token for the two normalisations.
        for (const auto& [tokens, d] : {std::pair(1, 8), std::pair(197, 64), std::pair(4001, 16)}) {
            const std::int64_t n = tokens;
            const LayerShape shape{3, 3, d, d, false};
            QCOMPARE(taylorshift::operations(Form::Direct, shape, tokens), 3 * (4 * n * n * d + 6 * n * n + 6 * n * d));
        }
        // A causal layer skips the upper triangle.
        const LayerShape causal{1, 1, 16, 16, true};
        QCOMPARE(taylorshift::operations(Form::Direct, causal, 3), std::int64_t(6 * 70 + 3 * 6 * 16));
    }

    void packedCountIsHalfThePapers()
    {
        // 4F(d+1) + d(d+1) + O(d) a token, about 2d³ + 9d² + 11d, against 4d³ + 10d² + 9d + 4 unpacked.
        const LayerShape shape{1, 1, 64, 64, false};
        const double perToken = double(taylorshift::operations(Form::Efficient, shape, 1000)) / 1000;
        QVERIFY(std::abs(perToken / (2 * 262144.0 + 9 * 4096 + 11 * 64) - 1) < 0.01);
        QVERIFY(perToken < 0.55 * (4 * 262144.0 + 10 * 4096 + 9 * 64 + 4));
    }

    void sharedHeadsShareTheSum()
    {
        const LayerShape apart{8, 8, 16, 16, true}, shared{8, 2, 16, 16, true};
        const std::int64_t saved =
            taylorshift::operations(Form::Recurrent, apart, 10) - taylorshift::operations(Form::Recurrent, shared, 10);
        QCOMPARE(saved, std::int64_t(10 * 6 * (16 * 17 / 2 + 16 + 2 * 153 * 17 + 3 * 16)));
        QCOMPARE(taylorshift::cost(shared, {{"form", 3}}, 10).stateBytes, std::int64_t(2 * 4 * 160 * 17));
    }

    void autoTakesTheFewerOperations()
    {
        for (const bool causal : {true, false}) {
            const LayerShape shape{2, 2, 16, 16, causal};
            const Form summed = causal ? Form::Chunked : Form::Efficient;
            bool seenDirect = false, seenSummed = false;
            for (int tokens = 1; tokens < 2000; tokens += 7) {
                const Form form = taylorshift::chooseForm(shape, {}, tokens);
                QCOMPARE(form, taylorshift::operations(Form::Direct, shape, tokens) <=
                                       taylorshift::operations(summed, shape, tokens)
                                   ? Form::Direct
                                   : summed);
                (form == Form::Direct ? seenDirect : seenSummed) = true;
                QCOMPARE(taylorshift::cost(shape, {}, tokens).form, std::string(taylorshift::nameOf(form)));
            }
            QVERIFY(seenDirect && seenSummed);
            QCOMPARE(taylorshift::chooseForm(shape, {}, 0), summed);
            QCOMPARE(taylorshift::chooseForm(shape, {{"form", 1}}, 100000), Form::Direct);
            QCOMPARE(taylorshift::chooseForm(shape, {{"form", 2}}, 1), summed);
        }
    }

    void reasonSaysBothCounts()
    {
        const LayerShape shape{4, 2, 16, 16, true};
        const Cost cost = taylorshift::cost(shape, {}, 1200);
        QCOMPARE(cost.form, std::string("chunked"));
        QCOMPARE(cost.operations, taylorshift::operations(Form::Chunked, shape, 1200));
        QVERIFY(cost.reason.find("operations against") != std::string::npos);
        QVERIFY(cost.reason.find("1,200 tokens") != std::string::npos);
        QVERIFY(cost.reason.find("273") != std::string::npos);
    }

    void recurrentNeedsAMask()
    {
        for (const int form : {3, 4}) {
            const LayerContext full = contextWith({1, 1, 4, 4, false}, {{"form", form}});
            QVERIFY_EXCEPTION_THROWN(checkPlan(full), Error);
            checkPlan(contextWith({1, 1, 4, 4, true}, {{"form", form}}));
        }
    }

    void trainedTemperaturesWin()
    {
        LayerContext context = contextWith({2, 1, 4, 4, true}, {{"temperature", 7.0}});
        QCOMPARE(taylorshift::temperatures(context), (std::vector<double>{7, 7}));
        context.plan.parameters["temperature"] = {2.0F, -3.0F};
        checkPlan(context);
        QCOMPARE(taylorshift::temperatures(context), (std::vector<double>{2, -3}));
        context.plan.attention.knobs["temperature_from"] = 1;
        QVERIFY(!taylorshift::needsPrepare(context.plan));
        QCOMPARE(taylorshift::temperatures(context), (std::vector<double>{2, -3}));
        context.plan.parameters["temperature"] = {2.0F};
        QVERIFY_EXCEPTION_THROWN(checkPlan(context), Error);
        context.plan.parameters["temperature"] = {2.0F, std::numeric_limits<float>::infinity()};
        QVERIFY_EXCEPTION_THROWN(checkPlan(context), Error);
    }

    void temperatureFromThePrompt()
    {
        // Keys twice as long: twice the temperature. A run without prepare() is refused, not silently τ = 1.
        const LayerShape shape{2, 1, 4, 4, true};
        const LayerContext context = contextWith(shape, {{"temperature_from", 1}});
        HeadTensors in = randomHeads(shape, 20, 4);
        QVERIFY_EXCEPTION_THROWN(mixedOf(in, context), Error);
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const Where place{{0}, allHeads, {}};
        const Attended once = attend(in, context, nullptr, every, job);
        const Matrix fitted = matrixOf(once.trace->grid("taylorshift.temperature", place));
        const double expected =
            matrixOf(in.query.columns(4, 4)).rowwise().norm().mean() * matrixOf(in.key).rowwise().norm().mean() / 2;
        QVERIFY(std::abs(fitted(0, 1) - expected) < 1e-6);
        QVERIFY(proof(once, context, {1}, nullptr, job) < 1e-5);
        in.key = scaled(in.key, 2);
        const Attended twice = attend(in, context, nullptr, every, job);
        QVERIFY(distance(2 * fitted, matrixOf(twice.trace->grid("taylorshift.temperature", place))) < 1e-6);
    }

    void lengthsAndOrderDoNotMatter()
    {
        const LayerShape shape{2, 1, 8, 8, false};
        const HeadTensors in = randomHeads(shape, 30, 12);
        const Matrix mixed = mixedOf(in, contextWith(shape));
        HeadTensors longer = in;
        longer.query = scaled(in.query, 8);
        longer.key = scaled(in.key, 0.25);
        QVERIFY(distance(mixed, mixedOf(longer, contextWith(shape))) < 1e-12);
        HeadTensors reversed = in;
        reversed.key = gridOf(matrixOf(in.key).colwise().reverse());
        reversed.value = gridOf(matrixOf(in.value).colwise().reverse());
        QVERIFY(distance(mixed, mixedOf(reversed, contextWith(shape))) < 1e-12);
    }

    void lastCausalRowIsTheLastFullRow()
    {
        const LayerShape causal{2, 1, 8, 8, true}, full{2, 1, 8, 8, false};
        const HeadTensors in = randomHeads(causal, 70, 13);
        QVERIFY(distance(mixedOf(in, contextWith(full)).bottomRows(1), mixedOf(in, contextWith(causal)).bottomRows(1)) <
                1e-12);
    }

    void degenerateRows()
    {
        const LayerShape shape{1, 1, 4, 3, false};
        HeadTensors in = randomHeads(shape, 6, 14);
        const Matrix values = matrixOf(in.value);
        // A query of zeros, or one shorter than PyTorch's 1e-12: the mean of the values.
        for (const double length : {0.0, 1e-30}) {
            in.query = gridOf(Matrix::Constant(6, 4, length));
            QVERIFY(distance(values.colwise().mean().replicate(6, 1), mixedOf(in, contextWith(shape))) < 1e-12);
        }
        // Entries whose square overflows float.
        in.query = gridOf(Matrix::Constant(6, 4, 1e30));
        const Matrix huge = mixedOf(in, contextWith(shape));
        in.query = gridOf(Matrix::Constant(6, 4, 1.0));
        QVERIFY(distance(mixedOf(in, contextWith(shape)), huge) < 1e-12);
        // Equal values come out as they are, one token as its value.
        in.value = gridOf(Matrix::Constant(6, 3, 0.7));
        QVERIFY(distance(matrixOf(in.value), mixedOf(in, contextWith(shape))) < 1e-12);
        QVERIFY(distance(matrixOf(in.value).topRows(1), mixedOf(firstTokens(in, 1), contextWith(shape))) < 1e-12);
    }

    void weightsStayInTheirBounds()
    {
        // p has its minimum ½ and at τ = 1 its maximum 2.5: no weight above 5/(N+4), none below 0.5/(2.5N).
        const LayerShape shape{1, 1, 2, 2, false};
        const HeadTensors in = randomHeads(shape, 50, 15);
        const LayerContext context = contextWith(shape);
        Job job;
        const Attended attended = attend(in, context, nullptr, {}, job);
        const Matrix map = matrixOf(mapTile(attended, context, {0}, {0, 50}, {0, 50}, nullptr));
        QVERIFY(map.maxCoeff() <= 5.0 / 54 + 1e-7);
        QVERIFY(map.minCoeff() >= 0.5 / (2.5 * 50) - 1e-7);
    }

    void outputScaleIsTheEncoders()
    {
        for (const bool causal : {true, false}) {
            const LayerShape shape{2, 2, 4, 4, causal};
            const HeadTensors in = randomHeads(shape, 12, 16);
            const Matrix plain = mixedOf(in, contextWith(shape));
            const Matrix given = mixedOf(in, contextWith(shape, {{"output_scale", true}}));
            for (int row = 0; row < 12; ++row) {
                const double factor = std::sqrt((causal ? row + 1 : 12) / 4.0);
                QVERIFY((factor * plain.row(row) - given.row(row)).cwiseAbs().maxCoeff() < 1e-12);
            }
        }
    }

    void sharesSumToOne()
    {
        const LayerShape shape{2, 1, 8, 8, true};
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const HeadTensors in = randomHeads(shape, 80, 17);
        for (const int form : {1, 3, 4}) {
            const Attended attended = attend(in, contextWith(shape, {{"form", form}}), nullptr, every, job);
            const auto share = [&](const char* probe) {
                return matrixOf(attended.trace->grid(probe, {{0}, allHeads, {}}));
            };
            const Matrix sum =
                share("taylorshift.constant") + share("taylorshift.linear") + share("taylorshift.quadratic");
            QVERIFY((sum.array() - 1).abs().maxCoeff() < 1e-6);
            // constant share = visible keys over the denominator
            const Matrix count = share("taylorshift.constant").cwiseProduct(share("taylorshift.denominator"));
            for (int row = 0; row < 80; ++row)
                QVERIFY((count.row(row).array() - (row + 1)).abs().maxCoeff() < 1e-4);
            QCOMPARE(attended.trace->snapshots("taylorshift.state", {0}, {1}).size(), std::size_t(form == 1 ? 0 : 1));
        }
    }
};

QTEST_GUILESS_MAIN(TestTaylorShift)
#include "tst_taylorshift.moc"
