// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/tokenizerfile.h"
#include "engine/model/tokenizer.h"
#include "tests/support/expect.h"
#include "tests/support/samples.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <algorithm>
#include <limits>
#include <map>

using namespace engine;

namespace {

std::vector<int> idsOf(const std::vector<Token>& tokens)
{
    std::vector<int> ids;
    for (const Token& token : tokens)
        ids.push_back(token.id.value);
    return ids;
}

std::vector<TokenId> tokenIds(const std::vector<int>& ids)
{
    std::vector<TokenId> result;
    for (const int id : ids)
        result.push_back({id});
    return result;
}

std::vector<int> intsOf(const QJsonValue& array)
{
    std::vector<int> ints;
    for (const QJsonValue& value : array.toArray())
        ints.push_back(value.toInt());
    return ints;
}

QJsonObject fixture()
{
    QFile file(SUBQUAD_SOURCE_DIR "/tests/engine/data/tokenizers.json");
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

// llama2.c's loop, word for word: the best pair of the whole sequence, again and again.
std::vector<int> mergedSlowly(const ScoredVocabulary& vocabulary, std::vector<int> tokens)
{
    std::map<std::string, int> ids;
    for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id)
        ids.emplace(vocabulary.pieces[id], static_cast<int>(id));
    while (true) {
        float best = -1e10F;
        int bestId = -1;
        std::size_t bestPlace = 0;
        for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
            const auto found = ids.find(vocabulary.pieces[static_cast<std::size_t>(tokens[i])] +
                                        vocabulary.pieces[static_cast<std::size_t>(tokens[i + 1])]);
            if (found != ids.end() && vocabulary.scores[static_cast<std::size_t>(found->second)] > best) {
                best = vocabulary.scores[static_cast<std::size_t>(found->second)];
                bestId = found->second;
                bestPlace = i;
            }
        }
        if (bestId < 0)
            return tokens;
        tokens[bestPlace] = bestId;
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(bestPlace) + 1);
    }
}

} // namespace

// Text to tokens and back, against the library that defines the format and against llama2.c's own loop.
class TestTokenizer : public QObject
{
    Q_OBJECT

private slots:
    void definitionsMatchTheLibrary_data();
    void definitionsMatchTheLibrary();
    void filesMatchTheLibrary_data();
    void filesMatchTheLibrary();
    void rangesPointIntoTheOriginalText();
    void rangesSurviveNormalizers();
    void piecesForChips();
    void unknownKindsAreNamed_data();
    void unknownKindsAreNamed();
    void contradictionsAreRefused_data();
    void contradictionsAreRefused();
    void configSaysBosAndFlags();
    void textThatCannotBeRepresented();
    void hostilePatternsEnd();
    void growthIsBounded();
    void scoredMergesAsLlama2c();
    void scoredDecodesAsLlama2c();
    void scoredFileIsChecked();
    void longTextsRoundTrip();

private:
    Vocabulary vocabularyOf(const std::string& json, const std::string& config = {})
    {
        const std::filesystem::path folder(m_folder.path().toStdString());
        samples::writeFile(folder / "tokenizer.json", json);
        std::filesystem::remove(folder / "tokenizer_config.json");
        if (!config.empty())
            samples::writeFile(folder / "tokenizer_config.json", config);
        std::vector<std::string> files;
        m_assumed.clear();
        return readTokenizerJson(folder / "tokenizer.json", m_assumed, files);
    }

    Tokenizer tokenizerOf(const std::string& json) { return Tokenizer(vocabularyOf(json)); }

    // The tiny sample's definition with one thing replaced.
    static std::string sampleWith(const std::string& what, const std::string& by)
    {
        std::string json = samples::tokenizerJson();
        const std::size_t at = json.find(what);
        Q_ASSERT(at != std::string::npos);
        return json.replace(at, what.size(), by);
    }

    void compareAll(const Tokenizer& tokenizer, const QJsonObject& expected, const QJsonArray& texts);

    QTemporaryDir m_folder;
    std::vector<std::string> m_assumed;
};

void TestTokenizer::compareAll(const Tokenizer& tokenizer, const QJsonObject& expected, const QJsonArray& texts)
{
    QVERIFY(texts.size() >= 50);
    const QJsonArray ids = expected["ids"].toArray();
    QCOMPARE(ids.size(), texts.size());
    for (int i = 0; i < texts.size(); ++i) {
        const std::string text = texts[i].toString().toStdString();
        const std::vector<int> wanted = intsOf(ids[i]);
        const std::vector<Token> tokens = tokenizer.encode(text);
        if (idsOf(tokens) != wanted) {
            QString got;
            for (const Token& token : tokens)
                got += QString::number(token.id.value) + " ";
            QString should;
            for (const int id : wanted)
                should += QString::number(id) + " ";
            QFAIL(qPrintable(texts[i].toString() + ": " + got + "instead of " + should));
        }
        const QJsonValue other = expected["decoded"].toObject()[QString::number(i)];
        const std::string decoded = other.isString() ? other.toString().toStdString() : text;
        QCOMPARE(QString::fromStdString(tokenizer.decode(tokenIds(wanted))), QString::fromStdString(decoded));
        // Every byte of the text belongs to at most one token, or to the tokens of one changed character.
        std::size_t done = 0;
        for (const Token& token : tokens) {
            QVERIFY(token.first + token.count <= text.size());
            QVERIFY(token.count == 0 || token.first + token.count >= done);
            done = std::max(done, token.first + token.count);
        }
    }
}

void TestTokenizer::definitionsMatchTheLibrary_data()
{
    QTest::addColumn<QJsonObject>("definition");
    for (const QJsonValue& value : fixture()["definitions"].toArray())
        QTest::newRow(qPrintable(value["name"].toString())) << value.toObject();
}

void TestTokenizer::definitionsMatchTheLibrary()
{
    QFETCH(QJsonObject, definition);
    const QByteArray json = QJsonDocument(definition["tokenizer"].toObject()).toJson(QJsonDocument::Compact);
    const Tokenizer tokenizer(vocabularyOf(json.toStdString()));
    compareAll(tokenizer, definition, fixture()["texts"].toArray());
}

void TestTokenizer::filesMatchTheLibrary_data()
{
    QTest::addColumn<QJsonObject>("expected");
    for (const QJsonValue& value : fixture()["files"].toArray())
        QTest::newRow(qPrintable(value["file"].toString())) << value.toObject();
}

void TestTokenizer::filesMatchTheLibrary()
{
    QFETCH(QJsonObject, expected);
    const std::filesystem::path path =
        std::filesystem::path(SUBQUAD_SOURCE_DIR) / expected["file"].toString().toStdString();
    if (!std::filesystem::exists(path))
        QSKIP(qPrintable(expected["file"].toString() + " is absent"));
    std::vector<std::string> assumed;
    std::vector<std::string> files;
    const Tokenizer tokenizer(readTokenizerJson(path, assumed, files));
    compareAll(tokenizer, expected, fixture()["texts"].toArray());
}

void TestTokenizer::rangesPointIntoTheOriginalText()
{
    const Tokenizer tokenizer = tokenizerOf(samples::tokenizerJson());
    const std::string text = "the é<|eos|>x";
    const std::vector<Token> tokens = tokenizer.encode(text);
    const std::vector<Token> wanted{{{0}, 0, 0},        {{259}, 0, 3}, {{' ' + 2}, 3, 1}, {{0xC3 + 2}, 4, 1},
                                    {{0xA9 + 2}, 5, 1}, {{1}, 6, 7},   {{'x' + 2}, 13, 1}};
    QCOMPARE(idsOf(tokens), idsOf(wanted));
    QVERIFY(tokens == wanted);
    QVERIFY(tokenizer.encode("", false).empty());
    QCOMPARE(idsOf(tokenizer.encode("")), std::vector<int>{0});
}

void TestTokenizer::rangesSurviveNormalizers()
{
    const Tokenizer tokenizer = tokenizerOf(
        sampleWith(R"("normalizer":null)",
                   R"("normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"_"},)"
                   R"({"type":"Replace","pattern":{"String":"--"},"content":"-"}]})"));
    // "_" stands for nothing; e + accent become one character of two bytes; "--" becomes one byte.
    const std::string text = "ae\u0301--b";
    const std::vector<Token> wanted{{{0}, 0, 0},        {{'_' + 2}, 0, 0}, {{'a' + 2}, 0, 1}, {{0xC3 + 2}, 1, 3},
                                    {{0xA9 + 2}, 1, 3}, {{'-' + 2}, 4, 2}, {{'b' + 2}, 6, 1}};
    QVERIFY(tokenizer.encode(text) == wanted);
}

void TestTokenizer::piecesForChips()
{
    const Tokenizer tokenizer = tokenizerOf(samples::tokenizerJson());
    QCOMPARE(tokenizer.piece({0}), std::string("<|bos|>"));
    QCOMPARE(tokenizer.piece({259}), std::string("the"));
    QCOMPARE(tokenizer.piece({' ' + 2}), std::string(" "));
    QCOMPARE(tokenizer.piece({0xC3 + 2}), std::string("<0xC3>"));
    QCOMPARE(tokenizer.piece({999}), std::string("<999>"));
    QVERIFY(tokenizer.special({1}) && !tokenizer.special({259}) && !tokenizer.special({999}));
    QCOMPARE(tokenizer.kind(), std::string("byte-level BPE"));
    QCOMPARE(tokenizer.size(), 260);
    QCOMPARE(tokenizer.present(), 260);
    QCOMPARE(tokenizer.decode(tokenIds({0, 259, 0xC3 + 2})), std::string("the\uFFFD"));
    QCOMPARE(tokenizer.decode(tokenIds({0, 259}), false), std::string("<|bos|>the"));
    expectError(Fault::Request, {"260", "259"}, [&] { tokenizer.decode(tokenIds({260})); });
}

void TestTokenizer::unknownKindsAreNamed_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("by");
    QTest::addColumn<QString>("name");
    const QString pre = R"("pre_tokenizer":{"type":"ByteLevel",)";
    QTest::newRow("normalizer") << R"("normalizer":null)"
                                << R"("normalizer":{"type":"Precompiled"})"
                                << "Precompiled";
    QTest::newRow("pre-tokenizer") << pre << R"("pre_tokenizer":{"type":"UnicodeScripts",)"
                                   << "UnicodeScripts";
    QTest::newRow("decoder") << R"("decoder":{"type":"ByteLevel"})"
                             << R"("decoder":{"type":"CTC"})"
                             << "CTC";
    QTest::newRow("post-processor") << R"("type":"TemplateProcessing")"
                                    << R"("type":"Mystery")"
                                    << "Mystery";
    QTest::newRow("model") << R"("type":"BPE")"
                           << R"("type":"Unigram")"
                           << "Unigram";
    QTest::newRow("suffix") << R"("unk_token":null)"
                            << R"("end_of_word_suffix":"</w>")"
                            << "</w>";
    QTest::newRow("dropout") << R"("dropout":null)"
                             << R"("dropout":0.1)"
                             << "dropout";
    QTest::newRow("behavior") << pre + R"("add_prefix_space":false,"use_regex":true})"
                              << R"("pre_tokenizer":{"type":"Punctuation","behavior":"Chewed"})"
                              << "Chewed";
}

void TestTokenizer::unknownKindsAreNamed()
{
    QFETCH(QString, what);
    QFETCH(QString, by);
    QFETCH(QString, name);
    expectError(Fault::Format, {"tokenizer.json", name.toStdString()},
                [&] { vocabularyOf(sampleWith(what.toStdString(), by.toStdString())); });
}

void TestTokenizer::contradictionsAreRefused_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("by");
    QTest::addColumn<QString>("word");
    QTest::newRow("one id twice") << R"("the":259)"
                                  << R"("the":258)"
                                  << "258";
    QTest::newRow("one piece twice") << R"("the":259)"
                                     << R"("th":259)"
                                     << "twice";
    QTest::newRow("merge of nothing") << R"("th e")"
                                      << R"("th x y")"
                                      << "merges[1]";
    QTest::newRow("merge of unknown") << R"("th e")"
                                      << R"("th ee")"
                                      << "vocabulary";
    QTest::newRow("negative id") << R"("the":259)"
                                 << R"("the":-1)"
                                 << "-1";
    QTest::newRow("huge id") << R"("the":259)"
                             << R"("the":2147483647)"
                             << "2147483647";
    QTest::newRow("template without text") << R"({"Sequence":{"id":"A","type_id":0}})"
                                           << R"({"Sequence":{"id":"B","type_id":0}})"
                                           << "single";
    QTest::newRow("template of no token") << R"("ids":[0])"
                                          << R"("ids":[900])"
                                          << "900";
    QTest::newRow("unknown token") << R"("unk_token":null)"
                                   << R"("unk_token":"?!")"
                                   << "unk_token";
    QTest::newRow("not JSON") << R"("version":)"
                              << R"("version")"
                              << "byte";
}

void TestTokenizer::contradictionsAreRefused()
{
    QFETCH(QString, what);
    QFETCH(QString, by);
    QFETCH(QString, word);
    expectError(Fault::Format, {"tokenizer.json", word.toStdString()},
                [&] { vocabularyOf(sampleWith(what.toStdString(), by.toStdString())); });
}

void TestTokenizer::configSaysBosAndFlags()
{
    Vocabulary plain = vocabularyOf(samples::tokenizerJson());
    QVERIFY(!plain.bos && !plain.addBos);
    QCOMPARE(idsOf(Tokenizer(plain).encode("the")), (std::vector<int>{0, 259})); // the template still rules
    const Vocabulary with = vocabularyOf(samples::tokenizerJson(), R"({"bos_token":"<|bos|>"})");
    QCOMPARE(with.bos->value, 0);
    QVERIFY(with.addBos && m_assumed.empty());
    const Vocabulary off =
        vocabularyOf(samples::tokenizerJson(), R"({"bos_token":{"content":"<|bos|>"},"add_bos_token":false,)"
                                               R"("eos_token":"<|eos|>","add_eos_token":true})");
    QVERIFY(!off.addBos);
    QCOMPARE(m_assumed.size(), 2U); // both contradict the template, and that is told
    QCOMPARE(idsOf(Tokenizer(off).encode("the")), (std::vector<int>{259, 1}));
    expectError(Fault::Format, {"tokenizer_config.json", "<s>"},
                [&] { vocabularyOf(samples::tokenizerJson(), R"({"bos_token":"<s>"})"); });
}

void TestTokenizer::textThatCannotBeRepresented()
{
    const Tokenizer tokenizer = tokenizerOf(
        sampleWith(R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})", R"({"type":"Whitespace"})"));
    QCOMPARE(idsOf(tokenizer.encode("the end", false)), (std::vector<int>{259, 'e' + 2, 'n' + 2, 'd' + 2}));
    expectError(Fault::Request, {"中", "byte 4"}, [&] { tokenizer.encode("the 中"); });
    expectError(Fault::Request, {"UTF-8", "byte 2"}, [&] { tokenizer.encode("ab\xFF"); });
    expectError(Fault::Request, {"UTF-8", "byte 0"}, [&] { tokenizer.encode("\xED\xA0\x80"); }); // a surrogate
    const Tokenizer scored(
        Vocabulary{ScoredVocabulary{{"<unk>", "<s>", "</s>", " "}, {0, 0, 0, 0}}, 4, TokenId{1}, TokenId{2}, true});
    expectError(Fault::Request, {"\"a\"", "byte 0"}, [&] { scored.encode("a"); });
}

void TestTokenizer::hostilePatternsEnd()
{
    const auto splitBy = [&](const std::string& pattern) {
        return sampleWith(R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})",
                          R"({"type":"Split","pattern":{"Regex":")" + pattern +
                              R"("},"behavior":"Isolated","invert":false})");
    };
    const Tokenizer slow = tokenizerOf(splitBy("(a+)+[b-d]"));
    expectError(Fault::Format, {"(a+)+[b-d]", "byte 0"}, [&] { slow.encode(std::string(60, 'a')); });
    const Tokenizer deep = tokenizerOf(splitBy("(a|(?R))*c"));
    try {
        deep.encode(std::string(1000, 'a'));
    } catch (const Error& error) {
        QCOMPARE(error.fault(), Fault::Format);
    }
    expectError(Fault::Format, {"(a", "character 2"}, [&] { tokenizerOf(splitBy("(a")); });
    // Empty matches cut nothing twice and end.
    QCOMPARE(idsOf(tokenizerOf(splitBy("x*")).encode("axb", false)), (std::vector<int>{'a' + 2, 'x' + 2, 'b' + 2}));
}

void TestTokenizer::growthIsBounded()
{
    std::string steps;
    for (int i = 0; i < 20; ++i)
        steps += std::string(i > 0 ? "," : "") + R"({"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaa"})";
    const Tokenizer tokenizer = tokenizerOf(
        sampleWith(R"("normalizer":null)", R"("normalizer":{"type":"Sequence","normalizers":[)" + steps + "]}"));
    expectError(Fault::Format, {"Replace"}, [&] { tokenizer.encode("aaaa"); });
}

void TestTokenizer::scoredMergesAsLlama2c()
{
    // Pieces and scores drawn from a seed, ties included; the queue must give what the slow loop gives.
    std::uint64_t state = 7;
    const auto draw = [&](int below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<int>((state >> 33U) % static_cast<unsigned>(below));
    };
    for (int round = 0; round < 200; ++round) {
        ScoredVocabulary scored;
        for (const auto& [piece, score] : samples::scoredPieces()) {
            scored.pieces.push_back(piece);
            scored.scores.push_back(score);
        }
        const auto addPiece = [&](const std::string& piece) {
            if (std::ranges::find(scored.pieces, piece) == scored.pieces.end()) {
                scored.pieces.push_back(piece);
                scored.scores.push_back(static_cast<float>(-draw(6)));
            }
        };
        for (const char* letter : {"a", "b", "c"})
            addPiece(letter);
        for (int i = 0; i < 20; ++i) {
            std::string piece;
            for (int length = 2 + draw(4); length > 0; --length)
                piece += " abc"[draw(4)];
            addPiece(piece);
        }
        std::string text;
        for (int i = 0; i < 40; ++i)
            text += " abcd"[draw(5)];
        std::vector<int> start{1, 259};
        for (const char c : text) {
            const auto found = std::ranges::find(scored.pieces, std::string(1, c));
            start.push_back(found != scored.pieces.end() ? static_cast<int>(found - scored.pieces.begin()) : c + 3);
        }
        const std::vector<int> wanted = mergedSlowly(scored, start);
        Vocabulary vocabulary{scored, static_cast<int>(scored.pieces.size()), TokenId{1}, TokenId{2}, true};
        const Tokenizer tokenizer(vocabulary);
        const std::vector<Token> tokens = tokenizer.encode(text);
        QCOMPARE(idsOf(tokens), wanted);
        QCOMPARE(tokenizer.decode(tokenIds(wanted)), text);
        std::size_t done = 0;
        for (const Token& token : tokens) {
            QCOMPARE(token.first, done);
            done += token.count;
        }
        QCOMPARE(done, text.size());
    }
}

void TestTokenizer::scoredDecodesAsLlama2c()
{
    ScoredVocabulary scored;
    for (const auto& [piece, score] : samples::scoredPieces()) {
        scored.pieces.push_back(piece);
        scored.scores.push_back(score);
    }
    scored.pieces.emplace_back(" a"); // 260
    scored.scores.push_back(-2);
    const Tokenizer tokenizer(Vocabulary{scored, 261, TokenId{1}, TokenId{2}, true});
    QCOMPARE(idsOf(tokenizer.encode("")), std::vector<int>{1}); // no space before nothing
    QCOMPARE(idsOf(tokenizer.encode("é")), (std::vector<int>{1, 259, 0xC3 + 3, 0xA9 + 3}));
    // The space right behind bos is dropped, and only that one.
    QCOMPARE(tokenizer.decode(tokenIds({1, 260, 260})), std::string("a a"));
    QCOMPARE(tokenizer.decode(tokenIds({260, 260})), std::string(" a a"));
    QCOMPARE(tokenizer.decode(tokenIds({1, 259, 0xC3 + 3, 0xA9 + 3})), std::string("é"));
    QCOMPARE(tokenizer.decode(tokenIds({0xC3 + 3, 260})), std::string("\uFFFD a"));
    QCOMPARE(tokenizer.piece({1}), std::string("<s>"));
    QCOMPARE(tokenizer.piece({260}), std::string(" a"));
    QCOMPARE(tokenizer.piece({0x0A + 3}), std::string("<0x0A>"));
}

void TestTokenizer::scoredFileIsChecked()
{
    const std::filesystem::path path = std::filesystem::path(m_folder.path().toStdString()) / "pieces.bin";
    const auto refused = [&](const std::string& bytes, const std::vector<std::string>& words) {
        samples::writeFile(path, bytes);
        expectError(Fault::Format, words, [&] { readTokenizerBin(path); });
    };
    const std::string whole = samples::tokenizerBin();
    samples::writeFile(path, whole);
    QCOMPARE(readTokenizerBin(path).size, 260);
    refused(whole.substr(0, whole.size() - 1), {"pieces.bin", "cut off", "piece 259"});
    refused(whole.substr(0, 4), {"only 0 pieces"});
    refused(samples::tokenizerBin({{"a", 0}, {"b", std::numeric_limits<float>::infinity()}}),
            {"pieces.bin at byte", "piece 1", "finite"});
    std::string longer = whole;
    longer[8] = 100; // the first piece's length
    refused(longer, {"piece 0 is 100", "0 to 6"});
}

void TestTokenizer::longTextsRoundTrip()
{
    std::string text;
    for (int i = 0; i < 20000; ++i)
        text += "word" + std::to_string(i) + (i % 7 == 0 ? "\n" : " ");
    const Tokenizer tokenizer = tokenizerOf(samples::tokenizerJson());
    const auto roundTrip = [](const Tokenizer& with, const std::string& what) {
        const std::vector<Token> tokens = with.encode(what);
        std::vector<TokenId> ids;
        for (const Token& token : tokens)
            ids.push_back(token.id);
        return with.decode(ids) == what;
    };
    QVERIFY(roundTrip(tokenizer, text));
    QVERIFY(roundTrip(tokenizer, std::string(100000, 'a')));
    if (!std::filesystem::exists(samples::shared("texts")))
        QSKIP("../shared/texts is absent");
    std::vector<std::string> notes;
    const Tokenizer scored(readTokenizerBin(samples::shared("checkpoints/stories260K/tok512.bin")));
    const Tokenizer fallback(
        readTokenizerJson(samples::shared("checkpoints/tinystories-656K/tokenizer.json"), notes, notes));
    for (const char* name : {"alice29.txt", "asyoulik.txt", "tinyshakespeare-input.txt"}) {
        constexpr std::size_t most = 160'000; // all of the first two; the third is a megabyte
        const std::string whole = samples::readFile(samples::shared("texts") / name).substr(0, most);
        QVERIFY2(roundTrip(tokenizer, whole), name);
        QVERIFY2(roundTrip(scored, whole), name);
        // This vocabulary lacks some characters: what is not unknown stands for what it shows.
        for (const Token& token : fallback.encode(whole, false)) {
            const std::string shown = fallback.piece(token.id);
            const std::string covered = whole.substr(token.first, token.count);
            if (!fallback.special(token.id))
                QVERIFY2(shown == covered || (token.first == 0 && shown == " " + covered), shown.c_str());
        }
    }
}

QTEST_APPLESS_MAIN(TestTokenizer)
#include "tst_tokenizer.moc"
