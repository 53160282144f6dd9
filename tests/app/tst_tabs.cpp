// SPDX-License-Identifier: GPL-3.0-or-later
// Every tab played in the same way: hover, lock, link, undo, unlock, zoom, export. What a tab cannot do stands in its
// row with the reason.
#include "app/longmaps/longmappage.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "app/panels/probespanel.h"
#include "app/panels/studypanel.h"
#include "app/panels/timingpanel.h"
#include "app/studywork.h"
#include "app/timing.h"
#include "engine/export/safetensors.h"
#include "tests/app/windowrig.h"
#include "widgets/heatmapview.h"
#include "widgets/longmapview.h"
#include "widgets/plotview.h"
#include "widgets/probepanel.h"
#include "widgets/studyview.h"
#include "widgets/tensortree.h"
#include "widgets/tokenstrip.h"

#include <QAction>
#include <QClipboard>
#include <QMimeData>
#include <QTemporaryDir>
#include <QWheelEvent>

#include <fstream>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

void moveOver(QWidget& view, QPointF at)
{
    QMouseEvent event(QEvent::MouseMove, at, view.mapToGlobal(at), Qt::NoButton, Qt::NoButton, {});
    QCoreApplication::sendEvent(&view, &event);
}

void leave(QWidget& view)
{
    QEvent event(QEvent::Leave);
    QCoreApplication::sendEvent(&view, &event);
}

void turnWheel(QWidget& view, QPointF at)
{
    QWheelEvent event(at, view.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&view, &event);
}

// Some place of a view where pointing makes it tell something else than at rest.
std::optional<QPoint> placeThatTells(QWidget& view)
{
    leave(view);
    const QString rest = view.accessibleDescription();
    constexpr int parts = 24;
    for (int y = 1; y < parts; ++y)
        for (int x = 1; x < parts; ++x) {
            const QPoint at(view.width() * x / parts, view.height() * y / parts);
            moveOver(view, at);
            if (view.accessibleDescription() != rest)
                return at;
        }
    return std::nullopt;
}

std::string withTabOf(WindowRig& rig, const std::string& tab)
{
    rig.document.setPlan(compared, planWithTab(rig.document.state().lanes[1], tab));
    return tab;
}

void show(WindowRig& rig, const std::string& tab)
{
    ViewLayout layout = rig.document.state().layout;
    layout.tab = tab;
    rig.document.setLayout(layout);
}

widgets::StudyView* studyIn(MainWindow& window, const char* tab)
{
    for (widgets::StudyView* view : window.findChildren<widgets::StudyView*>())
        if (view->isVisible())
            return view;
    qWarning("no study is shown in %s", tab);
    return nullptr;
}

} // namespace

class TestTabs : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void studiesAreHoveredLockedLinkedAndUndone_data();
    void studiesAreHoveredLockedLinkedAndUndone();
    void sentinelsOfAStudyAreOnScreen_data();
    void sentinelsOfAStudyAreOnScreen();
    void mapsAreZoomedUndoneAndExported();
    void timesAreLinkedAndExported();
    void probesAreHoveredPickedAndUndone();
    void longMapsAreHoveredAndLinked();

private:
    void exportsAFigure(WindowRig& rig);

    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestTabs::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = tinyCheckpoint(m_folder);
}

// What the tab shows as a picture, and its numbers with named columns, by their shortcuts.
void TestTabs::exportsAFigure(WindowRig& rig)
{
    QApplication::clipboard()->clear();
    QTest::keyClick(&rig.window, Qt::Key_C, Qt::ControlModifier);
    QVERIFY(rig.rest());
    const QMimeData* copied = QApplication::clipboard()->mimeData();
    QVERIFY2(copied != nullptr && copied->hasImage(),
             rig.document.message() ? qPrintable(rig.document.message()->what) : "no picture");
    QTest::keyClick(&rig.window, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(rig.rest());
    QVERIFY(QApplication::clipboard()->text().contains(','));
}

void TestTabs::studiesAreHoveredLockedLinkedAndUndone_data()
{
    QTest::addColumn<std::string>("tab");
    QTest::addColumn<bool>("locks"); // what the Logits tab shows follows the step, which is the token strip's
    QTest::newRow("logits") << std::string("logits") << false;
    for (const engine::TabSpec* tab : methodTabs())
        QTest::addRow("%s", std::string(tab->id).c_str()) << std::string(tab->id) << true;
}

// Study panels have no zoom: cells are laid out as large as the room allows, and rows scroll. A click that sets a
// control has nothing to unlock: a control always has a value; one that pins a token is let go by Esc.
void TestTabs::studiesAreHoveredLockedLinkedAndUndone()
{
    QFETCH(const std::string, tab);
    QFETCH(const bool, locks);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    rig.document.setPrompt("the cat and the dog and the cat and a dog");
    if (tab != "logits")
        withTabOf(rig, tab);
    show(rig, tab);
    QVERIFY(rig.rest());
    widgets::StudyView* study = studyIn(rig.window, tab.c_str());
    QVERIFY(study != nullptr);
    int hovered = 0, locked = 0, released = 0;
    const std::size_t count = study->panels().panes().size();
    for (std::size_t place = 0; place < count && place < study->panels().panes().size(); ++place) {
        widgets::StudyBody& body = study->panels().panes()[place]->body();
        const auto at = placeThatTells(body);
        if (!at)
            continue;
        ++hovered;
        const QString told = body.hoverText();
        QVERIFY(body.accessibleDescription().startsWith(told) && !told.isEmpty());
        leave(body);
        QVERIFY(body.hoverText().isEmpty());
        rig.document.sealStep(); // as if time had passed
        const DocumentState before = rig.document.state();
        QTest::mouseClick(&body, Qt::LeftButton, {}, *at);
        rig.document.sealStep();
        if (rig.document.state() == before)
            continue; // it only tells
        ++locked;
        const DocumentState after = rig.document.state();
        QVERIFY(rig.rest());
        if (after.selection.query && after.selection.query != before.selection.query) { // linked: the strip has it too
            QVERIFY(rig.window.tokens().rectOf(after.selection.query->value).isValid());
            QTest::keyClick(&rig.window, Qt::Key_Escape);
            QVERIFY(!rig.document.state().selection.query);
            rig.document.undo();
            ++released;
        }
        QVERIFY(rig.document.state() == after);
        rig.document.undo();
        QVERIFY(rig.document.state() == before);
        rig.document.redo();
        QVERIFY(rig.document.state() == after);
        rig.document.undo();
        QVERIFY(rig.rest());
    }
    std::fprintf(stderr, "%s: %d panels told, %d locked, %d of them let go by Esc\n", tab.c_str(), hovered, locked,
                 released);
    QVERIFY(hovered >= 2);
    QCOMPARE(locked >= 1, locks);
    exportsAFigure(rig);
}

void TestTabs::sentinelsOfAStudyAreOnScreen_data()
{
    QTest::addColumn<std::string>("tab");
    for (const engine::TabSpec* tab : methodTabs())
        QTest::addRow("%s", std::string(tab->id).c_str()) << std::string(tab->id);
}

// Numbers that no computation gives are put where the engine's study is; they are found in the hover text and summary
// of the panel, and in another picture.
void TestTabs::sentinelsOfAStudyAreOnScreen()
{
    QFETCH(const std::string, tab);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    rig.document.setPrompt("the cat and the dog and the cat and a dog");
    show(rig, withTabOf(rig, tab));
    QVERIFY(rig.rest());
    const auto result = rig.document.study(tab);
    QVERIFY(result);
    auto changed = std::make_shared<StudyResult>(*result);
    std::vector<std::size_t> put;
    for (std::size_t place = 0; place < changed->study.panels.size(); ++place) {
        engine::Panel& panel = changed->study.panels[place];
        if (panel.side)
            continue;
        if (auto* heat = std::get_if<engine::HeatBody>(&panel.body); heat != nullptr && !heat->maps.empty()) {
            engine::Grid& cells = heat->maps.front().cells;
            if (cells.empty())
                continue;
            std::vector<float> values(std::size_t(cells.rows()) * std::size_t(cells.cols()), 0.7319F);
            cells = engine::Grid(std::move(values), cells.rows(), cells.cols());
            put.push_back(place);
        } else if (auto* curves = std::get_if<engine::CurvesBody>(&panel.body); curves != nullptr) {
            for (engine::CurvesBody::Curve& curve : curves->curves)
                for (double& value : curve.y)
                    value = 0.7319;
            if (!curves->curves.empty())
                put.push_back(place);
        }
    }
    QVERIFY(!put.empty());
    widgets::StudyView* study = studyIn(rig.window, tab.c_str());
    QVERIFY(study != nullptr);
    const QImage before = study->panels().grab().toImage();
    rig.document.setStudy(tab, changed);
    QCoreApplication::processEvents();
    QVERIFY(study->panels().grab().toImage() != before);
    int found = 0;
    for (widgets::StudyPane* pane : study->panels().panes()) {
        const bool ours = std::any_of(put.begin(), put.end(), [&](std::size_t place) {
            return changed->study.panels[place].id == pane->panel().id;
        });
        if (!ours)
            continue;
        const bool told = placeThatTells(pane->body()) && pane->body().hoverText().contains(QStringLiteral("0.73"));
        found += told || pane->body().accessibleDescription().contains(QStringLiteral("0.73")) ? 1 : 0;
    }
    std::fprintf(stderr, "%s: %zu panels changed, found in %d\n", tab.c_str(), put.size(), found);
    QVERIFY(found >= 1);
    QVERIFY(found * 2 >= int(put.size())); // axes on a log scale or curves without a line tell none
}

// Hover, lock, unlock and link of the maps are in tst_attention.
void TestTabs::mapsAreZoomedUndoneAndExported()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    widgets::HeatmapView& map = rig.window.attention().maps().map(0);
    const QPointF middle = map.layout().map.center();
    const QImage whole = map.grab().toImage();
    turnWheel(map, middle);
    QVERIFY(map.layout().window.width() < rig.document.tokenCount());
    QCOMPARE(rig.window.attention().maps().map(1).layout().window, map.layout().window); // linked
    QVERIFY(map.grab().toImage() != whole);
    QTest::mouseDClick(&map, Qt::LeftButton, {}, middle.toPoint());
    QCOMPARE(map.layout().window.width(), rig.document.tokenCount());
    const DocumentState before = rig.document.state();
    const QPointF cell = map.layout().rectOf({3, 1}).center();
    QTest::mouseClick(&map, Qt::LeftButton, {}, cell.toPoint());
    QVERIFY(rig.document.state().selection.query.has_value());
    rig.document.undo();
    QVERIFY(rig.document.state().selection == before.selection);
    QVERIFY(rig.rest());
    exportsAFigure(rig);
}

// Hover, lock, unlock and zoom of the plot are in tst_timing. A place of it is a length, not a token: it is linked to
// nothing else, and as it belongs to one sweep it is no part of the state that is undone; the tab is.
void TestTabs::timesAreLinkedAndExported()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    const std::string before = rig.document.state().layout.tab;
    show(rig, "timing");
    QVERIFY(rig.rest());
    rig.document.undo();
    QCOMPARE(rig.document.state().layout.tab, before);
    rig.document.redo();
    QVERIFY(rig.rest());
    auto* panel = rig.window.findChild<TimingPanel*>();
    panel->side().setForm({QStringLiteral("16:64:x2"), QStringLiteral("3"), false, false});
    emit panel->side().formChanged();
    emit panel->side().runAsked();
    QVERIFY(rig.rest());
    QVERIFY(rig.document.sweep());
    exportsAFigure(rig);
}

// A probe's picture is as wide as there is room: no zoom. Picking a row pins its token.
void TestTabs::probesAreHoveredPickedAndUndone()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    show(rig, "probes");
    ViewLayout layout = rig.document.state().layout;
    layout.probe = engine::findMethod(rig.document.comparedPlan().everywhere.shown().method).info.probes.front().id;
    rig.document.setLayout(layout);
    QVERIFY(rig.rest());
    widgets::ProbePanel& probe = rig.window.probes().probe();
    QVERIFY(!probe.accessibleDescription().isEmpty() || !probe.findChildren<QWidget*>().isEmpty());
    const DocumentState before = rig.document.state();
    rig.document.sealStep();
    emit probe.picked({2, 0});
    rig.document.sealStep();
    QCOMPARE(rig.document.state().selection.query, std::optional(engine::TokenPos{2}));
    QVERIFY(rig.window.tokens().rectOf(2).isValid());
    QTest::keyClick(&rig.window, Qt::Key_Escape);
    QVERIFY(!rig.document.state().selection.query);
    rig.document.undo();
    rig.document.undo();
    QVERIFY(rig.document.state() == before);
    QVERIFY(rig.rest());
    exportsAFigure(rig);
}

// Zoom and pan are in tst_explore. Without a model there is no token to lock; a place is told while it is pointed at,
// in every map at once.
void TestTabs::longMapsAreHoveredAndLinked()
{
    constexpr int tokens = 600, width = 4;
    std::vector<float> query(tokens * width, 0.0F), key(tokens * width, 0.0F), value(tokens * width, 1.0F);
    const auto tensor = [&](std::string name, std::vector<float>& cells) {
        return engine::NamedTensor{
            std::move(name), {1, tokens, width}, std::vector<engine::Grid>{{std::move(cells), tokens, width}}};
    };
    const std::filesystem::path path = std::filesystem::path(m_folder.path().toStdString()) / "heads.safetensors";
    {
        std::ofstream file(path, std::ios::binary);
        engine::writeSafetensors(file, {tensor("query", query), tensor("key", key), tensor("value", value)});
    }
    WindowRig rig(path);
    QVERIFY(rig.rest());
    const auto& maps = rig.wiring.longMaps().page().maps();
    QCOMPARE(maps.size(), std::size_t(2));
    const QString rest = maps[1]->accessibleDescription();
    const auto at = placeThatTells(*maps[0]);
    QVERIFY(at);
    QVERIFY(maps[1]->accessibleDescription() != rest); // linked
    leave(*maps[0]);
    QCOMPARE(maps[1]->accessibleDescription(), rest);
}

QTEST_MAIN(TestTabs)
#include "tst_tabs.moc"
