// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "app/panels/sidedock.h"
#include "app/panels/toolpanel.h"
#include "tests/app/windowrig.h"
#include "widgets/columnscroll.h"
#include "widgets/rowplot.h"
#include "widgets/studypanels.h"

#include <QAbstractAnimation>
#include <QScrollBar>
#include <QTest>

using namespace app;

// Any view can have the window to itself, and gives it back.
class TestMaximise : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void cleanupTestCase() { m_rig.reset(); }

    void eachViewFillsTheWindowAndGivesItBack();
    void thePointerSaysWhich();
    void aTabIsNotHiddenByADock();
    void theSessionKeepsIt();

private:
    const std::string& maximised() const { return m_rig->document.state().layout.maximised; }

    void maximise(const std::string& view)
    {
        ViewLayout layout = m_rig->document.state().layout;
        layout.maximised = view;
        m_rig->document.setLayout(layout);
    }

    // Every widget that is seen, and where.
    std::map<QWidget*, QRect> seen() const
    {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
        QCoreApplication::processEvents();
        std::map<QWidget*, QRect> all;
        for (auto* each : m_rig->window.centralWidget()->findChildren<QWidget*>())
            if (each->isVisible())
                all[each] = each->geometry();
        return all;
    }

    QTemporaryDir m_folder;
    std::unique_ptr<WindowRig> m_rig;
};

void TestMaximise::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_rig = std::make_unique<WindowRig>(tinyCheckpoint(m_folder));
    QVERIFY(m_rig->rest());
}

void TestMaximise::eachViewFillsTheWindowAndGivesItBack()
{
    std::set<QString> done; // the docks' sections are the same beside every tab
    for (const char* tab : {"attention", "timing", "kernel"}) {
        ViewLayout layout = m_rig->document.state().layout;
        layout.tab = tab;
        m_rig->document.setLayout(layout);
        QVERIFY(m_rig->rest());
        const auto before = seen();
        const auto views = m_rig->window.views();
        QVERIFY2(views.size() >= 8, tab); // the tab, a part at least, six sections
        for (const auto& [view, name] : views) {
            if (!done.insert(view).second)
                continue;
            maximise(view.toStdString());
            const auto now = seen();
            QVERIFY2(!m_rig->window.tools().isVisible(), qPrintable(view));
            QVERIFY2(now.size() < before.size(), qPrintable(view));
            for (const SideDock* dock : m_rig->window.findChildren<SideDock*>()) {
                QCOMPARE(dock->isVisible(), view == "dock/" + dock->only());
                if (dock->isVisible())
                    QVERIFY2(dock->width() > 0.95 * m_rig->window.width(), qPrintable(view));
            }
            for (auto* scroll : m_rig->window.findChildren<widgets::ColumnScroll*>()) // nothing is left to scroll to
                QVERIFY2(!scroll->isVisible() || scroll->verticalScrollBar()->isVisible() ==
                                                     (scroll->widget()->height() > scroll->height()),
                         qPrintable(view));
            QTest::keyClick(&m_rig->window, Qt::Key_Escape);
            QVERIFY2(maximised().empty(), qPrintable(view));
            QVERIFY2(seen() == before, qPrintable(view));
        }
    }
    maximise("dock/heads");
    m_rig->document.undo();
    QVERIFY(maximised().empty() && m_rig->window.tools().isVisible());
    m_rig->document.redo();
    QVERIFY(m_rig->window.findChildren<QAbstractAnimation*>().isEmpty()); // it comes and goes at once
    QCOMPARE(maximised(), std::string("dock/heads"));
    QVERIFY(!m_rig->window.tools().isVisible());
    maximise({});
}

void TestMaximise::thePointerSaysWhich()
{
    ViewLayout layout = m_rig->document.state().layout;
    layout.tab = "attention";
    m_rig->document.setLayout(layout);
    QVERIFY(m_rig->rest());
    AttentionPanel& panel = m_rig->window.attention();
    const auto point = [&](QPoint place) {
        QTest::mouseMove(m_rig->window.windowHandle(), place);
        QCoreApplication::processEvents();
    };
    const auto turn = [&] { QTest::keyClick(&m_rig->window, Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier); };
    const int differences = panel.maps().count() - 1;
    const QWidget& map = panel.maps().map(differences);
    const QString title = map.accessibleName();
    const int side = panel.maps().map(0).layout().map.toRect().width();
    point(map.mapTo(&m_rig->window, map.rect().center()));
    turn();
    QCOMPARE(maximised(), "attention/map " + std::to_string(differences));
    seen();
    QCOMPARE(panel.maps().count(), 1); // it has its own labels, and the room of all
    QVERIFY(panel.maps().map(0).layout().map.toRect().width() > side);
    QCOMPARE(panel.maps().map(0).accessibleName(), title);
    QVERIFY(!panel.row().isVisible());
    turn();
    QVERIFY(maximised().empty());
    QCOMPARE(panel.maps().count(), differences + 1);
    QVERIFY(panel.row().isVisible());
    // A pointer that has left the window says nothing; the focus does.
    for (auto* each : m_rig->window.findChildren<QWidget*>())
        each->setAttribute(Qt::WA_UnderMouse, false);
    panel.row().setFocus();
    turn();
    QCOMPARE(maximised(), std::string("attention/row"));
    turn();
}

void TestMaximise::aTabIsNotHiddenByADock()
{
    maximise("dock/heads");
    QTest::keyClick(&m_rig->window, Qt::Key_PageDown, Qt::ControlModifier);
    QVERIFY(maximised().empty());
    maximise("attention/row"); // of a tab that is not in front now: this one is whole
    QVERIFY(m_rig->document.state().layout.tab != "attention");
    QVERIFY(!m_rig->window.tools().isVisible());
    QTest::keyClick(&m_rig->window, Qt::Key_PageUp, Qt::ControlModifier);
    QVERIFY(m_rig->window.attention().row().isVisible());
    QVERIFY(!m_rig->window.attention().maps().isVisible());
    maximise("dock/nothing of this name"); // of a later version
    QVERIFY(m_rig->window.attention().maps().isVisible());
    maximise({});
}

void TestMaximise::theSessionKeepsIt()
{
    for (const std::string view : {"", "tab", "attention/map 1", "dock/heads"}) {
        DocumentState state = startState();
        state.layout.maximised = view;
        QCOMPARE(fromJson(toJson(state)).layout.maximised, view);
    }
    DocumentState state = startState();
    state.layout.maximised = "tab"; // as versions before parts wrote it
    QVERIFY(!toJson(state)["layout"].toObject().contains("maximised_part"));
}

QTEST_MAIN(TestMaximise)
#include "tst_maximise.moc"
