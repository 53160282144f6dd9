// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/heatmapview.h"
#include "widgets/snapshot.h"

#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include <cmath>

using namespace widgets;

namespace {

QPoint middle(const HeatmapView& view, Cell cell)
{
    return view.layout().rectOf(cell).center().toPoint();
}

// As the window system would tell it; QTest's own needs a shown window.
void moveTo(HeatmapView& view, QPoint at, Qt::MouseButtons buttons = Qt::NoButton)
{
    QMouseEvent move(QEvent::MouseMove, at, view.mapToGlobal(at), Qt::NoButton, buttons, {});
    QCoreApplication::sendEvent(&view, &move);
}

} // namespace

class TestHeatmapView : public QObject
{
    Q_OBJECT

private slots:

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void cellsAreWholePixels_data()
    {
        QTest::addColumn<int>("side");
        QTest::addColumn<int>("cells");
        QTest::addColumn<double>("ratio");
        for (const int side : {97, 300, 640})
            for (const int cells : {1, 7, 64, 100, 641, 2000})
                for (const double ratio : {1.0, 1.25, 2.0})
                    QTest::addRow("%d px, %d cells, %.2f", side, cells, ratio) << side << cells << ratio;
    }

    void cellsAreWholePixels()
    {
        QFETCH(int, side);
        QFETCH(int, cells);
        QFETCH(double, ratio);
        const auto layout = layOutHeatmap(QRectF(0, 0, side, side), QRect(0, 0, cells, cells), true, ratio, 1000);
        const double pixels = layout.block.width() * ratio;
        QVERIFY(std::abs(pixels - std::round(pixels)) < 1e-9 && pixels >= 1);
        QVERIFY(layout.map.width() <= side + 1e-9 && layout.map.height() <= side + 1e-9);
        const int blocks = (cells + layout.reduction.width() - 1) / layout.reduction.width();
        QVERIFY(std::abs(layout.map.width() - blocks * layout.block.width()) < 1e-9);
        // Never reduced without need, and never smaller than a whole pixel more would allow.
        QCOMPARE(layout.reduced(), cells > std::floor(side * ratio));
        if (!layout.reduced())
            QVERIFY((pixels + 1) * cells > side * ratio);
        // Every cell is found where it is drawn.
        for (const int index : {0, cells / 2, cells - 1}) {
            const auto found = layout.cellAt(layout.rectOf({index, index}).center());
            QVERIFY(found);
            QCOMPARE(found->row / layout.reduction.height(), index / layout.reduction.height());
        }
    }

    void labelsKeepTheirDistance()
    {
        const auto placed = placeLabels(0, 64, 6, 13, 40);
        QCOMPARE(placed.front(), 40);
        QVERIFY(placed.size() > 15);
        for (std::size_t i = 0; i < placed.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                QVERIFY(std::abs(placed[i] - placed[j]) * 6 >= 13);
        const auto round = placeLabels(0, 64, 3, 20, std::nullopt, true); // every 7th would do
        QCOMPARE(round, (std::vector<int>{0, 10, 20, 30, 40, 50, 60}));
    }

    void everyCellHasItsColor_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<bool>("diverging");
        for (const bool dark : {false, true})
            for (const bool diverging : {false, true})
                QTest::addRow("%d %d", dark, diverging) << dark << diverging;
    }

    void everyCellHasItsColor()
    {
        QFETCH(bool, dark);
        QFETCH(bool, diverging);
        ThemeSource::instance().set(dark, 1.0);
        HeatmapView view;
        const auto grid = causalMap(16, 1.0);
        const ColorScale scale{Scale::Root, 0, 0.3, diverging};
        view.setGrid(grid, GridShape::LowerTriangle);
        view.setScale(scale);
        const QImage picture = snapshot(view, {360, 380});
        for (int row = 0; row < 16; ++row)
            for (int col = 0; col <= row; ++col)
                QCOMPARE(picture.pixel(middle(view, {row, col})), scale.map(dark).at(scale.place(grid.at(row, col))));
        // Above the diagonal only panel and hatch show.
        const QRect triangle(middle(view, {4, 8}), middle(view, {6, 15}));
        bool hatched = false;
        for (int y = triangle.top(); y < triangle.bottom(); ++y)
            for (int x = triangle.left(); x < triangle.right(); ++x) {
                const QColor color = picture.pixelColor(x, y);
                QVERIFY(contrast(color, theme().panel) < 1.3);
                hatched |= color == theme().hatch || color != theme().panel;
            }
        QVERIFY(hatched);
    }

    void themeRepaintsAtOnce()
    {
        HeatmapView view;
        view.setGrid(causalMap(8, 1.0), GridShape::LowerTriangle);
        const QImage light = snapshot(view, {300, 300});
        ThemeSource::instance().set(true, 1.0);
        const QImage dark = snapshot(view, {300, 300});
        QCOMPARE(light.pixelColor(299, 299), Theme::light().panel);
        QCOMPARE(dark.pixelColor(299, 299), Theme::night().panel);
        QVERIFY(light.pixel(middle(view, {5, 2})) != dark.pixel(middle(view, {5, 2})));
    }

    void reductionKeepsTheLargest()
    {
        std::vector<float> cells(std::size_t(512) * 512, 0.0F);
        cells[std::size_t(301 * 512 + 77)] = 1.0F; // one sink among nothing
        cells[std::size_t(400 * 512 + 9)] = -2.0F;
        const engine::Grid grid(std::move(cells), 512, 512);
        HeatmapView view;
        view.setGrid(grid, GridShape::LowerTriangle);
        const ColorScale scale{Scale::Linear, -2, 2, true};
        view.setScale(scale);
        const QImage picture = snapshot(view, {210, 220});
        QVERIFY(view.layout().reduced());
        QCOMPARE(picture.pixel(view.layout().rectOf({301, 77}).topLeft().toPoint()), scale.map(false).at(0.75));
        QCOMPARE(picture.pixel(view.layout().rectOf({400, 9}).topLeft().toPoint()), scale.map(false).at(0));
    }

    void hoverPickRelease()
    {
        HeatmapView view;
        view.setGrid(causalMap(16, 1.0), GridShape::LowerTriangle);
        view.resize(360, 380);
        QSignalSpy hovered(&view, &HeatmapView::hovered);
        QSignalSpy left(&view, &HeatmapView::left);
        QSignalSpy picked(&view, &HeatmapView::picked);
        QSignalSpy released(&view, &HeatmapView::released);
        moveTo(view, middle(view, {9, 4}));
        QCOMPARE(hovered.count(), 1);
        QCOMPARE(hovered.last().first().value<Cell>(), (Cell{9, 4}));
        moveTo(view, middle(view, {4, 9})); // cannot be
        QCOMPARE(hovered.count(), 1);
        QVERIFY(left.count() > 0);
        QTest::mouseClick(&view, Qt::LeftButton, {}, middle(view, {4, 9}));
        QCOMPARE(picked.count(), 0);
        QTest::mouseClick(&view, Qt::LeftButton, {}, middle(view, {9, 4}));
        QCOMPARE(picked.last().first().value<Cell>(), (Cell{9, 4}));
        view.setMarked(Cell{9, 4}, {});
        QTest::mouseClick(&view, Qt::LeftButton, {}, middle(view, {9, 4}));
        QCOMPARE(released.count(), 1);
        QTest::keyClick(&view, Qt::Key_Escape);
        QCOMPARE(released.count(), 2);
    }

    void keysMoveThePick_data()
    {
        QTest::addColumn<int>("key");
        QTest::addColumn<bool>("shift");
        QTest::addColumn<Cell>("to");
        QTest::newRow("left") << int(Qt::Key_Left) << false << Cell{20, 11};
        QTest::newRow("right") << int(Qt::Key_Right) << false << Cell{20, 13};
        QTest::newRow("up") << int(Qt::Key_Up) << false << Cell{19, 12};
        QTest::newRow("ten down") << int(Qt::Key_Down) << true << Cell{30, 12};
        QTest::newRow("ten right stops at the diagonal") << int(Qt::Key_Right) << true << Cell{20, 20};
        QTest::newRow("ten up keeps below the diagonal") << int(Qt::Key_Up) << true << Cell{10, 10};
    }

    void keysMoveThePick()
    {
        QFETCH(int, key);
        QFETCH(bool, shift);
        QFETCH(Cell, to);
        HeatmapView view;
        view.setGrid(causalMap(32, 1.0), GridShape::LowerTriangle);
        view.setMarked(Cell{20, 12}, {});
        QSignalSpy picked(&view, &HeatmapView::picked);
        QTest::keyClick(&view, Qt::Key(key), shift ? Qt::ShiftModifier : Qt::NoModifier);
        QCOMPARE(picked.count(), 1);
        QCOMPARE(picked.last().first().value<Cell>(), to);
    }

    void wheelZoomsAndDragPans()
    {
        HeatmapView view;
        view.setGrid(causalMap(64, 1.0), GridShape::LowerTriangle);
        view.resize(460, 460);
        QSignalSpy windows(&view, &HeatmapView::windowChanged);
        const QPoint at = middle(view, {40, 20});
        for (int i = 0; i < 4; ++i) {
            QWheelEvent wheel(at, view.mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                              false);
            QCoreApplication::sendEvent(&view, &wheel);
        }
        QCOMPARE(windows.count(), 4);
        const QRect zoomed = view.layout().window;
        QVERIFY(zoomed.width() < 32 && zoomed.contains(20, 40));
        QSignalSpy picked(&view, &HeatmapView::picked);
        const QPoint from = view.layout().map.center().toPoint();
        QTest::mousePress(&view, Qt::LeftButton, {}, from);
        moveTo(view, from + QPoint(60, 0), Qt::LeftButton);
        QTest::mouseRelease(&view, Qt::LeftButton, {}, from + QPoint(60, 0));
        QVERIFY(view.layout().window.left() < zoomed.left());
        QCOMPARE(picked.count(), 0);
        QTest::mouseDClick(&view, Qt::LeftButton, {}, from);
        QCOMPARE(view.layout().window, QRect(0, 0, 64, 64));
    }

    void ringsMarkPinnedAndHovered()
    {
        HeatmapView view;
        view.setGrid(causalMap(16, 1.0), GridShape::LowerTriangle);
        const QImage before = snapshot(view, {360, 380});
        view.setMarked(Cell{9, 4}, Cell{12, 2});
        const QImage after = snapshot(view, {360, 380});
        for (const Cell cell : {Cell{9, 4}, Cell{12, 2}}) {
            const QRectF place = view.layout().rectOf(cell);
            QCOMPARE(after.pixelColor(place.adjusted(-1, -1, 0, 0).topLeft().toPoint()), theme().ring);
            QCOMPARE(after.pixel(place.center().toPoint()), before.pixel(place.center().toPoint()));
        }
        // The cross-hair stands beside the row, not over it.
        const QRectF row = view.layout().rectOf({9, 7});
        QCOMPARE(after.pixel(row.center().toPoint()), before.pixel(row.center().toPoint()));
        QVERIFY(after.pixel(int(row.center().x()), int(row.top()) - 1) !=
                before.pixel(int(row.center().x()), int(row.top()) - 1));
        QVERIFY(view.accessibleDescription().contains(QString::number(view.layout().window.width())) ||
                !view.accessibleDescription().isEmpty());
    }

    void busyKeepsThePicture()
    {
        HeatmapView view;
        view.setGrid(causalMap(16, 1.0), GridShape::LowerTriangle);
        const QImage before = snapshot(view, {360, 380});
        view.setBusy(MapBusy{0.5, "1.2 of 2 s"});
        const QImage after = snapshot(view, {360, 380});
        const QRectF map = view.layout().map;
        QCOMPARE(after.copy(map.toRect()), before.copy(map.toRect()));
        QCOMPARE(after.pixelColor(int(map.left()) + 5, int(map.top()) - 1), theme().focus);
        QVERIFY(after.pixelColor(int(map.right()) - 5, int(map.top()) - 1) != theme().focus);
    }

    void emptyIsHatchedAndHarmless()
    {
        HeatmapView view;
        view.setMarked(Cell{3, 2}, Cell{9, 9});
        QSignalSpy picked(&view, &HeatmapView::picked);
        const QImage picture = snapshot(view, {300, 300});
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.layout().map.center().toPoint());
        QCOMPARE(picked.count(), 0);
        QVERIFY(picture.pixelColor(view.layout().map.topLeft().toPoint() - QPoint(1, 0)) == theme().outline);
    }

    void gallery()
    {
        QWidget page;
        page.setAutoFillBackground(true);
        const auto exact = causalMap(64, 1.2);
        const auto other = causalMap(64, 0.5);
        std::vector<float> difference;
        for (int row = 0; row < 64; ++row)
            for (int col = 0; col < 64; ++col)
                difference.push_back(other.at(row, col) - exact.at(row, col));
        const engine::Grid grids[] = {exact, other, engine::Grid(std::move(difference), 64, 64)};
        const MapHeading headings[] = {{exactIdentity(), {}, "exact", "softmax", {}, true},
                                       {taylorIdentity(), {}, "TaylorShift", "DROP-IN", 3e-7, true},
                                       {taylorIdentity(), exactIdentity(), "difference", "signed", {}, true}};
        int x = 0;
        for (int i = 0; i < 3; ++i) {
            auto* view = new HeatmapView(&page);
            view->setAxes({"query", "key", words(64), words(64), i == 0});
            view->setHeading(headings[i]);
            view->setGrid(grids[i], GridShape::LowerTriangle);
            view->setScale(i == 2 ? ColorScale{Scale::Root, -0.3, 0.3, true} : ColorScale{Scale::Root, 0, 0.5, false});
            view->setPairShown(i == 0);
            view->setMarked(Cell{40, 4}, Cell{52, 30});
            if (i == 1)
                view->setBusy(MapBusy{0.6, "1.2 of 2 s"});
            const int width = 384 + (i == 0 ? 68 : 2);
            view->setGeometry(x, 0, width, 480);
            x += width + 40;
        }
        toGallery(page, {x, 490}, "heatmaps");
        HeatmapView small;
        small.setHeading(headings[1]);
        small.setAxes({"query", "key", words(512), words(512), true});
        small.setGrid(causalMap(512, 1.0), GridShape::LowerTriangle);
        small.setScale({Scale::Root, 0, 0.2, false});
        small.setMarked(Cell{300, 10}, {});
        toGallery(small, {330, 350}, "heatmap-reduced");
        small.setWindow(QRect(100, 180, 40, 40));
        toGallery(small, {330, 350}, "heatmap-zoomed");
        HeatmapView empty;
        empty.setHeading(headings[0]);
        toGallery(empty, {330, 350}, "heatmap-empty");
    }
};

QObject* heatmapViewTest()
{
    return new TestHeatmapView;
}

#include "tst_heatmapview.moc"
