// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/checkpoint.h"
#include "engine/measure/passkey.h"

#include <QtTest/QTest>

using namespace engine;

namespace {

std::shared_ptr<const Model> sample()
{
    Job job;
    return std::make_shared<const Model>(readCheckpoint(SUBQUAD_SOURCE_DIR "/samples/stories-1m", job), job);
}

std::vector<TokenId> between(const std::vector<TokenId>& tokens, TokenRange range)
{
    return {tokens.begin() + range.first, tokens.begin() + range.end()};
}

} // namespace

class TestPasskey : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { m_model = sample(); }

    void needleStandsWhereItWasAsked()
    {
        const Tokenizer& tokenizer = *m_model->tokenizer();
        int before = -1;
        for (const double depth : {0.0, 0.25, 0.5, 1.0}) {
            const PasskeyQuestion asked = passkeyQuestion(tokenizer, 600, depth, 7);
            QVERIFY(asked.prompt.size() <= 600 && asked.prompt.size() > 540);
            QVERIFY(asked.needle.first > before);
            before = asked.needle.first;
            const std::string text = tokenizer.decode(between(asked.prompt, asked.needle));
            QVERIFY2(text.find("The pass key is " + asked.key + ". Remember it. " + asked.key + " is the pass key.") !=
                         std::string::npos,
                     text.c_str());
            const std::string whole = tokenizer.decode(asked.prompt);
            QVERIFY(whole.ends_with("What is the pass key? The pass key is"));
            QVERIFY(tokenizer.decode(asked.answer).find(asked.key) != std::string::npos);
        }
    }

    void seedDrawsTheKey()
    {
        const Tokenizer& tokenizer = *m_model->tokenizer();
        QCOMPARE(passkeyQuestion(tokenizer, 400, 0.5, 3).prompt, passkeyQuestion(tokenizer, 400, 0.5, 3).prompt);
        QVERIFY(passkeyQuestion(tokenizer, 400, 0.5, 3).key != passkeyQuestion(tokenizer, 400, 0.5, 4).key);
        const int key = std::stoi(passkeyQuestion(tokenizer, 400, 0.5, 5).key);
        QVERIFY(key >= 1 && key <= 50000);
    }

    void localIsTheQuestionsSegment()
    {
        PasskeyQuestion asked;
        asked.prompt.resize(200);
        asked.needle = {130, 20};
        QVERIFY(asked.local(200) && asked.local(128) && !asked.local(64) && !asked.local(199));
    }

    void badRequestsAreRefused()
    {
        const Tokenizer& tokenizer = *m_model->tokenizer();
        QVERIFY_EXCEPTION_THROWN(passkeyQuestion(tokenizer, 40, 0.5, 1), Error);
        QVERIFY_EXCEPTION_THROWN(passkeyQuestion(tokenizer, 400, 1.5, 1), Error);
    }

    // The answer's loss is the session's own, and asking twice gives the same: the session is reset.
    void answersAreTheModels()
    {
        Job job;
        const PasskeyQuestion asked = passkeyQuestion(*m_model->tokenizer(), 260, 0.5, 2);
        const auto session = makeSession(m_model, {.everywhere = {}, .overrides = {}, .backend = Backend::Reference},
                                         {}, nullptr, nullptr, 300, job);
        const PasskeyAnswer answer = askPasskey(*session, asked, job);
        QCOMPARE(answer.tokens, int(asked.answer.size()));
        QVERIFY(answer.right >= 0 && answer.right <= answer.tokens && answer.nats > 0);
        const PasskeyAnswer again = askPasskey(*session, asked, job);
        QCOMPARE(answer.nats, again.nats);
        QCOMPARE(answer.right, again.right);
    }

private:
    std::shared_ptr<const Model> m_model;
};

QTEST_GUILESS_MAIN(TestPasskey)
#include "tst_passkey.moc"
