// SPDX-License-Identifier: GPL-3.0-or-later
// Every tab played in the same way: hover, lock, link, undo, unlock, zoom, export. What a tab cannot do stands in its
// row with the reason. Logits by its numbers, and Probes, are in tst_logitsprobes.
#include "app/longmaps/longmappage.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/explainpanel.h"
#include "app/panels/mapsrow.h"
#include "app/panels/studypanel.h"
#include "app/panels/timingpanel.h"
#include "app/studywork.h"
#include "app/timing.h"
#include "engine/export/safetensors.h"
#include "tests/app/playing.h"
#include "tests/app/windowrig.h"
#include "widgets/heatmapview.h"
#include "widgets/longmapview.h"
#include "widgets/plotview.h"
#include "widgets/studyview.h"
#include "widgets/tensortree.h"
#include "widgets/tokenstrip.h"

#include <QAccessible>
#include <QAction>
#include <QTemporaryDir>
#include <QWheelEvent>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

using namespace app;

namespace {

widgets::StudyView* studyIn(MainWindow& window, const char* tab)
{
    for (widgets::StudyView* view : window.findChildren<widgets::StudyView*>())
        if (view->isVisible())
            return view;
    qWarning("no study is shown in %s", tab);
    return nullptr;
}

// A number that no computation gives, in place of every number of a panel. False: it has none.
bool putSentinel(engine::Panel& panel)
{
    constexpr double sentinel = 0.7319;
    bool put = false;
    if (auto* heat = std::get_if<engine::HeatBody>(&panel.body)) {
        for (engine::HeatBody::Map& map : heat->maps) {
            std::vector<float> cells;
            for (int row = 0; row < map.cells.rows(); ++row)
                for (const float cell : map.cells.row(row)) {
                    cells.push_back(std::isfinite(cell) ? float(sentinel) : cell);
                    put = put || std::isfinite(cell);
                }
            map.cells = engine::Grid(std::move(cells), map.cells.rows(), map.cells.cols());
        }
    } else if (auto* curves = std::get_if<engine::CurvesBody>(&panel.body)) {
        for (engine::CurvesBody::Curve& curve : curves->curves)
            for (double& value : curve.y) {
                value = sentinel;
                put = true;
            }
    } else if (auto* bars = std::get_if<engine::BarsBody>(&panel.body)) {
        for (engine::BarsBody::Series& series : bars->series)
            for (double& value : series.values) {
                value = sentinel;
                put = true;
            }
    } else if (auto* table = std::get_if<engine::TableBody>(&panel.body)) {
        for (engine::TableBody::Row& row : table->rows)
            for (engine::Figure& cell : row.cells)
                if (cell.number) {
                    cell.number = sentinel;
                    put = true;
                }
    }
    return put;
}

// Whether the keys of a panel lead to a place that tells the sentinel, and a screen reader hears the same.
bool tellsSentinel(widgets::StudyBody& body)
{
    const auto told = [&] {
        return body.hoverText().contains(QStringLiteral("0.73")) &&
               body.accessibleDescription().startsWith(body.hoverText());
    };
    for (const Qt::Key key : {Qt::Key_Right, Qt::Key_Down})
        for (int step = 0; step < 24; ++step) {
            QTest::keyClick(&body, key);
            if (told())
                return true;
        }
    return false;
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
    void longMapsAreHoveredLockedLinkedZoomedAndExported();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestTabs::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = tinyCheckpoint(m_folder);
}

void TestTabs::studiesAreHoveredLockedLinkedAndUndone_data()
{
    QTest::addColumn<std::string>("tab");
    QTest::addColumn<bool>("locks");
    QTest::newRow("logits") << std::string("logits") << true;
    QTest::newRow("tensor") << std::string("tensor") << false; // weights belong to no token
    for (const engine::TabSpec* tab : methodTabs())
        QTest::addRow("%s", std::string(tab->id).c_str()) << std::string(tab->id) << true;
}

// Study panels have no zoom: cells are laid out as large as the room allows, and rows scroll; each can have the window
// to itself (tst_maximise). A click that sets a control has nothing to unlock: a control always has a value; one that
// pins a token is let go by Esc and by a second click.
void TestTabs::studiesAreHoveredLockedLinkedAndUndone()
{
    QFETCH(const std::string, tab);
    QFETCH(const bool, locks);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    rig.document.setPrompt("the cat and the dog and the cat and a dog");
    if (tab == "tensor") {
        ViewLayout layout = rig.document.state().layout;
        layout.tensor = "layer.0.query";
        rig.document.setLayout(layout);
        QVERIFY(rig.rest());
    } else if (tab != "logits") {
        withTabOf(rig, tab);
    }
    show(rig, tab);
    QVERIFY(rig.rest());
    widgets::StudyView* study = studyIn(rig.window, tab.c_str());
    QVERIFY(study != nullptr);
    int hovered = 0, locked = 0, released = 0, again = 0;
    const std::size_t count = study->panels().panes().size();
    for (std::size_t place = 0; place < count && place < study->panels().panes().size(); ++place) {
        widgets::StudyBody& body = study->panels().panes()[place]->body();
        const auto at = placeThatTells(body, body);
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
            QVERIFY(rig.rest());
            moveOver(body, *at);
            if (body.hoverText().section(QStringLiteral("   "), 0, 0) == told.section(QStringLiteral("   "), 0, 0)) {
                QTest::mouseClick(&body, Qt::LeftButton, {}, *at); // the same place again
                QVERIFY(!rig.document.state().selection.query);
                rig.document.undo();
                QVERIFY(rig.rest());
                ++again;
            }
            leave(body);
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
    std::fprintf(stderr, "%s: %d panels told, %d locked, %d of them let go by Esc, %d by a second click\n", tab.c_str(),
                 hovered, locked, released, again);
    QVERIFY(released == 0 || again > 0);
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

// Numbers that no computation gives are put where the engine's study is; every panel that has numbers tells them to the
// pointer and the screen reader, is drawn anew, and maps have them in their tables.
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
    std::set<std::string> put;
    for (engine::Panel& panel : changed->study.panels)
        if (putSentinel(panel))
            put.insert(panel.id);
    QVERIFY(put.size() * 2 > changed->study.panels.size());
    widgets::StudyView* study = studyIn(rig.window, tab.c_str());
    QVERIFY(study != nullptr);
    std::vector<widgets::StudyPane*> panes = study->panels().panes();
    for (widgets::StudyPane* side : rig.window.explain().tab().panes())
        panes.push_back(side);
    std::map<std::string, QImage> before;
    for (widgets::StudyPane* pane : panes)
        before[pane->panel().id] = pane->grab().toImage();
    rig.document.setStudy(tab, changed);
    QCoreApplication::processEvents();
    std::size_t found = 0;
    for (widgets::StudyPane* pane : panes) {
        const std::string& id = pane->panel().id;
        if (!put.contains(id))
            continue;
        ++found;
        QVERIFY2(pane->grab().toImage() != before.at(id), id.c_str());
        QVERIFY2(tellsSentinel(pane->body()), id.c_str());
        if (!std::holds_alternative<engine::HeatBody>(pane->panel().body))
            continue;
        QAccessibleInterface* table = QAccessible::queryAccessibleInterface(&pane->body());
        QVERIFY2(table != nullptr && table->tableInterface() != nullptr, id.c_str());
        bool read = false;
        for (int row = 0; row < table->tableInterface()->rowCount() && !read; ++row)
            read = table->tableInterface()->cellAt(row, 0)->text(QAccessible::Value).contains("0.73");
        QVERIFY2(read, id.c_str());
    }
    std::fprintf(stderr, "%s: %zu of %zu panels have numbers, all told\n", tab.c_str(), found,
                 changed->study.panels.size());
    QCOMPARE(found, put.size());
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

// A place is told while it is pointed at, in every map at once; a click locks it, Esc or a second click lets it go. The
// part in sight is one for all maps. Panning and refining are in tst_explore.
void TestTabs::longMapsAreHoveredLockedLinkedZoomedAndExported()
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
    const auto at = placeThatTells(*maps[0], *maps[0]);
    QVERIFY(at);
    QVERIFY(maps[1]->accessibleDescription() != rest); // linked
    leave(*maps[0]);
    QCOMPARE(maps[1]->accessibleDescription(), rest);

    const QImage unlocked = maps[1]->grab().toImage();
    const auto click = [&] { QTest::mouseClick(maps[0], Qt::LeftButton, {}, *at); };
    click();
    const auto cell = maps[0]->pinned();
    QVERIFY(cell);
    for (const widgets::LongMapView* map : maps) {
        QCOMPARE(map->pinned(), cell);
        QVERIFY2(map->accessibleDescription().contains(map->textAt(*cell)), qPrintable(map->accessibleDescription()));
    }
    QVERIFY(maps[1]->grab().toImage() != unlocked);
    QCOMPARE(rig.document.state().selection.query, std::optional(engine::TokenPos{cell->row}));
    QAccessibleInterface* table = QAccessible::queryAccessibleInterface(maps[1]);
    QCOMPARE(table->tableInterface()->selectedCellCount(), 1);
    rig.document.sealStep();
    click(); // again
    QVERIFY(!maps[0]->pinned() && !maps[1]->pinned());
    rig.document.undo();
    QCOMPARE(maps[1]->pinned(), cell);
    QTest::keyClick(&rig.window, Qt::Key_Escape);
    QVERIFY(!maps[1]->pinned());
    rig.document.undo();
    QCOMPARE(maps[1]->pinned(), cell);
    // Without a mouse: the locked place walks, and Return lets it go.
    QTest::keyClick(maps[0], Qt::Key_Up, Qt::ShiftModifier);
    QVERIFY(maps[1]->pinned()->row < cell->row);
    QTest::keyClick(maps[0], Qt::Key_Return);
    QVERIFY(!maps[1]->pinned());
    QTest::keyClick(maps[0], Qt::Key_Return);
    QVERIFY(maps[1]->pinned());

    turnWheel(*maps[0], *at);
    QVERIFY(rig.rest());
    QVERIFY(maps[0]->window().count < tokens);
    QCOMPARE(maps[1]->window(), maps[0]->window());
    QTest::mouseDClick(maps[0], Qt::LeftButton, {}, *at);
    QVERIFY(rig.rest());
    QCOMPARE(maps[1]->window().count, tokens);
    exportsAFigure(rig);
}

QTEST_MAIN(TestTabs)
#include "tst_tabs.moc"
