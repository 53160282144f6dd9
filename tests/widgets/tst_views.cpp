// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/colorbar.h"
#include "widgets/colormap.h"
#include "widgets/derivationview.h"
#include "widgets/layergrid.h"
#include "widgets/rowplot.h"
#include "widgets/snapshot.h"
#include "widgets/tokenstrip.h"

#include <QMouseEvent>
#include <QPainter>
#include <QSignalSpy>
#include <QTest>

#include <array>
#include <cmath>
#include <limits>

using namespace widgets;

namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN();

std::vector<TokenChip> chips(int n)
{
    std::vector<TokenChip> list;
    for (const QString& word : words(n)) {
        const auto i = float(list.size());
        list.push_back({word, list.empty(), list.empty() ? none : 3 + 3 * std::sin(i * 1.7F),
                        std::cos(i) > 0.3F ? std::sin(i * 2.1F) : none});
    }
    return list;
}

RowValue rowValue(int keys, int query)
{
    RowValue row;
    row.subtitle = "where ‘bird’ looks, query 40";
    row.keys = words(keys);
    for (const double sharpness : {1.6, 0.7}) {
        const auto map = causalMap(query + 1, sharpness);
        const auto weights = map.row(query);
        row.series.push_back({sharpness > 1 ? exactIdentity() : taylorIdentity(), {weights.begin(), weights.end()}});
    }
    return row;
}

void moveTo(QWidget& view, QPointF at)
{
    QMouseEvent move(QEvent::MouseMove, at, view.mapToGlobal(at), Qt::NoButton, Qt::NoButton, {});
    QCoreApplication::sendEvent(&view, &move);
}

} // namespace

class TestViews : public QObject
{
    Q_OBJECT

private slots:

    // In pieces a line of many points is the same line: its dashes go on, its corners are whole.
    void longLinesAreDrawnInPieces()
    {
        const auto drawn = [](engine::Dash dash, bool inPieces) {
            QImage image(600, 120, QImage::Format_RGB32);
            image.fill(Qt::white);
            QPainter painter(&image);
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(seriesPen(dash, Qt::black, 1.2));
            QPolygonF line;
            for (int x = 0; x < 580; x += 2)
                line << QPointF(10 + x, 60 + 45 * std::sin(x * 0.7));
            inPieces ? drawPolyline(painter, line) : painter.drawPolyline(line);
            return image;
        };
        for (const engine::Dash dash : {engine::Dash::Solid, engine::Dash::Dashed, engine::Dash::DashDot}) {
            const QImage whole = drawn(dash, false), pieces = drawn(dash, true);
            int other = 0; // pixels that a reader could tell apart: those of a corner where two pieces meet
            for (int y = 0; y < whole.height(); ++y)
                for (int x = 0; x < whole.width(); ++x)
                    other += std::abs(qGray(whole.pixel(x, y)) - qGray(pieces.pixel(x, y))) > 64 ? 1 : 0;
            QVERIFY2(other <= 20, qPrintable(QString::number(other)));
        }
    }

    void accountsAreReadable_data()
    {
        QTest::addColumn<double>("scale");
        QTest::addColumn<int>("width"); // of a dock, in pixels of the 100 % interface
        QTest::newRow("small window") << 1.0 << 240;
        QTest::newRow("dock") << 1.5 << 320;
        QTest::newRow("large") << 2.0 << 252;
    }

    // Two accounts that part in the result alone, with numbers as long as they get: the label stands above its remark,
    // and neither number runs into the other.
    void accountsAreReadable()
    {
        QFETCH(double, scale);
        QFETCH(int, width);
        ThemeSource::instance().set(false, scale);
        const auto account = [](double weight) {
            engine::Derivation derivation;
            derivation.lines.push_back({"score", "score x", "", {.number = -1.2345e-12}});
            derivation.lines.push_back({"weight", "weight", "", {.number = weight}, true});
            return derivation;
        };
        DerivationView view;
        view.setDerivations(account(-1.234e-12), account(-6.789e-13), exactIdentity(), taylorIdentity());
        QCOMPARE(view.firstDifference(), QString("weight"));
        QVERIFY(view.accessibleDescription().endsWith("difference +6·10⁻¹³")); // not 0.000
        const Theme& look = theme();
        const QSize size(look.px(width), view.sizeHint().height());
        const QImage image = snapshot(view, size).convertToFormat(QImage::Format_RGB32);
        const auto rowsOf = [&](const QColor& ink) { // of the words at the left
            std::pair<int, int> rows{size.height(), 0};
            for (int y = 0; y < size.height(); ++y)
                for (int x = 0; x < size.width() / 4; ++x)
                    if (image.pixelColor(x, y) == ink)
                        rows = {std::min(rows.first, y), std::max(rows.second, y)};
            return rows;
        };
        QVERIFY(rowsOf(look.warningText).second > 0);
        QVERIFY(rowsOf(look.text).second > 0);
        QVERIFY(rowsOf(look.text).second < rowsOf(look.warningText).first);
        int widest = 0, blank = 0; // the first line's numbers, and what parts them
        bool begun = false;
        for (int x = size.width() / 4; x < size.width() - look.px(16); ++x) {
            bool inked = false;
            for (int y = look.px(24); y < look.px(44); ++y)
                inked = inked || image.pixelColor(x, y) != look.panel;
            widest = inked && begun ? std::max(widest, blank) : widest;
            blank = inked ? 0 : blank + 1;
            begun = begun || inked;
        }
        QVERIFY2(widest >= look.px(6), qPrintable(QString::number(widest)));
        ThemeSource::instance().set(false, 1);
        toGallery(view, size, "account");
    }

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void tokensAreTintedPickedAndDimmed()
    {
        TokenStrip strip;
        auto tokens = chips(30);
        tokens[5].tint = 6;
        tokens[6].tint = 0;
        strip.setTokens(tokens);
        strip.setLegend({"tint: loss", "worse", "better", "0 – 6 nats", 6, 1});
        strip.setCursor(20);
        const QImage picture = snapshot(strip, {900, 92});
        const auto groundOf = [&](int index) {
            return picture.pixelColor((strip.rectOf(index).topLeft() + QPointF(3, 3)).toPoint());
        };
        QCOMPARE(groundOf(5), QColor(ColorMap::sequential(false).at(0.55)));
        QCOMPARE(groundOf(6), QColor(ColorMap::sequential(false).at(0)));
        QCOMPARE(groundOf(25), theme().panel); // not read yet
        QSignalSpy picked(&strip, &TokenStrip::picked);
        QSignalSpy released(&strip, &TokenStrip::released);
        QSignalSpy hovered(&strip, &TokenStrip::hovered);
        moveTo(strip, strip.rectOf(7).center());
        QCOMPARE(hovered.last().first().toInt(), 7);
        QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.rectOf(7).center().toPoint());
        QCOMPARE(picked.last().first().toInt(), 7);
        strip.setMarked(7, {}, {});
        QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.rectOf(7).center().toPoint());
        QCOMPARE(released.count(), 1);
        QTest::keyClick(&strip, Qt::Key_Right);
        QCOMPARE(picked.last().first().toInt(), 8);
        QTest::keyClick(&strip, Qt::Key_Left, Qt::ShiftModifier);
        QCOMPARE(picked.last().first().toInt(), 0);
        QTest::keyClick(&strip, Qt::Key_End);
        QCOMPARE(picked.last().first().toInt(), 29);
        QTest::keyClick(&strip, Qt::Key_Escape);
        QCOMPARE(released.count(), 2);
    }

    // Text on its tint, whatever the loss.
    void tintedTextCanBeRead()
    {
        for (const bool dark : {false, true}) {
            ThemeSource::instance().set(dark, 1.0);
            for (int i = 0; i <= 100; ++i) {
                const QColor ground = ColorMap::sequential(dark).at(i / 100.0);
                QVERIFY(contrast(inkOn(ground), ground) >= 4.5);
            }
        }
    }

    void thePickedTokenStaysInView_data()
    {
        QTest::addColumn<bool>("oneLine");
        QTest::newRow("two lines") << false;
        QTest::newRow("one line") << true;
    }

    void thePickedTokenStaysInView()
    {
        QFETCH(bool, oneLine);
        TokenStrip strip;
        strip.setOneLine(oneLine);
        snapshot(strip, {500, strip.sizeHint().height()}); // laid out at its size
        strip.setTokens(chips(400));
        for (const int index : {0, 399, 200, 3}) {
            strip.setMarked(index, {}, {});
            const QRectF place = strip.rectOf(index);
            QVERIFY(!place.isEmpty());
            QVERIFY2(QRectF(strip.rect()).contains(place), qPrintable(QString::number(index)));
        }
        strip.setTokens({});
        strip.setMarked(5, {}, {}); // of a text that is gone
        QVERIFY(strip.rectOf(5).isEmpty());
        snapshot(strip, {300, 92});
    }

    void longTokensAreElided()
    {
        TokenStrip strip;
        std::vector<TokenChip> tokens = chips(3);
        tokens[1].text = QString(400, u'w');
        strip.setTokens(tokens);
        snapshot(strip, {300, 92});
        strip.setMarked(1, {}, {});
        QVERIFY(strip.rectOf(1).width() <= 300);
    }

    void barsStandAtTheirWeight()
    {
        RowPlot plot;
        const RowValue row = rowValue(40, 20);
        plot.setRow(row);
        const QImage picture = snapshot(plot, {900, 200});
        // The first key gets most: its bar is the highest, in the colour of the exact method.
        const auto barHeight = [&](int key) {
            const int x = int(std::round(plot.columnOf(key).center().x())) - 3;
            int count = 0;
            for (int y = 0; y < picture.height(); ++y) {
                const QColor color = picture.pixelColor(x, y);
                count += color.blue() > color.red() + 60;
            }
            return count;
        };
        QVERIFY(barHeight(0) > 20);
        for (int key = 1; key <= 20; ++key)
            QVERIFY(barHeight(key) <= barHeight(0) + 1);
        QSignalSpy picked(&plot, &RowPlot::picked);
        QSignalSpy hovered(&plot, &RowPlot::hovered);
        QSignalSpy left(&plot, &RowPlot::left);
        moveTo(plot, plot.columnOf(3).center());
        QCOMPARE(hovered.last().first().toInt(), 3);
        moveTo(plot, plot.columnOf(30).center()); // after the query
        QCOMPARE(left.count(), 1);
        QTest::mouseClick(&plot, Qt::LeftButton, {}, plot.columnOf(3).center().toPoint());
        QCOMPARE(picked.last().first().toInt(), 3);
        plot.setMarked(3, {});
        QTest::keyClick(&plot, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(picked.last().first().toInt(), 13);
    }

    void rowsOfAnySizeAreDrawn()
    {
        RowPlot plot;
        snapshot(plot, {400, 120}); // nothing at all
        for (const int keys : {1, 2, 900}) {
            plot.setRow(rowValue(keys, keys - 1));
            snapshot(plot, {400, 120});
        }
        RowValue bad = rowValue(4, 3);
        bad.series[1].weights = {none, -0.5F, std::numeric_limits<float>::infinity(), 0.2F};
        plot.setRow(bad);
        snapshot(plot, {400, 120});
        QVERIFY(plot.columnOf(4).isEmpty());
    }

    void niceStepsAreNice()
    {
        QCOMPARE(niceStep(0.25, 4), 0.1);
        QCOMPARE(niceStep(1, 5), 0.2);
        QCOMPARE(niceStep(7, 4), 2.0);
        QCOMPARE(niceStep(0, 4), 1.0);
        for (const double range : {3e-9, 0.04, 12.0, 99999.0})
            QVERIFY(range / niceStep(range, 4) <= 4 + 1e-6);
    }

    void histogramCountsEveryCellOnce()
    {
        const std::array grids{causalMap(20, 1.0), causalMap(9, 0.4)};
        for (const Scale scale : {Scale::Root, Scale::Log, Scale::Linear}) {
            const Histogram histogram = histogramOf(grids, GridShape::LowerTriangle, {scale, 0.02, 0.2, false}, 16);
            std::int64_t all = histogram.below + histogram.above;
            for (const auto count : histogram.counts)
                all += count;
            QCOMPARE(all, std::int64_t(20 * 21 / 2 + 9 * 10 / 2));
            QVERIFY(histogram.below > 0 && histogram.above > 0);
        }
    }

    void colorBarShowsItsMapAndAsksForRanges()
    {
        ColorBar bar;
        bar.setScale({Scale::Root, 0, 0.5, false});
        const QImage picture = snapshot(bar, {300, bar.sizeHint().height()});
        const int y = 40; // inside the bar
        QCOMPARE(picture.pixel(8, y), ColorMap::sequential(false).at(1 / 285.0));
        QCOMPARE(picture.pixel(290, y), ColorMap::sequential(false).at(283 / 285.0));
        QSignalSpy range(&bar, &ColorBar::rangeChanged);
        QSignalSpy fit(&bar, &ColorBar::fitRequested);
        QTest::mousePress(&bar, Qt::LeftButton, {}, QPoint(293, y));
        QTest::mouseRelease(&bar, Qt::LeftButton, {}, QPoint(150, y));
        QCOMPARE(range.count(), 1);
        QCOMPARE(range[0][0].toDouble(), 0.0);
        QVERIFY(std::abs(range[0][1].toDouble() - 0.125) < 0.001);   // the middle under √
        QTest::mouseClick(&bar, Qt::LeftButton, {}, QPoint(293, y)); // a click moves nothing
        QCOMPARE(range.count(), 1);
        QTest::mouseClick(&bar, Qt::RightButton, {}, QPoint(100, y));
        QCOMPARE(fit.count(), 1);
        bar.setScale({Scale::Linear, -0.3, 0.3, true});
        QTest::mousePress(&bar, Qt::LeftButton, {}, QPoint(293, y));
        QTest::mouseRelease(&bar, Qt::LeftButton, {}, QPoint(7 + 286 * 3 / 4, y));
        QVERIFY(std::abs(range[1][0].toDouble() + range[1][1].toDouble()) < 1e-12); // stays balanced
    }

    void layersAreColoredAndPicked()
    {
        LayerGrid grid;
        grid.setNumbers(engine::Grid({0.0F, 0.5F, 1.0F, none, 0.25F, 0.75F}, 2, 3), {Scale::Linear, 0, 1, false});
        const QImage picture = snapshot(grid, {200, 80});
        const auto colorOf = [&](Cell cell) { return picture.pixel(grid.rectOf(cell).center().toPoint()); };
        QCOMPARE(colorOf({0, 2}), ColorMap::sequential(false).at(1));
        QCOMPARE(colorOf({1, 1}), ColorMap::sequential(false).at(0.25));
        QSignalSpy picked(&grid, &LayerGrid::picked);
        QTest::mouseClick(&grid, Qt::LeftButton, {}, grid.rectOf({1, 2}).center().toPoint());
        QCOMPARE(picked.last()[0].value<engine::LayerIndex>().value, 1);
        QCOMPARE(picked.last()[1].value<engine::HeadIndex>().value, 2);
        grid.setPicked({1}, {2});
        QTest::keyClick(&grid, Qt::Key_Down); // there is no third layer
        QTest::keyClick(&grid, Qt::Key_Right);
        QCOMPARE(picked.count(), 1);
        QTest::keyClick(&grid, Qt::Key_Up);
        QCOMPARE(picked.last()[0].value<engine::LayerIndex>().value, 0);
        LayerGrid empty;
        snapshot(empty, {100, 40});
    }

    void gallery()
    {
        TokenStrip strip;
        strip.setTokens(chips(70));
        strip.setLegend({"tint: loss of the exact model", "TaylorShift predicts worse", "better", "0 – 6 nats", 6, 1});
        strip.setCursor(50);
        strip.setMarked(40, 4, 12);
        toGallery(strip, {1200, 92}, "tokens");
        strip.setOneLine(true);
        toGallery(strip, {900, 34}, "tokens-small");
        RowPlot plot;
        plot.setRow(rowValue(64, 40));
        plot.setMarked(4, 12);
        toGallery(plot, {1200, 190}, "row");
        toGallery(plot, {640, 130}, "row-small");
        ColorBar bar;
        const std::array grids{causalMap(64, 1.2)};
        const ColorScale scale{Scale::Root, 0, 0.2, false};
        bar.setScale(scale);
        bar.setTitle("attention weight, one range for both maps");
        bar.setHistogram(histogramOf(grids, GridShape::LowerTriangle, scale, 90));
        toGallery(bar, {800, bar.sizeHint().height()}, "colorbar");
        ColorBar signedBar;
        signedBar.setScale({Scale::Root, -0.3, 0.3, true});
        signedBar.setEnds("← exact gives more", "TaylorShift gives more →");
        toGallery(signedBar, {384, signedBar.sizeHint().height()}, "colorbar-signed");
        LayerGrid layers;
        std::vector<float> numbers;
        for (int i = 0; i < 32; ++i)
            numbers.push_back(i == 30 ? none : 0.5F + 0.4F * float(std::sin(i * 1.3)));
        layers.setNumbers(engine::Grid(std::move(numbers), 4, 8), {Scale::Linear, 0, 1, false});
        layers.setPicked({0}, {2});
        layers.setFooter("mean 40 %", "worst 2·7  59 %");
        toGallery(layers, layers.sizeHint(), "layers");
    }
};

QObject* viewsTest()
{
    return new TestViews;
}

#include "tst_views.moc"
