// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/model.h"
#include "tests/support/samples.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <functional>

using namespace engine;

namespace {

// A checkpoint on disk and the one of its files that is broken.
struct Victim
{
    std::filesystem::path open, file;
    std::size_t header = 0; // bytes that are truncated one by one
    bool wholeOnly = true;  // a shorter file can never be right
};

struct Attempt
{
    bool opened = false;
    std::string sentence;
};

// The whole way a user's file goes: read, check, report, tokenise. Anything but an Error ends the test.
Attempt tryOpen(const std::filesystem::path& path)
{
    try {
        Job job;
        const Model model(readCheckpoint(path, job), job);
        preflight(model.checkpoint());
        if (model.tokenizer() != nullptr) {
            std::vector<TokenId> ids;
            for (const Token& token : model.tokenizer()->encode("the End 12\n é"))
                ids.push_back(token.id);
            model.tokenizer()->decode(ids);
            for (int id = 0; id < model.tokenizer()->size(); ++id)
                model.tokenizer()->piece({id});
        }
        return {true, {}};
    } catch (const Error& error) {
        return {false, error.fault() == Fault::Internal ? std::string() : error.what()};
    }
}

} // namespace

// Every format's sample cut off everywhere and with bits flipped: one sentence or a model, never a crash.
class TestCorrupt : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void cutOff_data() { eachVictim(); }

    void cutOff();

    void flipped_data() { eachVictim(); }

    void flipped();

    void numbersReplaced_data() { eachVictim(); }

    void numbersReplaced();

private:
    static void eachVictim()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"safetensors", "bf16", "config", "index", "tokenizer.json", "tokenizer_config",
                                 "tokenizer.bin", "v0", "v1", "v2"})
            QTest::newRow(name) << name;
    }

    QTemporaryDir m_folder;
    std::map<std::string, Victim> m_victims;
};

void TestCorrupt::initTestCase()
{
    const std::filesystem::path root(m_folder.path().toStdString());
    const samples::Shape shape{.tied = false};
    for (const char* name : {"safetensors", "bf16", "config", "index", "tokenizer.json", "tokenizer_config"}) {
        const auto element = std::string(name) == "bf16" ? samples::Element::BF16 : samples::Element::F32;
        samples::writeLlamaFolder(root / name, shape, element);
    }
    const auto indexed = root / "index";
    std::filesystem::rename(indexed / "model.safetensors", indexed / "shard.safetensors");
    std::string map;
    for (const samples::Tensor& tensor : samples::llamaTensors(shape))
        map += (map.empty() ? "\"" : ",\"") + tensor.name + "\":\"shard.safetensors\"";
    samples::writeFile(indexed / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");

    m_victims["safetensors"] = {root / "safetensors", root / "safetensors/model.safetensors", 1600};
    m_victims["bf16"] = {root / "bf16", root / "bf16/model.safetensors", 16};
    m_victims["config"] = {root / "config", root / "config/config.json", 1000};
    m_victims["index"] = {indexed, indexed / "model.safetensors.index.json", 200};
    m_victims["tokenizer.json"] = {root / "tokenizer.json", root / "tokenizer.json/tokenizer.json", 900};
    m_victims["tokenizer_config"] = {root / "tokenizer_config", root / "tokenizer_config/tokenizer_config.json", 100};
    // Without a count of its pieces a tokenizer.bin may end behind any of them.
    const auto scored = samples::writeLlama2c(root / "tokenizer.bin", 0, shape);
    m_victims["tokenizer.bin"] = {scored, scored.parent_path() / "tokenizer.bin", 100, false};
    for (int version = 0; version < 3; ++version) {
        const auto file = samples::writeLlama2c(root / ("v" + std::to_string(version)), version, shape);
        m_victims["v" + std::to_string(version)] = {file, file, 280};
    }
    for (const auto& [name, victim] : m_victims)
        QVERIFY2(tryOpen(victim.open).opened, name.c_str());
}

void TestCorrupt::cutOff()
{
    QFETCH(QString, name);
    const Victim& victim = m_victims[name.toStdString()];
    const std::string whole = samples::readFile(victim.file);
    // Through a binary header byte by byte, a text's by fives, then in steps that meet every alignment.
    constexpr std::size_t step = 1009;
    const std::size_t fine = victim.file.extension() == ".bin" ? 1 : 5;
    for (std::size_t size = 0; size < whole.size(); size += size < victim.header ? fine : step) {
        samples::writeFile(victim.file, whole.substr(0, size));
        const Attempt outcome = tryOpen(victim.open);
        QVERIFY2(!outcome.opened || !victim.wholeOnly, qPrintable(QString::number(size)));
        QVERIFY2(outcome.opened || !outcome.sentence.empty(), qPrintable(QString::number(size)));
    }
    samples::writeFile(victim.file, whole + "x"); // and too long
    QVERIFY(!tryOpen(victim.open).opened);
    samples::writeFile(victim.file, whole);
}

void TestCorrupt::flipped()
{
    QFETCH(QString, name);
    const Victim& victim = m_victims[name.toStdString()];
    const std::string whole = samples::readFile(victim.file);
    std::uint64_t state = 11;
    const auto draw = [&](std::size_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::size_t>(state >> 33U) % below;
    };
    for (int round = 0; round < 150; ++round) {
        std::string bytes = whole;
        // Every other round only the header, where a bit means most.
        const std::size_t end = round % 2 == 0 ? std::min(victim.header, whole.size()) : whole.size();
        for (std::size_t flips = 1 + draw(3); flips > 0; --flips) {
            char& byte = bytes[draw(end)];
            byte = static_cast<char>(byte ^ static_cast<char>(1U << draw(8)));
        }
        samples::writeFile(victim.file, bytes);
        const Attempt outcome = tryOpen(victim.open);
        QVERIFY2(outcome.opened || !outcome.sentence.empty(), qPrintable(QString::number(round)));
    }
    samples::writeFile(victim.file, whole);
}

// Fields that say sizes: every number of a text, every four bytes of a binary header, set to what hurts.
void TestCorrupt::numbersReplaced()
{
    QFETCH(QString, name);
    const Victim& victim = m_victims[name.toStdString()];
    const std::string whole = samples::readFile(victim.file);
    const auto attempt = [&](const std::string& bytes, std::size_t place) {
        samples::writeFile(victim.file, bytes);
        const Attempt outcome = tryOpen(victim.open);
        QVERIFY2(outcome.opened || !outcome.sentence.empty(), qPrintable(QString::number(place)));
    };
    const bool binary = victim.file.extension() == ".bin";
    const std::size_t end = std::min(victim.header, whole.size());
    for (std::size_t at = 0; at + 4 <= end; at += binary ? 4 : 1) {
        if (binary) {
            for (const std::uint32_t value : {0U, 1U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU, 0x10000U}) {
                std::string bytes = whole;
                std::memcpy(bytes.data() + at, &value, sizeof(value));
                attempt(bytes, at);
            }
        } else if (std::isdigit(static_cast<unsigned char>(whole[at])) != 0 &&
                   std::isdigit(static_cast<unsigned char>(whole[at - 1])) == 0) {
            std::size_t after = at;
            while (std::isdigit(static_cast<unsigned char>(whole[after])) != 0)
                ++after;
            for (const char* value : {"0", "-1", "4294967296", "9223372036854775807", "18446744073709551616", "1e300",
                                      "null", "[]", "\"\""})
                attempt(whole.substr(0, at) + value + whole.substr(after), at);
        }
    }
    samples::writeFile(victim.file, whole);
}

QTEST_APPLESS_MAIN(TestCorrupt)
#include "tst_corrupt.moc"
