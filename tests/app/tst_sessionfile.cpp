// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/promptpanel.h"
#include "app/session.h"
#include "engine/methods/method.h"
#include "engine/values/error.h"
#include "tests/app/windowrig.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QPlainTextEdit>
#include <QProcess>
#include <QSignalSpy>
#include <QTest>

#include <csignal>
#include <random>

using namespace app;
using engine::TokenPos;

namespace {

namespace fs = std::filesystem;

DocumentState fullState(const fs::path& checkpoint)
{
    DocumentState state = startState();
    state.checkpoint = checkpoint;
    state.prompt = "the dog and the cat";
    state.lanes.resize(4, state.lanes[1]);
    state.lanes[3].everywhere.attention.method = engine::baseline;
    state.lanes[2].overrides[{1}] = state.lanes[3].everywhere;
    for (engine::SessionPlan& plan : state.lanes)
        plan.backend = engine::Backend::Reference;
    state.selection = {{1}, {1}, std::nullopt, TokenPos{3}, TokenPos{2}, {2}};
    state.bookmarks = {{state.selection, "probes", "the dog"}};
    state.breakpoints = {1, 4};
    state.layout.mapHigh = 0.25;
    state.layout.leftDock = false;
    state.layout.tensor = "layer.0.query";
    state.layout.timing = {3, 1, SweepForm{"64:256:x2", "5", true, true}};
    state.layout.sights = {{"maps", {1, 2, 8, 8}}, {"timeline", {0, 0, 1e6, 0}}};
    state.layout.attention.dimension = 3;
    return state;
}

bool said(const std::optional<Message>& message, const QString& words)
{
    return message && (message->what + " " + message->why).contains(words);
}

} // namespace

class TestSessionFile : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase()
    {
        QApplication::setStyle(new widgets::ProxyStyle);
        m_path = tinyCheckpoint(m_folder);
        m_home = fs::path(m_folder.path().toStdString());
    }

    void everythingGoesThroughTheFile();
    void laterVersionsAreKept();
    void pathsFollowTheFile();
    void whatIsNotASessionIsRefusedInASentence();
    void whatIsBrokenIsRefusedInASentence();
    void theWindowSavesAndOpens();
    void whateverOpensCanBeDropped();
    void otherWeightsAreSaid();
    void aKilledProgramIsOfferedBack();
    void aClosedProgramLeavesNothing();
    void recentFilesAreRemembered();
    void changesBetweenSessionsAreNamed();

private:
    QTemporaryDir m_folder;
    fs::path m_path, m_home;
};

void TestSessionFile::everythingGoesThroughTheFile()
{
    const SessionFile session{fullState("/models/tiny"), std::string(64, 'a')};
    const SessionFile again = sessionOf(sessionBytes(session, "/models"), "/models");
    QVERIFY(again.state == session.state);
    QCOMPARE(again.weightsHash, session.weightsHash);
}

void TestSessionFile::laterVersionsAreKept()
{
    QJsonObject json = QJsonDocument::fromJson(sessionBytes({fullState("/m"), {}}, {})).object();
    json["version"] = 99;
    json["annotations"] = QJsonObject{{"where", 3}};
    QJsonObject layout = json["layout"].toObject();
    layout["hologram"] = true;
    QJsonObject attention = layout["attention"].toObject();
    attention["depth"] = 3;
    layout["attention"] = attention;
    json["layout"] = layout;
    const SessionFile read = sessionOf(QJsonDocument(json).toJson(), {});
    const QJsonObject written = QJsonDocument::fromJson(sessionBytes(read, {})).object();
    QCOMPARE(written["annotations"].toObject()["where"].toInt(), 3);
    QCOMPARE(written["layout"].toObject()["hologram"].toBool(), true);
    QCOMPARE(written["layout"].toObject()["attention"].toObject()["depth"].toInt(), 3);
}

void TestSessionFile::pathsFollowTheFile()
{
    const QByteArray bytes = sessionBytes({fullState("/home/a/models/tiny"), {}}, "/home/a/lectures");
    QVERIFY(bytes.contains("../models/tiny"));
    QCOMPARE(sessionOf(bytes, "/mnt/b/lectures").state.checkpoint, fs::path("/mnt/b/models/tiny"));
}

void TestSessionFile::whatIsNotASessionIsRefusedInASentence()
{
    for (const char* bytes : {"", "{", "[]", "\xff\xfe", "{}", R"({"version":1,"lanes":[{},{},{},{},{},{},{}]})"}) {
        try {
            sessionOf(bytes, {});
            QFAIL(bytes);
        } catch (const engine::Error& error) {
            QVERIFY(QString(error.what()).size() > 20);
        }
    }
}

// Cut off anywhere, and with bits flipped: a session or a sentence, never a crash.
void TestSessionFile::whatIsBrokenIsRefusedInASentence()
{
    const QByteArray whole = sessionBytes({fullState(m_path), "0123"}, m_home);
    std::mt19937 random(5);
    const auto draw = [&](qsizetype below) { return qsizetype(random() % std::uint32_t(below)); };
    int tried = 0, opened = 0;
    const auto attempt = [&](const QByteArray& bytes) {
        ++tried;
        try {
            sessionOf(bytes, m_home);
            ++opened;
        } catch (const engine::Error& error) {
            if (error.fault() == engine::Fault::Internal || QString(error.what()).size() <= 20)
                qFatal("no sentence for a person: %s", error.what());
        }
    };
    for (qsizetype size = 0; size < whole.size() - 1; ++size) // the last byte is a line's end
        attempt(whole.left(size));
    QCOMPARE(opened, 0);
    for (int round = 0; round < 3000; ++round) {
        QByteArray bytes = whole;
        for (qsizetype flips = 1 + draw(3); flips > 0; --flips) {
            char& byte = bytes[draw(bytes.size())];
            byte = char(byte ^ char(1 << draw(8)));
        }
        attempt(bytes);
    }
    qInfo("%d sessions tried, %d of them opened", tried, opened);
}

void TestSessionFile::theWindowSavesAndOpens()
{
    const fs::path file = m_home / "lesson.subquad";
    DocumentState saved;
    {
        WindowRig rig(m_path);
        QVERIFY(rig.rest());
        rig.document.become(fullState(m_path));
        QVERIFY(rig.rest());
        saved = rig.document.state();
        QCOMPARE(saved.lanes.size(), 4u);
        EngineWatch watch;
        rig.wiring.keeper().save(file);
        QVERIFY(rig.rest());
        QCOMPARE(watch.here(), 0);
        QVERIFY(watch.elsewhere() > 0);
    }
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    const DocumentState before = rig.document.state();
    emit rig.window.dropped({QString::fromStdString(file.string())});
    QVERIFY(rig.rest());
    QVERIFY(!rig.document.message() || rig.document.message()->warning);
    QVERIFY(rig.document.state() == saved);
    QVERIFY(rig.document.lane({3}).look);
    rig.document.undo(); // opening is one step
    QVERIFY(rig.document.state() == before);
}

// A text, a checkpoint without its tokenizer and then that, a folder; of several the first, and the others are named.
void TestSessionFile::whateverOpensCanBeDropped()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    const auto drop = [&](const std::vector<fs::path>& paths) {
        QStringList names;
        for (const fs::path& path : paths)
            names << QString::fromStdString(path.string());
        emit rig.window.dropped(names);
        return rig.rest();
    };
    const fs::path text = m_home / "words.txt";
    samples::writeFile(text, "the dog and the cat");
    QVERIFY(drop({text}));
    QCOMPARE(rig.document.state().prompt, std::string("the dog and the cat"));
    const fs::path bare = m_home / "bare", tokenizer = m_home / "tokenizer.json";
    fs::copy(m_path, bare);
    fs::rename(bare / "tokenizer.json", tokenizer);
    rig.document.setPrompt("5 7");
    QVERIFY(drop({bare}));
    QVERIFY(rig.document.model()->tokenizer() == nullptr);
    auto* prompt = rig.window.prompt().findChild<QPlainTextEdit*>();
    QVERIFY(prompt->placeholderText().contains("ids"));
    QVERIFY(drop({tokenizer})); // for the model that is open
    QVERIFY(rig.document.model()->tokenizer() != nullptr);
    QCOMPARE(rig.document.state().checkpoint, bare);
    QVERIFY(!prompt->placeholderText().contains("ids"));
    rig.document.setMessage(std::nullopt);
    QVERIFY(drop({m_path, text, bare}));
    QCOMPARE(rig.document.state().checkpoint, m_path);
    QVERIFY(rig.document.message() && rig.document.message()->what.contains("not words.txt, bare"));
}

void TestSessionFile::otherWeightsAreSaid()
{
    const fs::path file = m_home / "other.subquad";
    samples::writeFile(file, sessionBytes({fullState(m_path), std::string(64, 'b')}, m_home).toStdString());
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    rig.document.setMessage(std::nullopt);
    rig.wiring.keeper().open(file);
    QVERIFY(rig.rest());
    QVERIFY(said(rig.document.message(), "not the file this session was made with"));
    QVERIFY(said(rig.document.message(), "bbbbbbbb"));
    QVERIFY(rig.document.message()->warning);
    rig.wiring.keeper().open(m_home / "nowhere.subquad");
    QVERIFY(rig.rest());
    QVERIFY(said(rig.document.message(), "nowhere.subquad"));
}

// The real program, killed without a chance to say goodbye.
void TestSessionFile::aKilledProgramIsOfferedBack()
{
    const fs::path file = m_home / "killed.subquad";
    const DocumentState wanted = fullState(m_path);
    samples::writeFile(file, sessionBytes({wanted, {}}, m_home).toStdString());
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("XDG_DATA_HOME", m_folder.filePath("data"));
    environment.insert("QT_QPA_PLATFORM", "offscreen");
    environment.insert("SUBQUAD_AUTOSAVE_SECONDS", "1");
    QProcess program;
    program.setProcessEnvironment(environment);
    program.start(SUBQUAD_PROGRAM, {QString::fromStdString(file.string())});
    QVERIFY(program.waitForStarted());
    const fs::path folder = m_home / "data" / "Subquad";
    const fs::path kept = folder / "session-1.subquad";
    // What is kept at first is the state before the session was read; wait for the session's.
    QVERIFY(QTest::qWaitFor(
        [&] {
            QFile text(QString::fromStdString(kept.string()));
            return text.open(QIODevice::ReadOnly) && text.readAll().contains("the dog and the cat");
        },
        60000));
    {
        WindowRig beside(m_path, {folder, 100000}); // while the other runs its place is not touched
        QVERIFY(beside.rest());
        QVERIFY(!beside.wiring.keeper().hasOffer());
    }
    ::kill(pid_t(program.processId()), SIGKILL);
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.exitStatus(), QProcess::CrashExit);

    EngineWatch watch;
    WindowRig next(m_path, {folder, 100000});
    QVERIFY(next.rest());
    QVERIFY(next.wiring.keeper().hasOffer());
    next.wiring.keeper().restore();
    QVERIFY(next.rest());
    QCOMPARE(next.document.state().lanes, wanted.lanes);
    QCOMPARE(next.document.state().prompt, wanted.prompt);
    QVERIFY(next.document.state().selection == wanted.selection);
    QVERIFY(next.document.state().bookmarks == wanted.bookmarks);
    QVERIFY(!fs::exists(kept)); // it is this program's now
    QCOMPARE(watch.here(), 0);
}

void TestSessionFile::aClosedProgramLeavesNothing()
{
    const fs::path folder = m_home / "closed";
    {
        WindowRig rig(m_path, {folder, 1});
        QVERIFY(rig.rest());
        rig.document.setPrompt("the cat");
        QVERIFY(rig.rest());
        QVERIFY(QTest::qWaitFor([&] { return fs::exists(folder / "session-1.subquad"); }, 10000));
    }
    QVERIFY(!fs::exists(folder / "session-1.subquad"));
    WindowRig rig(m_path, {folder, 1});
    QVERIFY(rig.rest());
    QVERIFY(!rig.wiring.keeper().hasOffer());
}

void TestSessionFile::recentFilesAreRemembered()
{
    const fs::path folder = m_home / "recent";
    {
        WindowRig rig(m_path, {folder, 100000});
        QVERIFY(rig.rest());
        ViewLayout layout = rig.document.state().layout;
        layout.dark = true;
        rig.document.setLayout(layout);
        QVERIFY(rig.rest());
        QCOMPARE(rig.wiring.keeper().recent().value(0), QString::fromStdString(m_path.string()));
    }
    WindowRig rig(m_path, {folder, 100000});
    QVERIFY(rig.rest());
    QCOMPARE(rig.wiring.keeper().recent().size(), 1);
    QVERIFY(rig.document.state().layout.dark);
    QVERIFY(!rig.document.canUndo()); // remembering is not a change
    Memory memory{{"/a", "/b"}, true, 1.5};
    QVERIFY(memoryOf(memoryBytes(memory)) == memory);
    QVERIFY(memoryOf("rubbish") == Memory());
}

void TestSessionFile::changesBetweenSessionsAreNamed()
{
    const DocumentState before = startState();
    DocumentState after = before;
    QVERIFY(whatChanged(before, after).isEmpty());
    after.lanes.push_back(after.lanes[0]);
    after.prompt = "other";
    const QStringList lines = whatChanged(before, after);
    QCOMPARE(lines.size(), 2);
    QVERIFY(lines.join('\n').contains("lane 3"));
}

QTEST_MAIN(TestSessionFile)
#include "tst_sessionfile.moc"
