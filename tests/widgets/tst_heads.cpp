// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/arcsview.h"
#include "widgets/colorbar.h"
#include "widgets/headsgrid.h"
#include "widgets/heatmapview.h"
#include "widgets/layererrors.h"
#include "widgets/longmapview.h"
#include "widgets/snapshot.h"
#include "widgets/studybody.h"

#include <QAccessible>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

using namespace widgets;

namespace {

std::vector<HeadCell> headsOf(int layers, int heads)
{
    std::vector<HeadCell> all;
    for (int layer = 0; layer < layers; ++layer)
        for (int head = 0; head < heads; ++head)
            all.push_back({{layer},
                           {head},
                           causalMap(12, 1.0 + head),
                           0.05 * (layer + 1) * (head + 1),
                           QString("layer %1, head %2").arg(layer + 1).arg(head + 1)});
    return all;
}

ArcsValue arcsOf(int tokens)
{
    ArcsValue value;
    value.tokens = words(tokens);
    value.high = 0.5;
    for (int side = 0; side < 2; ++side) {
        ArcsValue::Side one{side == 0 ? exactIdentity() : taylorIdentity(), {}, side == 0 ? "" : "12 not drawn"};
        const engine::Grid map = causalMap(tokens, side == 0 ? 2.0 : 1.0);
        for (int query = 1; query < tokens; ++query)
            for (int key = 0; key < query; ++key)
                one.arcs.push_back({query, key, map.at(query, key)});
        std::sort(one.arcs.begin(), one.arcs.end(),
                  [](const ArcsValue::Arc& a, const ArcsValue::Arc& b) { return a.weight > b.weight; });
        one.arcs.resize(std::min<std::size_t>(300, one.arcs.size()));
        value.sides.push_back(std::move(one));
    }
    return value;
}

} // namespace

class TestHeads : public QObject
{
    Q_OBJECT

private slots:

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void everyHeadIsDrawnAndPicked()
    {
        HeadsGrid grid;
        grid.setHeads(headsOf(3, 8), 8, false, true, taylorIdentity());
        grid.resize(208, grid.heightForWidth(208));
        QSignalSpy picked(&grid, &HeadsGrid::picked);
        for (int place = 0; place < 24; ++place) {
            QVERIFY(grid.rect().contains(grid.rectOf(place).toAlignedRect()));
            QTest::mouseClick(&grid, Qt::LeftButton, {}, grid.rectOf(place).center().toPoint());
            QCOMPARE(picked.last()[0].value<engine::LayerIndex>().value, place / 8);
            QCOMPARE(picked.last()[1].value<engine::HeadIndex>().value, place % 8);
        }
        // The bar of the worst head is as wide as its thumbnail, that of another its share.
        const QImage picture = snapshot(grid, grid.size());
        const QColor area = taylorIdentity().area();
        const auto barAt = [&](int place, double share) {
            const QRectF box = grid.rectOf(place);
            return picture.pixelColor(QPointF(box.left() + share * (box.width() - 1), box.bottom() + 3).toPoint());
        };
        QCOMPARE(barAt(23, 0.95), area);
        QCOMPARE(barAt(0, 0.0), area);
        QVERIFY(barAt(0, 0.5) != area);
        grid.setPicked({2}, {7});
        QCOMPARE(grid.accessibleDescription(), QString("layer 3, head 8"));
        QTest::keyClick(&grid, Qt::Key_Up);
        QCOMPARE(picked.last()[0].value<engine::LayerIndex>().value, 1);
        toGallery(grid, {208, grid.heightForWidth(208)}, "heads-grid");
    }

    void manyHeadsAreColours()
    {
        HeadsGrid grid;
        grid.setHeads(headsOf(32, 32), 32, false, true, taylorIdentity());
        grid.resize(208, grid.heightForWidth(208));
        QVERIFY(grid.rect().contains(grid.rectOf(32 * 32 - 1).toAlignedRect()));
        toGallery(grid, {208, grid.heightForWidth(208)}, "heads-grid-many");
    }

    void layerErrorsSayTheirNumbers()
    {
        LayerErrors errors;
        errors.setErrors({0.031, 0.05, 0.0, std::nan("")}, {0.031, 0.06, 0.08, 0.12}, taylorIdentity());
        QVERIFY(errors.wordsOf(1).contains("5.0") && errors.wordsOf(1).contains("6.0"));
        QVERIFY(errors.wordsOf(3).contains("n/a"));
        QVERIFY(errors.wordsOf(4).isEmpty());
        errors.resize(208, errors.sizeHint().height());
        QSignalSpy picked(&errors, &LayerErrors::picked);
        QTest::mouseClick(&errors, Qt::LeftButton, {}, errors.columnOf(2).center().toPoint());
        QCOMPARE(picked.last().first().toInt(), 2);
        toGallery(errors, {208, errors.sizeHint().height()}, "layer-errors");
    }

    void arcsPointAndPick()
    {
        ArcsView arcs;
        arcs.setArcs(arcsOf(40));
        arcs.resize(900, 400);
        QSignalSpy picked(&arcs, &ArcsView::picked), released(&arcs, &ArcsView::released);
        QTest::mouseClick(&arcs, Qt::LeftButton, {}, (arcs.pointOf(30) + QPointF(0, 20)).toPoint());
        QCOMPARE(picked.last().first().toInt(), 30);
        const QImage before = snapshot(arcs, {900, 400});
        arcs.setMarked(30, std::nullopt, std::nullopt);
        QVERIFY(snapshot(arcs, {900, 400}) != before);
        QVERIFY(arcs.accessibleDescription().contains("TaylorShift"));
        QTest::keyClick(&arcs, Qt::Key_Escape);
        QCOMPARE(released.count(), 1);
        toGallery(arcs, {900, 400}, "arcs");
    }

    void mapsAreTables()
    {
        HeatmapView view;
        view.setGrid(causalMap(16, 1.0), GridShape::LowerTriangle);
        view.setAxes({"query", "key", words(16), words(16), true});
        MapHeading heading;
        heading.name = "exact";
        view.setHeading(heading);
        view.resize(360, 380);
        QAccessibleInterface* table = QAccessible::queryAccessibleInterface(&view);
        QCOMPARE(table->role(), QAccessible::Table);
        QCOMPARE(table->tableInterface()->rowCount(), 16);
        QCOMPARE(table->tableInterface()->columnCount(), 16);
        QCOMPARE(table->tableInterface()->rowDescription(3), words(16)[3]);
        QAccessibleInterface* cell = table->tableInterface()->cellAt(5, 2);
        const QString text = cell->text(QAccessible::Name);
        QVERIFY2(text.startsWith("query ‘e’, key ‘upon’, exact "), qPrintable(text));
        QVERIFY(text.endsWith(view.valueText({5, 2})));
        QCOMPARE(cell->tableCellInterface()->rowIndex(), 5);
        QVERIFY(!cell->state().selected);
        view.setMarked(Cell{5, 2}, {});
        QVERIFY(cell->state().selected);
        QCOMPARE(table->tableInterface()->selectedCellCount(), 1);
        // Zoomed: what is in view.
        view.setWindow(QRect(4, 4, 8, 8));
        QCOMPARE(table->tableInterface()->rowCount(), 8);
        QVERIFY(table->tableInterface()->cellAt(0, 0)->text(QAccessible::Name).contains(words(16)[4]));
        QVERIFY(table->tableInterface()->cellAt(8, 0) == nullptr);
        QVERIFY(!table->tableInterface()->cellAt(0, 0)->rect().isEmpty());
    }

    void longMapsAreTables()
    {
        LongMapView view;
        view.resize(320, 340);
        LongMapValue value;
        value.tokens = 40;
        value.picture = {{{0, 40}, {0, 40}, 2}, causalMap(20, 1.0), 20};
        view.setValue(value);
        QAccessibleInterface* table = QAccessible::queryAccessibleInterface(&view);
        QCOMPARE(table->role(), QAccessible::Table);
        QCOMPARE(table->tableInterface()->rowCount(), 20); // an element for two tokens
        QCOMPARE(table->tableInterface()->columnDescription(3), QStringLiteral("7"));
        const QString text = table->tableInterface()->cellAt(5, 2)->text(QAccessible::Name);
        QCOMPARE(text, QStringLiteral("query ‘11’, key ‘5’, ") + view.textAt({10, 4}));
        QVERIFY(!table->tableInterface()->cellAt(5, 2)->rect().isEmpty());
    }

    void studiesMapsAreTables()
    {
        engine::HeatBody heat;
        heat.maps = {{engine::Grid({1, 2, 3, 4, 5, 6}, 2, 3), "first", {}},
                     {engine::Grid({7, 8, 9, 10, 11, 12}, 2, 3), "second", {}}};
        heat.rows.title = "row";
        heat.cols.title = "column";
        engine::Panel panel;
        panel.title = "Maps";
        panel.body = heat;
        const std::unique_ptr<StudyBody> body(StudyBody::make(panel, nullptr));
        body->resize(400, 200);
        body->setPanel(panel, {});
        QAccessibleInterface* map = QAccessible::queryAccessibleInterface(body.get());
        QAccessibleTableInterface* table = map->tableInterface();
        QVERIFY(table != nullptr);
        QCOMPARE(table->rowCount(), 2);
        QCOMPARE(table->columnCount(), 6); // side by side
        QVERIFY2(table->columnDescription(4).startsWith("second: "), qPrintable(table->columnDescription(4)));
        QVERIFY(table->cellAt(1, 4)->text(QAccessible::Name).startsWith("second: "));
        QCOMPARE(table->cellAt(1, 4)->text(QAccessible::Value).toDouble(), 11.0);
        QCOMPARE(map->childCount(), 12 + 1); // the bar of the colours
        QCOMPARE(map->indexOfChild(map->child(12)), 12);
    }

    void blankCellsAreNotHatched()
    {
        HeatmapView view;
        const engine::Grid map = causalMap(16, 1.0);
        view.setGrid(map, GridShape::LowerTriangle);
        std::vector<float> drawn(256, std::nanf(""));
        drawn[15 * 16 + 3] = map.at(15, 3);
        MapExtras extras;
        extras.drawn = engine::Grid(std::move(drawn), 16, 16);
        view.setExtras(extras);
        const QImage picture = snapshot(view, {360, 380});
        const auto colourOf = [&](Cell cell) {
            return picture.pixelColor(view.layout().rectOf(cell).center().toPoint());
        };
        QCOMPARE(colourOf({15, 4}), theme().panel);
        QVERIFY(colourOf({15, 3}) != theme().panel);
        QVERIFY(view.valueText({15, 4}) != QString("n/a")); // the value stays
    }

    void swipeShowsBothSides()
    {
        HeatmapView view;
        view.setGrid(causalMap(16, 2.0), GridShape::LowerTriangle);
        view.setScale({Scale::Root, 0, 1, false});
        MapExtras extras;
        extras.swipe = MapSwipe{causalMap(16, 0.2), "exact", "other", 0.5};
        view.setExtras(extras);
        const QImage picture = snapshot(view, {360, 380});
        const ColorScale scale{Scale::Root, 0, 1, false};
        const auto colourOf = [&](Cell cell) {
            return picture.pixelColor(view.layout().rectOf(cell).center().toPoint());
        };
        QCOMPARE(colourOf({12, 1}), QColor(scale.map(false).at(scale.place(double(causalMap(16, 2.0).at(12, 1))))));
        QCOMPARE(colourOf({12, 11}), QColor(scale.map(false).at(scale.place(double(causalMap(16, 0.2).at(12, 11))))));
        QSignalSpy swiped(&view, &HeatmapView::swiped);
        const QPoint line = view.layout().map.center().toPoint();
        QTest::mousePress(&view, Qt::LeftButton, {}, line);
        const QPointF to(view.layout().map.left() + view.layout().map.width() / 4, line.y());
        QMouseEvent move(QEvent::MouseMove, to, view.mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {});
        QCoreApplication::sendEvent(&view, &move);
        QVERIFY(std::abs(swiped.last().first().toDouble() - 0.25) < 0.01);
        QTest::mouseRelease(&view, Qt::LeftButton, {}, to.toPoint());
        toGallery(view, {360, 380}, "swipe");
    }

    void rangesGrowBeyondTheBar()
    {
        ColorBar bar;
        bar.setScale({Scale::Linear, 0, 0.5, false});
        snapshot(bar, {300, bar.sizeHint().height()});
        QSignalSpy range(&bar, &ColorBar::rangeChanged);
        QTest::mousePress(&bar, Qt::LeftButton, {}, QPoint(293, 40));
        QTest::mouseRelease(&bar, Qt::LeftButton, {}, QPoint(7 + 286 * 3 / 2, 40));
        QVERIFY(std::abs(range.last()[1].toDouble() - 0.75) < 0.01);
        QTest::keyClick(&bar, Qt::Key_Left); // the high end comes nearer
        QVERIFY(range.last()[1].toDouble() < 0.5);
        QTest::keyClick(&bar, Qt::Key_Right, Qt::ShiftModifier); // the low end
        QVERIFY(range.last()[0].toDouble() > 0);
    }
};

QObject* headsTest()
{
    return new TestHeads;
}

#include "tst_heads.moc"
