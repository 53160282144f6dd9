// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/bytes.h"
#include "engine/files/checkpoint.h"
#include "engine/files/json.h"
#include "engine/files/safetensors.h"
#include "engine/model/model.h"
#include "tests/support/expect.h"
#include "tests/support/memoryfile.h"
#include "tests/support/samples.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <limits>
#include <sys/stat.h>

using namespace engine;

// Bytes, JSON and the readers of checkpoints: what is right is read, what is wrong is refused in one sentence.
class TestFiles : public QObject
{
    Q_OBJECT

private slots:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void onlyRegularFilesAreRead();
    void filesThatShrinkAreSaid();
    void readerSaysWhereItStopped();
    void arithmeticDoesNotWrap();
    void jsonAccessNamesFileAndPath();
    void jsonIsBounded();
    void sha256OfTheStandardsVectors();
    void widenEveryType();
    void safetensorsHeaderIsChecked_data();
    void safetensorsHeaderIsChecked();
    void tensorsOfOtherTypesAreNamed();
    void configIsReadOrRefused_data();
    void configIsReadOrRefused();
    void configDefaultsAreTold();
    void onlyTheHeadMayBeStored();
    void shardsAreJoined();
    void indexStaysInItsFolder();
    void nativeBlockBecomesAPlan();
    void llama2cHeaderIsChecked_data();
    void llama2cHeaderIsChecked();
    void tokenizerBesideLlama2c();
    void foldersAreSearched();

private:
    std::filesystem::path at(const std::string& name) const
    {
        return std::filesystem::path(m_folder->path().toStdString()) / name;
    }

    static Checkpoint open(const std::filesystem::path& path, const std::filesystem::path& tokenizer = {})
    {
        Job job;
        return readCheckpoint(path, job, tokenizer);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestFiles::onlyRegularFilesAreRead()
{
    samples::writeFile(at("some"), "abc");
    QCOMPARE(File(at("some")).text(3), std::string("abc"));
    expectError(Fault::Format, {"some", "3 bytes", "at most 2"}, [&] { File(at("some")).text(2); });
    samples::writeFile(at("none"), "");
    expectError(Fault::File, {"none", "empty"}, [&] { File{at("none")}; });
    expectError(Fault::File, {"absent"}, [&] { File{at("absent")}; });
    expectError(Fault::File, {"folder"}, [&] { File{at(".")}; });
    expectError(Fault::File, {"regular"}, [&] { File{"/dev/zero"}; });
    QCOMPARE(::mkfifo(at("pipe").c_str(), 0600), 0);
    expectError(Fault::File, {"pipe", "regular"}, [&] { File{at("pipe")}; }); // and does not wait for a writer
    expectError(Fault::File, {"absent"}, [&] { open(at("absent")); });
    expectError(Fault::File, {"none"}, [&] { open(at("none")); });
}

// Someone else cuts the file off while it is open: a sentence, not a signal.
void TestFiles::filesThatShrinkAreSaid()
{
    samples::writeLlamaFolder(m_folder->path().toStdString());
    const Checkpoint checkpoint = open(m_folder->path().toStdString());
    std::filesystem::resize_file(at("model.safetensors"), 4000);
    Job job;
    expectError(Fault::File, {"model.safetensors", "ends at byte 4000", "bytes when it was opened"},
                [&] { const Model model(checkpoint, job); });
    expectError(Fault::Format, {"model.safetensors", "data_offsets"}, [&] { open(m_folder->path().toStdString()); });
}

void TestFiles::readerSaysWhereItStopped()
{
    const std::string text("\x01\0\0\0\x02\x03", 6);
    ByteReader reader("x.bin", std::as_bytes(std::span(text)));
    QCOMPARE(reader.take<std::uint32_t>("first"), 1U);
    QCOMPARE(reader.place(), std::string("x.bin at byte 4"));
    QCOMPARE(reader.left(), 2U);
    expectError(Fault::Format, {"x.bin", "byte 6", "second", "byte 4"}, [&] { reader.take<std::uint32_t>("second"); });
    expectError(Fault::Format, {"huge"}, [&] { reader.take(std::numeric_limits<std::size_t>::max(), "huge"); });
    QCOMPARE(reader.take<std::uint8_t>("third"), 2);
}

void TestFiles::arithmeticDoesNotWrap()
{
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    QCOMPARE(checkedProduct(most, 1, "x"), most);
    QCOMPARE(checkedProduct(most, 0, "x"), 0U);
    QCOMPARE(checkedSum(most, 0, "x"), most);
    expectError(Fault::Format, {"rows"}, [] { checkedProduct(most / 2 + 1, 2, "rows"); });
    expectError(Fault::Format, {"rows"}, [] { checkedSum(most, 1, "rows"); });
}

void TestFiles::jsonAccessNamesFileAndPath()
{
    const Json json = Json::parse(R"({"a":{"b":[1,2.5,"x",null,true]},"big":18446744073709551615})", "c.json");
    const Json list = json["a"]["b"];
    QCOMPARE(list.size(), 5U);
    QCOMPARE(list[std::size_t(0)].integer(0, 9), 1);
    QCOMPARE(list[1].number(), 2.5);
    QCOMPARE(list[2].string(), std::string("x"));
    QVERIFY(list[4].boolean() && !json.find("none") && list[3].isNull());
    expectError(Fault::Format, {"c.json: a.b[1]", "2.5", "0 to 9"}, [&] { list[1].integer(0, 9); });
    expectError(Fault::Format, {"c.json: a.b[0]", "string"}, [&] { list[std::size_t(0)].string(); });
    expectError(Fault::Format, {"c.json: big"}, [&] { json["big"].integer(0, INT64_MAX); });
    expectError(Fault::Format, {"c.json: a", "zero"}, [&] { json["a"]["zero"]; });
    expectError(Fault::Format, {"c.json: ", "zero", "missing"}, [&] { json["zero"]; });
    expectError(Fault::Format, {"more than 5"}, [&] { list[5]; });
}

void TestFiles::jsonIsBounded()
{
    const auto refused = [](const std::string& text, const std::vector<std::string>& words, JsonLimits limits = {}) {
        expectError(Fault::Format, words, [&] { Json::parse(text, "x.json", limits); });
    };
    refused("{\"a\":1,\"b\":}", {"x.json", "byte 12"});
    refused("", {"x.json"});
    refused("{\"a\":1} x", {"x.json"});
    refused("\"\xFF\"", {"x.json"});
    refused("[1e999]", {"x.json", "too large", "byte"});
    refused(R"({"a":1,"a":2})", {"x.json", "\"a\" twice", "byte"});
    refused(std::string(1000000, '['), {"nested deeper than 64"});
    refused("[1,2,3,4,5,6,7,8,9]", {"more than 300 bytes"}, {.memory = 300});
    refused("[1,2,3]", {"7 bytes", "at most 6"}, {.bytes = 6});
    const std::string nested = std::string(60, '[') + std::string(60, ']');
    QCOMPARE(Json::parse(nested, "x.json").size(), 1U);
}

void TestFiles::sha256OfTheStandardsVectors()
{
    Job job;
    const auto hash = [&](const std::string& text) {
        samples::writeFile(at("message"), text);
        return sha256(at("message"), job);
    };
    // FIPS 180-2, appendix B, and one for each length of the padding around a block.
    QCOMPARE(hash("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    QCOMPARE(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
             std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    QCOMPARE(hash(std::string(1000000, 'a')),
             std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    QCOMPARE(hash(std::string(55, 'a')),
             std::string("9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"));
    QCOMPARE(hash(std::string(56, 'a')),
             std::string("b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"));
    QCOMPARE(hash(std::string(64, 'a')),
             std::string("ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"));
    expectError(Fault::File, {"absent"}, [&] { sha256(at("absent"), job); });
    std::stop_source source;
    source.request_stop();
    Job stopped(source.get_token());
    QVERIFY_EXCEPTION_THROWN(sha256(at("message"), stopped), Cancelled);
}

void TestFiles::widenEveryType()
{
    const auto widened = [](ElementType type, const std::string& bytes) {
        TensorRef tensor;
        tensor.type = type;
        tensor.file = memoryFile("x" + bytes); // any alignment will do
        tensor.bytes = {1, bytes.size()};
        std::vector<float> numbers(type == ElementType::F32 ? bytes.size() / 4 : bytes.size() / 2);
        widen(tensor, 0, numbers);
        return numbers;
    };
    std::string bytes;
    samples::putFloats(bytes, {1.5F, -0.1F});
    QCOMPARE(widened(ElementType::F32, bytes), (std::vector<float>{1.5F, -0.1F}));
    bytes.clear();
    for (const int half : {0x3C00, 0xC000, 0x7BFF, 0x0400, 0x03FF, 0x8001, 0x7C00, 0x0000, 0x3555})
        samples::put(bytes, static_cast<std::uint16_t>(half));
    QCOMPARE(widened(ElementType::F16, bytes),
             (std::vector<float>{1, -2, 65504, 0x1p-14F, 1023 * 0x1p-24F, -0x1p-24F,
                                 std::numeric_limits<float>::infinity(), 0, 0.333251953125F}));
    bytes.clear();
    samples::put(bytes, std::uint16_t(0x3F80));
    samples::put(bytes, std::uint16_t(0xC049));
    QCOMPARE(widened(ElementType::BF16, bytes), (std::vector<float>{1, -3.140625F}));

    TensorRef groups;
    groups.type = ElementType::Q8Groups;
    groups.group = 2;
    const std::string values("\x01\xFF\x02\x80", 4);
    std::string scales;
    samples::putFloats(scales, {0.5F, 2});
    groups.file = memoryFile(values + scales);
    groups.bytes = {0, values.size()};
    groups.scales = {values.size(), scales.size()};
    std::vector<float> numbers(3);
    widen(groups, 1, numbers);
    QCOMPARE(numbers, (std::vector<float>{-0.5F, 4, -256}));
}

void TestFiles::safetensorsHeaderIsChecked_data()
{
    QTest::addColumn<QString>("header");
    QTest::addColumn<QString>("word");
    const auto tensor = [](const char* name, const char* type, const char* shape, const char* offsets) {
        return QString(R"("%1":{"dtype":"%2","shape":%3,"data_offsets":%4})").arg(name, type, shape, offsets);
    };
    const QString good = tensor("a", "F32", "[2]", "[0,8]"); // the data are 16 bytes
    QTest::newRow("gap") << good + "," + tensor("b", "F32", "[1]", "[12,16]") << "gap";
    QTest::newRow("overlap") << good + "," + tensor("b", "F32", "[3]", "[4,16]") << "inside";
    QTest::newRow("rest") << good << "8 bytes after the last tensor";
    QTest::newRow("too long") << tensor("a", "F32", "[5]", "[0,20]") << "from 0 to 16";
    QTest::newRow("backwards") << tensor("a", "F32", "[2]", "[8,0]") << "from 8 to 16";
    QTest::newRow("shape against bytes") << tensor("a", "F32", "[3]", "[0,16]") << "12";
    QTest::newRow("shape overflows") << tensor("a", "F32", "[4294967296,4294967296]", "[0,16]") << "overflows";
    QTest::newRow("negative side") << tensor("a", "F32", "[-4]", "[0,16]") << "-4";
    QTest::newRow("fractional side") << tensor("a", "F32", "[4.5]", "[0,16]") << "4.5";
    QTest::newRow("many sides") << tensor("a", "F32", "[1,1,1,1,1,1,1,1,4]", "[0,16]") << "8 dimensions";
    QTest::newRow("unknown type") << tensor("a", "F7", "[4]", "[0,16]") << "F7";
    QTest::newRow("no type") << R"("a":{"shape":[4],"data_offsets":[0,16]})"
                             << "dtype";
    QTest::newRow("three offsets") << tensor("a", "F32", "[4]", "[0,16,16]") << "data_offsets";
    QTest::newRow("twice") << good + "," + good << "twice";
    QTest::newRow("not an object") << R"("a":7)"
                                   << "object";
    QTest::newRow("metadata of numbers") << R"("__metadata__":{"x":1},)" + tensor("a", "F32", "[4]", "[0,16]")
                                         << "__metadata__";
}

void TestFiles::safetensorsHeaderIsChecked()
{
    QFETCH(QString, header);
    QFETCH(QString, word);
    const auto write = [&](const std::string& json, std::uint64_t length) {
        std::string bytes;
        samples::put(bytes, length);
        samples::writeFile(at("x.safetensors"), bytes + json + std::string(16, '\0'));
    };
    const std::string json = "{" + header.toStdString() + "}";
    write(json, json.size());
    expectError(Fault::Format, {"x.safetensors", word.toStdString()}, [&] { readSafetensors(at("x.safetensors")); });
    // The same with a length that cannot be.
    for (const std::uint64_t length : {std::uint64_t(1000), std::uint64_t(100'000'001), ~std::uint64_t(0)}) {
        write(json, length);
        expectError(Fault::Format, {"x.safetensors", "header"}, [&] { readSafetensors(at("x.safetensors")); });
    }
}

void TestFiles::tensorsOfOtherTypesAreNamed()
{
    std::string json = R"({"n":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}})";
    std::string bytes;
    samples::put(bytes, std::uint64_t(json.size()));
    samples::writeFile(at("x.safetensors"), bytes + json + std::string(16, '\0'));
    const SafetensorsFile file = readSafetensors(at("x.safetensors"));
    QCOMPARE(file.entries.at("n").bytes.count, 16U); // may be there
    expectError(Fault::Format, {"x.safetensors", "\"n\"", "I64", "BF16"}, [&] { file.tensor("n"); });
    expectError(Fault::Format, {"\"m\""}, [&] { file.tensor("m"); });
}

void TestFiles::configIsReadOrRefused_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("by");
    QTest::addColumn<QString>("words");
    QTest::newRow("scaled positions") << R"("rope_scaling":null)"
                                      << R"("rope_scaling":{"rope_type":"llama3"})"
                                      << "rope_scaling.rope_type|llama3";
    QTest::newRow("bias") << R"("attention_bias":false)"
                          << R"("attention_bias":true)"
                          << "attention_bias|true";
    QTest::newRow("activation") << R"("hidden_act":"silu")"
                                << R"("hidden_act":"gelu")"
                                << "hidden_act|gelu";
    QTest::newRow("architecture") << R"(["LlamaForCausalLM"])"
                                  << R"(["GPT2LMHeadModel"])"
                                  << "architectures|Llama";
    QTest::newRow("no layers") << R"("num_hidden_layers":1)"
                               << R"("num_hidden_layers":0)"
                               << "num_hidden_layers|0";
    QTest::newRow("endless layers") << R"("num_hidden_layers":1)"
                                    << R"("num_hidden_layers":99999999)"
                                    << "num_hidden_layers|99999999";
    QTest::newRow("width as text") << R"("hidden_size":16)"
                                   << R"("hidden_size":"16")"
                                   << "hidden_size|\"16\"";
    QTest::newRow("no width") << R"("hidden_size":16)"
                              << R"("hidden_sizes":16)"
                              << "hidden_size|missing";
    QTest::newRow("odd head") << R"("hidden_size":16)"
                              << R"("hidden_size":16,"head_dim":5)"
                              << "head width|5";
    QTest::newRow("no eps") << R"("rms_norm_eps":1e-05)"
                            << R"("rms_norm_eps":0)"
                            << "rms_norm_eps|above 0";
    QTest::newRow("theta") << R"("rope_theta":10000.0)"
                           << R"("rope_theta":-1)"
                           << "rope_theta|-1";
    QTest::newRow("quantised") << R"("model_type":"llama")"
                               << R"("quantization_config":{"bits":4})"
                               << "quantization_config";
    QTest::newRow("more layers than tensors") << R"("num_hidden_layers":1)"
                                              << R"("num_hidden_layers":2)"
                                              << "model.layers.1.self_attn.q_proj.weight";
    QTest::newRow("untied without head") << R"("tie_word_embeddings":true)"
                                         << R"("tie_word_embeddings":false)"
                                         << "lm_head.weight";
}

void TestFiles::configIsReadOrRefused()
{
    QFETCH(QString, what);
    QFETCH(QString, by);
    QFETCH(QString, words);
    samples::writeLlamaFolder(at("m"));
    const QString json = QString::fromStdString(samples::llamaConfig({}));
    QVERIFY(json.contains(what));
    samples::writeFile(at("m/config.json"), QString(json).replace(what, by).toStdString());
    std::vector<std::string> expected;
    for (const QString& word : words.split('|'))
        expected.push_back(word.toStdString());
    try {
        open(at("m"));
        QFAIL("an error was expected");
    } catch (const Error& error) {
        QVERIFY(error.fault() == Fault::Format || error.fault() == Fault::Shape);
        for (const std::string& word : expected)
            QVERIFY2(std::string(error.what()).find(word) != std::string::npos, error.what());
    }
}

void TestFiles::configDefaultsAreTold()
{
    samples::writeLlamaFolder(at("m"));
    samples::writeFile(at("m/config.json"),
                       R"({"model_type":"llama","hidden_size":16,"num_hidden_layers":1,"num_attention_heads":4,)"
                       R"("num_key_value_heads":2,"intermediate_size":24,"vocab_size":260,"tie_word_embeddings":true,)"
                       R"("eos_token_id":[1,0],"rope_parameters":{"rope_type":"default","rope_theta":500000}})");
    const Checkpoint checkpoint = open(at("m"));
    QCOMPARE(checkpoint.config.ropeTheta, 500000.0);
    QCOMPARE(checkpoint.config.normEps, 1e-6);
    QCOMPARE(checkpoint.config.context, 2048);
    QCOMPARE(checkpoint.config.headWidth, 4);
    QCOMPARE(checkpoint.config.eos->value, 1);
    const auto told = [&](const std::string& word) {
        return std::ranges::any_of(checkpoint.assumed,
                                   [&](const std::string& line) { return line.find(word) != std::string::npos; });
    };
    for (const char* word : {"rms_norm_eps", "max_position_embeddings", "hidden_act", "eos_token_id"})
        QVERIFY2(told(word), word);
    QVERIFY(!told("rope_theta"));
}

void TestFiles::onlyTheHeadMayBeStored()
{
    samples::writeLlamaFolder(at("m"));
    std::vector<samples::Tensor> tensors = samples::llamaTensors({});
    tensors.front().name = "lm_head.weight";
    samples::writeFile(at("m/model.safetensors"), samples::safetensors(tensors));
    const Checkpoint checkpoint = open(at("m"));
    QCOMPARE(checkpoint.tensors.at("embedding").name, std::string("lm_head.weight"));
    QVERIFY(checkpoint.config.tied && !checkpoint.tensors.contains("classifier"));
    // Both, although tied: the head is left aside, and that is told.
    tensors.push_back(samples::llamaTensors({}).front());
    samples::writeFile(at("m/model.safetensors"), samples::safetensors(tensors));
    const Checkpoint both = open(at("m"));
    QCOMPARE(both.tensors.at("embedding").name, std::string("model.embed_tokens.weight"));
    QVERIFY(both.ignored.front().find("lm_head.weight") != std::string::npos);
}

void TestFiles::shardsAreJoined()
{
    samples::writeLlamaFolder(at("m"));
    std::filesystem::remove(at("m/model.safetensors"));
    std::vector<samples::Tensor> first = samples::llamaTensors({});
    const std::vector<samples::Tensor> second(first.begin() + 4, first.end());
    first.resize(4);
    samples::writeFile(at("m/a.safetensors"), samples::safetensors(first));
    samples::writeFile(at("m/b.safetensors"), samples::safetensors(second));
    std::string map;
    for (const samples::Tensor& tensor : first)
        map += (map.empty() ? "\"" : ",\"") + tensor.name + "\":\"a.safetensors\"";
    for (const samples::Tensor& tensor : second)
        map += ",\"" + tensor.name + "\":\"b.safetensors\"";
    const auto index = at("m/model.safetensors.index.json");
    samples::writeFile(index, "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    const Checkpoint checkpoint = open(at("m"));
    QCOMPARE(checkpoint.tensors.size(), first.size() + second.size());
    QCOMPARE(open(index).tensors.size(), checkpoint.tensors.size());
    samples::writeFile(index, "{\"weight_map\":{" + map + ",\"extra\":\"a.safetensors\"}}");
    expectError(Fault::Format, {"weight_map.extra", "a.safetensors"}, [&] { open(at("m")); });
    samples::writeFile(index, "{\"weight_map\":{" + map + "}}");
    samples::writeFile(at("m/b.safetensors"), samples::safetensors(samples::llamaTensors({})));
    expectError(Fault::Format, {"also in a.safetensors"}, [&] { open(at("m")); });
    std::filesystem::remove(at("m/b.safetensors"));
    expectError(Fault::File, {"b.safetensors"}, [&] { open(at("m")); });
}

void TestFiles::indexStaysInItsFolder()
{
    samples::writeLlamaFolder(at("m"));
    for (const char* name : {"../m/model.safetensors", "/etc/passwd", "..", "", "x/model.safetensors"}) {
        samples::writeFile(at("m/model.safetensors.index.json"),
                           std::string(R"({"weight_map":{"a":")") + name + "\"}}");
        expectError(Fault::Format, {"weight_map.a", "same folder"}, [&] { open(at("m")); });
    }
}

void TestFiles::nativeBlockBecomesAPlan()
{
    const std::string block = R"(,"subquad":{"layers":[{"attention":"made-up","parameters":)"
                              R"({"temperature":"model.layers.0.temperature"}},{"linear":"other"}]})";
    const samples::Shape shape{.layers = 2};
    samples::writeLlamaFolder(at("m"), shape, samples::Element::F32, block);
    std::vector<samples::Tensor> tensors = samples::llamaTensors(shape);
    tensors.push_back({"model.layers.0.temperature", {4}, {1, 2, 3, 4}});
    samples::writeFile(at("m/model.safetensors"), samples::safetensors(tensors));
    const Checkpoint checkpoint = open(at("m"));
    QVERIFY(checkpoint.hasNative);
    QCOMPARE(checkpoint.native.of({0}).attention.method, std::string("made-up"));
    QCOMPARE(checkpoint.native.of({0}).linear.method, std::string(baseline));
    QCOMPARE(checkpoint.native.of({1}).linear.method, std::string("other"));
    QCOMPARE(*checkpoint.native.of({0}).parameters.at("temperature"), (std::vector<float>{1, 2, 3, 4}));
    QVERIFY(checkpoint.tensors.contains("layer.0.temperature"));
    QVERIFY(checkpoint.config.causal);
    samples::writeLlamaFolder(at("e"), shape, samples::Element::F32, R"(,"subquad":{"causal":false})");
    QVERIFY(!open(at("e")).config.causal && !open(at("e")).hasNative);
    samples::writeFile(at("e/config.json"), samples::llamaConfig(shape, R"(,"subquad":{"causal":"no"})"));
    expectError(Fault::Format, {"subquad.causal"}, [&] { open(at("e")); });
    samples::writeFile(at("m/config.json"), samples::llamaConfig({.layers = 1}, block));
    expectError(Fault::Format, {"subquad.layers", "2 elements", "1"}, [&] { open(at("m")); });
    // A parameter may be called like a weight (a gate is one of both): each keeps its own place.
    samples::writeLlamaFolder(at("n"), {}, samples::Element::F32,
                              R"(,"subquad":{"layers":[{"parameters":{"gate":"model.norm.weight"}}]})");
    const Checkpoint gated = open(at("n"));
    QCOMPARE(gated.tensors.at("layer.0.gate").shape.size(), 2U);
    QCOMPARE(gated.tensors.at("layer.0.parameter.gate").shape.size(), 1U);
    QCOMPARE(gated.native.of({0}).parameters.at("gate")->size(), gated.tensors.at("layer.0.parameter.gate").count());
    std::vector<samples::Tensor> cube = samples::llamaTensors({});
    cube.push_back({"cube", {1, 1, 4}, {1, 2, 3, 4}});
    samples::writeLlamaFolder(at("o"), {}, samples::Element::F32,
                              R"(,"subquad":{"layers":[{"parameters":{"gate":"cube"}}]})");
    samples::writeFile(at("o/model.safetensors"), samples::safetensors(cube));
    expectError(Fault::Format, {"\"gate\"", "weight of the model"}, [&] { open(at("o")); });
}

void TestFiles::llama2cHeaderIsChecked_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("byte");
    QTest::addColumn<int>("value");
    QTest::addColumn<QString>("word");
    for (int version = 0; version < 3; ++version) {
        const int start = version == 0 ? 0 : 8;
        const auto row = [&](const char* name, int field, int value, const char* word) {
            QTest::addRow("v%d %s", version, name) << version << start + 4 * field << value << word;
        };
        row("negative width", 0, -16, "width is -16");
        row("no width", 0, 0, "width is 0");
        row("wide", 0, 64, "cut off");
        row("huge", 0, 1 << 20, "head width is 262144");
        row("beyond", 1, std::numeric_limits<int>::max(), "feed-forward width is 2147483647");
        row("no layers", 2, 0, "layers is 0");
        row("many layers", 2, 4000, "cut off");
        row("five heads", 3, 5, "5 heads");
        row("three key heads", 4, 3, "3 key heads");
        row("no vocabulary", 5, 0, "vocabulary size is 0");
        row("least vocabulary", 5, std::numeric_limits<int>::min(), "vocabulary size is -2147483648");
        row("smaller vocabulary", 5, 250, "left over");
        row("no context", 6, 0, "context length is 0");
    }
    QTest::newRow("v1 negative vocabulary") << 1 << 28 << -260 << "vocabulary size is -260";
    QTest::newRow("version 3") << 1 << 4 << 3 << "version is 3";
    QTest::newRow("flag") << 1 << 36 << 2 << "flag is 2";
    QTest::newRow("no group") << 2 << 37 << 0 << "group size is 0";
    QTest::newRow("odd group") << 2 << 37 << 7 << "multiple of the group size 7";
}

void TestFiles::llama2cHeaderIsChecked()
{
    QFETCH(int, version);
    QFETCH(int, byte);
    QFETCH(int, value);
    QFETCH(QString, word);
    const auto path = samples::writeLlama2c(at("m"), version);
    QCOMPARE(open(path).format, "llama2.c v" + std::to_string(version));
    std::string bytes = samples::readFile(path);
    std::memcpy(bytes.data() + byte, &value, sizeof(value));
    samples::writeFile(path, bytes);
    try {
        open(path);
        QFAIL("an error was expected");
    } catch (const Error& error) {
        QVERIFY2(std::string(error.what()).find(word.toStdString()) != std::string::npos, error.what());
        QVERIFY2(std::string(error.what()).find("tiny.bin") != std::string::npos, error.what());
    }
}

void TestFiles::tokenizerBesideLlama2c()
{
    const auto path = samples::writeLlama2c(at("m"), 0);
    QCOMPARE(open(path).tokenizerFile, std::string("tokenizer.bin"));
    std::filesystem::rename(at("m/tokenizer.bin"), at("m/tok260.bin"));
    QCOMPARE(open(path).tokenizerFile, std::string("tok260.bin"));
    samples::writeFile(at("m/tok512.bin"), samples::tokenizerBin());
    expectError(Fault::Format, {"tok260.bin", "tok512.bin", "--tokenizer"}, [&] { open(path); });
    QCOMPARE(open(path, at("m/tok512.bin")).tokenizerFile, std::string("tok512.bin"));
    std::filesystem::remove(at("m/tok260.bin"));
    std::filesystem::remove(at("m/tok512.bin"));
    const Checkpoint bare = open(path);
    QVERIFY(!bare.vocabulary && bare.missing.front().find("tokenizer") != std::string::npos);
    samples::writeFile(at("m/tokenizer.json"), samples::tokenizerJson());
    QCOMPARE(open(path).tokenizerFile, std::string("tokenizer.json"));
    expectError(Fault::File, {"absent"}, [&] { open(path, at("m/absent")); });
    std::filesystem::remove(at("m/tokenizer.json"));
    samples::writeFile(at("m/tokenizer.bin"), "broken"); // not passed over
    expectError(Fault::Format, {"tokenizer.bin"}, [&] { open(path); });
    samples::writeFile(at("m/tokenizer.bin"), "");
    expectError(Fault::File, {"tokenizer.bin", "empty"}, [&] { open(path); });
}

void TestFiles::foldersAreSearched()
{
    std::filesystem::create_directories(at("m"));
    expectError(Fault::Format, {"no checkpoint", "empty"}, [&] { open(at("m")); });
    samples::writeFile(at("m/notes.txt"), "hello");
    expectError(Fault::Format, {"no checkpoint", "notes.txt", "safetensors"}, [&] { open(at("m")); });
    expectError(Fault::Format, {"notes.txt", "llama2.c"}, [&] { open(at("m/notes.txt")); });
    samples::writeLlama2c(at("m"), 0);
    QCOMPARE(open(at("m")).format, std::string("llama2.c v0"));
    QCOMPARE(open(at("m/")).name, std::string("m"));
    samples::writeFile(at("m/other.bin"), samples::llama2c({}, 1));
    expectError(Fault::Format, {"2 checkpoints", "other.bin", "tiny.bin"}, [&] { open(at("m")); });
    samples::writeLlamaFolder(at("m")); // model.safetensors wins
    QCOMPARE(open(at("m")).format, std::string("safetensors"));
    samples::writeFile(at("m/model.safetensors.index.json"),
                       ""); // an index wins even over that, and is not passed over
    expectError(Fault::File, {"index.json", "empty"}, [&] { open(at("m")); });
    std::filesystem::remove(at("m/model.safetensors.index.json"));
    std::filesystem::remove(at("m/config.json"));
    expectError(Fault::File, {"config.json"}, [&] { open(at("m")); });
}

QTEST_APPLESS_MAIN(TestFiles)
#include "tst_files.moc"
