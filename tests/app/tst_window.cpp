// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/laneengine.h"
#include "app/mainwindow.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "app/panels/methodspanel.h"
#include "app/panels/modelpanel.h"
#include "app/panels/probespanel.h"
#include "app/panels/toolpanel.h"
#include "app/results.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "app/wording.h"
#include "tests/app/windowrig.h"
#include "tests/support/samples.h"
#include "widgets/heatmapview.h"
#include "widgets/messagebar.h"
#include "widgets/proxystyle.h"
#include "widgets/rowplot.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/stepper.h"
#include "widgets/tokenstrip.h"

#include <QAction>
#include <QApplication>
#include <QCryptographicHash>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace app;

namespace {

using Program = WindowRig;

// A pixel of a map's cell.
QColor pixelOf(MainWindow& window, int place, widgets::Cell cell)
{
    widgets::HeatmapView& map = window.attention().maps().map(place);
    const QImage picture = map.grab().toImage();
    return picture.pixelColor((map.layout().rectOf(cell).center() * picture.devicePixelRatio()).toPoint());
}

// The window at the small size once its layouts have come to rest.
QImage settled(MainWindow& window)
{
    QTest::qWait(50);
    window.resize(1366, 768);
    QTest::qWait(50);
    return widgets::snapshot(window, {1366, 768});
}

} // namespace

class TestWindow : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void opensAndDrawsTheFirstScreen();
    void numbersOnScreenAreTheEngines();
    void stepsAndSelectsByTheKeyboardsActions();
    void methodAndKnobsPerLayer();
    void pointingIsShared();
    void everyProbeCanBeShown();
    void badFilesReachTheMessageBar();
    void themesAndScales();
    void computesNothingItself();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestWindow::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = std::filesystem::path(m_folder.path().toStdString()) / "tiny";
    samples::Shape shape;
    shape.layers = 2;
    samples::writeLlamaFolder(m_path, shape);
}

void TestWindow::opensAndDrawsTheFirstScreen()
{
    Program program(m_path);
    QVERIFY(program.rest());
    QVERIFY2(!program.document.message() || program.document.message()->warning,
             qPrintable(program.document.message() ? program.document.message()->what : QString()));
    QVERIFY(program.window.windowTitle().startsWith("tiny"));
    QVERIFY(!program.window.attention().sentence().text().isEmpty());
    // The three maps stand side by side with equal cells.
    MapsRow& maps = program.window.attention().maps();
    for (int place = 0; place < 3; ++place) {
        QVERIFY(maps.map(place).layout().block.width() >= 1);
        QCOMPARE(maps.map(place).layout().map.size(), maps.map(0).layout().map.size());
        QCOMPARE(maps.map(place).y(), maps.map(0).y());
    }
    QVERIFY(maps.map(0).geometry().right() <= maps.map(1).geometry().left());
    // The Model section says which weights these are.
    const std::string weights = samples::readFile(m_path / "model.safetensors");
    const QByteArray bytes = QByteArray::fromRawData(weights.data(), qsizetype(weights.size()));
    const QString hash = QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
    const ModelPanel& model = program.window.model();
    QVERIFY(QTest::qWaitFor([&] { return model.toolTip().contains(hash); }, 10000));
    QVERIFY(model.accessibleName().endsWith("sha256 " + hash.left(4) + u'…' + hash.right(4)));
}

void TestWindow::numbersOnScreenAreTheEngines()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const LaneResults& other = program.document.lane(program.document.comparedLane());
    const LaneResults& exact = program.document.lane(exactLane);
    // Asked of the engine once more, on this thread, by the reference.
    engine::Job job;
    const engine::HeadTensors in = engine::headTensors(*exact.run->trace, {0});
    const auto attended = [&](int lane) {
        const engine::LayerContext context =
            engine::layerContext(*program.document.model(), program.document.state().lanes[std::size_t(lane)], {0}, {});
        return std::pair{engine::attend(in, context, nullptr, {}, job), context};
    };
    const auto [a, contextA] = attended(0);
    const auto [b, contextB] = attended(1);
    const engine::Metrics metrics = engine::headMetrics(a, contextA, b, contextB, {0}, nullptr, job);
    const QString sentence = program.window.attention().sentence().text();
    for (const char* id : {"tv", "topk@1", "out_rel"}) {
        const double value = engine::metricOf(metrics, id).value;
        const double shown = engine::metricOf(other.rows->metrics, id).value;
        QVERIFY2(std::abs(value - shown) < 1e-4, id);
        QVERIFY2(sentence.contains(QString::number(std::lround(shown * 100))), qPrintable(sentence));
    }
    // A cell's colour is that of the engine's weight.
    const int last = in.tokens() - 1;
    const engine::Grid row = engine::mapTile(a, contextA, {0}, {last, 1}, {0, in.tokens()}, nullptr);
    const double high = program.wiring.attention().work().maps()->high;
    const widgets::ColorScale scale{widgets::Scale::Root, 0, high, false};
    for (const int key : {1, 3, last}) {
        const QColor wanted(scale.map(false).at(scale.place(row.at(0, key))));
        const QColor drawn = pixelOf(program.window, 0, {last, key});
        QVERIFY2(std::abs(wanted.red() - drawn.red()) <= 3 && std::abs(wanted.green() - drawn.green()) <= 3 &&
                     std::abs(wanted.blue() - drawn.blue()) <= 3,
                 qPrintable(wanted.name() + " " + drawn.name()));
    }
}

void TestWindow::stepsAndSelectsByTheKeyboardsActions()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const int count = program.document.tokenCount();
    program.trigger("First token");
    QCOMPARE(program.document.lastRow(), 0);
    program.trigger("Forward one token");
    QCOMPARE(program.document.lastRow(), 1);
    program.trigger("Last token");
    program.trigger("Forward one token");
    QVERIFY(program.rest());
    QCOMPARE(program.document.tokenCount(), count + 1);
    program.trigger("Layer after");
    program.trigger("Head after");
    QVERIFY(program.rest());
    QCOMPARE(program.document.lane(program.document.comparedLane()).look->layer->layer.value, 1);
    QCOMPARE(program.document.lane(program.document.comparedLane()).look->head.value, 1);
    const auto steppers = program.window.tools().findChildren<widgets::Stepper*>();
    QCOMPARE(steppers.size(), 2);
    QCOMPARE(steppers[0]->value() + steppers[1]->value(), 4);
    program.trigger("First token");
    program.trigger("Play or pause");
    QVERIFY(QTest::qWaitFor([&] { return program.document.lastRow() >= 2; }, 5000));
    program.trigger("Play or pause");
    QVERIFY(program.rest());
    QVERIFY(!program.document.playing());
}

void TestWindow::methodAndKnobsPerLayer()
{
    Program program(m_path);
    QVERIFY(program.rest());
    MethodsPanel& panel = program.window.methods();
    const auto list = panel.findChild<LayerList*>();
    QCOMPARE(int(list->rows().size()), 3); // all, 1, 2
    const QString before = program.window.attention().sentence().text();
    emit panel.methodChosen(0); // the first row of methods, whichever that is, everywhere
    QVERIFY(program.rest());
    const std::string first(engine::methods()[0].info.id);
    QCOMPARE(program.document.state().lanes[1].everywhere.attention.method, first);
    const auto compared = std::ranges::find_if(engine::methods(), [](const engine::Method& method) {
        return method.info.id == startState().lanes[1].everywhere.attention.method;
    });
    emit panel.methodChosen(int(compared - engine::methods().begin()));
    QVERIFY(program.rest());
    QCOMPARE(program.window.attention().sentence().text(), before);

    const engine::MethodInfo& info = compared->info;
    for (const engine::Knob& knob : info.knobs) {
        const auto* range = std::get_if<engine::RealRange>(&knob.domain);
        if (range == nullptr)
            continue;
        list->setCurrent(1);
        emit panel.knobsChanged({{std::string(knob.id), std::min(range->high, range->preset + 1.5)}});
        QVERIFY(program.rest());
        const engine::SessionPlan& plan = program.document.state().lanes[1];
        QVERIFY(plan.everywhere.attention.knobs.empty());
        QCOMPARE(std::get<double>(plan.of({0}).attention.knobs.find(knob.id)->second),
                 std::min(range->high, range->preset + 1.5));
        QVERIFY(list->rows()[1].own && !list->rows()[2].own);
        break;
    }
}

void TestWindow::pointingIsShared()
{
    Program program(m_path);
    QVERIFY(program.rest());
    MapsRow& maps = program.window.attention().maps();
    const widgets::Cell cell{6, 2};
    QTest::mouseClick(&maps.map(1), Qt::LeftButton, {}, maps.map(1).layout().rectOf(cell).center().toPoint());
    QCOMPARE(program.document.state().selection.query->value, cell.row);
    QCOMPARE(program.document.state().selection.key->value, cell.col);
    QCOMPARE(program.document.lane(exactLane).row->query.value, cell.row);
    const QImage pinned = maps.map(2).grab().toImage();
    program.trigger("Let go of what is maximised, or of the pinned cell");
    QVERIFY(!program.document.state().selection.query);
    QVERIFY(maps.map(2).grab().toImage() != pinned); // the other maps followed
    emit program.window.tokens().picked(4);
    QCOMPARE(program.document.state().selection.query->value, 4);
    emit program.window.attention().row().picked(1);
    QCOMPARE(program.document.state().selection.key->value, 1);
    QCOMPARE(program.document.state().selection.query->value, 4);
}

void TestWindow::everyProbeCanBeShown()
{
    Program program(m_path);
    program.window.setTab("probes");
    QVERIFY(program.rest());
    const std::vector<ProbeEntry> entries = program.window.probes().entries();
    std::size_t wanted = 0;
    for (const engine::SessionPlan& plan : program.document.state().lanes)
        wanted += engine::findMethod(plan.everywhere.attention.method).info.probes.size();
    QCOMPARE(entries.size(), wanted);
    for (const ProbeEntry& entry : entries) {
        emit program.window.probes().chosen(entry.id);
        QVERIFY(program.rest());
        QVERIFY(!widgets::snapshot(program.window, {1366, 768}).isNull());
    }
}

void TestWindow::badFilesReachTheMessageBar()
{
    const std::filesystem::path bad = std::filesystem::path(m_folder.path().toStdString()) / "bad.safetensors";
    samples::writeFile(bad, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{", 9));
    Program program(m_path);
    QVERIFY(program.rest());
    QVERIFY(!program.window.message().isVisible());
    const QString before = program.window.attention().sentence().text();
    program.document.open(bad);
    QVERIFY(program.rest());
    QVERIFY(program.window.message().isVisible());
    QVERIFY(program.document.message()->what.contains("bad.safetensors"));
    QCOMPARE(program.window.attention().sentence().text(), before); // the old picture stays
    emit program.window.message().closed();
    QVERIFY(!program.window.message().isVisible());
}

void TestWindow::themesAndScales()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const QImage light = settled(program.window);
    ViewLayout layout = program.document.state().layout;
    layout.dark = true;
    program.document.setLayout(layout);
    const QImage dark = settled(program.window);
    QVERIFY(light.pixelColor(700, 20).lightness() > 200);
    QVERIFY(dark.pixelColor(700, 20).lightness() < 60);
    layout.dark = false;
    layout.scale = 1.5;
    program.document.setLayout(layout);
    QVERIFY(!widgets::snapshot(program.window, {1920, 1080}).isNull());
    layout.scale = 1;
    program.document.setLayout(layout);
    QTest::qWait(100); // the larger type's least size is forgotten
    const QImage again = settled(program.window);
    QCOMPARE(again, light); // and back
}

void TestWindow::computesNothingItself()
{
    std::atomic<int> here = 0, elsewhere = 0;
    const std::thread::id gui = std::this_thread::get_id();
    setEngineHook([&, gui](const char*) { ++(std::this_thread::get_id() == gui ? here : elsewhere); });
    {
        Program program(m_path);
        QVERIFY(program.rest());
        program.trigger("Forward one token");
        program.window.setTab("probes");
        QVERIFY(program.rest());
    }
    setEngineHook({});
    QCOMPARE(here.load(), 0);
    QVERIFY(elsewhere.load() > 8);
}

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
