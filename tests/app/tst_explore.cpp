// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/laneengine.h"
#include "app/longmaps/longmappage.h"
#include "app/mainwindow.h"
#include "app/results.h"
#include "app/tensors/tensorspanel.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "engine/compare/prediction.h"
#include "engine/export/safetensors.h"
#include "tests/app/windowrig.h"
#include "tests/support/samples.h"
#include "widgets/colorbar.h"
#include "widgets/histogramstrip.h"
#include "widgets/longmapview.h"
#include "widgets/numbers.h"
#include "widgets/proxystyle.h"
#include "widgets/snapshot.h"
#include "widgets/studyview.h"
#include "widgets/tensortree.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace app;

namespace {

// The whole program on the reference back end.
struct Program : WindowRig
{
    explicit Program(const std::filesystem::path& checkpoint, const std::string& prompt = "the cat and the dog")
        : WindowRig(stateWith(checkpoint, prompt))
    {
    }

    static DocumentState stateWith(const std::filesystem::path& checkpoint, const std::string& prompt)
    {
        DocumentState state = referenceState(checkpoint);
        state.prompt = prompt;
        return state;
    }

    void show(const std::string& tab)
    {
        ViewLayout layout = document.state().layout;
        layout.tab = tab;
        document.setLayout(layout);
    }
};

constexpr int longTokens = 3000;
constexpr int sentinelQuery = 2501, sentinelKey = 17;

// One head whose every weight is small but one: query 2501 looks at key 17
// alone.
void writeHeads(const std::filesystem::path& path)
{
    constexpr int width = 4;
    std::vector<float> query(longTokens * width, 0.0F), key(longTokens * width, 0.0F), value(longTokens * width, 1.0F);
    query[sentinelQuery * width] = 40;
    key[sentinelKey * width] = 40;
    const std::vector<std::size_t> shape{1, longTokens, width};
    const auto tensor = [&](std::string name, std::vector<float>& cells) {
        return engine::NamedTensor{std::move(name), shape,
                                   std::vector<engine::Grid>{{std::move(cells), longTokens, width}}};
    };
    std::ofstream file(path, std::ios::binary);
    engine::writeSafetensors(file, {tensor("query", query), tensor("key", key), tensor("value", value)});
}

// One head of weights that differ from cell to cell.
void writeWaves(const std::filesystem::path& path, int tokens, int width)
{
    std::vector<engine::NamedTensor> tensors;
    for (const char* name : {"query", "key", "value"}) {
        std::vector<float> cells(std::size_t(tokens) * std::size_t(width));
        for (std::size_t place = 0; place < cells.size(); ++place)
            cells[place] = float(std::sin(double(place * (tensors.size() + 1))));
        tensors.push_back({name,
                           {1, std::size_t(tokens), std::size_t(width)},
                           std::vector<engine::Grid>{{std::move(cells), tokens, width}}});
    }
    std::ofstream file(path, std::ios::binary);
    engine::writeSafetensors(file, tensors);
}

const engine::Panel* panelOf(const widgets::StudyPanels& panels, const std::string& id)
{
    for (const widgets::StudyPane* pane : panels.panes())
        if (pane->panel().id == id)
            return &pane->panel();
    return nullptr;
}

} // namespace

class TestExplore : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void tensorsAreListedAndRead();
    void tensorsAreExported();
    void logitsAreTheRuns();
    void writingFollowsTheStep();
    void sentinelOfALongMapIsFound();
    void longMapsZoomAndPan();
    void shortMapsShowTheirDifference();
    void mapsUseTheRoomTheyHave();
    void abandonedPicturesNeverArrive();
    void goesWhileItWorks();

private:
    static void writeOn(Program& program);

    QTemporaryDir m_folder;
    std::filesystem::path m_path, m_heads;
    samples::Shape m_shape;
};

void TestExplore::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = std::filesystem::path(m_folder.path().toStdString()) / "tiny";
    m_heads = std::filesystem::path(m_folder.path().toStdString()) / "heads.safetensors";
    m_shape.layers = 2;
    samples::writeLlamaFolder(m_path, m_shape);
    writeHeads(m_heads);
}

void TestExplore::tensorsAreListedAndRead()
{
    Program program(m_path);
    QVERIFY(program.rest());
    TensorsPanel& panel = program.wiring.tensors().panel();
    const QAbstractItemModelTester tester(&panel.tree().entries(),
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QModelIndex query = panel.tree().entries().indexOf("layer.1.query");
    QVERIFY(query.isValid());
    QCOMPARE(query.parent().data().toString(), QStringLiteral("layer 2"));
    QCOMPARE(query.data(widgets::TensorModel::ShapeRole).toString(), QStringLiteral("16 × 16"));

    panel.search().setText("gate");
    QVERIFY(!panel.tree().entries().indexOf("layer.1.query").isValid());
    QVERIFY(panel.tree().entries().indexOf("layer.0.gate").isValid());
    panel.search().clear();

    panel.tree().setCurrent("layer.1.query");
    emit panel.tree().opened("layer.1.query");
    QVERIFY(program.rest());
    const auto& look = program.wiring.tensors().work().look();
    QVERIFY(look != nullptr);
    const std::vector<float> numbers = samples::tensorOf(m_shape, "layer.1.query").numbers;
    double sum = 0;
    for (const float number : numbers)
        sum += double(number);
    QVERIFY(std::abs(look->stats.mean - sum / double(numbers.size())) < 1e-9);
    QCOMPARE(look->stats.count, numbers.size());
    // On screen: the page has the focus, its map the numbers of the file, the
    // dock its statistics in words.
    QVERIFY(program.window.tabs().contains("tensor"));
    const engine::Panel* map = panelOf(program.wiring.tensors().page().panels(), "numbers");
    QVERIFY(map != nullptr);
    const engine::Grid cells = std::get<engine::HeatBody>(map->body).maps[0].cells;
    QCOMPARE(cells.at(3, 5), numbers[3 * 16 + 5]);
    QVERIFY(panel.histogram().accessibleDescription().contains(QStringLiteral("mean")));

    // What is looked at is the document's: undone, and in the session.
    QCOMPARE(program.document.state().layout.tensor, std::string("layer.1.query"));
    QCOMPARE(program.document.state().layout.tab, std::string("tensor"));
    const DocumentState opened = program.document.state();
    program.document.undo(); // the tab
    program.document.undo(); // what was chosen in the dock before
    QVERIFY(program.rest());
    QVERIFY(!program.window.tabs().contains("tensor"));
    QVERIFY(program.wiring.tensors().work().chosen().isEmpty());
    WindowRig again(fromJson(toJson(opened)));
    QVERIFY(again.rest());
    QVERIFY(again.window.tabs().contains("tensor"));
    QVERIFY(panelOf(again.wiring.tensors().page().panels(), "numbers") != nullptr);
}

void TestExplore::tensorsAreExported()
{
    Program program(m_path);
    QVERIFY(program.rest());
    TensorWork& work = program.wiring.tensors().work();
    work.choose("layer.0.down");
    const std::filesystem::path path = std::filesystem::path(m_folder.path().toStdString()) / "down.npy";
    work.exportNpy(path);
    QVERIFY(program.rest());
    const std::string bytes = samples::readFile(path);
    const std::vector<float> numbers = samples::tensorOf(m_shape, "layer.0.down").numbers;
    QVERIFY(bytes.find("'shape': (16, 24)") != std::string::npos);
    QCOMPARE(bytes.size() % 64,
             numbers.size() * 4 % 64); // the data begins at a multiple of 64
    QCOMPARE(std::memcmp(bytes.data() + bytes.size() - numbers.size() * 4, numbers.data(), numbers.size() * 4), 0);
    QVERIFY(!std::filesystem::exists(path.string() + ".part"));
    // What it is and where it comes from, beside it.
    const QJsonObject beside =
        QJsonDocument::fromJson(
            QByteArray::fromStdString(samples::readFile(std::filesystem::path(path).replace_extension(".json"))))
            .object();
    QCOMPARE(beside["matrix"].toString(), QStringLiteral("layer.0.down"));
    QCOMPARE(beside["shape"].toArray(), (QJsonArray{16, 24}));
    QCOMPARE(beside["provenance"]["checkpoint"]["sha256"].toString().size(), 64);

    work.exportNpy("/nowhere/at/all.npy");
    QVERIFY(program.rest());
    QVERIFY(program.document.message() && program.document.message()->what.contains("/nowhere/at/all.npy"));
}

// On a slow machine it waits to be asked for.
void TestExplore::writeOn(Program& program)
{
    LogitsWork& work = program.wiring.logits().work();
    if (!work.waits())
        return;
    work.writeOn();
    QVERIFY(program.rest());
}

void TestExplore::logitsAreTheRuns()
{
    Program program(m_path);
    program.show("logits");
    QVERIFY(program.rest());
    const auto& look = program.wiring.logits().work().look();
    QVERIFY(look != nullptr);
    const auto& run = program.document.lane({0}).run;
    const engine::Grid logits = run->trace->grid(engine::probes::logits, {});
    const engine::Prediction prediction(logits.row(look->step.value), run->model->tokensInUse());
    const engine::Panel* ranks = panelOf(program.wiring.logits().page().panels(), "ranks");
    QVERIFY(ranks != nullptr);
    const auto& row = std::get<engine::TableBody>(ranks->body).rows.front();
    QVERIFY(std::abs(*row.cells[0].number - 100 * prediction.probability(prediction.likeliest(1).front())) < 1e-9);
    QCOMPARE(row.cells[1].text, std::string("1"));
    const engine::Panel* lens = panelOf(program.wiring.logits().page().panels(), "lens");
    QCOMPARE(std::get<engine::HeatBody>(lens->body).maps[0].cells.rows(), m_shape.layers);
    writeOn(program);
    QVERIFY(panelOf(program.wiring.logits().page().panels(), "writing") != nullptr);
}

void TestExplore::writingFollowsTheStep()
{
    Program program(m_path);
    program.show("logits");
    QVERIFY(program.rest());
    program.document.stepBack();
    QVERIFY(program.rest());
    const auto& look = program.wiring.logits().work().look();
    QCOMPARE(look->step.value, program.document.lastRow());
    QCOMPARE(look->step.value, program.document.tokenCount() - 2);
    writeOn(program);
    QVERIFY(look->writing && !look->writing->written.empty());
    // Greedy: what is written first is what the run holds likeliest there.
    const engine::Grid logits = program.document.lane({0}).run->trace->grid(engine::probes::logits, {});
    QCOMPARE(
        look->writing->written[0].front(),
        engine::Prediction(logits.row(look->step.value), program.document.model()->tokensInUse()).likeliest(1).front());
    // Hidden, the tab computes nothing.
    program.show("attention");
    program.document.stepBack();
    QVERIFY(program.rest());
    QCOMPARE(program.wiring.logits().work().look()->step.value, program.document.tokenCount() - 2);
}

void TestExplore::sentinelOfALongMapIsFound()
{
    Program program(m_heads);
    QVERIFY(program.rest());
    QVERIFY(!program.document.message());
    QVERIFY(program.window.tabs().contains("map"));
    LongMapPage& page = program.wiring.longMaps().page();
    QCOMPARE(page.maps().size(), std::size_t(2));
    widgets::LongMapView& map = *page.maps().front();
    const auto& picture = program.wiring.longMaps().work().map().pictures.front();
    const int reduction = picture.region.reduction;
    QVERIFY(reduction > 1);
    QCOMPARE(picture.exactRows, picture.region.rows());
    QCOMPARE(map.textAt({sentinelQuery, sentinelKey}), QStringLiteral("1.000"));
    QVERIFY(map.accessibleDescription().contains(QStringLiteral("reduced %1 : 1").arg(reduction)));
    // Its pixel is the darkest of the colours; its neighbours have the colour of what the other queries give: 1/N.
    const QImage drawn = map.grab().toImage();
    const auto pixel = [&](int query, int key) {
        const double step = map.map().width() / longTokens;
        return drawn.pixelColor(int(map.map().left() + (key + 0.5) * step),
                                int(map.map().top() + (query + 0.5) * step));
    };
    const QColor beside = pixel(sentinelQuery, sentinelKey + 20 * reduction);
    QVERIFY(pixel(sentinelQuery, sentinelKey).lightnessF() < beside.lightnessF() - 0.05F);
    QCOMPARE(pixel(sentinelQuery - 20 * reduction, sentinelKey + 20 * reduction).hslHue() / 10, beside.hslHue() / 10);
}

void TestExplore::longMapsZoomAndPan()
{
    Program program(m_heads);
    QVERIFY(program.rest());
    LongMapPage& page = program.wiring.longMaps().page();
    widgets::LongMapView &map = *page.maps()[0], &linked = *page.maps()[1];
    QTest::keyClick(&map, Qt::Key_Plus);
    QVERIFY(program.rest());
    QCOMPARE(map.window().count, longTokens / 2);
    QCOMPARE(linked.window(), map.window());
    while (map.window().count > 100)
        QTest::keyClick(&map, Qt::Key_Plus);
    QVERIFY(program.rest());
    const auto& picture = program.wiring.longMaps().work().map().pictures.front();
    QCOMPARE(picture.region.reduction, 1);
    QVERIFY(!map.accessibleDescription().contains("reduced"));
    QCOMPARE(picture.region.queries.first, map.window().query);
    const int before = map.window().key;
    QTest::keyClick(&map, Qt::Key_Left);
    QVERIFY(program.rest());
    QVERIFY(map.window().key < before);
    QCOMPARE(program.wiring.longMaps().work().map().pictures.front().region.keys.first, map.window().key);
    const widgets::MapWindow near = map.window();
    const auto kept = [&] { return program.document.state().layout.sights.count("map") > 0; };
    const Sight sight{double(near.key), double(near.query), double(near.count), double(near.count)};
    QTRY_VERIFY(kept() && program.document.state().layout.sights.at("map") == sight); // not one on the way there
    program.document.sealStep();
    QTest::keyClick(&map, Qt::Key_Home);
    QVERIFY(program.rest());
    QCOMPARE(map.window(), (widgets::MapWindow{0, 0, longTokens}));
    QTRY_VERIFY(!kept());
    program.document.undo(); // the part that was looked at before, on every map
    QVERIFY(program.rest());
    QCOMPARE(map.window(), near);
    QCOMPARE(linked.window(), near);
    QCOMPARE(program.wiring.longMaps().work().map().pictures.front().region.keys.first, near.key);
    QVERIFY(!page.difference().isVisible()); // it would take room from the maps
}

// Where a third map costs the others no pixel: the compared method's weights minus the exact ones.
void TestExplore::shortMapsShowTheirDifference()
{
    const std::filesystem::path heads = std::filesystem::path(m_folder.path().toStdString()) / "short.safetensors";
    writeWaves(heads, 200, 4);
    Program program(heads);
    QVERIFY(program.rest());
    program.window.resize(1366, 768);
    program.show("map");
    QVERIFY(program.rest());
    LongMapPage& page = program.wiring.longMaps().page();
    QVERIFY(page.difference().isVisible() && page.differenceBar().isVisible());
    const auto& pictures = program.wiring.longMaps().work().map().pictures;
    const float exact = pictures[0].cells.at(150, 40), other = pictures[1].cells.at(150, 40);
    QCOMPARE(page.difference().textAt({150, 40}), widgets::signedFixed(double(other) - double(exact), 3));
    QCOMPARE(page.difference().map().width(), page.maps().front()->map().width());
    QTest::keyClick(page.maps().front(), Qt::Key_Plus);
    QVERIFY(program.rest());
    QCOMPARE(page.difference().window(), page.maps().front()->window());
    // The ends of its colours are the document's.
    emit page.differenceBar().rangeChanged(-0.5, 0.5);
    QCOMPARE(program.document.state().layout.differenceHigh, std::optional(0.5));
    emit page.differenceBar().fitRequested();
    QVERIFY(!program.document.state().layout.differenceHigh);
    QTest::keyClick(page.maps().front(), Qt::Key_Home); // all of it
    QVERIFY(program.rest());
    // Each has the page to itself when it is asked for, larger and with its own labels.
    const double side = page.maps().front()->map().width();
    const auto views = program.window.views();
    for (const QString view : {"map/map 0", "map/map 1", "map/difference"}) {
        QVERIFY2(std::ranges::any_of(views, [&](const auto& each) { return each.first == view; }), qPrintable(view));
        ViewLayout layout = program.document.state().layout;
        layout.maximised = view.toStdString();
        program.document.setLayout(layout);
        QVERIFY(program.rest());
        const bool differs = view.endsWith("difference");
        QCOMPARE(page.difference().isVisible(), differs);
        QCOMPARE(page.bar().isVisible(), !differs);
        int visible = 0;
        for (const widgets::LongMapView* map : page.maps()) {
            visible += map->isVisible() ? 1 : 0;
            QVERIFY(!map->isVisible() || map->map().width() > side);
        }
        QCOMPARE(visible, differs ? 0 : 1);
        QVERIFY(!differs || page.difference().map().width() > side);
        QVERIFY(!page.difference().textAt({150, 40}).isEmpty());
    }
    QTest::keyClick(&program.window, Qt::Key_Escape);
    QVERIFY(program.rest());
    QVERIFY(page.difference().isVisible() && page.maps()[0]->isVisible() && page.maps()[1]->isVisible());
    QCOMPARE(page.maps().front()->map().width(), side);
}

// Cells are whole pixels: what that leaves over is the difference's, and a map alone has its bar beside it.
void TestExplore::mapsUseTheRoomTheyHave()
{
    const std::filesystem::path heads = std::filesystem::path(m_folder.path().toStdString()) / "middle.safetensors";
    constexpr int tokens = 261, width = 4;
    writeWaves(heads, tokens, width);
    Program program(heads);
    QVERIFY(program.rest());
    LongMapPage& page = program.wiring.longMaps().page();
    const auto see = [&](QSize screen, const std::string& maximised) {
        ViewLayout layout = program.document.state().layout;
        layout.maximised = maximised;
        program.document.setLayout(layout);
        program.window.resize(screen);
        return program.rest();
    };
    const auto inside = [&](const QWidget& widget) {
        const QWidget& room = *widget.parentWidget();
        return room.rect().contains(widget.geometry());
    };
    QVERIFY(see({1920, 1080}, {}));
    QCOMPARE(page.maps()[0]->map().width(), 2.0 * tokens);
    QCOMPARE(page.maps()[1]->map().width(), 2.0 * tokens);
    QVERIFY(page.difference().isVisible());
    QVERIFY(page.difference().map().width() >= tokens);
    QVERIFY(!page.difference().textAt({200, 40}).isEmpty());
    for (const QWidget* each : {static_cast<QWidget*>(page.maps()[1]), static_cast<QWidget*>(&page.difference()),
                                static_cast<QWidget*>(&page.bar()), static_cast<QWidget*>(&page.differenceBar())})
        QVERIFY2(inside(*each), each->metaObject()->className());
    QVERIFY(see({1366, 768}, {}));
    QVERIFY(page.difference().isVisible());
    QCOMPARE(page.maps()[0]->map().width(), double(tokens));
    for (const char* view : {"map/map 0", "map/map 1", "map/difference"}) {
        QVERIFY(see({1366, 768}, view));
        const bool differs = QByteArray(view).endsWith("difference");
        const widgets::LongMapView& map = differs ? page.difference() : *page.maps()[view[8] - '0'];
        const widgets::ColorBar& bar = differs ? page.differenceBar() : page.bar();
        QCOMPARE(map.map().width(), 2.0 * tokens);
        QVERIFY(inside(map) && inside(bar));
        QVERIFY(!bar.geometry().intersects(map.map().toRect().translated(map.pos())));
    }
    QVERIFY(see({1366, 768}, {}));
    QCOMPARE(page.maps()[0]->map().width(), double(tokens));
}

void TestExplore::abandonedPicturesNeverArrive()
{
    Program program(m_heads);
    QVERIFY(program.rest());
    LongMapWork& work = program.wiring.longMaps().work();
    std::vector<engine::MapRegion> shown;
    QObject::connect(&work, &LongMapWork::picturesChanged, &work,
                     [&] { shown.push_back(work.map().pictures.front().region); });
    for (int first = 0; first < 1000; first += 50)
        work.look({{first, 2000}, {first, 2000}, 4});
    QVERIFY(program.rest());
    QVERIFY(!shown.empty());
    QCOMPARE(shown.back(), (engine::MapRegion{{950, 2000}, {950, 2000}, 4}));
    // Twenty wishes in a row: the first may have been at work already, the rest
    // gave way to the last.
    QVERIFY(std::ranges::none_of(shown, [](const engine::MapRegion& region) {
        return region.queries.first > 50 && region.queries.first < 950;
    }));
}

// Its workers go before those of the lanes, and nobody asks them for anything afterwards.
void TestExplore::goesWhileItWorks()
{
    bool worked = false;
    for (int wait = 0; wait < 200; wait += 20) {
        Program program(m_heads);
        QTest::qWait(wait);
        worked = worked || !program.lanes.idle();
    }
    QVERIFY(worked);
}

QTEST_MAIN(TestExplore)
#include "tst_explore.moc"
