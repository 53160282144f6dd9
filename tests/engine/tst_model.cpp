// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/json.h"
#include "engine/model/model.h"
#include "tests/support/expect.h"
#include "tests/support/samples.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <limits>

using namespace engine;

// A checkpoint becomes a Model only after every shape and number was checked.
class TestModel : public QObject
{
    Q_OBJECT

private slots:
    void everyFormatGivesTheSameModel();
    void tiedClassifierIsTheEmbedding();
    void headsThatDoNotDivideAreRefused();
    void wrongShapeIsRefusedByName();
    void notFiniteIsRefusedWithItsPlace_data();
    void notFiniteIsRefusedWithItsPlace();
    void tokenizerMustFitTheEmbedding();
    void paddingRowsAreReported();
    void memoryIsBoundedBeforeItIsTaken();
    void needIsWhatTheModelTakes();
    void preflightTellsAll();
    void cancelStopsReading();
    void theBundledSampleOpens();
    void realCheckpointsOpen();

private:
    std::filesystem::path folder(const std::string& name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }

    static Model open(const std::filesystem::path& path)
    {
        Job job;
        return Model(readCheckpoint(path, job), job);
    }

    QTemporaryDir m_folder;
};

void TestModel::everyFormatGivesTheSameModel()
{
    const samples::Shape shape{.layers = 2, .tied = false};
    samples::writeLlamaFolder(folder("f32"), shape);
    samples::writeLlamaFolder(folder("f16"), shape, samples::Element::F16);
    samples::writeLlamaFolder(folder("bf16"), shape, samples::Element::BF16);
    const Model exact = open(folder("f32"));
    // Half precision cut off has 10 bits behind the first, bfloat16 7; int8 groups are within half of 1/127.
    const std::vector<std::pair<std::filesystem::path, float>> others{
        {folder("f16"), 0x1p-10F},
        {folder("bf16"), 0x1p-7F},
        {samples::writeLlama2c(folder("v0"), 0, shape), 0},
        {samples::writeLlama2c(folder("v1"), 1, shape), 0},
        {samples::writeLlama2c(folder("v2"), 2, shape), 0.5F / 127}};
    for (const auto& [path, tolerance] : others) {
        const Model model = open(path);
        QCOMPARE(model.parameterCount(), exact.parameterCount());
        QCOMPARE(model.config().keyHeads, 2);
        for (const Weight which :
             {Weight::Embedding, Weight::AttentionNorm, Weight::Query, Weight::Key, Weight::Value, Weight::Output,
              Weight::FeedForwardNorm, Weight::Gate, Weight::Up, Weight::Down, Weight::FinalNorm, Weight::Classifier}) {
            const bool whole = which == Weight::Embedding || which == Weight::FinalNorm || which == Weight::Classifier;
            const LayerIndex layer = whole ? wholeModel : LayerIndex{1};
            const auto got = model.weight(which, layer);
            const auto wanted = exact.weight(which, layer);
            QCOMPARE(got.size(), wanted.size());
            for (std::size_t i = 0; i < got.size(); ++i)
                QVERIFY2(std::abs(got[i] - wanted[i]) <= tolerance * 1.05F, nameOf(which).data());
        }
    }
}

void TestModel::tiedClassifierIsTheEmbedding()
{
    samples::writeLlamaFolder(folder("tied"));
    const Model model = open(folder("tied"));
    QCOMPARE(model.weight(Weight::Classifier).data(), model.weight(Weight::Embedding).data());
    QCOMPARE(model.config().rope, RopeKind::RotateHalf);
    QCOMPARE(open(samples::writeLlama2c(folder("tied0"), 0)).config().rope, RopeKind::Interleaved);
}

void TestModel::headsThatDoNotDivideAreRefused()
{
    samples::Shape shape;
    shape.keyHeads = 3;
    samples::writeLlamaFolder(folder("heads"), shape);
    expectError(Fault::Shape, {"3 key heads", "4 query heads"}, [&] { open(folder("heads")); });
    const auto bin = samples::writeLlama2c(folder("heads0"), 0, shape);
    expectError(Fault::Shape, {"3 key heads", "4 query heads"}, [&] { open(bin); });
    shape = {};
    shape.heads = 3;
    samples::writeFile(folder("heads") / "config.json", samples::llamaConfig(shape));
    expectError(Fault::Shape, {"3 heads", "16"}, [&] { open(folder("heads")); });
}

void TestModel::wrongShapeIsRefusedByName()
{
    samples::writeLlamaFolder(folder("shape"));
    samples::Shape other;
    other.feedForward = 20;
    samples::writeFile(folder("shape") / "config.json", samples::llamaConfig(other));
    expectError(Fault::Shape, {"model.safetensors", "mlp.gate_proj.weight", "[24, 16]", "[20, 16]"},
                [&] { open(folder("shape")); });
}

void TestModel::notFiniteIsRefusedWithItsPlace_data()
{
    QTest::addColumn<float>("number");
    QTest::newRow("nan") << std::numeric_limits<float>::quiet_NaN();
    QTest::newRow("infinite") << -std::numeric_limits<float>::infinity();
}

void TestModel::notFiniteIsRefusedWithItsPlace()
{
    QFETCH(float, number);
    const samples::Shape shape;
    std::vector<samples::Tensor> tensors = samples::llamaTensors(shape);
    tensors[3].numbers[2 * 16 + 5] = number; // value, row 2, column 5
    samples::writeLlamaFolder(folder("nan"), shape);
    samples::writeFile(folder("nan") / "model.safetensors", samples::safetensors(tensors));
    expectError(Fault::Format, {"self_attn.v_proj.weight", "row 2, column 5"}, [&] { open(folder("nan")); });
}

void TestModel::tokenizerMustFitTheEmbedding()
{
    samples::Shape shape;
    shape.extraRows = -1; // one id too many
    samples::writeLlamaFolder(folder("few"), shape);
    expectError(Fault::Format, {"259 token rows", "up to 259"}, [&] { open(folder("few")); });
    shape.extraRows = 29; // 260 of 289 is just under 90 %
    samples::writeLlamaFolder(folder("many"), shape);
    expectError(Fault::Format, {"289 token rows", "260 tokens"}, [&] { open(folder("many")); });
    Job job;
    const Checkpoint checkpoint = readCheckpoint(folder("many"), job);
    expectError(Fault::Format, {"289 token rows", "260 tokens"}, [&] { preflight(checkpoint); });
}

void TestModel::paddingRowsAreReported()
{
    samples::Shape shape;
    shape.extraRows = 28; // 260 of 288 is just over 90 %
    samples::writeLlamaFolder(folder("padded"), shape);
    const Model model = open(folder("padded"));
    QCOMPARE(model.tokensInUse(), 260);
    QCOMPARE(model.config().vocabulary, 288);
    const Preflight report = preflight(model.checkpoint());
    QCOMPARE(report.padding.size(), 1U);
    QVERIFY(report.padding.front().find("260 to 287") != std::string::npos);
}

void TestModel::memoryIsBoundedBeforeItIsTaken()
{
    samples::writeLlamaFolder(folder("memory"));
    const std::size_t need = open(folder("memory")).parameterCount() * sizeof(float);
    qputenv("SUBQUAD_MEMORY_LIMIT", QByteArray::number(qulonglong(need)));
    QCOMPARE(memoryLimit(), need);
    QCOMPARE(open(folder("memory")).parameterCount() * sizeof(float), need);
    qputenv("SUBQUAD_MEMORY_LIMIT", QByteArray::number(qulonglong(need - 1)));
    expectError(Fault::Memory, {std::to_string(need), std::to_string(need - 1)}, [&] { open(folder("memory")); });
    qputenv("SUBQUAD_MEMORY_LIMIT", "lots");
    expectError(Fault::Request, {"lots"}, [] { memoryLimit(); });
    qunsetenv("SUBQUAD_MEMORY_LIMIT");
    QVERIFY(memoryLimit() > need);
}

void TestModel::needIsWhatTheModelTakes()
{
    for (const bool tied : {true, false}) {
        const samples::Shape shape{.layers = 3, .tied = tied};
        samples::writeLlamaFolder(folder("need"), shape);
        const Model model = open(folder("need"));
        const MemoryNeed need = memoryNeed(model.config(), 10);
        QCOMPARE(need.weightBytes, model.parameterCount() * sizeof(float));
        QVERIFY(need.deviceBytes >= need.weightBytes);
        QCOMPARE(need.cacheBytes,
                 4U * 3 * 10 * 2 * 8); // float32, layers, tokens, key and value, key heads · head width
        QCOMPARE(memoryNeed(model.config(), 20).traceBytes, 2 * need.traceBytes);
    }
}

void TestModel::preflightTellsAll()
{
    samples::writeLlamaFolder(folder("told"));
    samples::writeFile(folder("told") / "notes.txt", "x");
    Job job;
    const Preflight report = preflight(readCheckpoint(folder("told"), job));
    const auto tells = [](const std::vector<std::string>& lines, const std::string& text) {
        return std::ranges::any_of(lines,
                                   [&](const std::string& line) { return line.find(text) != std::string::npos; });
    };
    QVERIFY(tells(report.found, "config.json"));
    QVERIFY(tells(report.found, "4 heads of 4, 2 key/value heads"));
    QVERIFY(tells(report.found, "byte-level BPE, 260 tokens, a prompt begins with bos"));
    QVERIFY(tells(report.ignored, "notes.txt"));
    std::filesystem::remove(folder("told") / "tokenizer.json");
    QVERIFY(tells(preflight(readCheckpoint(folder("told"), job)).missing, "tokenizer"));
    const Preflight bin = preflight(readCheckpoint(samples::writeLlama2c(folder("told0"), 0), job));
    QVERIFY(tells(bin.assumed, "theta"));
}

void TestModel::cancelStopsReading()
{
    samples::writeLlamaFolder(folder("cancel"));
    Job job;
    Checkpoint checkpoint = readCheckpoint(folder("cancel"), job);
    std::stop_source source;
    Job stopped(source.get_token(), [&](const Progress& progress) {
        if (progress.fraction > 0.5)
            source.request_stop();
    });
    bool cancelled = false;
    try {
        Model model(std::move(checkpoint), stopped);
    } catch (const Cancelled&) {
        cancelled = true;
    }
    QVERIFY(cancelled);
}

void TestModel::theBundledSampleOpens()
{
    const std::filesystem::path sample = std::filesystem::path(SUBQUAD_SOURCE_DIR) / "samples/stories-1m";
    const Model model = open(sample);
    QCOMPARE(model.config().headWidth, 16);
    QCOMPARE(model.tokensInUse(), model.config().vocabulary);
    const Preflight report = preflight(model.checkpoint());
    QVERIFY(report.missing.empty() && report.padding.empty());
    QCOMPARE(report.parameters, model.parameterCount());
    const Json expected = Json::read(sample / "expected.json");
    const auto idsOf = [](const Json& list) {
        std::vector<TokenId> ids;
        for (const Json& id : list.elements())
            ids.push_back({static_cast<int>(id.integer(0, 1 << 20))});
        return ids;
    };
    std::vector<std::pair<std::string, Json>> cases{{expected["prompt"].string(), expected["prompt_ids"]}};
    for (const Json& json : expected["tokenizer"].elements())
        cases.emplace_back(json["text"].string(), json["ids"]);
    QVERIFY(cases.size() > 3);
    for (const auto& [text, ids] : cases) {
        std::vector<TokenId> got;
        for (const Token& token : model.tokenizer()->encode(text))
            got.push_back(token.id);
        QVERIFY2(got == idsOf(ids), text.c_str());
        QCOMPARE(model.tokenizer()->decode(std::span(got).subspan(1), false), text); // without the leading bos
    }
    QCOMPARE(model.tokenizer()->decode(idsOf(expected["greedy_ids"])), expected["greedy_text"].string());
}

void TestModel::realCheckpointsOpen()
{
    if (!std::filesystem::exists(samples::shared("checkpoints")))
        QSKIP("../shared/checkpoints is absent");
    const Model stories = open(samples::shared("checkpoints/stories260K/stories260K.bin"));
    QCOMPARE(stories.parameterCount(), 260032U);
    QCOMPARE(stories.config().layers, 5);
    QCOMPARE(stories.config().headWidth, 8);
    QCOMPARE(stories.tokensInUse(), 512);
    QVERIFY(stories.config().tied);
    const Model whole = open(samples::shared("checkpoints/stories260K"));
    QCOMPARE(whole.checkpoint().tokenizerFile, std::string("tok512.bin"));
    const Model tiny = open(samples::shared("checkpoints/tinystories-656K"));
    QCOMPARE(tiny.parameterCount(), 656000U);
    QCOMPARE(tiny.config().normEps, 1e-6);
    QCOMPARE(tiny.tokensInUse(), 2048);
    QVERIFY(tiny.checkpoint().vocabulary->addBos);
}

QTEST_APPLESS_MAIN(TestModel)
#include "tst_model.moc"
