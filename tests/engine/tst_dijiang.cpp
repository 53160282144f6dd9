// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/dropin.h"
#include "engine/methods/claims.h"
#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/featuremap.h"
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/radii.h"
#include "engine/methods/dijiang/reference.h"
#include "engine/methods/dijiang/subject.h"
#include "tests/engine/support/heads.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace engine;
using namespace tests;

namespace {

constexpr std::string_view id = "dijiang";
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

LayerContext contextWith(const LayerShape& shape, const KnobValues& knobs = {})
{
    return contextOf(id, shape, knobs);
}

// knob=option by its text, as the command line gives it.
KnobValues set(const std::vector<std::pair<std::string, std::string>>& texts)
{
    KnobValues values;
    for (const auto& [name, text] : texts)
        values[name] = parseKnob(*std::ranges::find(dijiang::knobs(), std::string_view(name), &Knob::id), text);
    return values;
}

Grid scaled(const Grid& grid, double factor)
{
    return gridOf(factor * matrixOf(grid));
}

// Float's last bits of the largest exponent: the relative error of e^x is the absolute error of x.
double allowed(const HeadTensors& in, const LayerContext& context)
{
    const dijiang::LayerMaps maps = dijiang::mapsOf(context);
    const LayerShape& shape = context.shape;
    double largest = 1;
    for (int head = 0; head < shape.heads; ++head) {
        const auto& map = maps.of({head}, shape);
        const Matrix q = matrixOf(in.query.columns(head * shape.keyWidth, shape.keyWidth));
        const Matrix k = matrixOf(in.key.columns(shape.keyHeadOf(head) * shape.keyWidth, shape.keyWidth));
        largest = std::max({largest, map.exponents(q).cwiseAbs().maxCoeff(), map.exponents(k).cwiseAbs().maxCoeff()});
    }
    return std::max(1e-5, 1e-6 * largest);
}

std::string refusal(const LayerContext& context)
{
    try {
        checkPlan(context);
    } catch (const Error& error) {
        return error.fault() == Fault::Request ? error.what() : "another fault";
    }
    return {};
}

} // namespace

class TestDiJiang : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { m_machine = machine(); }

    // The transform ---------------------------------------------------------------------------------------------------

    void cosinesAreOrthonormal()
    {
        for (const int d : {1, 2, 4, 12, 64, 80}) {
            const Matrix c = dijiang::dctMatrix(d);
            QVERIFY((c * c.transpose() - Matrix::Identity(d, d)).cwiseAbs().maxCoeff() < 1e-13);
        }
    }

    void fastTransformIsTheMatrix()
    {
        for (int d = 2; d <= 512; d *= 2) {
            QVERIFY(dijiang::hasFastDct(d));
            const Matrix c = dijiang::dctMatrix(d);
            const Vector x = matrixOf(randomGrid(1, d, unsigned(d))).transpose();
            Vector scale = Vector::Constant(d, std::sqrt(2.0 / d));
            scale(0) = std::sqrt(1.0 / d);
            QVERIFY((scale.cwiseProduct(dijiang::fastDct(x, false)) - c * x).cwiseAbs().maxCoeff() < 1e-12);
            QVERIFY((dijiang::fastDct(scale.cwiseProduct(x), true) - c.transpose() * x).cwiseAbs().maxCoeff() < 1e-12);
            QCOMPARE(dijiang::dctOperations(d, true), std::int64_t(2 * d * std::lround(std::log2(d)) - d + 1));
        }
        for (const int d : {1, 12, 80, 96, 1024})
            QVERIFY(!dijiang::hasFastDct(d));
    }

    // In float32 the transform rounds no more than the dense product: 1e-5 relative to the largest exponent at every
    // width, on the device, where "auto" takes the fast one for every power of two.
    void fastTransformIsStableInFloats()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        for (int d = 2; d <= 512; d *= 2) {
            for (const char* kind : {"II", "III"}) {
                const LayerShape shape{1, 1, d, 2, true};
                const LayerContext context = contextWith(shape, set({{"dct", kind}}));
                QVERIFY(dijiang::usesFastDct(shape, dijiang::optionsOf(context.plan.attention.knobs)));
                const HeadTensors in = randomHeads(shape, 33, unsigned(d));
                Job job;
                AttendOptions every;
                every.everyProbe = true;
                const auto logs = [&](DeviceContext* device) {
                    const Attended run = attend(in, context, device, every, job);
                    return matrixOf(run.trace->grid("dijiang.query_logs", {{0}, allHeads, {}}));
                };
                const Matrix exact = logs(nullptr), found = logs(&m_machine->context);
                const double off = (exact - found).cwiseAbs().maxCoeff() / exact.cwiseAbs().maxCoeff();
                QVERIFY2(off < 1e-6, qPrintable(QString("d %1 %2: %3").arg(d).arg(kind).arg(off)));
            }
        }
    }

    // The radii -------------------------------------------------------------------------------------------------------

    void quantilesInvertTheirDistributions()
    {
        // Known values: Φ⁻¹(.975) and medians of χ_1 and χ_2.
        QVERIFY(std::abs(dijiang::normalQuantile(0.975) - 1.959963984540054) < 1e-12);
        QVERIFY(std::abs(dijiang::chiQuantile(0.5, 1) - 0.6744897501960817) < 1e-12);
        QVERIFY(std::abs(dijiang::chiQuantile(0.5, 2) - std::sqrt(2 * std::log(2.0))) < 1e-12);
        // Between two quantiles the density's area is the difference of their shares.
        for (const int degrees : {1, 4, 16, 64, 128}) {
            const double low = dijiang::chiQuantile(0.3, degrees), high = dijiang::chiQuantile(0.8, degrees);
            double area = 0;
            constexpr int steps = 2000;
            for (int i = 0; i < steps; ++i)
                area += dijiang::chiDensity(low + (i + 0.5) * (high - low) / steps, degrees) * (high - low) / steps;
            QVERIFY(std::abs(area - 0.5) < 1e-6);
        }
        for (const double u : {0.0, 1.0, -1.0, 2.0})
            QVERIFY(std::isfinite(dijiang::normalQuantile(u)) && std::isfinite(dijiang::chiQuantile(u, 16)));
    }

    void drawsFollowSeedAndLayer()
    {
        dijiang::Options options;
        const Vector first = dijiang::draw(options, 16, 0).radii;
        QCOMPARE(dijiang::draw(options, 16, 0).radii, first);
        QVERIFY(dijiang::draw(options, 16, 1).radii != first);
        // Stratified: every seed has the same radii in another order, one in each sixteenth of the density.
        options.seed = 1;
        Vector second = dijiang::draw(options, 16, 0).radii, sorted = first;
        QVERIFY(second != first);
        std::sort(second.begin(), second.end());
        std::sort(sorted.begin(), sorted.end());
        QCOMPARE(second, sorted);
        QVERIFY(std::abs(sorted(3) - dijiang::chiQuantile(3.5 / 16, 16)) < 1e-12);
        options.directions = dijiang::Directions::Sphere;
        QVERIFY((dijiang::draw(options, 16, 0).directions.rowwise().norm().array() - 1).abs().maxCoeff() < 1e-12);
    }

    void positiveFeaturesEstimateTheKernel()
    {
        // E[φ(q)·φ(k)] = e^(q·k) for Performer's features, e^(−‖q−k‖²/2) for PFF's, with their own prefactors.
        const Matrix x = 0.3 * matrixOf(randomGrid(2, 4, 5));
        for (const auto& [directions, exact] :
             {std::pair("gaussian", std::exp(x.row(0).dot(x.row(1)))),
              std::pair("sphere", std::exp(-0.5 * (x.row(0) - x.row(1)).squaredNorm()))}) {
            double sum = 0;
            for (int seed = 0; seed < 40; ++seed) {
                const auto maps = dijiang::mapsOf(
                    contextWith({1, 1, 4, 4, true},
                                set({{"directions", directions}, {"m", "256"}, {"seed", std::to_string(seed)}})));
                const Matrix logs = maps.maps[0].logs(x);
                sum += std::exp(dijiang::logDot(logs.row(0), logs.row(1))) / 40;
            }
            QVERIFY2(std::abs(sum / exact - 1) < 0.02, directions);
        }
    }

    // The sums --------------------------------------------------------------------------------------------------------

    void recurrentIsChunkedIsQuadratic()
    {
        for (const auto& [tokens, d] : {std::pair(1, 8), std::pair(2, 12), std::pair(31, 16), std::pair(32, 2),
                                        std::pair(33, 16), std::pair(64, 80), std::pair(65, 32), std::pair(257, 8)}) {
            for (const double decay : {1.0, 0.96875, 0.01}) {
                for (const double size : {1.0, 300.0}) {
                    const auto map = dijiang::mapsOf(contextWith({1, 1, d, 5, true})).maps[0];
                    const Matrix q = map.logs(size * matrixOf(randomGrid(tokens, d, 1)));
                    const Matrix k = map.logs(size * matrixOf(randomGrid(tokens, d, 2)));
                    const Matrix v = matrixOf(randomGrid(tokens, 5, 3));
                    const dijiang::Rows rows{q, k, v, decay, true};
                    const auto exact = dijiang::quadratic(rows), other = dijiang::recurrent(rows);
                    QVERIFY(distance(exact.mixed, other.mixed) < 1e-10);
                    QVERIFY(distance(exact.mixed, dijiang::chunked(rows).mixed) < 1e-10);
                    QVERIFY(distance(Matrix(exact.lse), Matrix(other.lse)) < 1e-12);
                    QVERIFY(other.state.norm.minCoeff() >= 1);
                    if (decay == 1.0)
                        QVERIFY(distance(dijiang::whole(rows).mixed.bottomRows(1), other.mixed.bottomRows(1)) < 1e-12);
                }
            }
        }
    }

    void aRowThatIsNoNumberSpoilsItselfOnly()
    {
        Matrix q = matrixOf(randomGrid(9, 4, 1)), k = matrixOf(randomGrid(9, 4, 2));
        const Matrix v = matrixOf(randomGrid(9, 3, 3));
        const Matrix clean = dijiang::recurrent({q, k, v}).mixed;
        q(2, 1) = notANumber;
        k(5, 0) = std::numeric_limits<double>::infinity();
        const Matrix found = dijiang::recurrent({q, k, v}).mixed;
        for (int row = 0; row < 9; ++row)
            QCOMPARE(found.row(row).allFinite(), row != 2 && row != 5);
        QVERIFY((found.topRows(2) - clean.topRows(2)).cwiseAbs().maxCoeff() < 1e-15);
        QVERIFY((found.row(4) - clean.row(4)).cwiseAbs().maxCoeff() < 1e-15);
        QVERIFY(distance(found.bottomRows(3), dijiang::chunked({q, k, v}).mixed.bottomRows(3)) < 1e-12);
    }

    // §10 on the device: a query, key or value row that is no number spoils its own row and no other, in every preset,
    // with and without mask, whole and in pieces.
    void aRowThatIsNoNumberSpoilsItselfOnTheDevice()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        constexpr int tokens = 70;
        for (const char* preset : {"normalised", "eq13", "official"}) {
            for (const bool causal : {true, false}) {
                const LayerShape shape{2, 1, 8, 4, causal};
                const LayerContext context = contextWith(shape, set({{"preset", preset}, {"normaliser", "preset"}}));
                HeadTensors in = randomHeads(shape, tokens, 9);
                const auto run = [&](const HeadTensors& given, int feed) { return appended(given, context, feed); };
                const Matrix clean = run(in, tokens);
                HeadTensors bad = in;
                std::vector<float> q = cellsOf(in.query), k = cellsOf(in.key), v = cellsOf(in.value);
                q[5 * 16 + 3] = std::numeric_limits<float>::quiet_NaN(); // token 5, head 0
                k[0 * 8 + 1] = std::numeric_limits<float>::infinity();   // the first key
                for (int i = 0; i < 8; ++i)                              // token 40: everything
                    k[40 * 8 + std::size_t(i)] = q[40 * 16 + std::size_t(i)] = std::numeric_limits<float>::quiet_NaN();
                for (int i = 0; i < 4; ++i)
                    v[40 * 4 + std::size_t(i)] = std::numeric_limits<float>::quiet_NaN();
                bad.query = Grid(q, tokens, 16);
                bad.key = Grid(k, tokens, 8);
                bad.value = Grid(v, tokens, 4);
                const LayerInput input{{},
                                       {matrixOf(bad.query.columns(0, 8)), matrixOf(bad.query.columns(8, 8))},
                                       {matrixOf(bad.key)},
                                       {matrixOf(bad.value)}};
                Recorder nothing;
                const Matrix exact = findMethod(id).attention(input, context, nothing);
                for (const int feed : causal ? std::vector{tokens, 7, 1} : std::vector{tokens}) {
                    const Matrix found = run(bad, feed);
                    for (int row = 0; row < tokens; ++row) {
                        for (int cell = 0; cell < 8; ++cell) {
                            QCOMPARE(std::isfinite(found(row, cell)), std::isfinite(exact(row, cell)));
                            if (std::isfinite(exact(row, cell)))
                                QVERIFY(
                                    std::abs(found(row, cell) - exact(row, cell)) <
                                    1e-4 *
                                        std::max(1.0, exact.array().isFinite().select(exact, 0).cwiseAbs().maxCoeff()));
                        }
                    }
                    QVERIFY(!found.row(0).allFinite() && !found.row(5).allFinite() && !found.row(40).allFinite());
                    QVERIFY(found.row(6).allFinite() && found.row(41).allFinite() && clean.row(0).allFinite());
                }
            }
        }
    }

    // A pass longer than the piece whose features are made at a time: the same sums and the same records.
    void aLongPassIsThatOfItsPieces()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        const LayerShape shape{8, 8, 64, 8, true};
        const LayerContext context = contextWith(shape, {});
        HeadTensors in = randomHeads(shape, 301, 13);
        std::vector<float> q = cellsOf(in.query);
        q[200 * 512 + 70] = std::numeric_limits<float>::quiet_NaN(); // token 200, head 1
        const Matrix clean = appended(in, context, 301);
        in.query = Grid(q, 301, 512);
        const Matrix spoilt = appended(in, context, 301);
        QCOMPARE(spoilt.row(200).array().isNaN().count(), Eigen::Index(8));
        QCOMPARE(spoilt.array().isNaN().count(), Eigen::Index(8));
        QVERIFY(spoilt.bottomRows(100) == clean.bottomRows(100));
        in = randomHeads(shape, 301, 13);
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const Attended exact = attend(in, context, nullptr, every, job);
        const Attended found = attend(in, context, &m_machine->context, every, job);
        QVERIFY(distance(exact.output(), found.output()) < 1e-5);
        for (const char* probe : {"dijiang.query_logs", "dijiang.key_logs"})
            QVERIFY(distance(exact.trace->grid(probe, {{0}, allHeads, {}}),
                             found.trace->grid(probe, {{0}, allHeads, {}})) < 1e-6);
    }

    // So many heads that the features of one token are more than a piece should hold: chunk by chunk, and to the end.
    void manyHeadsEnd()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        const LayerShape shape{2200, 2200, 32, 2, true};
        const LayerContext context = contextWith(shape, {});
        const HeadTensors in = randomHeads(shape, 3, 17);
        QVERIFY(distance(mixedOf(in, context), appended(in, context, 3)) < 1e-5);
    }

    // Without denominator a row grows with e^(q·k): where floats end, both back ends say so.
    void rowsTooLargeForFloatsAreRefused()
    {
        const LayerShape shape{1, 1, 4, 2, true};
        HeadTensors in = randomHeads(shape, 40, 3);
        in.query = scaled(in.query, 60);
        in.key = scaled(in.key, 60);
        const LayerContext context = contextWith(shape, set({{"preset", "eq13"}}));
        for (DeviceContext* device :
             {static_cast<DeviceContext*>(nullptr), m_machine ? &m_machine->context : nullptr}) {
            Job job;
            std::string words;
            try {
                attend(in, context, device, {}, job);
            } catch (const Error& error) {
                words = error.what();
            }
            QVERIFY2(words.find("is more than float32 holds") != std::string::npos, words.c_str());
        }
    }

    void scalingQueriesFeaturesChangesNothing()
    {
        const Matrix q = matrixOf(randomGrid(20, 4, 1)), k = matrixOf(randomGrid(20, 4, 2));
        const Matrix v = matrixOf(randomGrid(20, 3, 3)), moved = q.array() + 7;
        QVERIFY(distance(dijiang::recurrent({q, k, v}).mixed, dijiang::recurrent({moved, k, v}).mixed) < 1e-12);
    }

    void longInputsAreExact_data()
    {
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("causal");
        QTest::newRow("shared heads of 16") << 4 << 16 << true;
        QTest::newRow("heads of 64") << 2 << 64 << true;
        QTest::newRow("heads of 12, full") << 2 << 12 << false;
    }

    // Inputs × 300: exponents of thousands, on the reference and on the device.
    void longInputsAreExact()
    {
        QFETCH(int, heads);
        QFETCH(int, width);
        QFETCH(bool, causal);
        const LayerShape shape{heads, 2, width, 8, causal};
        HeadTensors in = randomHeads(shape, 100, 4);
        in.query = scaled(in.query, 300);
        in.key = scaled(in.key, 300);
        const LayerContext context = contextWith(shape);
        const Matrix exact = mixedOf(in, context);
        QVERIFY(exact.allFinite());
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        Job job;
        const Matrix found = matrixOf(attend(in, context, &m_machine->context, {}, job).output());
        QVERIFY2(distance(exact, found) < allowed(in, context), qPrintable(QString::number(distance(exact, found))));
    }

    // Presets and knobs on the device ---------------------------------------------------------------------------------

    void everyOptionOnTheDevice_data()
    {
        QTest::addColumn<QString>("options");
        for (const char* options :
             {"preset=eq13", "preset=official", "preset=official,normaliser=none",
              "preset=official,normaliser=headnorm", "antithetic=true", "dct=III", "dct=III,transform=dense",
              "directions=sphere", "directions=gaussian,m=40", "prefactor=softmax,qk_scale=0.5",
              "prefactor=gaussian,qk_scale=0.4", "decay=0.9", "decay=0.2", "decay_law=retention,antithetic=true", "m=5",
              "weight=feature_softmax", "radius=normal,sampling=iid"})
            QTest::newRow(options) << QString(options);
    }

    void everyOptionOnTheDevice()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        QFETCH(QString, options);
        std::vector<std::pair<std::string, std::string>> texts;
        for (const QString& option : options.split(','))
            texts.emplace_back(option.section('=', 0, 0).toStdString(), option.section('=', 1).toStdString());
        for (const LayerShape shape : {LayerShape{4, 2, 16, 5, true}, LayerShape{4, 1, 8, 8, false}}) {
            const LayerContext context = contextOf(id, shape, set(texts), {RopeKind::RotateHalf, 10000.0});
            if (!refusal(context).empty()) {
                QVERIFY(!shape.causal);
                continue;
            }
            for (const int tokens : {1, 33, 70}) {
                const HeadTensors in = randomHeads(shape, tokens, 31, 0.7F);
                Job job;
                const Attended exact = attend(in, context, nullptr, {}, job);
                for (const int feed : {0, 7}) {
                    AttendOptions pieces;
                    pieces.feed = shape.causal ? feed : 0;
                    const Attended found = attend(in, context, &m_machine->context, pieces, job);
                    QVERIFY2(distance(exact.output(), found.output()) < 3 * allowed(in, context),
                             qPrintable(QString::number(distance(exact.output(), found.output()))));
                    QVERIFY(proof(found, context, {1}, &m_machine->context, job) < 1e-4);
                    QCOMPARE(std::int64_t(found.stateBytes), found.cost.stateBytes);
                }
            }
        }
    }

    void parametersPerHead()
    {
        // Heads of one key head with radii and decays of their own: a state each.
        const LayerShape shape{4, 2, 8, 6, true};
        LayerContext context = contextWith(shape);
        const Grid radii = randomGrid(4, 8, 40), weights = randomGrid(4, 8, 41);
        std::map<std::string, std::vector<float>> given;
        for (int head = 0; head < 4; ++head) {
            given["radius"].insert(given["radius"].end(), radii.row(head).begin(), radii.row(head).end());
            given["weight"].insert(given["weight"].end(), weights.row(head).begin(), weights.row(head).end());
            given["decay"].push_back(1.0F - 0.01F * float(head));
        }
        context.plan.parameters = {given.begin(), given.end()};
        checkPlan(context);
        QCOMPARE(dijiang::mapsOf(context).states(), 4);
        const HeadTensors in = randomHeads(shape, 50, 42);
        const Matrix exact = mixedOf(in, context);
        for (int head = 0; head < 4; ++head) { // each head alone, with its own parameters
            LayerContext alone = contextWith({1, 1, 8, 6, true});
            alone.plan.parameters["radius"] = std::vector(radii.row(head).begin(), radii.row(head).end());
            alone.plan.parameters["weight"] = std::vector(weights.row(head).begin(), weights.row(head).end());
            alone.plan.parameters["decay"] = {given["decay"][std::size_t(head)]};
            const HeadTensors part{in.query.columns(8 * head, 8),
                                   in.key.columns(8 * (head / 2), 8),
                                   in.value.columns(6 * (head / 2), 6),
                                   {}};
            QVERIFY(distance(mixedOf(part, alone), exact.middleCols(6 * head, 6)) < 1e-12);
        }
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        Job job;
        QVERIFY(distance(exact, matrixOf(attend(in, context, &m_machine->context, {}, job).output())) < 1e-5);
    }

    void gateAndNormFollowTheSums()
    {
        const LayerShape shape{2, 2, 8, 4, true};
        LayerContext context = contextWith(shape, set({{"preset", "official"}}));
        HeadTensors in = randomHeads(shape, 40, 50);
        in.x = randomGrid(40, 6, 51);
        const Grid gate = randomGrid(8, 6, 52);
        std::vector<float> gates;
        for (int row = 0; row < 8; ++row)
            gates.insert(gates.end(), gate.row(row).begin(), gate.row(row).end());
        context.plan.parameters["gate"] = gates;
        context.plan.parameters["norm_weight"] = std::vector<float>(8, 1.5F);
        context.plan.parameters["norm_bias"] = std::vector<float>(8, 0.25F);
        Job job;
        const Attended exact = attend(in, context, nullptr, {}, job);
        QVERIFY(proof(exact, context, {0}, nullptr, job) < 1e-6); // of the sums
        // The same with x·W_G computed here.
        LayerContext given = context;
        given.plan.parameters.erase("gate");
        const Grid product = gridOf(matrixOf(in.x) * matrixOf(gate).transpose());
        std::vector<float> inputs;
        for (int row = 0; row < 40; ++row)
            inputs.insert(inputs.end(), product.row(row).begin(), product.row(row).end());
        given.plan.parameters["gate_input"] = inputs;
        QVERIFY(distance(exact.output(), attend(in, given, nullptr, {}, job).output()) < 1e-6);
        inputs.resize(8);
        given.plan.parameters["gate_input"] = inputs;
        QVERIFY_EXCEPTION_THROWN(attend(in, given, nullptr, {}, job), Error);
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        QVERIFY_EXCEPTION_THROWN(attend(in, given, &m_machine->context, {}, job), Error);
        AttendOptions pieces;
        pieces.feed = 9;
        QVERIFY(distance(exact.output(), attend(in, context, &m_machine->context, pieces, job).output()) < 1e-4);
    }

    // methods/dijiang.md §5: attention moved by the named maps on random q and k, within the noise of its 12 draws of
    // 16 queries; columns d 64 σ 1, d 64 σ ½, d 16 σ 1.
    void namedMapsMoveWhatTheReferenceSays()
    {
        const std::vector<std::vector<double>> wanted{
            {0.373, 0.098, 0.363}, {0.386, 0.098, 0.342}, {0.657, 0.419, 0.416}, {0.598, 0.173, 0.454},
            {0.619, 0.190, 0.525}, {0.558, 0.115, 0.395}, {0.494, 0.107, 0.320}, {0.614, 0.187, 0.461}};
        int column = 0;
        for (const auto& [width, spread] : {std::pair(64, 1.0), std::pair(64, 0.5), std::pair(16, 1.0)}) {
            std::vector<Candidate> candidates{candidatesFor({1, 1, width, 1, false}).front()};
            for (const Variant& variant : claimsOf(id).variants({1, 1, width, 1, false}))
                candidates.push_back({variant.words, Part{std::string(id), variant.knobs}});
            Job job;
            const std::vector<DropInRow> rows = dropIn(candidates, randomHeads(width, 64, spread, 12, 1), job);
            for (std::size_t row = 0; row < wanted.size(); ++row) {
                const double number = wanted[row][std::size_t(column)];
                QVERIFY2(std::abs(rows[row].mean() - number) < 0.04 + 0.05 * number,
                         qPrintable(QString("row %1 column %2: %3").arg(row).arg(column).arg(rows[row].mean())));
            }
            ++column;
        }
    }

    // Degenerate and bad input ----------------------------------------------------------------------------------------

    void degenerateRows()
    {
        const LayerShape shape{2, 2, 4, 3, true};
        HeadTensors in = randomHeads(shape, 6, 14);
        const Matrix values = matrixOf(in.value);
        // q = 0 weighs keys by their own features; the first token's output is its value.
        HeadTensors zero = in;
        zero.query = scaled(in.query, 0);
        const auto map = dijiang::mapsOf(contextWith(shape)).maps[0];
        const Vector key = map.logs(matrixOf(in.key.columns(0, 4))).array().exp().rowwise().sum();
        QVERIFY((mixedOf(zero, contextWith(shape)).row(5).head(3) - key.transpose() * values.leftCols(3) / key.sum())
                    .cwiseAbs()
                    .maxCoeff() < 1e-12);
        QVERIFY((mixedOf(in, contextWith(shape)).row(0) - values.row(0)).cwiseAbs().maxCoeff() < 1e-12);
        // k = 0 weighs all keys the same; equal values come out as they are.
        zero = in;
        zero.key = scaled(in.key, 0);
        QVERIFY((mixedOf(zero, contextWith(shape)).row(5) - values.colwise().mean()).cwiseAbs().maxCoeff() < 1e-12);
        in.value = gridOf(Matrix::Constant(6, 6, 0.7));
        QVERIFY(distance(matrixOf(in.value), mixedOf(in, contextWith(shape))) < 1e-12);
        // Official: q = 0 scores every key 1/m, so that o is the decayed plain sum of values over m.
        const LayerContext official = contextWith(shape, set({{"preset", "official"}, {"normaliser", "none"}}));
        zero.value = randomGrid(6, 6, 15);
        const Matrix sum = mixedOf(zero, official), v = matrixOf(zero.value);
        QVERIFY((sum.row(1).head(3) - (v.row(1).head(3) + 0.96875 * v.row(0).head(3)) / 4).cwiseAbs().maxCoeff() <
                1e-12);
    }

    void weightsOfZero()
    {
        const LayerShape shape{2, 1, 4, 3, true};
        const HeadTensors in = randomHeads(shape, 40, 14);
        LayerContext context = contextWith(shape);
        context.plan.parameters["weight"] = {1, 0, 2, 0};
        LayerContext two = context; // a feature of weight 0 is one that is not there
        const Matrix exact = mixedOf(in, context);
        QVERIFY(exact.allFinite());
        context.plan.parameters["weight"] = {-1, 0, 2, 0};
        QVERIFY(distance(exact, mixedOf(in, context)) < 1e-15);
        context.plan.parameters["weight"] = {0, 0, 0, 0};
        Job job;
        for (DeviceContext* device :
             {static_cast<DeviceContext*>(nullptr), m_machine ? &m_machine->context : nullptr}) {
            QVERIFY(distance(exact, matrixOf(attend(in, two, device, {}, job).output())) < 1e-5);
            const Attended nothing = attend(in, context, device, {}, job);
            QVERIFY(matrixOf(nothing.output()).isZero());
            QVERIFY(matrixOf(mapTile(nothing, context, {1}, {0, 40}, {0, 40}, device)).isZero());
        }
    }

    void badInputIsRefusedInASentence()
    {
        const LayerShape shape{2, 1, 8, 4, true};
        const auto with = [&](const char* name, std::vector<float> numbers) {
            LayerContext context = contextWith(shape);
            context.plan.parameters[name] = std::move(numbers);
            return refusal(context);
        };
        QVERIFY(with("radius", std::vector<float>(8, 1)).empty());
        QVERIFY(with("radius", std::vector<float>(16, 1)).empty());
        QVERIFY(with("radius", std::vector<float>(7, 1)).find("has 7 numbers; 8, or 8 for each of 2 heads") !=
                std::string::npos);
        QVERIFY(!with("weight", std::vector<float>(9, 1)).empty());
        QVERIFY(!with("weight", {}).empty());
        QVERIFY(!with("radius", {1, 2, 3, 4, 5, 6, 7, std::numeric_limits<float>::infinity()}).empty());
        QVERIFY(!with("decay", {0.5F, 0.5F, 0.5F}).empty());
        for (const float bad : {0.0F, -0.5F, 1.5F, std::numeric_limits<float>::quiet_NaN()})
            QVERIFY(!with("decay", {bad}).empty());
        for (const double bad : {0.0, -0.5, 1.5, notANumber})
            QVERIFY(!refusal(contextWith(shape, {{"decay", bad}})).empty());
        QVERIFY(!with("gate_input", {1, 2, 3}).empty());
        QVERIFY(!with("norm_weight", {1, 2, 3}).empty());
        QVERIFY(refusal(contextWith(shape, set({{"m", "8"}}))).empty());
        QVERIFY(refusal(contextWith(shape, set({{"m", "9"}}))).find("at most that") != std::string::npos);
        QVERIFY(refusal(contextWith(shape, set({{"m", "9"}, {"directions", "gaussian"}}))).empty());
        QVERIFY(!refusal(contextWith({1, 1, 8, 4, true}, set({{"preset", "official"}}))).empty());
        QVERIFY(!refusal(contextWith({1, 1, 12, 4, true}, set({{"transform", "fast"}}))).empty());
        QVERIFY(!refusal(contextWith({1, 1, 8, 4, false}, set({{"decay", "0.9"}}))).empty());
        QVERIFY(!refusal(contextWith(shape, set({{"decay", "0.9"}, {"decay_law", "retention"}}))).empty());
    }

    // Costs -----------------------------------------------------------------------------------------------------------

    void costsAreThePapers()
    {
        // methods/dijiang.md §7 at m = d = d_v = 64: 33.2 and about 18.3 thousand operations a token, 127 and 70 keys.
        const LayerShape shape{1, 1, 64, 64, true};
        const auto perToken = [&](const KnobValues& knobs) { return dijiang::cost(shape, knobs, 1).operations; };
        const KnobValues dense = set({{"transform", "dense"}});
        QCOMPARE(perToken(dense), std::int64_t(2 * (2 * 64 * 64 + 64) + 4 * 64 * 64 + 3 * 64 + 64));
        QCOMPARE(perToken({}), std::int64_t(2 * (705 + 64 + 64) + 4 * 64 * 64 + 3 * 64 + 64));
        QCOMPARE(perToken(set({{"decay", "0.9"}})) - perToken({}), std::int64_t(64 * 64 + 64));
        QCOMPARE(dijiang::cost(shape, dense, 1).crossover, 127.0);
        QCOMPARE(dijiang::cost(shape, {}, 1).crossover, 70.0);
        // Pythia-410M: z and the running maximum beside S, 67,584 numbers a layer; 66,560 without the maximum.
        const LayerShape pythia{16, 16, 64, 64, true};
        QCOMPARE(dijiang::cost(pythia, {}, 100).stateBytes, std::int64_t(4 * (66560 + 16 * 64)));
        QCOMPARE(dijiang::cost(pythia, set({{"weight", "feature_softmax"}}), 1).stateBytes, std::int64_t(4 * 66560));
        QCOMPARE(dijiang::cost(pythia, set({{"preset", "official"}}), 1).stateBytes, std::int64_t(4 * 16 * 64 * 64));
        // Inside chunks: whole squares of 32.
        const std::int64_t inside = dijiang::cost(shape, {}, 64).operations - 64 * perToken({});
        QCOMPARE(inside, std::int64_t(2 * 32 * 32 * 2 * (64 + 64 + 1)));
    }

    void sharedHeadsShareKeyFeaturesAndState()
    {
        const LayerShape apart{8, 8, 16, 16, true}, shared{8, 2, 16, 16, true};
        const std::int64_t saved = dijiang::cost(apart, {}, 1).operations - dijiang::cost(shared, {}, 1).operations;
        QCOMPARE(saved, std::int64_t(6 * (2 * 16 * 4 - 16 + 1 + 32 + 2 * 16 * 16 + 16)));
        QCOMPARE(dijiang::cost(apart, {}, 1).stateBytes, 4 * dijiang::cost(shared, {}, 1).stateBytes);
    }

    // What it shows of itself -----------------------------------------------------------------------------------------

    void spectrumPanelsHoldComputedNumbers()
    {
        const LayerShape shape{4, 2, 8, 6, true};
        const HeadIndex head{3};
        const TokenPos query{29}, key{11};
        const Positions turned{RopeKind::RotateHalf, 10000.0};
        const LayerContext context = contextOf(id, shape, set({{"qk_scale", "0.6"}}), turned);
        const LayerContext exactContext = contextOf(baseline, shape, {}, turned);
        const HeadTensors in = randomHeads(shape, 40, 60);
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        const Attended own = attend(in, context, nullptr, every, job);
        const Attended exact = attend(in, exactContext, nullptr, {}, job);
        const Study study =
            studyOf(own, exact, context, exactContext, head, query, key, {{"row", 5}, {"keep", 3}}, job);
        const auto panel = [&](std::string_view name) -> const Panel& {
            return *std::ranges::find(study.panels, name, &Panel::id);
        };
        // Energy: mean squares of the recorded spectrum.
        const Matrix spectrum = matrixOf(own.trace->grid("dijiang.query_spectrum", {{0}, allHeads, {}}).columns(24, 8));
        const auto& energy = std::get<BarsBody>(panel("energy").body);
        for (int j = 0; j < 8; ++j)
            QVERIFY(std::abs(energy.series[0].values[std::size_t(j)] - spectrum.col(j).squaredNorm() / 40) < 1e-5);
        QCOMPARE(energy.picked, 5);
        // Attention moved with all features and this seed: from the two maps themselves.
        const Matrix a = matrixOf(mapTile(exact, exactContext, head, {0, 40}, {0, 40}, nullptr));
        const Matrix b = matrixOf(mapTile(own, context, head, {0, 40}, {0, 40}, nullptr));
        const auto& maps = std::get<HeatBody>(panel("maps").body);
        QCOMPARE(maps.map.values, (std::vector<int>{1, 2, 3, 8}));
        QCOMPARE(maps.pickedMap, 2);
        const Grid full = maps.maps[3].cells;
        double moved = 0;
        for (int row = 0; row < 40; ++row) {
            for (int col = 0; col < 40; ++col)
                QVERIFY(col > row ? std::isnan(full.at(row, col))
                                  : std::abs(double(full.at(row, col)) - b(row, col)) < 1e-6);
            moved += 0.5 * (a.row(row) - b.row(row)).cwiseAbs().sum() / 40;
        }
        const auto& curve = std::get<CurvesBody>(panel("moved").body).curves[0];
        QVERIFY(curve.low.back() - 1e-4 <= 100 * moved && 100 * moved <= curve.high.back() + 1e-4);
        QVERIFY(curve.low.back() < curve.high.back());
        QCOMPARE(*std::get<CurvesBody>(panel("moved").body).handle, 3.0);
        // The state at the query, the terms of the cell and its account.
        const auto map = dijiang::mapsOf(context).of(head, shape);
        const LayerTrace trace(own.trace, {0}, shape, turned);
        const Matrix q = map.logs(trace.queries(head, {29, 1})), k = map.logs(trace.keys(head, {11, 1}));
        const auto& terms = std::get<BarsBody>(panel("terms").body);
        QVERIFY(std::abs(terms.series[0].values[0] - std::exp((q + k).maxCoeff())) <
                1e-9 * std::exp((q + k).maxCoeff()));
        const auto& z = std::get<BarsBody>(panel("norm").body).series[0].values;
        const Matrix keys = map.logs(trace.keys(head, {0, 30})).array().exp();
        QVERIFY(std::abs(z[4] / z[2] - keys.col(4).sum() / keys.col(2).sum()) < 1e-9);
        const Derivation account = dijiang::derive(trace, head, query, key, context);
        QVERIFY(account.lines.back().result);
        QVERIFY(std::abs(*account.lines.back().value.number - b(29, 11)) < 1e-6);
        QCOMPARE(*dijiang::derive(trace, head, key, query, context).lines.back().value.number, 0.0);
    }

    void spectrumOfOneTokenAndOfLongInputs()
    {
        for (const auto& [tokens, size] : {std::pair(1, 1.0), std::pair(50, 300.0)}) {
            const LayerShape shape{2, 2, 4, 3, true};
            const LayerContext context = contextWith(shape), exactContext = contextOf(baseline, shape);
            HeadTensors in = randomHeads(shape, tokens, 61);
            in.query = scaled(in.query, size);
            in.key = scaled(in.key, size);
            Job job;
            const Attended own = attend(in, context, nullptr, {}, job);
            const Attended exact = attend(in, exactContext, nullptr, {}, job);
            for (const int rows : {0, 1}) {
                const Study study =
                    studyOf(own, exact, context, exactContext, {1}, {tokens - 1}, {0}, {{"rows", rows}}, job);
                for (const Panel& panel : study.panels) {
                    if (const auto* bars = std::get_if<BarsBody>(&panel.body)) {
                        for (const auto& series : bars->series)
                            QVERIFY(std::ranges::all_of(series.values, [](double x) { return std::isfinite(x); }));
                    }
                    if (const auto* curves = std::get_if<CurvesBody>(&panel.body)) {
                        for (const auto& curve : curves->curves)
                            QVERIFY2(std::ranges::all_of(curve.y, [](double x) { return std::isfinite(x); }),
                                     panel.id.c_str());
                    }
                }
            }
        }
    }

private:
    static std::vector<float> cellsOf(const Grid& grid)
    {
        std::vector<float> cells;
        for (int row = 0; row < grid.rows(); ++row)
            cells.insert(cells.end(), grid.row(row).begin(), grid.row(row).end());
        return cells;
    }

    // Rows as a session's layer gets them: nothing checks them before the kernels.
    Matrix appended(const HeadTensors& in, const LayerContext& context, int feed)
    {
        DeviceContext& device = m_machine->context;
        const int width = context.shape.heads * context.shape.valueWidth;
        Matrix all(in.tokens(), width);
        const auto attention = findMethod(id).deviceAttention(context, device, in.tokens());
        const auto uploaded = [&](const Grid& grid, int first, int count) {
            const std::vector<float> cells = cellsOf(grid);
            const auto cols = std::size_t(grid.cols());
            Buffer<float> buffer(device.device, std::size_t(count) * cols, "rows");
            device.queue.write(buffer, std::span(cells).subspan(std::size_t(first) * cols, std::size_t(count) * cols));
            return buffer;
        };
        for (int first = 0; first < in.tokens(); first += feed) {
            const int count = std::min(feed, in.tokens() - first);
            const Buffer<float> q = uploaded(in.query, first, count), k = uploaded(in.key, first, count);
            const Buffer<float> v = uploaded(in.value, first, count);
            Buffer<float> out(device.device, std::size_t(count) * std::size_t(width), "mixed rows");
            Recorder nothing;
            attention->append({q, k, v, nullptr, first, count}, out, device, nothing);
            std::vector<float> cells(out.count());
            device.queue.read(out, std::span(cells));
            all.middleRows(first, count) = matrixOf(Grid(cells, count, width));
        }
        return all;
    }

    static Study studyOf(const Attended& own, const Attended& exact, const LayerContext& context,
                         const LayerContext& exactContext, HeadIndex head, TokenPos query, TokenPos key,
                         const KnobValues& controls, Job& job)
    {
        const LayerTrace trace(own.trace, context.layer, context.shape, context.positions);
        const SessionPlan plan;
        const StudyInput input{trace,
                               context,
                               head,
                               query,
                               key,
                               controls,
                               [&](TokenRange queries, TokenRange keys) {
                                   return matrixOf(mapTile(exact, exactContext, head, queries, keys, nullptr));
                               },
                               plan,
                               *exact.trace,
                               *own.trace,
                               {},
                               {}};
        return dijiang::study(dijiang::spectrumTab, input, job);
    }

    std::unique_ptr<Machine> m_machine; // null where there is no OpenCL
};

QTEST_GUILESS_MAIN(TestDiJiang)
#include "tst_dijiang.moc"
