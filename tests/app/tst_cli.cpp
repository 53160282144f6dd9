// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/program.h"
#include "tests/support/samples.h"

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtEndian>
#include <QtTest/QTest>

#include <cmath>
#include <csignal>
#include <cstring>
#include <map>
#include <set>

namespace {

const QStringList commands{QStringLiteral("info"),    QStringLiteral("tokenize"),   QStringLiteral("run"),
                           QStringLiteral("compare"), QStringLiteral("perplexity"), QStringLiteral("apply"),
                           QStringLiteral("bench"),   QStringLiteral("selftest"),   QStringLiteral("devices"),
                           QStringLiteral("methods")};

// A safetensors file as the test reads it.
struct Tensors
{
    struct One
    {
        std::vector<int> shape;
        std::vector<float> cells;
        std::vector<int> whole;
    };

    std::map<QString, One> all;

    explicit Tensors(const QString& path)
    {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly))
            return;
        const QByteArray bytes = file.readAll();
        const auto length = qsizetype(qFromLittleEndian<quint64>(bytes.data()));
        const QJsonObject header = QJsonDocument::fromJson(bytes.mid(8, length)).object();
        for (const QString& name : header.keys()) {
            const QJsonObject entry = header[name].toObject();
            if (name == QLatin1String("__metadata__"))
                continue;
            One one;
            for (const QJsonValue size : entry["shape"].toArray())
                one.shape.push_back(size.toInt());
            const qsizetype first = entry["data_offsets"].toArray()[0].toInteger();
            const qsizetype count = (entry["data_offsets"].toArray()[1].toInteger() - first) / 4;
            const char* data = bytes.data() + 8 + length + first;
            one.cells.resize(std::size_t(count));
            one.whole.resize(std::size_t(count));
            std::memcpy(one.cells.data(), data, std::size_t(count) * 4);
            std::memcpy(one.whole.data(), data, std::size_t(count) * 4);
            all.emplace(name, one);
        }
    }
};

// The sentence of an error; notes on what a checkpoint leaves open may stand before it.
QByteArray lastLine(const QByteArray& err)
{
    return err.trimmed().split('\n').last();
}

double largestDifference(const std::vector<float>& a, const std::vector<float>& b)
{
    double largest = a.size() == b.size() && !a.empty() ? 0 : HUGE_VAL;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
    return largest;
}

} // namespace

class CliTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void helpNamesEverything();
    void version();
    void usageErrors_data();
    void usageErrors();
    void inputErrors_data();
    void inputErrors();
    void deviceErrors();
    void withoutDeviceTheReferenceRuns();
    void fullDiskIsSaid();

    void info();
    void tokenizeCoversTheText();
    void runIsTheSameOnBothBackEnds();
    void runOfAnyPrompt_data();
    void runOfAnyPrompt();
    void samplingFollowsTheSeed();
    void beyondTheContextIsSaid();
    void dump();
    void layersCanDiffer();
    void compare();
    void compareSpreadsOverSeeds();
    void perplexityCountsByWindows();
    void encoderAnswersOnce();
    void applyAgreesWithItself();
    void applyUsesTheTensorsOfItsKnobs();
    void applyWritesTheStates();
    void memoryIsKnockedOutByPlace();
    void passkeyKnocksTheMemoryOut();
    void tuneSearchesHeadByHead();
    void bench();
    void compareShowsProjectionErrors();
    void dropinMovesAttention();
    void decodeIsTimed();
    void selftest();
    void devicesAndMethods();
    void interruptStops();
    void publishedStory_data();
    void publishedStory();

private:
    QString file(const char* name) const { return m_folder.filePath(QLatin1String(name)); }

    QTemporaryDir m_folder;
    QString m_model, m_llama;
};

void CliTest::initTestCase()
{
    QVERIFY(m_folder.isValid());
    const std::filesystem::path folder = m_folder.path().toStdString();
    m_model = QString::fromStdString(samples::writeLlama2c(folder / "llama2c", 0).string());
    samples::Shape shape;
    shape.layers = 2;
    samples::writeLlamaFolder(folder / "llama", shape);
    m_llama = QString::fromStdString((folder / "llama").string());
    samples::writeFile(folder / "text.txt", "the quick brown fox jumps over the lazy dog, then the fox rests");
    samples::writeFile(folder / "empty.txt", "");
    samples::writeFile(folder / "bad.txt", "caf\xE9");
    samples::writeFile(folder / "cut.bin", samples::llama2c({}, 0).substr(0, 900));
    samples::writeFile(folder / "noise.bin", "this is not a checkpoint");
    const auto tensor = [](const char* name, std::vector<int> sides) {
        int count = 1;
        for (const int side : sides)
            count *= side;
        return samples::Tensor{name, sides, samples::numbersOf({}, name, count, 2)};
    };
    samples::writeFile(
        folder / "qkv.safetensors",
        samples::safetensors({tensor("query", {4, 37, 8}), tensor("key", {2, 37, 8}), tensor("value", {2, 37, 6})}));
    samples::writeFile(
        folder / "uneven.safetensors",
        samples::safetensors({tensor("query", {4, 37, 8}), tensor("key", {3, 37, 8}), tensor("value", {3, 37, 6})}));
    samples::writeFile(folder / "nokey.safetensors", samples::safetensors({tensor("query", {4, 37, 8})}));
}

void CliTest::helpNamesEverything()
{
    const Ran help = runProgram({QStringLiteral("--help")});
    QCOMPARE(help.exitCode, 0);
    for (const QString& command : commands) {
        QVERIFY2(help.out.contains(command.toUtf8()), qPrintable(command));
        const Ran own = runProgram({command, QStringLiteral("--help")});
        QCOMPARE(own.exitCode, 0);
        QVERIFY2(own.out.contains("--json"), qPrintable(command));
    }
}

void CliTest::version()
{
    const Ran text = runProgram({QStringLiteral("--version")});
    QCOMPARE(text.exitCode, 0);
    QVERIFY(text.out.startsWith("subquad "));
    const QJsonObject json = runProgram({QStringLiteral("--version"), QStringLiteral("--json")}).json();
    QCOMPARE("subquad " + json["version"].toString().toUtf8() + "\n", text.out);
}

void CliTest::usageErrors_data()
{
    QTest::addColumn<QString>("line"); // MODEL and IN stand for good files
    for (const char* line : {"run MODEL --nonsense",
                             "run",
                             "run MODEL --text a --file b",
                             "run MODEL --text a --tokens 1",
                             "run MODEL --tokens 1,x",
                             "run MODEL --tokens 9999",
                             "run MODEL --tokens -1",
                             "run MODEL --method nonsense",
                             "run MODEL --method taylorshift:nonsense=1",
                             "run MODEL --method taylorshift:temperature=warm",
                             "run MODEL --method taylorshift:temperature=1,temperature=2",
                             "run MODEL --method taylorshift --method softmax",
                             "run MODEL --layer 7=taylorshift",
                             "run MODEL --layer taylorshift",
                             "run MODEL --temperature -1",
                             "run MODEL --top-p 0",
                             "run MODEL --generate -3",
                             "run MODEL --backend cuda",
                             "run MODEL --probes weights",
                             "run MODEL --dump x.safetensors --probes nonsense",
                             "run MODEL --backend reference --device x",
                             "compare MODEL --text a",
                             "compare MODEL --text a --methods temperature=2",
                             "compare MODEL --methods softmax,",
                             "perplexity MODEL",
                             "perplexity MODEL --file TEXT --window 1",
                             "apply nonsense IN OUT",
                             "apply softmax IN OUT --set nonsense=1",
                             "apply softmax IN OUT --set scale",
                             "apply softmax IN OUT --set causal=maybe",
                             "apply softmax IN OUT --set causal=true --set causal=true",
                             "apply taylorshift IN OUT --set form=sideways",
                             "apply taylorshift IN OUT --set causal=false --set form=recurrent",
                             "bench --lengths 0",
                             "bench --lengths 4:2:x2",
                             "bench --lengths 4:8:x1",
                             "bench --lengths 4:8:2",
                             "bench --lengths a",
                             "bench --lengths 99999999999",
                             "bench --heads 0",
                             "bench --reps 0",
                             "bench --causal --full",
                             "bench --decode --full",
                             "dropin --methods memoryformer",
                             "dropin --draws 0",
                             "experiment softmax",
                             "experiment memoryformer nothing",
                             "bench --fail-if-slower 5%",
                             "methods --heads 4",
                             "--text"})
        QTest::newRow(line) << QString::fromLatin1(line);
}

void CliTest::usageErrors()
{
    QFETCH(QString, line);
    const Ran ran = runProgram(filledIn(line, {{"MODEL", m_model},
                                               {"TEXT", file("text.txt")},
                                               {"IN", file("qkv.safetensors")},
                                               {"OUT", file("out.safetensors")}}));
    QVERIFY2(ran.exitCode == 2, qPrintable(QString::number(ran.exitCode) + ": " + ran.err));
    QVERIFY2(isOneSentence(lastLine(ran.err)), ran.err);
    QVERIFY(ran.out.isEmpty());
}

void CliTest::inputErrors_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("names"); // what the sentence must name
    const QString missing = QStringLiteral("/nowhere/model.bin");
    QTest::newRow("no such checkpoint") << QStringList{QStringLiteral("info"), missing} << missing;
    QTest::newRow("cut off") << QStringList{QStringLiteral("run"), file("cut.bin")} << QStringLiteral("cut.bin");
    QTest::newRow("noise") << QStringList{QStringLiteral("info"), file("noise.bin")} << QStringLiteral("noise.bin");
    QTest::newRow("a device") << QStringList{QStringLiteral("info"), QStringLiteral("/dev/zero")}
                              << QStringLiteral("/dev/zero");
    QTest::newRow("no such text") << QStringList{QStringLiteral("tokenize"), m_model, QStringLiteral("--file"), missing}
                                  << missing;
    QTest::newRow("not UTF-8") << QStringList{QStringLiteral("tokenize"), m_model, QStringLiteral("--file"),
                                              file("bad.txt")}
                               << QStringLiteral("bad.txt");
    QTest::newRow("no text") << QStringList{QStringLiteral("perplexity"), m_model, QStringLiteral("--file"),
                                            file("empty.txt")}
                             << QStringLiteral("empty.txt");
    QTest::newRow("no tokenizer there") << QStringList{QStringLiteral("run"), m_model, QStringLiteral("--tokenizer"),
                                                       missing}
                                        << missing;
    const auto apply = [&](const QString& in, const QString& out) {
        return QStringList{QStringLiteral("apply"), QStringLiteral("softmax"), in, out};
    };
    QTest::newRow("no tensors") << apply(missing, file("out.safetensors")) << missing;
    QTest::newRow("heads that do not divide")
        << apply(file("uneven.safetensors"), file("out.safetensors")) << QStringLiteral("key");
    QTest::newRow("no key") << apply(file("nokey.safetensors"), file("out.safetensors")) << QStringLiteral("key");
    QTest::newRow("cannot write") << apply(file("qkv.safetensors"), QStringLiteral("/nowhere/out.safetensors"))
                                  << QStringLiteral("/nowhere/out.safetensors");
    QTest::newRow("no earlier measurement")
        << QStringList{QStringLiteral("bench"), QStringLiteral("--compare"), missing} << missing;
    QTest::newRow("not a measurement") << QStringList{QStringLiteral("bench"), QStringLiteral("--compare"),
                                                      file("text.txt")}
                                       << QStringLiteral("text.txt");
}

void CliTest::inputErrors()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, names);
    const Ran ran = runProgram(arguments);
    QCOMPARE(ran.exitCode, 3);
    const QByteArray last = lastLine(ran.err);
    QVERIFY2(isOneSentence(last), ran.err);
    QVERIFY2(last.contains(names.toUtf8()), last);
    QVERIFY(ran.out.isEmpty());
}

void CliTest::deviceErrors()
{
    const Ran absent =
        runProgram({QStringLiteral("run"), m_model, QStringLiteral("--device"), QStringLiteral("abacus")});
    QCOMPARE(absent.exitCode, 4);
    QVERIFY2(absent.err.contains("abacus"), absent.err);
    QVERIFY(absent.out.isEmpty());
    const Environment nothing{{QStringLiteral("OCL_ICD_VENDORS"), m_folder.path()}};
    QCOMPARE(
        runProgram({QStringLiteral("run"), m_model, QStringLiteral("--backend"), QStringLiteral("opencl")}, nothing)
            .exitCode,
        4);
    QCOMPARE(
        runProgram({QStringLiteral("run"), m_model}, {{QStringLiteral("SUBQUAD_DEVICE"), QStringLiteral("abacus")}})
            .exitCode,
        4);
}

void CliTest::withoutDeviceTheReferenceRuns()
{
    const Environment nothing{{QStringLiteral("OCL_ICD_VENDORS"), m_folder.path()}};
    const Ran ran = runProgram({QStringLiteral("run"), m_model, QStringLiteral("--json")}, nothing);
    QCOMPARE(ran.exitCode, 0);
    QVERIFY2(ran.err.contains("No OpenCL device"), ran.err);
    QCOMPARE(ran.json()["timing"].toObject()["backend"].toString(), QStringLiteral("reference"));
    QCOMPARE(
        runProgram({QStringLiteral("devices"), QStringLiteral("--json")}, nothing).json()["devices"].toArray().size(),
        0);
}

void CliTest::fullDiskIsSaid()
{
    if (!QFile::exists(QStringLiteral("/dev/full")))
        QSKIP("this system has no /dev/full");
    QProcess process;
    process.setStandardOutputFile(QStringLiteral("/dev/full"));
    process.start(QStringLiteral(SUBQUAD_PROGRAM), {QStringLiteral("methods")});
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitCode(), 3);
    QVERIFY(isOneSentence(process.readAllStandardError()));
}

void CliTest::info()
{
    const Ran text = runProgram({QStringLiteral("info"), m_llama});
    QCOMPARE(text.exitCode, 0);
    QVERIFY(text.out.contains("sha256"));
    const QJsonObject json = runProgram({QStringLiteral("info"), m_llama, QStringLiteral("--json")}).json();
    QCOMPARE(json["sha256"].toString().size(), 64);
    QCOMPARE(json["config"].toObject()["layers"].toInt(), 2);
    for (const char* list : {"found", "assumed", "missing", "ignored", "padding", "files"})
        QVERIFY2(json[QLatin1String(list)].isArray(), list);
    QVERIFY(json["memory"].toObject()["weight_bytes"].toInteger() >= 4 * json["parameters"].toInteger());
}

void CliTest::tokenizeCoversTheText()
{
    const QByteArray text = "the café — \xF0\x9F\x98\x80 there";
    for (const QString& model : {m_model, m_llama}) {
        const QJsonObject json = runProgram({QStringLiteral("tokenize"), model, QStringLiteral("--text"),
                                             QString::fromUtf8(text), QStringLiteral("--json")})
                                     .json();
        const QJsonArray ids = json["ids"].toArray(), pieces = json["pieces"].toArray(),
                         ranges = json["ranges"].toArray();
        QVERIFY(ids.size() > 10);
        QCOMPARE(pieces.size(), ids.size());
        QCOMPARE(ranges.size(), ids.size());
        int end = 0;
        for (const QJsonValue range : ranges) {
            if (range[0] == range[1])
                continue; // added tokens stand for nothing
            QCOMPARE(range[0].toInt(), end);
            end = range[1].toInt();
        }
        QCOMPARE(end, int(text.size()));
    }
}

void CliTest::runIsTheSameOnBothBackEnds()
{
    QStringList line{QStringLiteral("run"),        m_llama,
                     QStringLiteral("--text"),     QStringLiteral("the fox"),
                     QStringLiteral("--generate"), QStringLiteral("12"),
                     QStringLiteral("--json")};
    const QJsonObject device = runProgram(line).json();
    const QJsonObject reference =
        runProgram(line + QStringList{QStringLiteral("--backend"), QStringLiteral("reference")}).json();
    QVERIFY(device["tokens"].toArray().size() > 3);
    QVERIFY(!device["generated"].toArray().isEmpty());
    for (const char* key : {"tokens", "generated", "text"})
        QCOMPARE(device[QLatin1String(key)], reference[QLatin1String(key)]);
    QVERIFY(device["timing"].toObject()["prefill_ns"].toDouble() > 0);
    QVERIFY(device["timing"].toObject()["state_bytes"].toDouble() > 0);
    // As text: prompt and continuation.
    line.removeLast();
    const Ran text = runProgram(line);
    QCOMPARE(text.out.trimmed(), device["text"].toString().toUtf8().trimmed());
}

void CliTest::runOfAnyPrompt_data()
{
    QTest::addColumn<QStringList>("prompt");
    QTest::addColumn<int>("tokens");
    QTest::newRow("none") << QStringList{} << 1;
    QTest::newRow("empty text") << QStringList{QStringLiteral("--text"), QString()} << 1;
    QTest::newRow("empty file") << QStringList{QStringLiteral("--file"), file("empty.txt")} << 1;
    QTest::newRow("one token") << QStringList{QStringLiteral("--tokens"), QStringLiteral("5")} << 1;
    QTest::newRow("tokens as they are") << QStringList{QStringLiteral("--tokens"), QStringLiteral("5,6,7")} << 3;
}

void CliTest::runOfAnyPrompt()
{
    QFETCH(QStringList, prompt);
    QFETCH(int, tokens);
    for (const QString& model : {m_model, m_llama}) {
        for (const char* method : {"softmax", "taylorshift"}) {
            const Ran ran = runProgram(QStringList{QStringLiteral("run"), model, QStringLiteral("--json"),
                                                   QStringLiteral("--method"), QLatin1String(method),
                                                   QStringLiteral("--generate"), QStringLiteral("2")} +
                                       prompt);
            QVERIFY2(ran.exitCode == 0, ran.err);
            QCOMPARE(ran.json()["tokens"].toArray().size(), tokens);
        }
    }
}

void CliTest::samplingFollowsTheSeed()
{
    const auto generated = [&](int seed) {
        return runProgram({QStringLiteral("run"), m_model, QStringLiteral("--generate"), QStringLiteral("20"),
                           QStringLiteral("--temperature"), QStringLiteral("1"), QStringLiteral("--seed"),
                           QString::number(seed), QStringLiteral("--json"), QStringLiteral("--backend"),
                           QStringLiteral("reference")})
            .json()["generated"]
            .toArray();
    };
    QCOMPARE(generated(1), generated(1));
    QVERIFY(generated(1) != generated(2));
}

void CliTest::beyondTheContextIsSaid()
{
    const Ran ran = runProgram({QStringLiteral("run"), m_model, QStringLiteral("--tokens"),
                                QStringList(40, QStringLiteral("70")).join(u','), QStringLiteral("--json")});
    QCOMPARE(ran.exitCode, 0);
    QVERIFY2(ran.err.contains("beyond the trained context"), ran.err);
}

void CliTest::dump()
{
    const QString path = file("dump.safetensors");
    const Ran ran = runProgram({QStringLiteral("run"), m_llama, QStringLiteral("--text"), QStringLiteral("the fox ran"),
                                QStringLiteral("--dump"), path, QStringLiteral("--probes"), QStringLiteral("weights")});
    QVERIFY2(ran.exitCode == 0, ran.err);
    const Tensors dumped(path);
    const auto& tokens = dumped.all.at(QStringLiteral("tokens"));
    const int count = tokens.shape.at(0);
    QVERIFY(count > 4);
    const samples::Shape shape;
    const int heads = shape.heads, width = shape.headWidth();
    const std::map<QString, std::vector<int>> expected{
        {QStringLiteral("logits"), {count, shape.vocabulary()}},
        {QStringLiteral("layer.1.query"), {heads, count, width}},
        {QStringLiteral("layer.1.query_raw"), {heads, count, width}},
        {QStringLiteral("layer.1.key"), {shape.keyHeads, count, width}},
        {QStringLiteral("layer.1.key_raw"), {shape.keyHeads, count, width}},
        {QStringLiteral("layer.1.value"), {shape.keyHeads, count, width}},
        {QStringLiteral("layer.1.mixed"), {heads, count, width}},
        {QStringLiteral("layer.1.output"), {count, shape.width}},
        {QStringLiteral("layer.0.weights"), {heads, count, count}}};
    for (const auto& [name, sides] : expected) {
        QVERIFY2(dumped.all.count(name) == 1, qPrintable(name));
        QVERIFY2(dumped.all.at(name).shape == sides, qPrintable(name));
    }
    // The map is the map: weights × values = mixed, and later keys count nothing.
    const auto& weights = dumped.all.at(QStringLiteral("layer.0.weights")).cells;
    const auto& values = dumped.all.at(QStringLiteral("layer.0.value")).cells;
    const auto& mixed = dumped.all.at(QStringLiteral("layer.0.mixed")).cells;
    for (int head = 0; head < heads; ++head) {
        const int keyHead = head * shape.keyHeads / heads;
        for (int i = 0; i < count; ++i) {
            for (int c = 0; c < width; ++c) {
                double sum = 0;
                for (int j = 0; j < count; ++j)
                    sum += double(weights[std::size_t((head * count + i) * count + j)]) *
                           double(values[std::size_t((keyHead * count + j) * width + c)]);
                QVERIFY(std::abs(sum - double(mixed[std::size_t((head * count + i) * width + c)])) < 1e-5);
            }
            for (int j = i + 1; j < count; ++j)
                QCOMPARE(weights[std::size_t((head * count + i) * count + j)], 0.0F);
        }
    }
    // Position 0 is not turned, later ones are.
    const auto& raw = dumped.all.at(QStringLiteral("layer.1.query_raw")).cells;
    const auto& turned = dumped.all.at(QStringLiteral("layer.1.query")).cells;
    QVERIFY(std::abs(raw[0] - turned[0]) < 1e-6F);
    QVERIFY(largestDifference(raw, turned) > 1e-3);
}

void CliTest::layersCanDiffer()
{
    const auto logits = [&](const QStringList& plan) {
        const QString path = file("layers.safetensors");
        const Ran ran = runProgram(QStringList{QStringLiteral("run"), m_llama, QStringLiteral("--text"),
                                               QStringLiteral("the fox ran"), QStringLiteral("--dump"), path} +
                                   plan);
        return ran.exitCode == 0 ? Tensors(path).all.at(QStringLiteral("logits")).cells : std::vector<float>{};
    };
    const QString method = QStringLiteral("--method"), layer = QStringLiteral("--layer");
    const auto exact = logits({});
    const auto everywhere = logits({method, QStringLiteral("taylorshift")});
    const auto both = logits({layer, QStringLiteral("0=taylorshift"), layer, QStringLiteral("1=taylorshift")});
    const auto one = logits({layer, QStringLiteral("1=taylorshift")});
    const auto undone = logits({method, QStringLiteral("taylorshift"), layer, QStringLiteral("0=softmax"), layer,
                                QStringLiteral("1=softmax")});
    QVERIFY(largestDifference(everywhere, both) == 0);
    QVERIFY(largestDifference(exact, undone) == 0);
    QVERIFY(largestDifference(exact, one) > 1e-4);
    QVERIFY(largestDifference(everywhere, one) > 1e-4);
}

void CliTest::compare()
{
    QStringList line{QStringLiteral("compare"),   m_llama,
                     QStringLiteral("--file"),    file("text.txt"),
                     QStringLiteral("--methods"), QStringLiteral("softmax,taylorshift:temperature=2,form=direct"),
                     QStringLiteral("--json")};
    const Ran ran = runProgram(line);
    QVERIFY2(ran.exitCode == 0, ran.err);
    const QJsonArray rows = ran.json()["rows"].toArray();
    std::set<QString> methods, headMetrics, layerMetrics, modelMetrics;
    for (const QJsonValue value : rows) {
        const QJsonObject row = value.toObject();
        methods.insert(row["method"].toString());
        for (const char* key : {"method", "layer", "head", "metric", "value", "unit"})
            QVERIFY2(row.contains(QLatin1String(key)), key);
        QVERIFY(!row["value"].isNull() || !row["reason"].toString().isEmpty()); // n/a says why
        (!row["head"].isNull()    ? headMetrics
         : !row["layer"].isNull() ? layerMetrics
                                  : modelMetrics)
            .insert(row["metric"].toString());
        // A method against itself does not differ.
        if (row["method"].toString() == QLatin1String("softmax") &&
            QStringList{QStringLiteral("tv"), QStringLiteral("fro"), QStringLiteral("out_rel"),
                        QStringLiteral("local_l"), QStringLiteral("acc_l"), QStringLiteral("klD")}
                .contains(row["metric"].toString()))
            QVERIFY2(row["value"].toDouble() < 1e-6, qPrintable(row["metric"].toString()));
    }
    QCOMPARE(methods,
             (std::set<QString>{QStringLiteral("softmax"), QStringLiteral("taylorshift:form=direct,temperature=2")}));
    for (const char* id : {"tv", "kl", "js", "topk@1", "topk@5", "topk@10", "mass@5", "fro", "fro_nosink", "rank", "dH",
                           "rowsum", "out_rel", "out_cos"})
        QVERIFY2(headMetrics.count(QLatin1String(id)) == 1, id);
    QCOMPARE(layerMetrics, (std::set<QString>{QStringLiteral("acc_l"), QStringLiteral("local_l")}));
    for (const char* id : {"klD", "klD_p50", "klD_p99", "klD_max", "ppl", "delta_ppl", "ln_ppl_ratio", "same_top1",
                           "delta_p", "first_div", "len_match"})
        QVERIFY2(modelMetrics.count(QLatin1String(id)) == 1, id);
    line.removeLast();
    const Ran text = runProgram(line);
    QCOMPARE(text.exitCode, 0);
    QVERIFY(text.out.contains("DROP-IN") && text.out.contains("sha256"));
}

// A method that declares a seed is run with five, and every number says how far they lie apart.
void CliTest::compareSpreadsOverSeeds()
{
    const Ran ran =
        runProgram({QStringLiteral("compare"), m_llama, QStringLiteral("--file"), file("text.txt"),
                    QStringLiteral("--methods"), QStringLiteral("dijiang:seed=3"), QStringLiteral("--json")});
    QVERIFY2(ran.exitCode == 0, ran.err);
    QCOMPARE(ran.json()["methods"][0]["seeds"].toArray(), (QJsonArray{3, 4, 5, 6, 7}));
    int spread = 0;
    for (const QJsonValue value : ran.json()["rows"].toArray()) {
        const QJsonObject row = value.toObject();
        if (row["metric"].toString() != QLatin1String("tv") || row["value"].isNull())
            continue;
        QVERIFY(row["low"].toDouble() <= row["value"].toDouble() && row["value"].toDouble() <= row["high"].toDouble());
        spread += row["error"].toDouble() > 0 && row["low"].toDouble() < row["high"].toDouble() ? 1 : 0;
    }
    QVERIFY(spread > 0);
}

// A method that replaces projections says how far each is off; what stays dense has no row.
void CliTest::compareShowsProjectionErrors()
{
    const Ran ran = runProgram({QStringLiteral("compare"), m_llama, QStringLiteral("--file"), file("text.txt"),
                                QStringLiteral("--methods"), QStringLiteral("memoryformer:tau=2,t=4,key=false,up=true"),
                                QStringLiteral("--json")});
    QVERIFY2(ran.exitCode == 0, ran.err);
    std::set<QString> projections;
    for (const QJsonValue value : ran.json()["rows"].toArray()) {
        const QString metric = value["metric"].toString();
        if (!metric.startsWith(QStringLiteral("proj_")))
            continue;
        projections.insert(metric);
        QVERIFY(!value["layer"].isNull() && value["head"].isNull());
        QVERIFY(value["value"].toDouble() > 0.01 && value["value"].toDouble() < 2);
    }
    QCOMPARE(projections, (std::set<QString>{QStringLiteral("proj_query"), QStringLiteral("proj_up"),
                                             QStringLiteral("proj_value")}));
}

// Without training: even attention first, a method without a seed once on a checkpoint, a refusal as a sentence.
void CliTest::dropinMovesAttention()
{
    const auto rowsOf = [](const QStringList& line) {
        const Ran ran = runProgram(QStringList{QStringLiteral("dropin"), QStringLiteral("--json")} + line);
        return ran.exitCode == 0 ? ran.json()["rows"].toArray() : QJsonArray();
    };
    const QJsonArray model = rowsOf({m_llama, QStringLiteral("--file"), file("text.txt"), QStringLiteral("--methods"),
                                     QStringLiteral("softmax,taylorshift,dijiang")});
    QCOMPARE(model.size(), 4);
    QVERIFY(model[0]["method"].toString().isEmpty() && model[0]["moved"].toDouble() > 0);
    QVERIFY(model[1]["moved"].toDouble() < 1e-6); // exact attention moves nothing
    QCOMPARE(model[2]["draws"].toArray().size(), 1);
    QCOMPARE(model[3]["draws"].toArray().size(), 5);
    QVERIFY(model[3]["deviation"].toDouble() > 0);
    const QJsonArray random =
        rowsOf({QStringLiteral("--head-dim"), QStringLiteral("8"), QStringLiteral("--tokens"), QStringLiteral("20"),
                QStringLiteral("--methods"), QStringLiteral("softmax,dijiang:decay=0.5")});
    QCOMPARE(random[0]["draws"].toArray().size(), 12);
    QVERIFY(random[1]["moved"].toDouble() < 1e-6);
    QVERIFY(random[2]["moved"].isNull() && random[2]["refusal"].toString().contains(QStringLiteral("decay")));
}

void CliTest::decodeIsTimed()
{
    const Ran ran = runProgram({QStringLiteral("bench"), QStringLiteral("--decode"), QStringLiteral("--methods"),
                                QStringLiteral("softmax,dijiang"), QStringLiteral("--heads"), QStringLiteral("2"),
                                QStringLiteral("--lengths"), QStringLiteral("40"), QStringLiteral("--reps"),
                                QStringLiteral("2"), QStringLiteral("--json")});
    if (ran.exitCode == 2 && ran.err.contains("OpenCL"))
        QSKIP("no OpenCL device on this machine");
    QVERIFY2(ran.exitCode == 0, ran.err);
    QVERIFY(ran.json()["decode"].toBool());
    QCOMPARE(ran.json()["rows"][1]["form"].toString(), QStringLiteral("recurrent"));
    QVERIFY(ran.json()["rows"][0]["median_ns"].toDouble() > 0);
    const Ran reference = runProgram({QStringLiteral("bench"), QStringLiteral("--decode"), QStringLiteral("--lengths"),
                                      QStringLiteral("8"), QStringLiteral("--backend"), QStringLiteral("reference")});
    QVERIFY(reference.exitCode == 2 && reference.err.contains("needs an OpenCL device"));
}

// Without a causal mask the first row depends on the last token, and there is no text to go on with.
void CliTest::encoderAnswersOnce()
{
    samples::writeLlamaFolder(m_folder.path().toStdString() + "/encoder", {.layers = 2}, samples::Element::F32,
                              R"(,"subquad":{"causal":false})");
    const QString encoder = file("encoder");
    const auto firstRow = [&](const QString& model, const QString& tokens, const QString& backend) {
        const QString dump = file("encoder.safetensors");
        runProgram({QStringLiteral("run"), model, QStringLiteral("--tokens"), tokens, QStringLiteral("--backend"),
                    backend, QStringLiteral("--dump"), dump});
        std::vector<float> cells = Tensors(dump).all.at(QStringLiteral("logits")).cells;
        cells.resize(cells.size() / 3);
        return cells;
    };
    const QString text = QStringLiteral("5,6,7"), other = QStringLiteral("5,6,8");
    for (const QString& backend : {QStringLiteral("reference"), QStringLiteral("opencl")}) {
        QVERIFY(largestDifference(firstRow(encoder, text, backend), firstRow(encoder, other, backend)) > 1e-4);
        QCOMPARE(firstRow(m_llama, text, backend), firstRow(m_llama, other, backend));
    }
    const auto generated = [&](const char* count) {
        return runProgram({QStringLiteral("run"), encoder, QStringLiteral("--tokens"), text,
                           QStringLiteral("--generate"), QString::fromLatin1(count), QStringLiteral("--json")});
    };
    QCOMPARE(generated("1").json()["generated"].toArray().size(), 1);
    QVERIFY(generated("2").exitCode == 2 && generated("2").err.contains("no causal mask"));
    const Ran compared =
        runProgram({QStringLiteral("compare"), encoder, QStringLiteral("--tokens"), text, QStringLiteral("--methods"),
                    QStringLiteral("taylorshift"), QStringLiteral("--json")});
    QVERIFY2(compared.exitCode == 0, compared.err);
    const Ran lost = runProgram({QStringLiteral("perplexity"), encoder, QStringLiteral("--file"), file("text.txt")});
    QVERIFY(lost.exitCode == 2 && lost.err.contains("no causal mask"));
}

void CliTest::perplexityCountsByWindows()
{
    const auto measured = [&](int window) {
        const Ran ran = runProgram({QStringLiteral("perplexity"), m_llama, QStringLiteral("--file"), file("text.txt"),
                                    QStringLiteral("--window"), QString::number(window), QStringLiteral("--json")});
        return ran.json();
    };
    const int tokens = int(runProgram({QStringLiteral("tokenize"), m_llama, QStringLiteral("--file"), file("text.txt"),
                                       QStringLiteral("--json")})
                               .json()["ids"]
                               .toArray()
                               .size());
    for (const int window : {2, 10, tokens, 1000}) {
        const QJsonObject json = measured(window);
        const int windows = (tokens + window - 1) / window;
        QCOMPARE(json["tokens"].toInt(), tokens - windows);
        const double nats = json["nll_nats"].toDouble();
        QVERIFY(nats > 0);
        QVERIFY(std::abs(json["perplexity"].toDouble() / std::exp(nats / (tokens - windows)) - 1) < 1e-9);
        QVERIFY(std::abs(json["bits_per_byte"].toDouble() / (nats / std::log(2.0) / json["bytes"].toDouble()) - 1) <
                1e-9);
    }
    QCOMPARE(measured(tokens)["nll_nats"].toDouble(), measured(1000)["nll_nats"].toDouble());
    // With one window every byte of the text is counted: the token before it begins the sequence.
    QCOMPARE(measured(1000)["bytes"].toInt(), int(QFile(file("text.txt")).size()));

    // A mark between two texts is a token to be predicted, and no text.
    samples::writeFile(file("marked.txt").toStdString(), "the<|bos|>moth");
    const QJsonObject marked = runProgram({QStringLiteral("perplexity"), m_llama, QStringLiteral("--file"),
                                           file("marked.txt"), QStringLiteral("--json")})
                                   .json();
    QCOMPARE(marked["bytes"].toInt(), 7);
    QCOMPARE(marked["tokens"].toInt(), 5); // the, the mark, m, o, th
}

void CliTest::applyAgreesWithItself()
{
    const auto output = [&](const QString& method, const QStringList& settings, QString* form = nullptr) {
        QStringList line{QStringLiteral("apply"), method, file("qkv.safetensors"), file("out.safetensors"),
                         QStringLiteral("--json")};
        line += settings;
        const Ran ran = runProgram(line);
        if (ran.exitCode != 0)
            return std::vector<float>{};
        if (form != nullptr)
            *form = ran.json()["form"].toString();
        const Tensors tensors(file("out.safetensors"));
        return tensors.all.at(QStringLiteral("output")).shape == std::vector<int>{4, 37, 6}
                   ? tensors.all.at(QStringLiteral("output")).cells
                   : std::vector<float>{};
    };
    const QString set = QStringLiteral("--set"), full = QStringLiteral("causal=false");
    const QStringList reference{QStringLiteral("--backend"), QStringLiteral("reference")};
    const QString softmax = QStringLiteral("softmax"), taylorshift = QStringLiteral("taylorshift");
    for (const QString& method : {softmax, taylorshift}) {
        for (const QStringList& settings : {QStringList{}, QStringList{set, full}}) {
            const auto exact = output(method, settings + reference);
            QVERIFY(!exact.empty());
            QVERIFY(largestDifference(exact, output(method, settings)) < 2e-5);
        }
        // The last token sees every key either way.
        const auto causal = output(method, {}), whole = output(method, {set, full});
        for (std::size_t c = 0; c < 6; ++c)
            QVERIFY(std::abs(causal[36 * 6 + c] - whole[36 * 6 + c]) < 2e-5F);
        QVERIFY(largestDifference(causal, whole) > 1e-3);
    }
    const auto direct = output(taylorshift, {set, QStringLiteral("form=direct")});
    for (const char* form : {"efficient", "recurrent", "chunked"}) {
        QString ran;
        QVERIFY(largestDifference(
                    direct, output(taylorshift, {set, QStringLiteral("form=") + QLatin1String(form)}, &ran)) < 2e-5);
        QVERIFY2(form == QLatin1String("efficient")
                     ? ran == QLatin1String("chunked") || ran == QLatin1String("recurrent")
                     : ran == QLatin1String(form),
                 qPrintable(ran));
    }
    const Ran weighed = runProgram({QStringLiteral("apply"), taylorshift, file("qkv.safetensors"),
                                    file("out.safetensors"), set, QStringLiteral("weights=true")});
    QCOMPARE(weighed.exitCode, 0);
    const Tensors tensors(file("out.safetensors"));
    const auto& weights = tensors.all.at(QStringLiteral("weights"));
    QCOMPARE(weights.shape, (std::vector<int>{4, 37, 37}));
    for (std::size_t row = 0; row < 4 * 37; ++row) {
        double sum = 0;
        for (std::size_t j = 0; j < 37; ++j)
            sum += double(weights.cells[row * 37 + j]);
        QVERIFY(std::abs(sum - 1) < 1e-5);
    }
}

// Output, memories and normalisers of the device are the reference's, relative to the largest number.
void CliTest::applyWritesTheStates()
{
    for (const char* rule : {"linear", "delta"}) {
        const auto tensors = [&](const QStringList& where) {
            const QStringList line{QStringLiteral("apply"), QStringLiteral("infini"),
                                   file("qkv.safetensors"), file("out.safetensors"),
                                   QStringLiteral("--set"), QStringLiteral("segment=8"),
                                   QStringLiteral("--set"), QStringLiteral("rule=") + QLatin1String(rule)};
            const Ran ran = runProgram(line + where);
            return ran.exitCode == 0 ? Tensors(file("out.safetensors")).all : decltype(Tensors::all){};
        };
        const auto exact = tensors({QStringLiteral("--backend"), QStringLiteral("reference")}), own = tensors({});
        QCOMPARE(exact.at(QStringLiteral("memory")).shape,
                 (std::vector<int>{5, 2, 8, 6})); // segments, key heads, d, d_v
        for (const char* name : {"output", "memory", "normaliser"}) {
            const auto& cells = exact.at(QLatin1String(name)).cells;
            float largest = 0;
            for (const float cell : cells)
                largest = std::max(largest, std::abs(cell));
            QVERIFY2(largestDifference(cells, own.at(QLatin1String(name)).cells) < 1e-5 * largest, name);
        }
    }
    const Ran full = runProgram({QStringLiteral("apply"), QStringLiteral("infini"), file("qkv.safetensors"),
                                 file("out.safetensors"), QStringLiteral("--set"), QStringLiteral("causal=false")});
    QCOMPARE(full.exitCode, 2);
    QVERIFY(isOneSentence(full.err) && full.err.contains("causal"));
}

// By place, the loss adds up to the whole; off is what an even gate at −40 gives; a memory knocked out is another
// model.
void CliTest::memoryIsKnockedOutByPlace()
{
    std::string text;
    for (int i = 0; i < 30; ++i)
        text += "the quick brown fox jumps over the lazy dog. ";
    samples::writeFile(file("places.txt").toStdString(), text);
    const auto run = [&](const QString& method, const QStringList& more) {
        return runProgram(QStringList{QStringLiteral("perplexity"), m_llama, QStringLiteral("--file"),
                                      file("places.txt"), QStringLiteral("--method"), method,
                                      QStringLiteral("--window"), QStringLiteral("65"), QStringLiteral("--json")} +
                          more)
            .json();
    };
    const QJsonObject all = run(QStringLiteral("infini:segment=16"),
                                {QStringLiteral("--period"), QStringLiteral("16"), QStringLiteral("--knock-out")});
    const QJsonArray rows = all["rows"].toArray();
    QCOMPARE(rows.size(), 4);
    QCOMPARE(rows[0].toObject()["bits_per_byte"], all["bits_per_byte"]);
    const double off = run(QStringLiteral("infini:segment=16,gate=-40"), {})["bits_per_byte"].toDouble();
    QVERIFY(std::abs(rows[1].toObject()["bits_per_byte"].toDouble() - off) < 1e-6);
    QVERIFY(rows[0].toObject()["bits_per_byte"] != rows[1].toObject()["bits_per_byte"]);
    double sum = 0;
    for (const QJsonValue place : rows[0].toObject()["nats_by_place"].toArray())
        sum += place.toDouble();
    QCOMPARE(rows[0].toObject()["nats_by_place"].toArray().size(), 16);
    // Windows of 65 tokens give every place equally often, the last window apart.
    QVERIFY(std::abs(sum / 16 / (all["nll_nats"].toDouble() / all["tokens"].toDouble()) - 1) < 0.05);
}

// The same keys are asked of every state of the memory; a cell whose key stands in the question's segment is marked.
void CliTest::passkeyKnocksTheMemoryOut()
{
    const QStringList line{QStringLiteral("passkey"),   m_llama,
                           QStringLiteral("--method"),  QStringLiteral("infini:segment=256"),
                           QStringLiteral("--lengths"), QStringLiteral("900"),
                           QStringLiteral("--depths"),  QStringLiteral("0,100"),
                           QStringLiteral("--backend"), QStringLiteral("reference")};
    const Ran ran = runProgram(line + QStringList{QStringLiteral("--json")});
    QVERIFY2(ran.exitCode == 0, ran.err);
    QStringList states;
    for (const QJsonValue row : ran.json()["rows"].toArray()) {
        states << row[QStringLiteral("memory")].toString();
        QCOMPARE(row[QStringLiteral("local")].toBool(), row[QStringLiteral("depth")].toDouble() == 1);
        QVERIFY(row[QStringLiteral("nats")].toDouble() > 0);
    }
    QCOMPARE(states, (QStringList{"on", "on", "off", "off", "zeroed", "zeroed", "shuffled", "shuffled"}));
    QVERIFY(runProgram(line).out.contains("memory shuffled"));
}

// Half of the text finds one gate per head, the other half judges: the search never does worse where it looked.
void CliTest::tuneSearchesHeadByHead()
{
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "the quick brown fox " + std::to_string(i * i) + " jumps. ";
    samples::writeFile(file("tune.txt").toStdString(), text);
    const QStringList line{QStringLiteral("tune"),     m_llama,
                           QStringLiteral("--method"), QStringLiteral("infini:segment=16"),
                           QStringLiteral("--values"), QStringLiteral("-40,0"),
                           QStringLiteral("--window"), QStringLiteral("64"),
                           QStringLiteral("--file"),   file("tune.txt"),
                           QStringLiteral("--json")};
    const Ran ran = runProgram(line);
    QVERIFY2(ran.exitCode == 0, ran.err);
    const QJsonObject found = ran.json();
    const QJsonArray rows = found["rows"].toArray();
    QCOMPARE(rows.size(), 3);
    const auto fit = [&](int row) { return rows[row].toObject()["bits_per_byte_fit"].toDouble(); };
    QVERIFY(rows[2].toObject()["value"].isNull() && fit(2) <= std::min(fit(0), fit(1)) && fit(0) != fit(1));
    QCOMPARE(found["best"].toArray().size(), 2);
    // Gates that differ by head are what the memory is mixed with: all at −40 are exact attention inside segments.
    QStringList wrong = line;
    wrong[5] = QStringLiteral("-40,warm");
    QCOMPARE(runProgram(wrong).exitCode, 2);
    wrong = line;
    wrong[3] = QStringLiteral("softmax");
    const Ran none = runProgram(wrong);
    QCOMPARE(none.exitCode, 2);
    QVERIFY(isOneSentence(none.err) && none.err.contains("one number per head"));
}

void CliTest::applyUsesTheTensorsOfItsKnobs()
{
    std::vector<samples::Tensor> tensors{{"query", {2, 9, 4}, samples::numbersOf({}, "query", 72, 2)},
                                         {"key", {2, 9, 4}, samples::numbersOf({}, "key", 72, 2)},
                                         {"value", {2, 9, 4}, samples::numbersOf({}, "value", 72, 2)}};
    const auto output = [&](const QStringList& settings) {
        samples::writeFile(file("own.safetensors").toStdString(), samples::safetensors(tensors));
        const Ran ran = runProgram(QStringList{QStringLiteral("apply"), QStringLiteral("taylorshift"),
                                               file("own.safetensors"), file("out.safetensors")} +
                                   settings);
        return ran.exitCode == 0 ? Tensors(file("out.safetensors")).all.at(QStringLiteral("output")).cells
                                 : std::vector<float>{};
    };
    const QStringList knob{QStringLiteral("--set"), QStringLiteral("temperature=5")};
    const auto one = output({}), five = output(knob);
    QVERIFY(largestDifference(one, five) > 1e-3);
    tensors.push_back({"temperature", {2}, {5, 1}});
    const auto mixed = output({}); // head 0 as with 5, head 1 as with 1
    for (std::size_t i = 0; i < 36; ++i) {
        QVERIFY(std::abs(mixed[i] - five[i]) < 1e-5F);
        QVERIFY(std::abs(mixed[36 + i] - one[36 + i]) < 1e-5F);
    }
    QVERIFY(largestDifference(mixed, output(knob)) == 0); // the tensor wins
    tensors.back().name = "something";
    const Ran unused = runProgram(
        {QStringLiteral("apply"), QStringLiteral("softmax"), file("own.safetensors"), file("out.safetensors")});
    QCOMPARE(unused.exitCode, 0);
    samples::writeFile(file("own.safetensors").toStdString(), samples::safetensors(tensors));
    const Ran said = runProgram(
        {QStringLiteral("apply"), QStringLiteral("softmax"), file("own.safetensors"), file("out.safetensors")});
    QVERIFY2(said.err.contains("something"), said.err); // nothing is ignored silently
}

void CliTest::bench()
{
    QStringList line{
        QStringLiteral("bench"),   QStringLiteral("--methods"), QStringLiteral("softmax,taylorshift:form=direct"),
        QStringLiteral("--heads"), QStringLiteral("2"),         QStringLiteral("--head-dim"),
        QStringLiteral("8"),       QStringLiteral("--lengths"), QStringLiteral("8:32:x2"),
        QStringLiteral("--full"),  QStringLiteral("--reps"),    QStringLiteral("3"),
        QStringLiteral("--json")};
    const Ran ran = runProgram(line);
    QVERIFY2(ran.exitCode == 0, ran.err);
    QVERIFY(!ran.json()["machine"].toString().isEmpty());
    QVERIFY(ran.json()["peak"].toObject()["fma_flops"].toDouble() > 0);
    QVERIFY(ran.json()["peak"].toObject()["read_bytes_per_s"].toDouble() > 0);
    const QJsonArray rows = ran.json()["rows"].toArray();
    QCOMPARE(rows.size(), 6);
    QJsonArray impossible, easy;
    for (const QJsonValue value : rows) {
        QJsonObject row = value.toObject();
        for (const char* key : {"method", "form", "causal", "heads", "head_dim", "tokens", "threads", "operations",
                                "bytes", "state_bytes", "median_ns", "p20_ns", "p80_ns", "samples_ns"})
            QVERIFY2(row.contains(QLatin1String(key)), key);
        QVERIFY(!row["method"].toString().contains(u':'));
        QCOMPARE(row["samples_ns"].toArray().size(), 3);
        QVERIFY(row["p20_ns"].toDouble() <= row["median_ns"].toDouble() &&
                row["median_ns"].toDouble() <= row["p80_ns"].toDouble());
        row["median_ns"] = 1;
        impossible.append(row);
        row["median_ns"] = 1e15;
        easy.append(row);
    }
    const auto against = [&](const QJsonArray& base) {
        samples::writeFile(file("base.json").toStdString(),
                           QJsonDocument(QJsonObject{{QStringLiteral("rows"), base}}).toJson().toStdString());
        return runProgram(line + QStringList{QStringLiteral("--compare"), file("base.json"),
                                             QStringLiteral("--fail-if-slower"), QStringLiteral("5%")})
            .exitCode;
    };
    QCOMPARE(against(impossible), 5);
    QCOMPARE(against(easy), 0);
    // What does not fit is a row that says so.
    const Ran large = runProgram({QStringLiteral("bench"), QStringLiteral("--lengths"), QStringLiteral("4,100000000"),
                                  QStringLiteral("--reps"), QStringLiteral("1"), QStringLiteral("--json")});
    QCOMPARE(large.exitCode, 0);
    const QJsonArray both = large.json()["rows"].toArray();
    QVERIFY(both.first().toObject()["median_ns"].isDouble());
    QVERIFY(both.last().toObject()["median_ns"].isNull() && !both.last().toObject()["failure"].toString().isEmpty());
}

void CliTest::selftest()
{
    const Ran ran = runProgram({QStringLiteral("selftest"), QStringLiteral("--json")});
    QVERIFY2(ran.exitCode == 0, ran.out + ran.err);
    QVERIFY(ran.json()["passed"].toBool());
    QVERIFY(ran.json()["rows"].toArray().size() > 4);
}

void CliTest::devicesAndMethods()
{
    QVERIFY(runProgram({QStringLiteral("devices"), QStringLiteral("--json")}).json()["devices"].isArray());
    QCOMPARE(runProgram({QStringLiteral("devices")}).exitCode, 0);
    const QJsonObject json = runProgram({QStringLiteral("methods"), QStringLiteral("--json")}).json();
    QVERIFY(json["methods"].toArray().size() >= 2);
    QVERIFY(!json.contains(QStringLiteral("costs")));
    const QJsonObject cost =
        runProgram({QStringLiteral("methods"), QStringLiteral("--cost"), QStringLiteral("--full"),
                    QStringLiteral("--lengths"), QStringLiteral("64,4096"), QStringLiteral("--json")})
            .json();
    QCOMPARE(cost["costs"].toArray().size(), 2 * json["methods"].toArray().size());
    const Ran text = runProgram({QStringLiteral("methods")});
    QVERIFY(text.out.contains("softmax") && text.out.contains("taylorshift"));
}

void CliTest::interruptStops()
{
    QProcess process;
    process.start(QStringLiteral(SUBQUAD_PROGRAM),
                  {QStringLiteral("run"), m_model, QStringLiteral("--temperature"), QStringLiteral("1"),
                   QStringLiteral("--generate"), QStringLiteral("1000000"), QStringLiteral("--backend"),
                   QStringLiteral("reference"), QStringLiteral("--tokens"), QStringLiteral("70")});
    QVERIFY(process.waitForReadyRead(60000)); // it has begun to write
    QCOMPARE(::kill(pid_t(process.processId()), SIGINT), 0);
    QVERIFY(process.waitForFinished(10000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
}

void CliTest::publishedStory_data()
{
    QTest::addColumn<QString>("backend");
    QTest::newRow("opencl") << QStringLiteral("opencl");
    QTest::newRow("reference") << QStringLiteral("reference");
}

void CliTest::publishedStory()
{
    QFETCH(QString, backend);
    const auto path = samples::shared("checkpoints/stories260K/stories260K.bin");
    if (!std::filesystem::exists(path))
        QSKIP("../shared/checkpoints/stories260K is absent");
    if (backend == QLatin1String("opencl") &&
        runProgram({QStringLiteral("devices"), QStringLiteral("--json")}).json()["devices"].toArray().isEmpty())
        QSKIP("there is no OpenCL device");
    const Ran ran = runProgram({QStringLiteral("run"), QString::fromStdString(path.string()),
                                QStringLiteral("--generate"), QStringLiteral("60"), QStringLiteral("--temperature"),
                                QStringLiteral("0"), QStringLiteral("--backend"), backend});
    QCOMPARE(ran.exitCode, 0);
    QVERIFY2(ran.out.trimmed().startsWith(
                 "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
                 "One day, she saw a big, red ball."),
             ran.out);
}

QTEST_GUILESS_MAIN(CliTest)
#include "tst_cli.moc"
