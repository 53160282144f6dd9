// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/prompts.h"
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
    std::size_t header = 0;  // bytes that are truncated one by one
    bool wholeOnly = true;   // a shorter file can never be right
    int flips = 150;         // rounds of them
    std::size_t step = 1009; // between the lengths tried behind the header; meets every alignment
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
        promptsBeside(path);
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

    void cleanupTestCase() { qInfo("%d inputs tried, %d of them opened", m_tried, m_opened); }

private:
    Attempt attempt(const Victim& victim, const std::string& bytes);

    static void eachVictim()
    {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"safetensors", "bf16", "config", "index", "tokenizer.json", "tokenizer_config", "tokenizer.bin", "v0",
              "v1", "v2", "prompts", "sample's safetensors", "sample's config", "sample's tokenizer.json",
              "sample's tokenizer_config", "sample's prompts"})
            QTest::newRow(name) << name;
    }

    QTemporaryDir m_folder;
    std::map<std::string, Victim> m_victims;
    int m_tried = 0, m_opened = 0;
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
    samples::writeLlamaFolder(root / "prompts", shape);
    samples::writeFile(root / "prompts/prompts.json", R"([{"title":"a dog","text":"the dog 12"},{"text":"é"}])");
    m_victims["prompts"] = {root / "prompts", root / "prompts/prompts.json", 100};
    // What the program brings is larger: fewer lengths, the header by steps.
    const std::filesystem::path bundled = std::filesystem::path(SUBQUAD_SOURCE_DIR) / "samples/stories-1m";
    for (const auto& [name, file, step] : {std::tuple("sample's safetensors", "model.safetensors", 299'993),
                                           {"sample's config", "config.json", 31},
                                           {"sample's tokenizer.json", "tokenizer.json", 1999},
                                           {"sample's tokenizer_config", "tokenizer_config.json", 31},
                                           {"sample's prompts", "prompts.json", 61}}) {
        const std::filesystem::path folder = root / name;
        std::filesystem::copy(bundled, folder);
        std::filesystem::permissions(folder / file, std::filesystem::perms::owner_write,
                                     std::filesystem::perm_options::add);
        m_victims[name] = {folder, folder / file, 0, true, 10, std::size_t(step)};
    }
    for (const auto& [name, victim] : m_victims)
        QVERIFY2(tryOpen(victim.open).opened, name.c_str());
}

Attempt TestCorrupt::attempt(const Victim& victim, const std::string& bytes)
{
    samples::writeFile(victim.file, bytes);
    Attempt outcome = tryOpen(victim.open);
    ++m_tried;
    m_opened += outcome.opened ? 1 : 0;
    return outcome;
}

void TestCorrupt::cutOff()
{
    QFETCH(QString, name);
    const Victim& victim = m_victims[name.toStdString()];
    const std::string whole = samples::readFile(victim.file);
    // Through a binary header byte by byte, a text's by fives, then in steps that meet every alignment.
    const std::size_t fine = victim.file.extension() == ".bin" ? 1 : 5;
    // A text without its last line end is whole.
    const std::size_t end = victim.file.extension() == ".json" ? whole.find_last_of("]}") : whole.size();
    for (std::size_t size = 0; size < end; size += size < victim.header ? fine : victim.step) {
        const Attempt outcome = attempt(victim, whole.substr(0, size));
        QVERIFY2(!outcome.opened || !victim.wholeOnly, qPrintable(QString::number(size)));
        QVERIFY2(outcome.opened || !outcome.sentence.empty(), qPrintable(QString::number(size)));
    }
    QVERIFY(!attempt(victim, whole + "x").opened); // and too long
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
    for (int round = 0; round < victim.flips; ++round) {
        std::string bytes = whole;
        // Every other round only the header, where a bit means most.
        const std::size_t end =
            round % 2 == 0 && victim.header > 0 ? std::min(victim.header, whole.size()) : whole.size();
        for (std::size_t flips = 1 + draw(3); flips > 0; --flips) {
            char& byte = bytes[draw(end)];
            byte = static_cast<char>(byte ^ static_cast<char>(1U << draw(8)));
        }
        const Attempt outcome = attempt(victim, bytes);
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
    const auto replaced = [&](const std::string& bytes, std::size_t place) {
        const Attempt outcome = attempt(victim, bytes);
        QVERIFY2(outcome.opened || !outcome.sentence.empty(), qPrintable(QString::number(place)));
    };
    const bool binary = victim.file.extension() == ".bin";
    const std::size_t end = std::min(victim.header, whole.size());
    for (std::size_t at = 0; at + 4 <= end; at += binary ? 4 : 1) {
        if (binary) {
            for (const std::uint32_t value : {0U, 1U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU, 0x10000U}) {
                std::string bytes = whole;
                std::memcpy(bytes.data() + at, &value, sizeof(value));
                replaced(bytes, at);
            }
        } else if (std::isdigit(static_cast<unsigned char>(whole[at])) != 0 &&
                   std::isdigit(static_cast<unsigned char>(whole[at - 1])) == 0) {
            std::size_t after = at;
            while (std::isdigit(static_cast<unsigned char>(whole[after])) != 0)
                ++after;
            for (const char* value : {"0", "-1", "4294967296", "9223372036854775807", "18446744073709551616", "1e300",
                                      "null", "[]", "\"\""})
                replaced(whole.substr(0, at) + value + whole.substr(after), at);
        }
    }
    samples::writeFile(victim.file, whole);
}

QTEST_APPLESS_MAIN(TestCorrupt)
#include "tst_corrupt.moc"
