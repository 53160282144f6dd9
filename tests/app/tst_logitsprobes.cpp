// SPDX-License-Identifier: GPL-3.0-or-later
// The Logits and the Probes tab: sentinels in what the engine gives are found on screen, and all that can be done in
// them is done.
#include "app/panels/probespanel.h"
#include "app/studywork.h"
#include "app/wording.h"
#include "tests/app/playing.h"
#include "tests/app/windowrig.h"
#include "widgets/chartview.h"
#include "widgets/heatmapview.h"
#include "widgets/iconbutton.h"
#include "widgets/probepanel.h"
#include "widgets/sentence.h"
#include "widgets/studyview.h"
#include "widgets/tokenstrip.h"

#include <QAccessible>
#include <QTemporaryDir>
#include <QWheelEvent>

#include <cmath>
#include <set>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

} // namespace

class TestLogitsProbes : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void sentinelsOfTheLogitsAreOnScreen();
    void logitsFollowThePinnedToken();
    void sentinelsOfProbesAreOnScreen_data();
    void sentinelsOfProbesAreOnScreen();
    void probesArePlayed_data();
    void probesArePlayed();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestLogitsProbes::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = tinyCheckpoint(m_folder);
}

// Logits and losses that no model gives are put where the run's are: the tab's numbers are computed from them.
void TestLogitsProbes::sentinelsOfTheLogitsAreOnScreen()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    show(rig, "logits");
    QVERIFY(rig.rest());
    const std::shared_ptr<const LaneRun> exact = rig.document.lane({0}).run;
    auto changed = std::make_shared<LaneRun>(*exact);
    constexpr int token = 9;
    constexpr float share = 0.7319F, loss = 7.319F;
    const int inUse = exact->model->tokensInUse();
    std::vector<engine::Trace::Record> records = exact->trace->records();
    for (engine::Trace::Record& record : records) {
        if (record.probe != engine::probes::logits)
            continue;
        const engine::Grid& grid = record.grid;
        std::vector<float> cells(std::size_t(grid.rows()) * std::size_t(grid.cols()), 0.0F);
        cells[std::size_t(grid.rows() - 1) * std::size_t(grid.cols()) + token] =
            std::log(share * float(inUse - 1) / (1 - share));
        record.grid = engine::Grid(std::move(cells), grid.rows(), grid.cols());
    }
    changed->trace = std::make_shared<const engine::Trace>(std::move(records), false);
    changed->losses.back() = loss;
    widgets::StudyPanels& panels = rig.wiring.logits().page().panels();
    const QImage before = panels.grab().toImage();
    rig.document.setRun({0}, changed);
    QVERIFY(rig.rest());
    QVERIFY(panels.grab().toImage() != before);
    QVERIFY(rig.wiring.logits().page().sentence().text().contains(QStringLiteral("73 %")));
    const auto tellsSomewhere = [&](const char* id, const QString& number) {
        for (widgets::StudyPane* pane : panels.panes()) {
            if (pane->panel().id != id)
                continue;
            widgets::StudyBody& body = pane->body();
            for (int y = 1; y < 40; ++y)
                for (int x = 1; x < 60; ++x) {
                    moveOver(body, QPointF(body.width() * x / 60.0, body.height() * y / 40.0));
                    if (body.hoverText().contains(number))
                        return true;
                }
        }
        return false;
    };
    QVERIFY(tellsSomewhere("candidates", QStringLiteral("0.732")));
    QVERIFY(tellsSomewhere("ranks", QStringLiteral("73.2")));
    QVERIFY(tellsSomewhere("losses", QStringLiteral("7.32")));
    // Under its token too.
    const int last = rig.document.tokenCount() - 1;
    widgets::TokenStrip& strip = rig.window.tokens();
    rig.document.pin(engine::TokenPos{last}, engine::TokenPos{0});
    QVERIFY2(strip.accessibleDescription().contains(QStringLiteral("7.32")), qPrintable(strip.accessibleDescription()));
}

// A place of the losses pins its token, in every view; the candidates are those after it until it is let go.
void TestLogitsProbes::logitsFollowThePinnedToken()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    show(rig, "logits");
    QVERIFY(rig.rest());
    LogitsWork& work = rig.wiring.logits().work();
    const int last = rig.document.lastRow();
    QCOMPARE(work.look()->step.value, last);
    const auto losses = [&]() -> widgets::StudyBody& {
        for (widgets::StudyPane* pane : rig.wiring.logits().page().panels().panes())
            if (pane->panel().id == "losses")
                return pane->body();
        qFatal("no losses");
    };
    const QPoint at(losses().width() / 2, losses().height() / 2);
    rig.document.sealStep();
    QTest::mouseClick(&losses(), Qt::LeftButton, {}, at);
    const auto pinned = rig.document.state().selection.query;
    QVERIFY(pinned && pinned->value > 0 && pinned->value < last);
    QVERIFY(rig.rest());
    QCOMPARE(work.look()->step, *pinned);
    QVERIFY(rig.wiring.logits().page().sentence().text().contains(
        tokenLabel(rig.document.sequence()->pieces[std::size_t(pinned->value)])));
    QTest::mouseClick(&losses(), Qt::LeftButton, {}, at); // again: let go
    QVERIFY(!rig.document.state().selection.query);
    QVERIFY(rig.rest());
    QCOMPARE(work.look()->step.value, last);
    rig.document.sealStep();
    QTest::mouseClick(&losses(), Qt::LeftButton, {}, at);
    rig.document.sealStep();
    QTest::keyClick(&rig.window, Qt::Key_Escape);
    QVERIFY(!rig.document.state().selection.query);
    rig.document.undo();
    QVERIFY(rig.rest());
    QCOMPARE(rig.document.state().selection.query, pinned);
    QCOMPARE(work.look()->step, *pinned);
    // Another view's token is this one's.
    rig.document.pin(engine::TokenPos{1}, engine::TokenPos{0});
    QVERIFY(rig.rest());
    QCOMPARE(work.look()->step.value, 1);
}

namespace {

// Shows a probe with the looks that there are: a map, curves, bars.
void addLooks()
{
    QTest::addColumn<std::string>("tab");
    QTest::addColumn<std::string>("probe");
    std::set<engine::Look> seen;
    for (const engine::Method& method : engine::methods())
        for (const engine::ProbeSpec& spec : method.info.probes)
            if (spec.rows == engine::Axis::Token && !method.info.tabs.empty() && seen.insert(spec.look).second)
                QTest::addRow("%s", std::string(spec.id).c_str())
                    << std::string(method.info.tabs.front().id) << std::string(spec.id);
    for (const engine::Method& method : engine::methods())
        for (const engine::ProbeSpec& spec : method.info.probes)
            if (spec.look == engine::Look::Bars && !method.info.tabs.empty() && seen.insert(spec.look).second)
                QTest::addRow("%s", std::string(spec.id).c_str())
                    << std::string(method.info.tabs.front().id) << std::string(spec.id);
}

bool showProbe(WindowRig& rig, const std::string& tab, const std::string& probe)
{
    rig.document.setPrompt("the cat and the dog and the cat and a dog");
    withTabOf(rig, tab);
    show(rig, "probes");
    if (!rig.rest())
        return false;
    emit rig.window.probes().chosen(QString::fromStdString(probe));
    return rig.rest() && rig.window.probes().probe().probe().spec.id == probe;
}

QWidget& pictureOf(widgets::ProbePanel& probe)
{
    if (auto* map = probe.findChild<widgets::HeatmapView*>(); map->isVisible())
        return *map;
    return *probe.findChild<widgets::ChartView*>();
}

} // namespace

void TestLogitsProbes::sentinelsOfProbesAreOnScreen_data()
{
    addLooks();
}

// A number that no method records is put into its records.
void TestLogitsProbes::sentinelsOfProbesAreOnScreen()
{
    QFETCH(const std::string, tab);
    QFETCH(const std::string, probe);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    QVERIFY(showProbe(rig, tab, probe));
    const std::shared_ptr<const LayerAttention> found = rig.document.lane(compared).probes;
    QVERIFY(found);
    auto changed = std::make_shared<LayerAttention>(*found);
    std::vector<engine::Trace::Record> records = found->attended.trace->records();
    int put = 0;
    for (engine::Trace::Record& record : records) {
        if (record.probe != probe)
            continue;
        const engine::Grid& grid = record.grid;
        record.grid = engine::Grid(std::vector<float>(std::size_t(grid.rows()) * std::size_t(grid.cols()), 73.19F),
                                   grid.rows(), grid.cols());
        ++put;
    }
    QVERIFY(put > 0);
    changed->attended.trace = std::make_shared<const engine::Trace>(std::move(records), false);
    widgets::ProbePanel& panel = rig.window.probes().probe();
    QWidget& picture = pictureOf(panel);
    const QImage before = picture.grab().toImage();
    rig.document.setProbes(compared, changed);
    QVERIFY(picture.grab().toImage() != before);
    QVERIFY(rig.window.probes().sentence().text().contains(QStringLiteral("73.2")));
    const auto at = placeThatTells(panel, picture);
    QVERIFY(at);
    QVERIFY2(panel.accessibleDescription().contains(QStringLiteral("73.2")), qPrintable(panel.accessibleDescription()));
    if (auto* map = qobject_cast<widgets::HeatmapView*>(&picture)) {
        QAccessibleInterface* table = QAccessible::queryAccessibleInterface(map);
        QVERIFY(table->tableInterface()->cellAt(1, 0)->text(QAccessible::Name).contains(QStringLiteral("73.2")));
    }
}

void TestLogitsProbes::probesArePlayed_data()
{
    addLooks();
}

// Hover, lock, link, unlock, zoom, undo, export of a map, of curves and of bars. What is no token has no place in the
// token strip, and only maps are zoomed.
void TestLogitsProbes::probesArePlayed()
{
    QFETCH(const std::string, tab);
    QFETCH(const std::string, probe);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    QVERIFY(showProbe(rig, tab, probe));
    widgets::ProbePanel& panel = rig.window.probes().probe();
    QWidget& picture = pictureOf(panel);
    const bool ofTokens = panel.probe().spec.rows == engine::Axis::Token;
    const auto at = placeThatTells(panel, picture);
    QVERIFY(at);
    QCOMPARE(rig.document.hoveredQuery().has_value(), ofTokens);
    leave(picture);
    QVERIFY(!rig.document.hoveredQuery());
    if (ofTokens) { // from the strip to the probe
        const QString rest = panel.accessibleDescription();
        rig.document.hover(engine::TokenPos{3}, std::nullopt);
        QVERIFY(panel.accessibleDescription() != rest);
        rig.document.hover(std::nullopt, std::nullopt);
    }
    rig.document.sealStep();
    const DocumentState before = rig.document.state();
    QTest::mouseClick(&picture, Qt::LeftButton, {}, *at);
    rig.document.sealStep();
    QVERIFY(panel.pinned());
    const widgets::Cell pinned = *panel.pinned();
    const DocumentState locked = rig.document.state();
    QVERIFY(fromJson(toJson(locked)) == locked); // in the session
    QVERIFY(panel.accessibleDescription().contains(QStringLiteral("pinned")));
    if (ofTokens)
        QCOMPARE(rig.document.state().selection.query, std::optional(engine::TokenPos{pinned.row}));
    QVERIFY(rig.rest());
    QTest::mouseClick(&picture, Qt::LeftButton, {}, *at); // again: let go
    QVERIFY(!panel.pinned());
    rig.document.sealStep();
    QTest::mouseClick(&picture, Qt::LeftButton, {}, *at);
    QCOMPARE(panel.pinned(), std::optional(pinned));
    rig.document.sealStep();
    QTest::keyClick(&rig.window, Qt::Key_Escape);
    QVERIFY(!panel.pinned());
    rig.document.undo();
    QVERIFY(rig.document.state() == locked);
    rig.document.undo();
    QVERIFY(rig.document.state() == before);
    rig.document.redo();
    QVERIFY(rig.document.state() == locked);
    QCOMPARE(panel.pinned(), std::optional(pinned));
    if (auto* map = qobject_cast<widgets::HeatmapView*>(&picture)) {
        const QRect whole = map->layout().window;
        turnWheel(*map, map->layout().map.center());
        const QRect near = map->layout().window;
        QVERIFY(near != whole);
        const auto kept = [&] { return rig.document.state().layout.sights.contains("probes"); };
        QTRY_VERIFY(kept());
        rig.document.undo();
        QCOMPARE(map->layout().window, whole);
        rig.document.redo();
        QCOMPARE(map->layout().window, near);
    }
    QVERIFY(rig.rest());
    exportsAFigure(rig);
    auto* save = rig.window.probes().findChild<widgets::IconButton*>();
    QVERIFY(save != nullptr && save->isVisible());
    // Another probe's places are others.
    const auto& entries = rig.window.probes().entries();
    emit rig.window.probes().chosen(entries.front().id == QString::fromStdString(probe) ? entries.back().id
                                                                                        : entries.front().id);
    QVERIFY(rig.rest());
    QVERIFY(!rig.document.state().layout.sights.contains("probes"));
}

QTEST_MAIN(TestLogitsProbes)
#include "tst_logitsprobes.moc"
