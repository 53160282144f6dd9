// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentiontools.h"
#include "app/attention/gotocell.h"
#include "app/attention/keymeans.h"
#include "app/attention/mapwords.h"
#include "app/figuredata.h"
#include "app/figures.h"
#include "app/laneengine.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/headspanel.h"
#include "app/panels/mapsrow.h"
#include "app/results.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "engine/compare/metrics.h"
#include "engine/export/json.h"
#include "engine/session/layererrors.h"
#include "tests/app/windowrig.h"
#include "tests/support/samples.h"
#include "widgets/arcsview.h"
#include "widgets/colorbar.h"
#include "widgets/heatmapview.h"
#include "widgets/layererrors.h"
#include "widgets/numbers.h"
#include "widgets/proxystyle.h"
#include "widgets/rowplot.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMouseEvent>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include <atomic>
#include <cmath>
#include <sstream>
#include <thread>

using namespace app;
using engine::Grid;
using engine::TokenPos;
using widgets::Cell;
using widgets::GridShape;
using Mode = AttentionView::Mode;
using Picture = AttentionView::Picture;

namespace {

// The whole program on a tiny checkpoint, computed by the reference.
struct Program : WindowRig
{
    explicit Program(const std::filesystem::path& checkpoint)
        : WindowRig(referenceState(checkpoint))
    {
    }

    // The navigator may wait to be asked where the machine is slow.
    bool navigate()
    {
        if (!rest())
            return false;
        if (!wiring.attention().work().navigationIsCurrent() && !trigger("Compare every head"))
            return false;
        return rest() && wiring.attention().work().navigationIsCurrent();
    }

    MapsRow& row() { return window.attention().maps(); }

    widgets::HeatmapView& map(int place) { return row().map(place); }
};

// What a figure of the tab is made of.
FigureSource sourceOf(Program& program)
{
    FigureSource source;
    source.state = program.document.state();
    for (int lane = 0; lane < program.document.laneCount(); ++lane)
        source.lanes.push_back(program.document.lane({lane}));
    source.maps = program.wiring.attention().work().maps();
    return source;
}

QString readAloud(widgets::HeatmapView& map, int row, int col)
{
    QAccessibleInterface* table = QAccessible::queryAccessibleInterface(&map);
    QAccessibleInterface* cell = table->tableInterface()->cellAt(row, col);
    return cell != nullptr ? cell->text(QAccessible::Name) : QString();
}

void moveTo(widgets::HeatmapView& map, Cell cell)
{
    const QPointF at = map.layout().rectOf(cell).center();
    QMouseEvent move(QEvent::MouseMove, at, map.mapToGlobal(at), Qt::NoButton, Qt::NoButton, {});
    QCoreApplication::sendEvent(&map, &move);
}

void click(widgets::HeatmapView& map, Cell cell)
{
    QTest::mouseClick(&map, Qt::LeftButton, {}, map.layout().rectOf(cell).center().toPoint());
}

// A causal map of ever the same weights with one cell of its own.
Grid mapWith(int side, Cell at, float value)
{
    std::vector<float> cells(std::size_t(side) * std::size_t(side), 0.0F);
    for (int row = 0; row < side; ++row)
        for (int col = 0; col <= row; ++col)
            cells[std::size_t(row * side + col)] = 1.0F / float(row + 1);
    cells[std::size_t(at.row * side + at.col)] = value;
    return {std::move(cells), side, side};
}

std::vector<float> valuesOf(const Grid& grid)
{
    std::vector<float> all;
    for (int row = 0; row < grid.rows(); ++row)
        all.insert(all.end(), grid.row(row).begin(), grid.row(row).end());
    return all;
}

} // namespace

class TestAttention : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void piecesOfWordsJoinByHand();
    void ratiosByHand();
    void theLargestWeightsByHand();
    void cellsAreFoundByNumberOrToken();
    void viewIsSavedAndRead();
    void sentinelsAreFoundOnScreen();
    void pointingIsLinkedLockedAndLetGo();
    void zoomIsLinked();
    void zoomIsPartOfTheDocument();
    void comparisonsCycle();
    void thinnedMapsSaySo();
    void headsJoin();
    void neuronsSumToTheScore();
    void arcsAreTheWeights();
    void arcsAreExportedAsArcs();
    void theRowShowsMeansOverQueries();
    void meansOfJoinedHeadsAreOfEveryWeight();
    void theFiguresRowIsOfJoinedHeads();
    void reducedMapsHaveTheRowOfJoinedHeads();
    void navigatorsNumbersAreTheEngines();
    void headsAreSorted();
    void threeClicksToTheCell();
    void rangesAreDraggedLockedAndFitted();
    void nothingComputesOnTheGuiThread();
    void picturesForTheEye();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestAttention::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = std::filesystem::path(m_folder.path().toStdString()) / "tiny";
    samples::Shape shape;
    shape.layers = 2;
    samples::writeLlamaFolder(m_path, shape);
}

void TestAttention::piecesOfWordsJoinByHand()
{
    Sequence sequence;
    sequence.pieces = {"<s>", "un", "happy", " cat", "s", "."};
    sequence.special = {true, false, false, false, false, false};
    const auto words = wordsOf(sequence);
    const std::vector<engine::TokenRange> wanted{{0, 1}, {1, 2}, {3, 2}, {5, 1}};
    QCOMPARE(words, wanted);
    // Keys summed, queries averaged: rows still sum to 1.
    const Grid map({1, 0, 0, 0.25F, 0.75F, 0, 0.5F, 0.25F, 0.25F}, 3, 3);
    const Grid joined = joinedBy(map, {{0, 1}, {1, 2}});
    QCOMPARE(valuesOf(joined), (std::vector<float>{1, 0, 0.375F, 0.625F}));
}

void TestAttention::ratiosByHand()
{
    std::int64_t impossible = 0;
    const Grid ratio = logRatio(Grid({0.5F, 0.125F, -0.1F, 0}, 2, 2), Grid({0.25F, 0.5F, 0.1F, 0}, 2, 2), impossible);
    QCOMPARE(ratio.at(0, 0), 1.0F);
    QCOMPARE(ratio.at(0, 1), -2.0F);
    QVERIFY(std::isnan(ratio.at(1, 0)));
    QCOMPARE(ratio.at(1, 1), 0.0F);
    QCOMPARE(impossible, 1);
}

void TestAttention::theLargestWeightsByHand()
{
    const Grid map({1, 0, 0, 0.25F, 0.75F, 0, 0.5F, 0.3F, 0.2F}, 3, 3);
    const Grid most = largestOf(map, GridShape::LowerTriangle, 0.75);
    QCOMPARE(most.at(0, 0), 1.0F);
    QVERIFY(std::isnan(most.at(1, 0))); // 0.75 alone is enough
    QCOMPARE(most.at(1, 1), 0.75F);
    QCOMPARE(most.at(2, 0), 0.5F);
    QCOMPARE(most.at(2, 1), 0.3F);
    QVERIFY(std::isnan(most.at(2, 2)));
}

void TestAttention::cellsAreFoundByNumberOrToken()
{
    const QStringList tokens{"a", "b", "a", "c"};
    QCOMPARE(GoToCell::placeOf("2", tokens, 3), std::optional<int>(1));
    QCOMPARE(GoToCell::placeOf("a", tokens, 3), std::optional<int>(2));
    QCOMPARE(GoToCell::placeOf("a", tokens, 1), std::optional<int>(0));
    QVERIFY(!GoToCell::placeOf("9", tokens, 3));
    GoToCell dialog(tokens, true);
    int query = -1, key = -1;
    connect(&dialog, &GoToCell::chosen, this, [&](int q, int k) {
        query = q;
        key = k;
    });
    dialog.query().setText("2");
    dialog.key().setText("c"); // after it
    dialog.accept();
    QCOMPARE(query, -1);
    QVERIFY(dialog.message().text().contains("c"));
    dialog.key().setText("a");
    dialog.accept();
    QCOMPARE(query, 1);
    QCOMPARE(key, 0);
}

void TestAttention::viewIsSavedAndRead()
{
    AttentionView view;
    view.mode = Mode::Ratio;
    view.picture = Picture::Arcs;
    view.sinks = AttentionView::Sinks::OwnScale;
    view.heads = AttentionView::Heads::Mean;
    view.words = true;
    view.mass = 0.9;
    view.hatch = false;
    view.swipe = 0.25;
    view.low = 0.125;
    view.metric = "kl";
    view.order = "entropy";
    QVERIFY(attentionViewFromJson(toJson(view)) == view);
    QVERIFY(attentionViewFromJson({}) == AttentionView());
    QVERIFY(attentionViewFromJson({{"mode", "of a later version"}}) == AttentionView());
    QVERIFY_EXCEPTION_THROWN(attentionViewFromJson({{"mass", 3}}), engine::Error);
}

// Values that no computation gives are put where the engine's maps are; they must be on screen, in words and colours.
void TestAttention::sentinelsAreFoundOnScreen()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const int side = program.document.tokenCount();
    const Cell cell{side - 2, 1};
    auto exact = std::make_shared<HeadLook>(*program.document.lane({0}).look);
    auto other = std::make_shared<HeadLook>(*program.document.lane({1}).look);
    exact->map.cells = mapWith(side, cell, 0.12345F);
    other->map.cells = mapWith(side, cell, 0.7654F);
    std::vector<float> differences(std::size_t(side) * std::size_t(side), 0.0F);
    differences[std::size_t(cell.row * side + cell.col)] = 0.7654F - 0.12345F;
    other->difference.cells = Grid(std::move(differences), side, side);
    program.document.setLook({0}, exact);
    program.document.setLook({1}, other);
    QVERIFY(program.rest());

    // Read aloud: both tokens and all three numbers, from any of the maps.
    const Sequence& sequence = *exact->layer->exact->sequence;
    for (int place = 0; place < 3; ++place) {
        const QString words = readAloud(program.map(place), cell.row, cell.col);
        QVERIFY2(words.contains("0.123") && words.contains("0.765") && words.contains("+0.642"), qPrintable(words));
        QVERIFY2(words.contains(QString::fromStdString(sequence.pieces[1]).trimmed()), qPrintable(words));
    }
    const QAccessibleInterface* table = QAccessible::queryAccessibleInterface(&program.map(0));
    QCOMPARE(table->role(), QAccessible::Table);
    QVERIFY(readAloud(program.map(0), 0, side - 1).contains("cannot be"));

    // Pointed at: the value beside the diagonal is the cell's, and what is read aloud follows.
    moveTo(program.map(1), cell);
    for (int place = 0; place < 3; ++place)
        QVERIFY(program.map(place).accessibleDescription().contains("0.123"));
    QCOMPARE(program.map(0).valueText(cell), QString("0.123"));
    QCOMPARE(program.map(1).valueText(cell), QString("0.765"));

    // In the picture: the colour of the value at the range in force.
    const auto& maps = program.wiring.attention().work().maps();
    const widgets::ColorScale scale{widgets::Scale::Root, maps->low, maps->high, false};
    program.document.hover(std::nullopt, std::nullopt);
    for (const auto& [place, value] : {std::pair{0, 0.12345}, std::pair{1, 0.7654}}) {
        const QImage picture = program.map(place).grab().toImage();
        const QPointF at = program.map(place).layout().rectOf(cell).center() * picture.devicePixelRatio();
        QCOMPARE(picture.pixelColor(at.toPoint()), QColor(scale.map(false).at(scale.place(value))));
    }
}

void TestAttention::pointingIsLinkedLockedAndLetGo()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const Cell cell{3, 2};
    moveTo(program.map(2), cell);
    QCOMPARE(program.document.hoveredQuery(), std::optional(TokenPos{3}));
    click(program.map(0), cell);
    QCOMPARE(program.document.state().selection.key, std::optional(TokenPos{2}));
    QVERIFY(program.rest());
    for (int place = 0; place < 3; ++place)
        QCOMPARE(program.map(place).pinned(), std::optional(cell));
    program.map(1).setFocus();
    QTest::keyClick(&program.map(1), Qt::Key_Up); // the picked cell walks
    QCOMPARE(program.document.state().selection.query, std::optional(TokenPos{2}));
    QTest::keyClick(&program.map(1), Qt::Key_Escape);
    QVERIFY(!program.document.state().selection.query);
    click(program.map(0), cell);
    click(program.map(0), cell); // a second click lets go too
    QVERIFY(!program.document.state().selection.key);
}

void TestAttention::zoomIsLinked()
{
    Program program(m_path);
    QVERIFY(program.rest());
    widgets::HeatmapView& map = program.map(0);
    QVERIFY(program.document.tokenCount() > 8); // fewer could not be zoomed into
    const QPointF at = map.layout().map.center();
    QWheelEvent wheel(at, map.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&map, &wheel);
    QVERIFY(map.layout().window.width() < program.document.tokenCount());
    for (int place = 1; place < 3; ++place)
        QCOMPARE(program.map(place).layout().window, map.layout().window);
    // Only what is in view is read as the table.
    const auto* table = QAccessible::queryAccessibleInterface(&map)->tableInterface();
    QCOMPARE(table->columnCount(), map.layout().window.width());
}

// By wheel or key, on every map at once; undone, and in the saved state.
void TestAttention::zoomIsPartOfTheDocument()
{
    const std::string words = "the cat and the dog and the cat and the dog and the cat and the dog and the dog";
    DocumentState state = WindowRig::referenceState(m_path);
    state.prompt = words;
    WindowRig rig(state);
    QVERIFY(rig.rest());
    const int tokens = rig.document.tokenCount();
    QVERIFY(tokens > 24);
    widgets::HeatmapView &map = rig.window.attention().maps().map(0), &linked = rig.window.attention().maps().map(1);
    const auto kept = [&] { return rig.document.state().layout.sights.count("maps") > 0; };
    rig.document.pin(TokenPos{tokens - 2}, TokenPos{3});
    QVERIFY(rig.rest());
    const QString focus = QStringLiteral("Zoom to the picked cell, or show all again");
    rig.trigger(focus);
    const QRect near = map.layout().window;
    QCOMPARE(near.size(), QSize(24, 24));
    QVERIFY(near.contains(3, tokens - 2));
    QCOMPARE(linked.layout().window, near);
    QTRY_VERIFY(kept());
    QVERIFY(fromJson(toJson(rig.document.state())) == rig.document.state());

    rig.view([](AttentionView& view) { view.words = true; }); // another change does not lose it
    QVERIFY(rig.rest());
    rig.document.undo();
    QVERIFY(rig.rest());
    QCOMPARE(map.layout().window, near);
    rig.document.undo();
    QCOMPARE(map.layout().window.size(), QSize(tokens, tokens));
    QVERIFY(!kept());
    rig.document.redo();
    QCOMPARE(map.layout().window, near);
    QCOMPARE(linked.layout().window, near);
    rig.trigger(focus); // again: everything
    QTRY_VERIFY(!kept());
    QCOMPARE(linked.layout().window.size(), QSize(tokens, tokens));
    rig.trigger(QStringLiteral("One cell a pixel")); // fewer cells than pixels: all of them
    QCOMPARE(map.layout().window.size(), QSize(tokens, tokens));
}

void TestAttention::comparisonsCycle()
{
    Program program(m_path);
    QVERIFY(program.rest());
    QCOMPARE(program.row().count(), 3);
    const auto next = [&] { return program.trigger("Next comparison") && program.rest(); };
    QVERIFY(next()); // differences of every method
    QCOMPARE(program.row().count(), 1);
    QVERIFY(!program.row().sharedBar().isVisible());
    QVERIFY(next()); // ratio
    QCOMPARE(program.row().count(), 3);
    const Cell cell{4, 1};
    const auto& look = program.document.lane({1}).look;
    const double ratio = std::log2(look->map.cells.at(4, 1) / program.document.lane({0}).look->map.cells.at(4, 1));
    QVERIFY2(readAloud(program.map(2), 4, 1).contains(widgets::signedFixed(ratio, 3)),
             qPrintable(readAloud(program.map(2), 4, 1)));
    QVERIFY(next()); // swipe
    QCOMPARE(program.row().count(), 1);
    widgets::HeatmapView& map = program.map(0);
    emit map.swiped(0.0); // all of it is the method's
    const auto colourOf = [&] {
        const QImage picture = map.grab().toImage();
        return picture.pixelColor((map.layout().rectOf(cell).center() * picture.devicePixelRatio()).toPoint());
    };
    const auto& maps = program.wiring.attention().work().maps();
    const widgets::ColorScale scale{widgets::Scale::Root, maps->low, maps->high, false};
    QCOMPARE(colourOf(), QColor(scale.map(false).at(scale.place(double(look->map.cells.at(4, 1))))));
    emit map.swiped(1.0);
    QCOMPARE(colourOf(),
             QColor(scale.map(false).at(scale.place(double(program.document.lane({0}).look->map.cells.at(4, 1))))));
    QVERIFY(next()); // every method
    QCOMPARE(program.row().count(), program.document.laneCount());
    QVERIFY(next());
    QCOMPARE(program.row().count(), 3);
}

void TestAttention::thinnedMapsSaySo()
{
    Program program(m_path);
    QVERIFY(program.rest());
    program.view([](AttentionView& view) { view.mass = 0.5; });
    QVERIFY(program.rest());
    const auto& maps = program.wiring.attention().work().maps();
    QVERIFY(maps->columns[0].blank > 0);
    const int last = program.document.tokenCount() - 1;
    const Grid& drawn = maps->columns[0].drawn;
    double mass = 0;
    for (const float cell : drawn.row(last))
        mass += std::isnan(cell) ? 0 : double(cell);
    QVERIFY(mass >= 0.5 - 1e-6);
    // Values stay for reading where nothing is drawn.
    int blank = 0;
    while (!std::isnan(drawn.at(last, blank)))
        ++blank;
    QVERIFY(readAloud(program.map(0), last, blank)
                .contains(widgets::fixed(double(maps->columns[0].cells.at(last, blank)), 3)));
    // A sink is hidden only where there is one.
    const int side = program.document.tokenCount();
    auto exact = std::make_shared<HeadLook>(*program.document.lane({0}).look);
    std::vector<float> cells(std::size_t(side) * std::size_t(side), 0.0F);
    for (int row = 0; row < side; ++row)
        cells[std::size_t(row * side)] = 1;
    exact->map.cells = Grid(std::move(cells), side, side);
    program.view([](AttentionView& view) {
        view.mass = 1;
        view.sinks = AttentionView::Sinks::Hidden;
    });
    program.document.setLook({0}, exact);
    QVERIFY(program.rest());
    QCOMPARE(program.wiring.attention().work().maps()->sinks, std::vector<int>{0});
    QCOMPARE(program.wiring.attention().work().maps()->columns[0].blank, std::int64_t(side));
}

void TestAttention::headsJoin()
{
    Program program(m_path);
    QVERIFY(program.rest());
    program.view([](AttentionView& view) { view.heads = AttentionView::Heads::Mean; });
    QVERIFY(program.rest());
    const auto& look = program.document.lane({0}).look;
    engine::Job job;
    const int heads = look->layer->context.shape.heads;
    double sum = 0;
    for (int head = 0; head < heads; ++head)
        sum += double(
            engine::mapTile(look->layer->attended, look->layer->context, {head}, {4, 1}, {1, 1}, nullptr).at(0, 0));
    const auto& maps = program.wiring.attention().work().maps();
    QVERIFY(std::abs(double(maps->columns[0].cells.at(4, 1)) - sum / heads) < 1e-6);
    QVERIFY(maps->metrics);
    QVERIFY(engine::metricOf(maps->metrics->metrics, "out_rel").applies());
}

void TestAttention::neuronsSumToTheScore()
{
    Program program(m_path);
    QVERIFY(program.rest());
    program.document.pin(TokenPos{4}, TokenPos{2});
    program.view([](AttentionView& view) { view.picture = Picture::Neurons; });
    QVERIFY(program.rest());
    QCOMPARE(program.row().count(), 2);
    const auto& maps = program.wiring.attention().work().maps();
    QVERIFY(maps->neurons);
    const LayerAttention& layer = *maps->look(0).layer;
    QCOMPARE(maps->neurons->raw.rows(), 5);
    QCOMPARE(maps->neurons->raw.cols(), layer.context.shape.keyWidth);
    // By hand from what was recorded: before positions.
    const Grid query = layer.attended.trace->grid(engine::probes::queryRaw, {layer.layer, engine::allHeads, {}});
    const Grid key = layer.attended.trace->grid(engine::probes::keyRaw, {layer.layer, engine::allHeads, {}});
    double sum = 0;
    for (int each = 0; each < layer.context.shape.keyWidth; ++each) {
        const double product = double(query.at(4, each)) * double(key.at(2, each));
        QVERIFY(std::abs(product - double(maps->neurons->raw.at(2, each))) < 1e-6);
        sum += product;
    }
    QVERIFY(std::abs(sum - maps->neurons->rawSums[2]) < 1e-6);
    // After positions the sum is the score: softmax of it over √d is the weight.
    double total = 0;
    for (const double score : maps->neurons->turnedSums)
        total += std::exp(score / std::sqrt(double(layer.context.shape.keyWidth)));
    const double weight =
        std::exp(maps->neurons->turnedSums[2] / std::sqrt(double(layer.context.shape.keyWidth))) / total;
    QVERIFY(std::abs(weight - double(maps->look(0).map.cells.at(4, 2))) < 1e-5);
    QVERIFY(program.window.attention().sentence().text().contains(widgets::fixed(maps->neurons->turnedSums[2], 2)));
    QVERIFY(readAloud(program.map(0), 2, 1).contains(widgets::signedFixed(double(maps->neurons->raw.at(2, 1)), 3)));
}

void TestAttention::arcsAreTheWeights()
{
    Program program(m_path);
    QVERIFY(program.rest());
    program.view([](AttentionView& view) { view.picture = Picture::Arcs; });
    QVERIFY(program.rest());
    const auto& maps = program.wiring.attention().work().maps();
    QCOMPARE(maps->arcs.size(), std::size_t(2));
    for (const LaneArcs::Arc& arc : maps->arcs[1].arcs)
        QCOMPARE(arc.weight, program.document.lane({1}).look->map.cells.at(arc.query, arc.key));
    widgets::ArcsView& arcs = program.window.attention().arcs();
    QVERIFY(arcs.isVisible());
    const int last = program.document.tokenCount() - 1;
    emit arcs.picked(last);
    QCOMPARE(program.document.state().selection.query, std::optional(TokenPos{last}));
    emit arcs.picked(1); // an earlier one becomes its key
    QCOMPARE(program.document.state().selection.key, std::optional(TokenPos{1}));
    float largest = 0;
    for (int key = 0; key < last; ++key)
        largest = std::max(largest, program.document.lane({0}).look->map.cells.at(last, key));
    QVERIFY2(arcs.accessibleDescription().contains(widgets::fixed(double(largest), 3)),
             qPrintable(arcs.accessibleDescription()));
}

void TestAttention::arcsAreExportedAsArcs()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const int last = program.document.tokenCount() - 1;
    program.document.pin(TokenPos{last}, TokenPos{1});
    program.view([](AttentionView& view) { view.picture = Picture::Arcs; });
    QVERIFY(program.rest());
    const FigureSource source = sourceOf(program);
    const widgets::FigurePage page = attentionPage(source);
    const auto* drawn = std::get_if<widgets::FigureArcs>(&page.parts.front().body);
    QVERIFY(drawn != nullptr);
    QCOMPARE(drawn->marks.query, std::optional(last));
    std::size_t arcs = 0, picked = 0;
    for (std::size_t side = 0; side < 2; ++side) {
        QCOMPARE(drawn->value.sides[side].arcs.size(), source.maps->arcs[side].arcs.size());
        for (const widgets::ArcsValue::Arc& arc : drawn->value.sides[side].arcs)
            picked += arc.query == last ? 1 : 0;
        arcs += drawn->value.sides[side].arcs.size();
    }
    QVERIFY(page.caption.contains("Above") && !page.caption.contains("(a)"));
    // Every arc is a curve of the vector file, those of the picked query once more in front.
    const QByteArray svg = widgets::figureSvg(page, widgets::doubleColumnMm, {});
    qsizetype curves = 0;
    for (qsizetype at = svg.indexOf("<path"); at >= 0; at = svg.indexOf("<path", at + 1))
        curves += svg.mid(at, svg.indexOf("/>", at) - at).contains('C') ? 1 : 0;
    QVERIFY2(curves >= qsizetype(arcs + picked), qPrintable(QString::number(curves)));
    QVERIFY(!svg.contains("<image"));
}

void TestAttention::theRowShowsMeansOverQueries()
{
    Program program(m_path);
    QVERIFY(program.rest());
    widgets::RowPlot& plot = program.window.attention().row();
    emit plot.findChild<widgets::Segment*>()->chosen(1);
    QVERIFY(program.document.state().layout.attention.meanRow);
    QVERIFY(program.rest());
    const auto& maps = program.wiring.attention().work().maps();
    const int tokens = program.document.tokenCount();
    QCOMPARE(maps->keyMeans.size(), std::size_t(program.document.laneCount()));
    const widgets::RowValue shown = keyMeansOf(*maps);
    QCOMPARE(shown.series.size(), maps->keyMeans.size());
    QCOMPARE(plot.accessibleDescription(), shown.subtitle);
    engine::Job job;
    for (int lane = 0; lane < program.document.laneCount(); ++lane) {
        const HeadLook& look = *program.document.lane({lane}).look;
        const std::vector<float>& means = maps->keyMeans[std::size_t(lane)];
        QCOMPARE(int(means.size()), tokens);
        for (int key = 0; key < tokens; ++key) {
            double sum = 0;
            for (int query = key; query < tokens; ++query)
                sum += double(look.map.cells.at(query, key));
            QVERIFY(std::abs(double(means[std::size_t(key)]) - sum / (tokens - key)) < 1e-6);
        }
        HeadLook reduced = look; // the picture has lost the weights: they are computed tile by tile
        reduced.map.reduction = 2;
        reduced.map.cells = Grid();
        const std::vector<float> again = keyMeans(reduced, AttentionView::Heads::One, tokens, nullptr, job);
        QCOMPARE(again.size(), means.size());
        for (std::size_t key = 0; key < means.size(); ++key)
            QVERIFY(std::abs(again[key] - means[key]) < 1e-5F);
    }
    // A key of the means is picked with a query that may look at it; the choice is undone as any other.
    program.document.pin(TokenPos{1}, TokenPos{0});
    emit plot.picked(3);
    QCOMPARE(program.document.state().selection.query, std::optional(TokenPos{3}));
    QVERIFY(attentionViewFromJson(toJson(program.document.state().layout.attention)).meanRow);
    emit plot.findChild<widgets::Segment*>()->chosen(0);
    QVERIFY(program.rest());
    QVERIFY(plot.accessibleDescription().contains("query 4"));
}

void TestAttention::meansOfJoinedHeadsAreOfEveryWeight()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const int tokens = program.document.tokenCount();
    engine::Job job;
    for (const auto how : {AttentionView::Heads::Mean, AttentionView::Heads::Largest}) {
        program.view([how](AttentionView& view) {
            view.heads = how;
            view.meanRow = true;
        });
        QVERIFY(program.rest());
        const auto& maps = program.wiring.attention().work().maps();
        for (std::size_t lane = 0; lane < 2; ++lane) {
            HeadLook reduced = maps->look(int(lane)); // nothing is left of the picture: computed head by head
            reduced.map.reduction = 2;
            reduced.map.cells = Grid();
            const std::vector<float> means = keyMeans(reduced, how, tokens, nullptr, job);
            QCOMPARE(int(means.size()), tokens);
            for (int key = 0; key < tokens; ++key) {
                double sum = 0;
                for (int query = key; query < tokens; ++query)
                    sum += double(maps->joined[lane].at(query, key));
                QVERIFY(std::abs(double(means[std::size_t(key)]) - sum / (tokens - key)) < 1e-5);
                QVERIFY(std::abs(means[std::size_t(key)] - maps->keyMeans[lane][std::size_t(key)]) < 1e-5F);
            }
        }
        // The numbers on paper are those of the plot: one line for each key, under a column of each lane's.
        const FigureSource source = sourceOf(program);
        std::ostringstream csv;
        writeCsv(csv, source, "attention", "{}");
        const QStringList lines = QString::fromStdString(csv.str()).split(u'\n', Qt::SkipEmptyParts);
        const QString means = lines[lines.size() - tokens];
        QVERIFY2(means.startsWith(",,0,"), qPrintable(means));
        QVERIFY2(means.endsWith(QString::fromStdString("," + engine::shortestNumber(maps->keyMeans[0][0]) + "," +
                                                       engine::shortestNumber(maps->keyMeans[1][0]))),
                 qPrintable(means));
        QCOMPARE(lines.filter("softmax_key_mean").size(), 2); // its meaning, and its column
    }
}

void TestAttention::theFiguresRowIsOfJoinedHeads()
{
    Program program(m_path);
    QVERIFY(program.rest());
    program.view([](AttentionView& view) { view.heads = AttentionView::Heads::Mean; });
    QVERIFY(program.rest());
    const FigureSource source = sourceOf(program);
    const widgets::FigurePage page = attentionPage(source);
    const auto* row = std::get_if<widgets::RowValue>(&page.parts.back().body);
    QVERIFY(row != nullptr);
    const int last = program.document.tokenCount() - 1;
    const std::vector<float>& shown = row->series.front().weights;
    QCOMPARE(int(shown.size()), last + 1);
    for (int key = 0; key <= last; ++key)
        QCOMPARE(shown[std::size_t(key)], source.maps->joined.front().at(last, key));
}

// Where a cell stands for several weights the row comes from the heads themselves, and another query's row leaves the
// maps as they are.
void TestAttention::reducedMapsHaveTheRowOfJoinedHeads()
{
    Program program(m_path);
    QVERIFY(program.rest());
    for (const auto how : {AttentionView::Heads::Mean, AttentionView::Heads::Largest}) {
        program.view([how](AttentionView& view) { view.heads = how; });
        QVERIFY(program.rest());
        const auto whole = program.wiring.attention().work().maps();
        const int last = program.document.tokenCount() - 1;
        MapsRequest request = whole->request;
        QVERIFY(!request.rowOf);
        for (auto& look : request.looks) {
            auto reduced = std::make_shared<HeadLook>(*look);
            reduced->map.reduction = 2;
            look = std::move(reduced);
        }
        request.rowOf = last;
        engine::Job job;
        const auto first = makeMaps(request, job);
        request.rowOf = last - 1;
        const auto second = makeMaps(request, job, first.get());
        QCOMPARE(valuesOf(second->columns.front().cells).size(), valuesOf(first->columns.front().cells).size());
        for (const auto& [maps, query] : {std::pair(first, last), std::pair(second, last - 1)})
            for (int lane = 0; lane < 2; ++lane) {
                const RowWeights row{maps->request.looks[std::size_t(lane)], {query}, Grid()};
                const std::vector<float> shown = shownWeights(*maps, lane, row);
                QCOMPARE(int(shown.size()), query + 1);
                for (int key = 0; key <= query; ++key)
                    QVERIFY(std::abs(shown[std::size_t(key)] - whole->joined[std::size_t(lane)].at(query, key)) <
                            1e-6F);
            }
        QVERIFY(shownWeights(*second, 0, {request.looks[0], {last}, Grid()}).empty()); // of another query
    }
}

void TestAttention::navigatorsNumbersAreTheEngines()
{
    Program program(m_path);
    QVERIFY(program.navigate());
    const auto& navigation = program.wiring.attention().work().navigation();
    QVERIFY(navigation);
    QVERIFY(program.wiring.attention().work().navigationIsCurrent());
    engine::Job job;
    const auto exactRun = program.document.lane({0}).run;
    for (int layer = 0; layer < navigation->layers; ++layer) {
        const engine::HeadTensors in = engine::headTensors(*exactRun->trace, {layer});
        const auto context = [&](int lane) {
            return engine::layerContext(*program.document.model(), program.document.state().lanes[std::size_t(lane)],
                                        {layer}, {});
        };
        const auto exactContext = context(0), otherContext = context(1);
        const auto a = engine::attend(in, exactContext, nullptr, {}, job);
        const auto b = engine::attend(in, otherContext, nullptr, {}, job);
        for (int head = 0; head < navigation->heads; ++head) {
            const auto wanted = engine::headMetrics(a, exactContext, b, otherContext, {head}, nullptr, job);
            for (const char* id : {"tv", "kl", "out_rel", "topk@1"}) {
                const double found = engine::metricOf(navigation->of({layer}, {head}).metrics, id).value;
                QVERIFY2(std::abs(found - engine::metricOf(wanted, id).value) < 1e-6, id);
            }
        }
    }
    // The first layer alone and with all before it are the same thing; later ones are not.
    QCOMPARE(navigation->local.size(), std::size_t(navigation->layers));
    QVERIFY(std::abs(navigation->local[0] - navigation->accumulated[0]) < 1e-9);
    QVERIFY(navigation->accumulated.back() > 0);
    QVERIFY(program.window.heads().errors().wordsOf(1).contains(widgets::percent(navigation->accumulated[1], 1)));

    // A mixed model: only its second layer is replaced.
    engine::SessionPlan plan = program.document.state().lanes[1];
    const engine::LayerPlan method = plan.everywhere;
    plan.everywhere = {};
    plan.overrides[{1}] = method;
    program.document.setPlan({1}, plan);
    QVERIFY(program.navigate());
    const auto& mixed = program.wiring.attention().work().navigation();
    QCOMPARE(mixed->local[0], 0.0);
    QCOMPARE(mixed->accumulated[0], 0.0);
    QVERIFY(mixed->local[1] > 0);
    QVERIFY(std::abs(mixed->local[1] - mixed->accumulated[1]) < 1e-9);
    QCOMPARE(engine::metricOf(mixed->of({0}, {0}).metrics, "tv").value, 0.0);
}

void TestAttention::headsAreSorted()
{
    Program program(m_path);
    QVERIFY(program.navigate());
    HeadsPanel& panel = program.window.heads();
    const auto& navigation = program.wiring.attention().work().navigation();
    QCOMPARE(panel.grid().heads().size(), navigation->all.size());
    QCOMPARE(panel.grid().heads()[1].head.value, 1); // by number
    for (const std::string order : {"error", "entropy", "sink"}) {
        program.view([&](AttentionView& view) { view.order = order; });
        const auto& heads = panel.grid().heads();
        for (std::size_t place = 1; place < heads.size(); ++place) {
            const std::string by = order == "error" ? "tv" : order;
            QVERIFY(numberOf(navigation->of(heads[place - 1].layer, heads[place - 1].head), by) >=
                    numberOf(navigation->of(heads[place].layer, heads[place].head), by));
        }
    }
    // A click on a thumbnail goes there.
    const widgets::HeadCell worst = panel.grid().heads().back();
    QTest::mouseClick(&panel.grid(), Qt::LeftButton, {},
                      panel.grid().rectOf(int(panel.grid().heads().size()) - 1).center().toPoint());
    QCOMPARE(program.document.state().selection.layer, worst.layer);
    QCOMPARE(program.document.state().selection.head, worst.head);
    QVERIFY(!panel.value().label.isEmpty());
}

void TestAttention::threeClicksToTheCell()
{
    Program program(m_path);
    QVERIFY(program.navigate());
    const auto& navigation = program.wiring.attention().work().navigation();
    emit program.window.attention().sentence().clicked(0);
    QVERIFY(program.rest());
    double most = 0;
    for (const HeadSummary& head : navigation->all)
        most = std::max(most, numberOf(head, "tv"));
    const Selection& selection = program.document.state().selection;
    QCOMPARE(numberOf(navigation->of(selection.layer, selection.head), "tv"), most);
    emit program.window.attention().sentence().clicked(0); // there already: the cell
    QVERIFY(program.rest());
    QVERIFY(selection.query && selection.key);
    const Grid& difference = program.document.lane({1}).look->difference.cells;
    float largest = 0;
    for (int row = 1; row < difference.rows(); ++row)
        for (int col = 0; col <= row; ++col)
            largest = std::max(largest, std::abs(difference.at(row, col)));
    QCOMPARE(std::abs(difference.at(selection.query->value, selection.key->value)), largest);
}

void TestAttention::rangesAreDraggedLockedAndFitted()
{
    Program program(m_path);
    QVERIFY(program.rest());
    const auto high = [&] { return program.wiring.attention().work().maps()->high; };
    const double fitted = high();
    emit program.row().sharedBar().rangeChanged(fitted / 10, fitted / 2);
    QVERIFY(program.rest());
    QCOMPARE(high(), fitted / 2);
    QCOMPARE(program.wiring.attention().work().maps()->low, fitted / 10);
    QVERIFY(program.wiring.attention().work().maps()->clipped > 0);
    QVERIFY(program.row().sharedBar().accessibleDescription().contains("above"));
    program.trigger("Fit the colour range");
    QVERIFY(program.rest());
    QCOMPARE(high(), fitted);
    program.trigger("Lock or free the colour range");
    QVERIFY(program.rest());
    QCOMPARE(program.document.state().layout.mapHigh, std::optional(fitted));
    Selection selection = program.document.state().selection;
    selection.head = {1};
    program.document.select(selection);
    QVERIFY(program.rest());
    QCOMPARE(high(), fitted); // of another head
    program.trigger("Lock or free the colour range");
    QVERIFY(!program.document.state().layout.mapHigh);
}

void TestAttention::nothingComputesOnTheGuiThread()
{
    std::atomic<int> here = 0, elsewhere = 0;
    const std::thread::id gui = std::this_thread::get_id();
    setEngineHook([&, gui](const char*) { ++(std::this_thread::get_id() == gui ? here : elsewhere); });
    {
        Program program(m_path);
        QVERIFY(program.rest());
        program.view([](AttentionView& view) { view.heads = AttentionView::Heads::Largest; });
        QVERIFY(program.rest());
        program.view([](AttentionView& view) { view.picture = Picture::Neurons; });
        QVERIFY(program.rest());
        program.trigger("Compare every head");
        QVERIFY(program.rest());
    }
    setEngineHook({});
    QCOMPARE(here.load(), 0);
    QVERIFY(elsewhere.load() > 8);
}

// Every comparison and picture of the bundled sample at both sizes and in both themes, into the folder of
// SUBQUAD_GALLERY.
void TestAttention::picturesForTheEye()
{
    const QString folder = qEnvironmentVariable("SUBQUAD_GALLERY");
    if (folder.isEmpty())
        QSKIP("SUBQUAD_GALLERY is not set");
    Program program(samplePath());
    program.document.setPrompt(
        "Once upon a time, there was a little girl named Lily. Lily had a big red ball. One day, "
        "Lily and Tim went to the park with the red ball. Tim said to Lily, can I play?");
    QVERIFY(program.rest());
    program.document.pin(TokenPos{24}, TokenPos{18});
    using View = AttentionView;
    const std::vector<std::pair<QString, std::function<void(View&)>>> states{
        {"side", [](View& view) { view.order = "error"; }},
        {"difference", [](View& view) { view.mode = Mode::Difference; }},
        {"ratio", [](View& view) { view.mode = Mode::Ratio; }},
        {"swipe", [](View& view) { view.mode = Mode::Swipe; }},
        {"thin",
         [](View& view) {
             view.mass = 0.8;
             view.sinks = View::Sinks::Hidden;
             view.words = true;
         }},
        {"mean", [](View& view) { view.heads = View::Heads::Mean; }},
        {"arcs", [](View& view) { view.picture = Picture::Arcs; }},
        {"neurons", [](View& view) { view.picture = Picture::Neurons; }}};
    for (const auto& [name, change] : states) {
        program.view([&](View& view) {
            view = View();
            change(view);
        });
        QVERIFY(program.rest());
        for (const bool dark : {false, true}) {
            ViewLayout layout = program.document.state().layout;
            layout.dark = dark;
            program.document.setLayout(layout);
            for (const QSize size : {QSize(1366, 768), QSize(1920, 1080)}) {
                program.window.resize(size);
                QTest::qWait(30);
                widgets::snapshot(program.window, size)
                    .save(QString("%1/%2-%3-%4.png").arg(folder, name).arg(size.width()).arg(dark ? "dark" : "light"));
            }
        }
    }
}

QTEST_MAIN(TestAttention)
#include "tst_attention.moc"
