// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/method.h"
#include "engine/session/attend.h"
#include "tests/engine/support/heads.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtTest/QTest>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

using namespace engine;
using namespace tests;

namespace {

// Shapes chosen to hurt: lengths around the tiles, odd and wide heads, shared key heads.
struct Hurt
{
    int tokens;
    LayerShape shape;
};

std::vector<Hurt> hurtful()
{
    const std::vector<Hurt> causal{
        {1, {2, 1, 8, 8, true}},    {2, {3, 3, 12, 12, true}},    {63, {4, 2, 16, 16, true}},
        {64, {2, 1, 32, 32, true}}, {65, {6, 2, 8, 8, true}},     {65, {2, 2, 64, 64, true}},
        {63, {2, 1, 2, 2, true}},   {64, {1, 1, 80, 80, true}},   {65, {1, 1, 128, 16, true}},
        {257, {2, 1, 8, 24, true}}, {1025, {1, 1, 16, 16, true}},
    };
    std::vector<Hurt> all = causal;
    for (Hurt hurt : causal) {
        hurt.shape.causal = false;
        if (hurt.tokens <= 65)
            all.push_back(hurt);
    }
    return all;
}

std::string nameOf(const Hurt& hurt)
{
    const LayerShape& shape = hurt.shape;
    return std::to_string(hurt.tokens) + " tokens, " + std::to_string(shape.heads) + "/" +
           std::to_string(shape.keyHeads) + " heads of " + std::to_string(shape.keyWidth) + "/" +
           std::to_string(shape.valueWidth) + (shape.causal ? ", causal" : ", full");
}

bool refused(const LayerContext& context)
{
    try {
        checkPlan(context);
        return false;
    } catch (const Error& error) {
        return error.fault() == Fault::Request;
    }
}

void eachMethodAndShape()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<int>("shape");
    const auto shapes = hurtful();
    for (const Method& method : methods()) {
        const std::string id(method.info.id);
        for (int place = 0; place < int(shapes.size()); ++place) {
            const LayerShape& shape = shapes[std::size_t(place)].shape;
            if (refused(contextOf(id, shape))) {
                QVERIFY(!shape.causal); // a method may need a mask, and nothing else
                continue;
            }
            const std::string name = id + ", " + nameOf(shapes[std::size_t(place)]);
            QTest::newRow(name.c_str()) << QString::fromStdString(id) << place;
        }
    }
}

void eachMethod()
{
    QTest::addColumn<QString>("method");
    for (const Method& method : methods())
        QTest::newRow(std::string(method.info.id).c_str()) << QString::fromStdString(std::string(method.info.id));
}

// The row of this data line.
const Method& fetchedMethod()
{
    QFETCH(QString, method);
    return findMethod(method.toStdString());
}

Hurt fetchedShape()
{
    QFETCH(int, shape);
    return hurtful()[std::size_t(shape)];
}

const Positions turned{RopeKind::RotateHalf, 10000.0};

// Every value a knob's ends and choices can take.
std::vector<KnobValue> extremes(const Knob& knob)
{
    if (std::holds_alternative<Flag>(knob.domain))
        return {false, true};
    if (const auto* range = std::get_if<IntRange>(&knob.domain))
        return {range->low, range->high};
    if (const auto* range = std::get_if<RealRange>(&knob.domain))
        return {range->low, range->high};
    std::vector<KnobValue> all;
    for (int place = 0; place < int(std::get<Choice>(knob.domain).options.size()); ++place)
        all.emplace_back(place);
    return all;
}

bool sameBits(const Grid& a, const Grid& b)
{
    if (a.rows() != b.rows() || a.cols() != b.cols())
        return false;
    for (int row = 0; row < a.rows(); ++row) {
        if (std::memcmp(a.row(row).data(), b.row(row).data(), a.row(row).size_bytes()) != 0)
            return false;
    }
    return true;
}

// Golden data -------------------------------------------------------------------------------------------------------

Matrix matrixFrom(const QJsonValue& value)
{
    const QJsonArray rows = value.toArray();
    Matrix matrix(rows.size(), rows.at(0).toArray().size());
    for (int row = 0; row < matrix.rows(); ++row) {
        for (int col = 0; col < matrix.cols(); ++col)
            matrix(row, col) = rows.at(row).toArray().at(col).toDouble();
    }
    return matrix;
}

LayerContext contextFrom(const Method& method, const QJsonObject& given)
{
    const LayerShape shape{given["heads"].toInt(), given["keyHeads"].toInt(), given["keyWidth"].toInt(),
                           given["valueWidth"].toInt(), given["causal"].toBool()};
    const std::map<QString, RopeKind> kinds{
        {"none", RopeKind::None}, {"interleaved", RopeKind::Interleaved}, {"half", RopeKind::RotateHalf}};
    KnobValues knobs;
    const QJsonObject texts = given["knobs"].toObject();
    for (auto knob = texts.begin(); knob != texts.end(); ++knob) {
        const auto spec = std::ranges::find(method.info.knobs, knob.key().toStdString(), &Knob::id);
        knobs[knob.key().toStdString()] = parseKnob(*spec, knob.value().toString().toStdString());
    }
    LayerContext context =
        contextOf(method.info.id, shape, knobs, {kinds.at(given["rope"].toString()), given["theta"].toDouble()});
    const QJsonObject parameters = given["parameters"].toObject();
    for (auto parameter = parameters.begin(); parameter != parameters.end(); ++parameter) {
        std::vector<float> numbers;
        for (const QJsonValue& number : parameter.value().toArray())
            numbers.push_back(float(number.toDouble()));
        context.plan.parameters[parameter.key().toStdString()] = std::move(numbers);
    }
    return context;
}

QJsonArray goldenCases(const Method& method)
{
    QFile file(QString(SUBQUAD_SOURCE_DIR "/engine/methods/%1/golden.json").arg(std::string(method.info.id).c_str()));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QJsonObject root = QJsonDocument::fromJson(file.readAll()).object();
    return root["origin"].toString().isEmpty() ? QJsonArray() : root["cases"].toArray();
}

} // namespace

#define SKIP_WITHOUT_KERNELS(method)                                                                                   \
    if (!m_machine)                                                                                                    \
        QSKIP("no OpenCL device on this machine");                                                                     \
    if ((method).deviceAttention == nullptr)                                                                           \
    QSKIP("this method has no kernels")

class TestMethods : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { m_machine = machine(); }

    void everyRowIsWhole_data() { eachMethod(); }

    void everyRowIsWhole()
    {
        const Method& method = fetchedMethod();
        QVERIFY(!method.info.title.empty() && !method.info.idea.empty() && !method.info.paper.empty());
        QVERIFY(method.info.about.size() > 200);
        QVERIFY(method.info.color != 0 && method.info.colorText != 0 && method.info.colorDark != 0);
        QVERIFY(method.attention != nullptr && method.linear != nullptr && method.cost != nullptr);
        for (const Method& other : methods())
            QVERIFY(&other == &method ||
                    (other.info.color != method.info.color && other.info.dash != method.info.dash &&
                     other.info.marker != method.info.marker));
        for (const std::string_view probe : method.mapRecords)
            QVERIFY(std::ranges::find(method.info.probes, probe, &ProbeSpec::id) != method.info.probes.end());
    }

    void goldenNumbers_data() { eachMethod(); }

    void goldenNumbers()
    {
        const Method& method = fetchedMethod();
        const QJsonArray cases = goldenCases(method);
        QVERIFY2(!cases.isEmpty(), "no golden.json with an origin");
        for (const QJsonValue& value : cases) {
            const QJsonObject given = value.toObject();
            if (method.apply != nullptr) {
                checkApplied(method, given, nullptr);
                if (m_machine)
                    checkApplied(method, given, &m_machine->context);
                continue;
            }
            const QByteArray name = given["name"].toString().toUtf8();
            const LayerContext context = contextFrom(method, given);
            const LayerInput input = inputFrom(given, context.shape);
            Recorder recorder(TraceFilter::everything());
            const Matrix mixed = method.attention(input, context, recorder);
            const double allowed = given["tolerance"].toDouble();
            QVERIFY2((mixed - matrixFrom(given["mixed"])).cwiseAbs().maxCoeff() <= allowed, name);
            checkRecords(given, *recorder.take(), allowed);
            if (given.contains("weights"))
                checkWeights(given, context);
            if (!m_machine || method.deviceAttention == nullptr)
                continue;
            const HeadTensors in{gridOf(matrixFrom(given["query"])),
                                 gridOf(matrixFrom(given["key"])),
                                 gridOf(matrixFrom(given["value"])),
                                 {}};
            Job job;
            const Attended found = attend(in, context, &m_machine->context, {}, job);
            QVERIFY2(distance(mixed, matrixOf(found.output())) <= tolerance(in, context.shape), name);
        }
    }

    void mapTimesValuesIsTheOutput_data() { eachMethodAndShape(); }

    void mapTimesValuesIsTheOutput()
    {
        const Method& method = fetchedMethod();
        if (method.weights == nullptr)
            QSKIP("this method implies no map");
        const auto [tokens, shape] = fetchedShape();
        const HeadTensors in = randomHeads(shape, tokens, 5);
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        Job job;
        const Attended attended = attend(in, context, nullptr, {}, job);
        for (int head = 0; head < shape.heads; ++head)
            QVERIFY(proof(attended, context, {head}, nullptr, job) <= tolerance(in, shape));
        if (tokens > 257)
            return; // long enough for the proof; cell by cell it takes seconds
        const Grid map = mapTile(attended, context, {shape.heads - 1}, {0, tokens}, {0, tokens}, nullptr);
        for (int row = 0; row < tokens; ++row) {
            double sum = 0;
            for (int key = 0; key < tokens; ++key) {
                const float weight = map.at(row, key);
                QVERIFY(!method.info.nonNegative || weight >= 0.0F);
                QVERIFY(!shape.causal || key <= row || weight == 0.0F);
                sum += double(weight);
            }
            QVERIFY(!method.info.rowsSumToOne || std::abs(sum - 1) < tolerance(in, shape));
        }
    }

    void tilesFitTogether_data() { eachMethod(); }

    void tilesFitTogether()
    {
        const Method& method = fetchedMethod();
        if (method.weights == nullptr)
            QSKIP("this method implies no map");
        const LayerShape shape{4, 2, 8, 8, true};
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        Job job;
        const Attended attended = attend(randomHeads(shape, 33, 8), context, nullptr, {}, job);
        const Matrix whole = matrixOf(mapTile(attended, context, {2}, {0, 33}, {0, 33}, nullptr));
        for (const auto& [queries, keys] :
             {std::pair(TokenRange{0, 7}, TokenRange{5, 20}), std::pair(TokenRange{20, 13}, TokenRange{0, 33}),
              std::pair(TokenRange{11, 1}, TokenRange{12, 21})}) {
            const Matrix tile = matrixOf(mapTile(attended, context, {2}, queries, keys, nullptr));
            const Matrix same = whole.block(queries.first, keys.first, queries.count, keys.count);
            QVERIFY((tile - same).cwiseAbs().maxCoeff() < 1e-6);
        }
        QVERIFY_EXCEPTION_THROWN(mapTile(attended, context, {2}, {30, 4}, {0, 33}, nullptr), Error);
        QVERIFY_EXCEPTION_THROWN(mapTile(attended, context, {4}, {0, 1}, {0, 1}, nullptr), Error);
        const MapPicture picture = mapPicture(attended, context, {2}, 10, nullptr, job);
        QCOMPARE(picture.reduction, 4);
        QCOMPARE(picture.cells.rows(), 9);
        for (int row = 0; row < 9; ++row) {
            for (int col = 0; col < 9; ++col) {
                const int rows = std::min(4, 33 - 4 * row), cols = std::min(4, 33 - 4 * col);
                const double largest = whole.block(4 * row, 4 * col, rows, cols).cwiseAbs().maxCoeff();
                QVERIFY(std::abs(double(picture.cells.at(row, col)) - largest) < 1e-6);
            }
        }
    }

    void laterTokensChangeNothing_data() { eachMethod(); }

    void laterTokensChangeNothing()
    {
        const Method& method = fetchedMethod();
        const LayerShape shape{4, 2, 8, 8, true};
        const HeadTensors in = randomHeads(shape, 130, 6);
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        const Matrix whole = mixedOf(in, context);
        for (const int count : {1, 2, 63, 64, 65, 129})
            QVERIFY(distance(whole.topRows(count), mixedOf(firstTokens(in, count), context)) < 1e-12);
    }

    void everyKnobStaysFinite_data() { eachMethod(); }

    void everyKnobStaysFinite()
    {
        const Method& method = fetchedMethod();
        for (const bool causal : {true, false}) {
            const LayerShape shape{2, 1, 4, 3, causal};
            for (const Knob& knob : method.info.knobs) {
                for (const KnobValue& value : extremes(knob)) {
                    const LayerContext context =
                        contextOf(method.info.id, shape, {{std::string(knob.id), value}}, turned);
                    const std::string name = std::string(knob.id) + "=" + printKnob(knob, value);
                    if (refused(context)) {
                        // A count may be too large for these heads.
                        QVERIFY2(!causal || std::holds_alternative<IntRange>(knob.domain), name.c_str());
                        continue;
                    }
                    // Scores of several thousand, and a row of zeros.
                    HeadTensors in = randomHeads(shape, 9, 7, 3.0F);
                    in.query = withZeroRow(in.query, 4);
                    in.key = withZeroRow(in.key, 2);
                    Job job;
                    const Attended attended = attend(in, context, nullptr, {}, job);
                    QVERIFY2(matrixOf(attended.output()).allFinite(), name.c_str());
                    QVERIFY2(matrixOf(mapTile(attended, context, {1}, {0, 9}, {0, 9}, nullptr)).allFinite(),
                             name.c_str());
                    // A knob may multiply the scores by 100 where 1/√d stood.
                    const double allowed = 100 * std::sqrt(4.0) * tolerance(in, shape);
                    QVERIFY2(proof(attended, context, {1}, nullptr, job) <= allowed, name.c_str());
                }
            }
        }
    }

    void sameResultMeansIt_data() { eachMethod(); }

    void sameResultMeansIt()
    {
        const Method& method = fetchedMethod();
        for (const Knob& knob : method.info.knobs) {
            const auto* choice = std::get_if<Choice>(&knob.domain);
            if (choice == nullptr || !choice->sameResult)
                continue;
            for (const bool causal : {true, false}) {
                for (const auto& [tokens, width] : {std::pair(1, 8), std::pair(65, 2), std::pair(130, 12)}) {
                    const LayerShape shape{2, 1, width, 5, causal};
                    const HeadTensors in = randomHeads(shape, tokens, 9);
                    const Matrix preset = mixedOf(in, contextOf(method.info.id, shape, {}, turned));
                    for (const KnobValue& value : extremes(knob)) {
                        const LayerContext context =
                            contextOf(method.info.id, shape, {{std::string(knob.id), value}}, turned);
                        if (!refused(context))
                            QVERIFY(distance(preset, mixedOf(in, context)) < 1e-12);
                    }
                }
            }
        }
    }

    void recordingChangesNothing_data() { eachMethod(); }

    void recordingChangesNothing()
    {
        const Method& method = fetchedMethod();
        const LayerShape shape{4, 2, 8, 8, true};
        const HeadTensors in = randomHeads(shape, 40, 10);
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        Job job;
        const Attended plain = attend(in, context, nullptr, {}, job);
        AttendOptions every;
        every.everyProbe = true;
        const Attended recorded = attend(in, context, nullptr, every, job);
        QVERIFY(sameBits(plain.output(), recorded.output()));
        for (const ProbeSpec& probe : method.info.probes) {
            const auto has = [&](const Attended& attended) {
                return std::ranges::any_of(attended.trace->records(),
                                           [&](const Trace::Record& record) { return record.probe == probe.id; });
            };
            QCOMPARE(has(plain), std::ranges::find(method.mapRecords, probe.id) != method.mapRecords.end());
            for (const Trace::Record& record : recorded.trace->records()) {
                if (record.probe != probe.id)
                    continue;
                QVERIFY(matrixOf(record.grid).allFinite());
                QVERIFY(probe.rows != Axis::Token || record.grid.rows() == 40);
                QVERIFY(!probe.perHead || record.grid.cols() % shape.heads == 0);
            }
        }
    }

    void costsGrowAndExplain_data() { eachMethodAndShape(); }

    void costsGrowAndExplain()
    {
        const Method& method = fetchedMethod();
        const auto [tokens, shape] = fetchedShape();
        const Cost cost = method.cost(shape, {}, tokens), more = method.cost(shape, {}, tokens + 1);
        QVERIFY(cost.operations > 0 && more.operations > cost.operations);
        QVERIFY(cost.bytesMoved > 0 && more.bytesMoved > cost.bytesMoved);
        QVERIFY(cost.stateBytes > 0);
        QVERIFY(!cost.form.empty());
        QVERIFY(std::ranges::any_of(cost.reason, [](char letter) { return letter >= '0' && letter <= '9'; }));
    }

    void plansAreChecked_data() { eachMethod(); }

    void plansAreChecked()
    {
        const Method& method = fetchedMethod();
        const LayerShape shape{2, 1, 4, 4, true};
        QVERIFY(!refused(contextOf(method.info.id, shape)));
        QVERIFY(refused(contextOf(method.info.id, shape, {{"no_such_knob", true}})));
        for (const Knob& knob : method.info.knobs) {
            const std::string id(knob.id);
            const KnobValue wrong = std::holds_alternative<Flag>(knob.domain) ? KnobValue(1) : KnobValue(true);
            QVERIFY(refused(contextOf(method.info.id, shape, {{id, wrong}})));
            if (const auto* range = std::get_if<RealRange>(&knob.domain)) {
                QVERIFY(refused(contextOf(method.info.id, shape, {{id, range->high * 2 + 1}})));
                QVERIFY(refused(contextOf(method.info.id, shape, {{id, std::nan("")}})));
            }
            if (const auto* choice = std::get_if<Choice>(&knob.domain))
                QVERIFY(refused(contextOf(method.info.id, shape, {{id, int(choice->options.size())}})));
        }
    }

    void deviceIsTheReference_data() { eachMethodAndShape(); }

    void deviceIsTheReference()
    {
        const Method& method = fetchedMethod();
        SKIP_WITHOUT_KERNELS(method);
        const auto [tokens, shape] = fetchedShape();
        const HeadTensors in = randomHeads(shape, tokens, 21);
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        Job job;
        const Attended exact = attend(in, context, nullptr, {}, job);
        const Attended found = attend(in, context, &m_machine->context, {}, job);
        const double allowed = tolerance(in, shape);
        QVERIFY(distance(exact.output(), found.output()) <= allowed);
        QCOMPARE(found.form, found.cost.form);
        QCOMPARE(std::int64_t(found.stateBytes), found.cost.stateBytes);
        for (const std::string_view probe : method.mapRecords) {
            const Where place{{0}, allHeads, {}};
            QVERIFY(distance(exact.trace->grid(probe, place), found.trace->grid(probe, place)) <= allowed);
        }
    }

    void deviceMapIsTheOutput_data() { eachMethodAndShape(); }

    void deviceMapIsTheOutput()
    {
        const Method& method = fetchedMethod();
        SKIP_WITHOUT_KERNELS(method);
        if (method.deviceWeights == nullptr)
            QSKIP("this method has no kernel for its map");
        const auto [tokens, shape] = fetchedShape();
        const HeadTensors in = randomHeads(shape, tokens, 22);
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        Job job;
        const Attended found = attend(in, context, &m_machine->context, {}, job);
        const HeadIndex head{shape.heads - 1};
        const double allowed = tolerance(in, shape);
        QVERIFY(proof(found, context, head, &m_machine->context, job) <= allowed);
        const TokenRange queries{tokens / 3, tokens - tokens / 3}, keys{tokens / 4, tokens - tokens / 4};
        const Grid tile = mapTile(found, context, head, queries, keys, &m_machine->context);
        QVERIFY(distance(mapTile(found, context, head, queries, keys, nullptr), tile) <= 4 * allowed);
    }

    void hardInputsOnADevice_data() { eachMethod(); }

    // Scores up to ±500, rows of zeros, denormal numbers, equal tokens.
    void hardInputsOnADevice()
    {
        const Method& method = fetchedMethod();
        SKIP_WITHOUT_KERNELS(method);
        for (const LayerShape shape : {LayerShape{8, 2, 16, 16, true}, LayerShape{3, 1, 64, 8, false}}) {
            if (refused(contextOf(method.info.id, shape)))
                continue;
            for (const int tokens : {1, 65}) {
                const HeadTensors plain = randomHeads(shape, tokens, 26);
                const auto times = [](const Grid& grid, double factor) { return gridOf(factor * matrixOf(grid)); };
                const double steep = std::sqrt(500.0 / largestScore(plain, shape));
                const HeadTensors large{times(plain.query, steep), times(plain.key, steep), plain.value, {}};
                const HeadTensors zeros{
                    withZeroRow(plain.query, 0), withZeroRow(plain.key, tokens - 1), plain.value, {}};
                const HeadTensors nothing{times(plain.query, 0), times(plain.key, 0), plain.value, {}};
                const HeadTensors tiny{times(plain.query, 1e-40), times(plain.key, 1e-30), plain.value, {}};
                const HeadTensors equal{plain.query, gridOf(Matrix::Ones(tokens, plain.key.cols())), plain.value, {}};
                for (const HeadTensors& in : {large, zeros, nothing, tiny, equal}) {
                    const LayerContext context = contextOf(method.info.id, shape);
                    Job job;
                    const Attended exact = attend(in, context, nullptr, {}, job);
                    const Attended found = attend(in, context, &m_machine->context, {}, job);
                    const double allowed = std::max(1e-5, 2e-7 * largestScore(in, shape));
                    QVERIFY(distance(exact.output(), found.output()) <= allowed);
                    QVERIFY(proof(found, context, {1}, &m_machine->context, job) <= allowed);
                }
            }
        }
    }

    void feedingInPiecesIsTheSame_data() { eachMethod(); }

    void feedingInPiecesIsTheSame()
    {
        const Method& method = fetchedMethod();
        SKIP_WITHOUT_KERNELS(method);
        for (const int tokens : {65, 200}) {
            const LayerShape shape{4, 2, 8, 12, true};
            const HeadTensors in = randomHeads(shape, tokens, 23);
            const LayerContext context = contextOf(method.info.id, shape, {}, turned);
            Job job;
            const Matrix whole = matrixOf(attend(in, context, &m_machine->context, {}, job).output());
            for (const int feed : {1, 7, 64}) {
                AttendOptions options;
                options.feed = feed;
                const Attended pieces = attend(in, context, &m_machine->context, options, job);
                QVERIFY(distance(whole, matrixOf(pieces.output())) <= 2 * tolerance(in, shape));
                QVERIFY(proof(pieces, context, {3}, nullptr, job) <= 2 * tolerance(in, shape));
            }
        }
    }

    void deviceKeepsSameResults_data() { eachMethod(); }

    void deviceKeepsSameResults()
    {
        const Method& method = fetchedMethod();
        SKIP_WITHOUT_KERNELS(method);
        for (const Knob& knob : method.info.knobs) {
            for (const bool causal : {true, false}) {
                for (const auto& [tokens, width] : {std::pair(1, 8), std::pair(65, 2), std::pair(150, 16)}) {
                    const LayerShape shape{2, 1, width, 5, causal};
                    const HeadTensors in = randomHeads(shape, tokens, 24);
                    for (const KnobValue& value : extremes(knob)) {
                        const LayerContext context =
                            contextOf(method.info.id, shape, {{std::string(knob.id), value}}, turned);
                        if (refused(context))
                            continue;
                        Job job;
                        const Attended exact = attend(in, context, nullptr, {}, job);
                        const Attended found = attend(in, context, &m_machine->context, {}, job);
                        // A knob may multiply the scores by 100 where 1/√d stood.
                        const double allowed = 100 * std::sqrt(double(width)) * tolerance(in, shape);
                        const std::string name = std::string(knob.id) + "=" + printKnob(knob, value);
                        const auto* choice = std::get_if<Choice>(&knob.domain);
                        // A norm after the sums divides by as little as the root of its ε, 1e-5.
                        const Where place{{0}, allHeads, {}};
                        const std::string sums = std::string(method.info.id) + ".sums";
                        const bool normed = !exact.trace->grid(sums, place).empty();
                        QVERIFY2(distance(exact.output(), found.output()) <=
                                     (choice != nullptr ? tolerance(in, shape) : allowed) * (normed ? 316 : 1),
                                 name.c_str());
                        QVERIFY2(!normed || distance(exact.trace->grid(sums, place), found.trace->grid(sums, place)) <=
                                                allowed,
                                 name.c_str());
                    }
                }
            }
        }
    }

    void deviceRecordingChangesNoBit_data() { eachMethod(); }

    void deviceRecordingChangesNoBit()
    {
        const Method& method = fetchedMethod();
        SKIP_WITHOUT_KERNELS(method);
        const LayerShape shape{4, 2, 8, 8, true};
        const HeadTensors in = randomHeads(shape, 150, 25);
        const LayerContext context = contextOf(method.info.id, shape, {}, turned);
        Job job;
        const Attended plain = attend(in, context, &m_machine->context, {}, job);
        AttendOptions options;
        options.everyProbe = true;
        options.repeats = 2;
        const Attended recorded = attend(in, context, &m_machine->context, options, job);
        QVERIFY(sameBits(plain.output(), recorded.output()));
        QCOMPARE(recorded.timing->samplesNs.size(), std::size_t(2));
        const Attended exact = attend(in, context, nullptr, options, job);
        for (const Trace::Record& record : recorded.trace->records()) {
            const Grid same = exact.trace->grid(record.probe, record.where);
            QVERIFY2(!same.empty() && distance(same, record.grid) <= 10 * tolerance(in, shape), record.probe.c_str());
        }
    }

    void aStoppedRunStops()
    {
        const LayerShape shape{2, 1, 8, 8, true};
        std::stop_source stop;
        stop.request_stop();
        Job job(stop.get_token());
        for (DeviceContext* device : {static_cast<DeviceContext*>(nullptr), m_machine ? &m_machine->context : nullptr})
            QVERIFY_EXCEPTION_THROWN(attend(randomHeads(shape, 9, 3), contextOf(baseline, shape), device, {}, job),
                                     Cancelled);
    }

    void unknownMethodListsTheKnown()
    {
        try {
            findMethod("no such method");
            QFAIL("accepted");
        } catch (const Error& error) {
            QCOMPARE(error.fault(), Fault::Request);
            QVERIFY(std::string(error.what()).find(baseline) != std::string::npos);
        }
    }

    void badInputIsRefused()
    {
        const LayerShape shape{2, 1, 4, 4, true};
        const LayerContext context = contextOf(baseline, shape);
        Job job;
        for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
            HeadTensors in = randomHeads(shape, 5, 3);
            std::vector<float> cells(5 * 4, 0.5F);
            cells[13] = bad;
            in.key = Grid(cells, 5, 4);
            try {
                attend(in, context, nullptr, {}, job);
                QFAIL("accepted");
            } catch (const Error& error) {
                QCOMPARE(error.fault(), Fault::Request);
                QVERIFY(std::string(error.what()).find("key: the number at token 3, column 1") == 0);
            }
        }
        HeadTensors narrow = randomHeads(shape, 5, 3);
        narrow.value = narrow.value.columns(0, 3);
        QVERIFY_EXCEPTION_THROWN(attend(narrow, context, nullptr, {}, job), Error);
        QVERIFY_EXCEPTION_THROWN(attend({}, context, nullptr, {}, job), Error);
        QVERIFY_EXCEPTION_THROWN(
            attend(randomHeads(shape, 5, 3), contextOf(baseline, {3, 2, 4, 4, true}), nullptr, {}, job), Error);
    }

private:
    std::unique_ptr<Machine> m_machine; // null where there is no OpenCL

    static LayerInput inputFrom(const QJsonObject& given, const LayerShape& shape)
    {
        const auto split = [](const Matrix& rows, int heads) {
            std::vector<Matrix> all;
            for (int head = 0; head < heads; ++head)
                all.emplace_back(rows.middleCols(head * (rows.cols() / heads), rows.cols() / heads));
            return all;
        };
        return {{},
                split(matrixFrom(given["query"]), shape.heads),
                split(matrixFrom(given["key"]), shape.keyHeads),
                split(matrixFrom(given["value"]), shape.keyHeads)};
    }

    // Named tensors in, named tensors out: numbers within the tolerance, whole numbers equal.
    static void checkApplied(const Method& method, const QJsonObject& given, DeviceContext* device)
    {
        KnobValues knobs;
        const QJsonObject texts = given["knobs"].toObject();
        for (auto knob = texts.begin(); knob != texts.end(); ++knob) {
            const auto spec = std::ranges::find(method.info.knobs, knob.key().toStdString(), &Knob::id);
            knobs[knob.key().toStdString()] = parseKnob(*spec, knob.value().toString().toStdString());
        }
        PlainTensors in;
        const QJsonObject tensors = given["tensors"].toObject();
        for (auto tensor = tensors.begin(); tensor != tensors.end(); ++tensor)
            flatten(tensor.value(), 0, in[tensor.key().toStdString()]);
        Job job;
        const PlainTensors found = method.apply(in, knobs, device, job);
        const QJsonObject expected = given["expected"].toObject();
        QVERIFY(!expected.isEmpty());
        for (auto tensor = expected.begin(); tensor != expected.end(); ++tensor) {
            const QByteArray name = given["name"].toString().toUtf8() + ": " + tensor.key().toUtf8();
            PlainTensor wanted;
            flatten(tensor.value(), 0, wanted);
            const auto same = found.find(tensor.key().toStdString());
            QVERIFY2(same != found.end() && same->second.shape == wanted.shape, name);
            const PlainTensor& other = same->second;
            for (std::size_t i = 0; i < wanted.numbers.size(); ++i) {
                const double number = other.whole.empty() ? double(other.numbers[i]) : double(other.whole[i]);
                const double allowed = other.whole.empty() ? given["tolerance"].toDouble() : 0;
                QVERIFY2(std::abs(number - double(wanted.numbers[i])) <= allowed, name);
            }
        }
    }

    static void flatten(const QJsonValue& value, std::size_t depth, PlainTensor& to)
    {
        if (!value.isArray()) {
            to.numbers.push_back(float(value.toDouble()));
            return;
        }
        const QJsonArray rows = value.toArray();
        if (to.shape.size() == depth)
            to.shape.push_back(std::size_t(rows.size()));
        for (const QJsonValue& row : rows)
            flatten(row, depth + 1, to);
    }

    // Records are floats: their rounding comes on top.
    static void checkRecords(const QJsonObject& given, const Trace& trace, double allowed)
    {
        const auto near = [allowed](const Matrix& expected, const Grid& found) {
            return !found.empty() && distance(expected, matrixOf(found)) <= allowed + 1e-7;
        };
        const QJsonObject records = given["records"].toObject();
        for (auto record = records.begin(); record != records.end(); ++record)
            QVERIFY2(near(matrixFrom(record.value()), trace.grid(record.key().toStdString(), {{0}, allHeads, {}})),
                     record.key().toUtf8());
        const QJsonObject snapshots = given["snapshots"].toObject();
        for (auto snapshot = snapshots.begin(); snapshot != snapshots.end(); ++snapshot) {
            const auto kept = trace.snapshots(snapshot.key().toStdString(), {0}, {0});
            QVERIFY2(!kept.empty() && near(matrixFrom(snapshot.value()), kept.back().grid), snapshot.key().toUtf8());
        }
    }

    static void checkWeights(const QJsonObject& given, const LayerContext& context)
    {
        const HeadTensors in{gridOf(matrixFrom(given["query"])),
                             gridOf(matrixFrom(given["key"])),
                             gridOf(matrixFrom(given["value"])),
                             {}};
        Job job;
        const Attended attended = attend(in, context, nullptr, {}, job);
        const int tokens = in.tokens();
        const Matrix map = matrixOf(mapTile(attended, context, {0}, {0, tokens}, {0, tokens}, nullptr));
        QVERIFY2((map - matrixFrom(given["weights"])).cwiseAbs().maxCoeff() <= tolerance(in, context.shape),
                 given["name"].toString().toUtf8());
    }

    // max |q·k|/√d, without positions.
    static double largestScore(const HeadTensors& in, const LayerShape& shape)
    {
        double largest = 0;
        for (int head = 0; head < shape.heads; ++head) {
            const Matrix q = matrixOf(in.query.columns(head * shape.keyWidth, shape.keyWidth));
            const Matrix k = matrixOf(in.key.columns(shape.keyHeadOf(head) * shape.keyWidth, shape.keyWidth));
            largest = std::max(largest, (q * k.transpose()).cwiseAbs().maxCoeff());
        }
        return largest / std::sqrt(double(shape.keyWidth));
    }

    static Grid withZeroRow(const Grid& grid, int zero)
    {
        Matrix rows = matrixOf(grid);
        rows.row(zero).setZero();
        return gridOf(rows);
    }
};

QTEST_GUILESS_MAIN(TestMethods)
#include "tst_methods.moc"
