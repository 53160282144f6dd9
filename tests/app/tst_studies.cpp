// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/mainwindow.h"
#include "app/panels/explainpanel.h"
#include "app/panels/heading.h"
#include "app/panels/studypanel.h"
#include "app/studywork.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "tests/app/windowrig.h"
#include "tests/support/samples.h"
#include "widgets/derivationview.h"
#include "widgets/numbers.h"
#include "widgets/proxystyle.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/stepper.h"
#include "widgets/studycontrols.h"
#include "widgets/studyview.h"

#include <QApplication>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <thread>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

// The whole program on a tiny checkpoint, on the reference, with the Kernel tab in front.
struct Program : WindowRig
{
    explicit Program(const std::filesystem::path& checkpoint)
        : WindowRig(stateWithKernel(checkpoint))
    {
    }

    static DocumentState stateWithKernel(const std::filesystem::path& checkpoint)
    {
        DocumentState state = referenceState(checkpoint);
        state.lanes[1].everywhere.attention.method = "taylorshift";
        state.layout.tab = "kernel";
        return state;
    }

    StudyPanel* page() { return window.findChild<StudyPanel*>(QStringLiteral("kernel")); }

    widgets::StudyBody& body(const std::string& id)
    {
        for (StudyPanel* each : window.findChildren<StudyPanel*>())
            for (widgets::StudyPane* pane : each->study().panels().panes())
                if (pane->panel().id == id)
                    return pane->body();
        qFatal("no panel %s", id.c_str());
    }
};

} // namespace

class TestStudies : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase()
    {
        QApplication::setStyle(new widgets::ProxyStyle);
        m_path = std::filesystem::path(m_folder.path().toStdString()) / "tiny";
        samples::Shape shape;
        shape.layers = 2;
        samples::writeLlamaFolder(m_path, shape);
    }

    void cleanup() { setEngineHook({}); }

    void tabsAreThereWhereALaneHasThem()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        QVERIFY(program.window.tabs().contains("kernel"));
        QCOMPARE(program.window.tabs().last(), QStringLiteral("probes"));
        engine::SessionPlan plan = program.document.state().lanes[1];
        plan.everywhere.attention = {};
        program.document.setPlan(compared, plan);
        QVERIFY(program.rest());
        QVERIFY(!program.window.tabs().contains("kernel"));
        // On one layer only: there while that layer is selected.
        plan.overrides[{1}].attention.method = "taylorshift";
        program.document.setPlan(compared, plan);
        QVERIFY(!program.window.tabs().contains("kernel"));
        Selection selection = program.document.state().selection;
        selection.layer = {1};
        program.document.select(selection);
        QVERIFY(program.window.tabs().contains("kernel"));
        QVERIFY(program.rest());
    }

    void aTrainedCheckpointOpensOnItsOwnTab()
    {
        const std::filesystem::path path = std::filesystem::path(m_folder.path().toStdString()) / "trained";
        samples::writeLlamaFolder(path, {}, samples::Element::F32,
                                  R"(,"subquad":{"layers":[{"attention":{"method":"infini","knobs":{"segment":2}}}]})");
        Program program(path);
        QVERIFY(program.rest());
        QCOMPARE(program.document.state().layout.tab, std::string("memory"));
        QVERIFY(program.window.tabs().contains("memory"));
    }

    void theStudyOnScreenIsTheEngines()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const auto result = program.document.study("kernel");
        QVERIFY(result);
        QCOMPARE(result->request.method, std::string("taylorshift"));
        QString sentence;
        for (const engine::Phrase& phrase : result->study.sentence)
            sentence += QString::fromStdString(phrase.text);
        StudyPanel* page = program.page();
        QCOMPARE(page->study().sentence().text(), sentence);
        QVERIFY(!page->study().panels().panes().empty());
        // Another head is another study, and the old one stays until it is there.
        Selection selection = program.document.state().selection;
        selection.head = {1};
        program.document.select(selection);
        QCOMPARE(program.document.study("kernel"), result);
        QVERIFY(program.rest());
        QVERIFY(program.document.study("kernel") != result);
        QCOMPARE(program.document.study("kernel")->request.cell.head.value, 1);
        // The probes were recorded once.
        QCOMPARE(program.document.study("kernel")->layer, result->layer);
    }

    void anotherTabComputesNoStudy()
    {
        Program program(m_path);
        ViewLayout layout = program.document.state().layout;
        layout.tab = "attention";
        program.document.setLayout(layout);
        QVERIFY(program.rest());
        QVERIFY(!program.document.study("kernel"));
        QVERIFY(program.document.explained()); // the dock is there on every tab
    }

    void picksAndControlsReachTheDocument()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        // A cell of a map pins query and key.
        widgets::StudyBody& terms = program.body("kernel.terms");
        QTest::keyClick(&terms, Qt::Key_Right); // to the picked cell
        QTest::keyClick(&terms, Qt::Key_Up);
        QTest::keyClick(&terms, Qt::Key_Left, Qt::ShiftModifier); // to the first key
        QTest::keyClick(&terms, Qt::Key_Return);
        QCOMPARE(program.document.state().selection.query->value, program.document.tokenCount() - 2);
        QCOMPARE(program.document.state().selection.key->value, 0);
        // A place of the curve sets the control, the control stands in the form and in the layout.
        widgets::StudyBody& tau = program.body("kernel.tau");
        for (int i = 0; i < 4; ++i)
            QTest::keyClick(&tau, Qt::Key_Right);
        QTest::keyClick(&tau, Qt::Key_Return);
        QCOMPARE(std::get<int>(program.document.state().layout.controls.at("kernel").at("tau")), 4);
        QVERIFY(program.rest());
        QCOMPARE(program.page()->findChild<widgets::Stepper*>("tau")->value(), 4);
        QVERIFY(program.document.study("kernel")->study.second.find("tried here only") != std::string::npos);
        // It is saved, and read again.
        const DocumentState again = fromJson(toJson(program.document.state()));
        QVERIFY(again.layout == program.document.state().layout);
        QVERIFY(again.layout.controls.at("kernel") == program.document.state().layout.controls.at("kernel"));
    }

    void explainSaysWhatTheEngineFound()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        program.document.pin(engine::TokenPos{3}, engine::TokenPos{1});
        QVERIFY(program.rest());
        const auto result = program.document.explained();
        QVERIFY(result);
        QCOMPARE(result->explanation.query.value, 3);
        QCOMPARE(result->explanation.key.value, 1);
        ExplainPanel& dock = program.window.explain();
        QCOMPARE(dock.derivation().firstDifference(), QStringLiteral("score x"));
        for (const engine::Derivation* account : {&result->explanation.exact, &result->explanation.own})
            for (const engine::DerivationLine& line : account->lines)
                QVERIFY2(dock.derivation().accessibleDescription().contains(widgets::figureText(line.value)),
                         line.id.c_str());
        QVERIFY(dock.text().contains("TaylorShift"));
        QVERIFY(dock.text().contains("Deviations of the released code"));
        QVERIFY(dock.text().contains("2403.02920"));
        QVERIFY(dock.cell().panes().size() == 2);
        // The side panel of the tab in front stands in the dock, and leaves with the tab.
        QCOMPARE(dock.tab().panes().size(), std::size_t(1));
        ViewLayout layout = program.document.state().layout;
        layout.tab = "attention";
        program.document.setLayout(layout);
        QVERIFY(dock.tab().panes().empty());
    }

    // Each method says what it is, what it costs, where released code deviates from its paper, and which paper.
    void everyMethodIsExplained()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        program.document.setPrompt("the cat and the dog and the cat and a dog");
        int explained = 0;
        for (const engine::Method& method : engine::methods()) {
            if (method.info.id == engine::baseline)
                continue;
            QVERIFY(!method.info.tabs.empty());
            program.document.setPlan(compared,
                                     planWithTab(program.document.state().lanes[1], method.info.tabs.front().id));
            QVERIFY(program.rest());
            const QString text = program.window.explain().text();
            const QByteArray name(method.info.title.data(), qsizetype(method.info.title.size()));
            for (const std::string_view part : {method.info.idea, method.info.paper})
                QVERIFY2(text.contains(QString::fromUtf8(part.data(), qsizetype(part.size()))), name.constData());
            QVERIFY2(text.contains("**Deviations of"), name.constData());
            QVERIFY2(!program.document.explained()->layer->attended.cost.reason.empty(), name.constData());
            ++explained;
        }
        QCOMPARE(explained, int(engine::methods().size()) - 1);
    }

    // Numbers that no computation gives, in both accounts: read aloud, drawn, the first line that differs told.
    void sentinelsOfAnAccountAreOnScreen()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const auto changed = std::make_shared<ExplainResult>(*program.document.explained());
        double next = 0.7319;
        std::vector<double> put;
        for (engine::Derivation* account : {&changed->explanation.exact, &changed->explanation.own})
            for (engine::DerivationLine& line : account->lines) {
                line.value.number = next;
                put.push_back(next);
                next += 0.001;
            }
        ExplainPanel& dock = program.window.explain();
        const QImage before = dock.derivation().grab().toImage();
        program.document.setExplained(changed);
        const QString read = dock.derivation().accessibleDescription();
        for (const double number : put)
            QVERIFY2(read.contains(widgets::fixed(number, 3)), qPrintable(read));
        QVERIFY(dock.derivation().grab().toImage() != before);
        QCOMPARE(dock.derivation().firstDifference(), QStringLiteral("q · k")); // the very first line
        QVERIFY(read.contains("q · k, exact 0.732") && read.contains("first line that differs"));
    }

    // What is pinned anywhere is what is derived; let go, the strongest key is; both are undone. Its panels tell.
    void explainFollowsThePin()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        ExplainPanel& dock = program.window.explain();
        const QString atRest = dock.derivation().accessibleDescription();
        QVERIFY(!program.document.explained()->request.key);
        program.document.pin(engine::TokenPos{2}, engine::TokenPos{1});
        program.document.sealStep();
        QVERIFY(program.rest());
        QCOMPARE(program.document.explained()->request.key, std::optional(engine::TokenPos{1}));
        const QString pinned = dock.derivation().accessibleDescription();
        QVERIFY(pinned != atRest);
        QTest::keyClick(&program.window, Qt::Key_Escape);
        QVERIFY(program.rest());
        QVERIFY(!program.document.explained()->request.key);
        QCOMPARE(dock.derivation().accessibleDescription(), atRest);
        program.document.undo();
        QVERIFY(program.rest());
        QCOMPARE(dock.derivation().accessibleDescription(), pinned);
        int told = 0;
        for (widgets::StudyPane* pane : dock.cell().panes()) {
            QTest::keyClick(&pane->body(), Qt::Key_Right);
            told += pane->body().hoverText().isEmpty() ? 0 : 1;
        }
        QCOMPARE(told, int(dock.cell().panes().size()));
    }

    void nothingIsComputedOnTheGuiThread()
    {
        std::atomic<int> studies{0}, wrong{0};
        const auto gui = std::this_thread::get_id();
        setEngineHook([&](const char* what) {
            studies += std::string_view(what) == "study" || std::string_view(what) == "explain" ? 1 : 0;
            wrong += std::this_thread::get_id() == gui ? 1 : 0;
        });
        Program program(m_path);
        QVERIFY(program.rest());
        program.document.pin(engine::TokenPos{2}, engine::TokenPos{0});
        QVERIFY(program.rest());
        QVERIFY(studies >= 3);
        QCOMPARE(wrong, 0);
    }

    void picturesForTheEye()
    {
        const QString folder = qEnvironmentVariable("SUBQUAD_GALLERY");
        if (folder.isEmpty())
            QSKIP("SUBQUAD_GALLERY is not set");
        Program program(m_path);
        QVERIFY(program.rest());
        QVERIFY(widgets::snapshot(program.window, {1366, 768}).save(folder + "/kernel-tiny.png"));
    }

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

QTEST_MAIN(TestStudies)
#include "tst_studies.moc"
