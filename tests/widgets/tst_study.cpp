// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/messagebar.h"
#include "widgets/numbers.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/stepper.h"
#include "widgets/studycontrols.h"
#include "widgets/studyheat.h"
#include "widgets/studyview.h"

#include <QAbstractButton>
#include <QMouseEvent>
#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <limits>
#include <memory>

using namespace widgets;

namespace {

constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

engine::Grid waves(int rows, int cols, double shift)
{
    std::vector<float> cells;
    for (int row = 0; row < rows; ++row)
        for (int col = 0; col < cols; ++col)
            cells.push_back(float(3 * std::sin(row * 0.9 + shift) * std::cos(col * 0.7 - shift)));
    return {std::move(cells), rows, cols};
}

engine::Grid triangle(int n)
{
    const engine::Grid map = causalMap(n, 2);
    std::vector<float> cells;
    for (int row = 0; row < n; ++row)
        for (int col = 0; col < n; ++col)
            cells.push_back(col > row ? float(notANumber) : map.at(row, col));
    return {std::move(cells), n, n};
}

engine::Panel panel(const std::string& id, int row, double width, double height)
{
    engine::Panel value;
    value.id = id;
    value.title = id;
    value.row = row;
    value.width = width;
    value.height = height;
    return value;
}

engine::Panel bars()
{
    engine::Panel value = panel("Energy per frequency", 0, 2, 1);
    value.words = "mean over 64 tokens";
    engine::BarsBody body;
    body.series.resize(2);
    body.series[0].title = "queries";
    body.series[0].tint = engine::Tint::Ink;
    body.series[1].title = "keys";
    body.series[1].tint = engine::Tint::Grey;
    for (int i = 0; i < 16; ++i) {
        body.series[0].values.push_back(1 + std::sin(i));
        body.series[1].values.push_back(1.2 + std::cos(i * 1.3));
    }
    body.series[0].values[5] = 2.4375;
    body.picked = 3;
    body.pick = {engine::Pick::Sets::Control, "frequency", {}};
    value.body = body;
    return value;
}

engine::Panel kept()
{
    engine::Panel value = panel("Attention moved", 0, 1, 1);
    value.words = "against features kept";
    engine::CurvesBody body;
    engine::CurvesBody::Curve curve;
    curve.title = "moved";
    curve.points = true;
    for (int m = 1; m <= 16; ++m) {
        curve.x.push_back(m);
        curve.y.push_back(0.4 + 0.2 / m);
        curve.low.push_back(0.38 + 0.18 / m);
        curve.high.push_back(0.42 + 0.24 / m);
    }
    body.curves = {curve};
    body.marks = {{true, 7, "7"}, {true, 14, "14 for 90 %"}};
    body.handle = 6;
    body.pick = {engine::Pick::Sets::Control, "features", {}};
    value.body = body;
    return value;
}

engine::Panel spectrogram()
{
    engine::Panel value = panel("Spectrogram", 1, 3, 1.3);
    value.words = "one column per token, one row per frequency";
    engine::HeatBody body;
    body.maps = {{waves(16, 64, 0), "queries", ""}, {waves(16, 64, 1), "keys", ""}};
    body.rows.axis = engine::Axis::Feature;
    body.cols.axis = engine::Axis::Token;
    body.signedValues = true;
    body.quantity = "signed coefficient";
    body.pickedCol = 40;
    body.col = {engine::Pick::Sets::Query, {}, {}};
    body.row = {engine::Pick::Sets::Control, "frequency", {}};
    value.body = body;
    return value;
}

engine::Panel lying()
{
    engine::Panel value = panel("Before and after exp", 1, 1, 1);
    engine::BarsBody body;
    body.horizontal = true;
    body.series.resize(2);
    body.series[0] = {"T C q", engine::Tint::Grey, {}, {}, {}};
    body.series[1] = {"largest = 1", engine::Tint::Own, {}, {}, {}};
    for (int i = 0; i < 16; ++i) {
        body.series[0].values.push_back(2 * std::sin(i * 1.7));
        body.series[1].values.push_back(std::exp(2 * std::sin(i * 1.7)) / 8);
    }
    body.picked = 3;
    value.body = body;
    return value;
}

engine::Panel multiples()
{
    engine::Panel value = panel("The map with m features", 2, 2, 1);
    engine::HeatBody body;
    for (const char* name : {"m 1", "m 2", "m 6", "m 16", "exact"})
        body.maps.push_back({triangle(64), name, "61 %"});
    body.scale = engine::Scale::Sqrt;
    body.rows.axis = body.cols.axis = engine::Axis::Token;
    body.quantity = "attention weight";
    body.pickedMap = 2;
    body.map = {engine::Pick::Sets::Control, "features", {1, 2, 6, 16, 99}};
    value.body = body;
    return value;
}

engine::Panel readOut()
{
    engine::Panel value = panel("Read-out", 3, 1, 0.8);
    value.words = "which of the past tokens the query draws from";
    engine::BarsBody body;
    body.mirrored = true;
    body.scale = engine::Scale::Sqrt;
    body.series.resize(2);
    body.series[0].title = "exact attention";
    body.series[0].tint = engine::Tint::Exact;
    body.series[1].title = "memory, implied";
    for (int i = 0; i < 256; ++i) {
        body.series[0].values.push_back(i % 64 == 0 ? 0.26 : 0.004 * (1 + std::sin(i)));
        body.series[1].values.push_back(0.004);
    }
    body.labels.axis = engine::Axis::Token;
    body.regions = {{0, 64, "segment 1"}, {128, 192, "segment 3"}};
    body.pick = {engine::Pick::Sets::Key, {}, {}};
    value.body = body;
    return value;
}

engine::Panel table()
{
    engine::Panel value = panel("Ledger", 2, 1, 1);
    value.words = "per head";
    engine::TableBody body;
    body.columns = {"exact", "own"};
    body.rows.push_back({"memory M and z", {{"", 1088, 4, "B", ""}, {"", 65536, 5, "B", ""}}, false, {}});
    body.rows.push_back({"write, per token", {{"", 544, 3, "flop", ""}, {"", {}, 3, "", "never written"}}, false, {}});
    body.rows.push_back({"output, value 1", {{"", -0.12, 3, "", ""}, {"", 3e-7, 3, "", ""}}, true, {}});
    body.picked = 1;
    body.pick = {engine::Pick::Sets::Head, {}, {}};
    value.body = body;
    return value;
}

engine::Panel chips()
{
    engine::Panel value = panel("Who shares the row", 0, 1, 1);
    value.side = true;
    engine::ChipsBody body;
    body.groups = {{"same row, 8 bits alike", "12 tokens", {{"to", {}, 3}, {"", 17, 1}, {"Okay", {}, 2}}},
                   {"one bit away", "27 tokens in 7 rows", {}}};
    for (int i = 0; i < 40; ++i)
        body.groups[1].chips.push_back({"", i, i % 3 + 1});
    value.body = body;
    return value;
}

engine::Study study()
{
    engine::Study value;
    value.words = "layer 1, head 3";
    value.sentence = {{"Half of the energy sits in ", false}, {"7 of 16", true}, {" frequencies.", false}};
    value.second = "5 draws of the radii, seeds 0 – 4";
    value.notices = {{"The gate is 0.50 in all 16 heads.", "This memory was never trained."}};
    value.panels = {bars(), kept(), spectrogram(), lying(), multiples(), table(), readOut(), chips()};
    return value;
}

StudyNames names()
{
    return {taylorIdentity(), exactIdentity(), words(64)};
}

engine::TabSpec tab()
{
    return {"spectrum",
            "Spectrum",
            {{"features", "features", "How many are kept.", engine::IntRange{1, 3, 1}},
             {"view", "View", "How rows are shown.", engine::Choice{{"raw", "rows sum to 1"}, 1}},
             {"sorted", "sorted", "By size.", engine::Flag{false}}},
            "features"};
}

StudyBody& bodyOf(StudyView& view, const std::string& id)
{
    for (StudyPane* pane : view.panels().panes())
        if (pane->panel().id == id)
            return pane->body();
    qFatal("no panel %s", id.c_str());
}

} // namespace

class TestStudy : public QObject
{
    Q_OBJECT

private slots:

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void pictures()
    {
        StudyView view;
        view.setStudy(study(), names());
        toGallery(view, {1360, 900}, "study");
        StudyPanels side(StudyPanels::Place::Side);
        side.setPanels(study().panels, names());
        toGallery(side, {320, 400}, "study-side");
        StudyControls controls;
        controls.setTab(tab(), {});
        toGallery(controls, {480, 40}, "study-controls");
    }

    // Colours that end before the largest number say how many cells they leave out.
    void cellsBeyondTheColoursAreCounted()
    {
        engine::Panel value = spectrogram();
        auto& body = std::get<engine::HeatBody>(value.body);
        body.high = 0.5;
        int above = 0, below = 0;
        for (const auto& map : body.maps)
            for (int row = 0; row < map.cells.rows(); ++row)
                for (const float cell : map.cells.row(row)) {
                    above += cell > 0.5F;
                    below += cell < -0.5F;
                }
        QVERIFY(above > 0 && below > 0 && above != below);
        const auto heat = [&value] {
            auto made = std::make_unique<StudyHeat>();
            made->setPanel(value, names());
            return made;
        };
        const QString words = QStringLiteral("signed coefficient · ▲ %1 · ▼ %2").arg(whole(above), whole(below));
        QCOMPARE(heat()->quantity(), words);
        QVERIFY(heat()->summary().endsWith(
            QStringLiteral("%1 cells above, %2 cells below").arg(whole(above), whole(below))));
        const auto wide = heat();
        wide->setRange(-100, 100);
        QCOMPARE(wide->quantity(), QStringLiteral("signed coefficient"));
        wide->fitRange();
        QCOMPARE(wide->quantity(), words);
        body.high = 0;
        QCOMPARE(heat()->quantity(), QStringLiteral("signed coefficient"));
    }

    void sentencePanelsAndNoticesAreThere()
    {
        StudyView view;
        view.setStudy(study(), names());
        QCOMPARE(view.sentence().text(), QStringLiteral("Half of the energy sits in 7 of 16 frequencies."));
        QCOMPARE(view.panels().panes().size(), std::size_t(7)); // the side panel stands in the dock
        QCOMPARE(view.notices().size(), std::size_t(1));
        // Closed, a notice stays closed as long as it says the same.
        emit view.notices().front()->closed();
        QVERIFY(view.notices().empty());
        view.setStudy(study(), names());
        QVERIFY(view.notices().empty());
    }

    // A sentinel of every kind of body is found in what the pointer or a screen reader meets.
    void sentinelsAreRead_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<int>("right");
        QTest::addColumn<int>("down");
        QTest::addColumn<QString>("expected");
        QTest::newRow("bars") << "Energy per frequency" << 2 << 0 << "5   queries 2.44   keys 2.18";
        QTest::newRow("curve with band") << "Attention moved" << 1 << 0 << "2.00   0.500 (0.470 to 0.540)";
        QTest::newRow("map") << "Spectrogram" << 0 << 2 << "queries: 2, She   " + number(waves(16, 64, 0).at(2, 40));
        QTest::newRow("table") << "Ledger" << 0 << 1 << QStringLiteral("output, value 1   exact −0.120   own 3·10⁻⁷");
        QTest::newRow("n/a says why") << "Ledger" << 0 << 0
                                      << QStringLiteral("write, per token   exact 544 flop   own n/a: never written");
        QTest::newRow("cannot be") << "The map with m features" << 9 << 0
                                   << QStringLiteral("m 6: (start), girl   cannot be");
    }

    void sentinelsAreRead()
    {
        QFETCH(QString, id);
        QFETCH(int, right);
        QFETCH(int, down);
        QFETCH(QString, expected);
        StudyView view;
        view.resize(1360, 900);
        view.setStudy(study(), names());
        StudyBody& body = bodyOf(view, id.toStdString());
        QSignalSpy changed(&body, &StudyBody::hoverChanged);
        QTest::keyClick(&body, Qt::Key_Right); // to the picked place, or the first
        for (int i = 0; i < right; ++i)
            QTest::keyClick(&body, Qt::Key_Right);
        for (int i = 0; i < down; ++i)
            QTest::keyClick(&body, Qt::Key_Down);
        QVERIFY(changed.count() > 0);
        QString text = body.hoverText();
        text.replace(QChar(0x00A0), u' ');
        QCOMPARE(text, expected);
        QVERIFY(body.accessibleDescription().startsWith(body.hoverText()));
        QCOMPARE(body.accessibleName(), id);
    }

    void everyBodyHasASummary()
    {
        StudyView view;
        view.setStudy(study(), names());
        for (StudyPane* pane : view.panels().panes())
            QVERIFY2(pane->body().accessibleDescription().size() > 10, pane->panel().id.c_str());
        QVERIFY(bodyOf(view, "Energy per frequency").accessibleDescription().contains("2.44 at 5"));
    }

    void clicksArePicks()
    {
        StudyView view;
        view.setStudy(study(), names());
        snapshot(view, {1360, 900});
        QSignalSpy picked(&view, &StudyView::picked);
        const auto last = [&] { return picked.last().first().value<std::vector<StudyPick>>(); };

        StudyBody& energy = bodyOf(view, "Energy per frequency");
        QTest::mouseClick(&energy, Qt::LeftButton, {}, {energy.width() - 4, energy.height() / 2});
        QVERIFY(last() == (std::vector<StudyPick>{{engine::Pick::Sets::Control, "frequency", 15}}));

        // A cell of a map sets what its row and its column stand for.
        StudyBody& map = bodyOf(view, "Spectrogram");
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::keyClick(&map, Qt::Key_Return);
        QVERIFY(last() == (std::vector<StudyPick>{{engine::Pick::Sets::Control, "frequency", 0},
                                                  {engine::Pick::Sets::Query, "", 40}}));

        // Values win over places.
        StudyBody& maps = bodyOf(view, "The map with m features");
        QTest::keyClick(&maps, Qt::Key_Right);
        QTest::keyClick(&maps, Qt::Key_Space);
        QVERIFY(last() == (std::vector<StudyPick>{{engine::Pick::Sets::Control, "features", 6}}));

        // What sets nothing says nothing.
        const auto before = picked.count();
        StudyBody& silent = bodyOf(view, "Before and after exp");
        QTest::keyClick(&silent, Qt::Key_Right);
        QTest::keyClick(&silent, Qt::Key_Return);
        QCOMPARE(picked.count(), before);
    }

    void theHandleIsDragged()
    {
        StudyView view;
        view.setStudy(study(), names());
        snapshot(view, {1360, 900});
        StudyBody& body = bodyOf(view, "Attention moved");
        QSignalSpy picked(&view, &StudyView::picked);
        QTest::mousePress(&body, Qt::LeftButton, {}, {body.width() / 2, body.height() / 2});
        QTest::mouseMove(&body, {body.width() - 20, body.height() / 2});
        QTest::mouseMove(&body, {body.width() - 7, body.height() / 2});
        QTest::mouseRelease(&body, Qt::LeftButton, {}, {body.width() - 7, body.height() / 2});
        QVERIFY(picked.count() >= 2);
        QVERIFY(picked.last().first().value<std::vector<StudyPick>>() ==
                (std::vector<StudyPick>{{engine::Pick::Sets::Control, "features", 16}}));
    }

    void hoveringDoesNotMoveOrCoverAnything()
    {
        StudyView view;
        view.setStudy(study(), names());
        const QImage before = snapshot(view, {1360, 900});
        StudyBody& body = bodyOf(view, "Ledger");
        QMouseEvent move(QEvent::MouseMove, QPointF(20, 30), QPointF(20, 30), Qt::NoButton, Qt::NoButton, {});
        QCoreApplication::sendEvent(&body, &move);
        QVERIFY(!body.hoverText().isEmpty());
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(&body, &leave);
        QVERIFY(body.hoverText().isEmpty());
        QCOMPARE(snapshot(view, {1360, 900}), before);
    }

    // Cells that are not numbers are hatched: the picture there is the same whatever the colours.
    void whatCannotBeIsHatched()
    {
        engine::Study value;
        engine::Panel panel = multiples();
        auto& body = std::get<engine::HeatBody>(panel.body);
        body.maps.resize(1);
        body.pickedMap = -1;
        value.panels = {panel};
        StudyView view;
        view.setStudy(value, names());
        const QImage triangleOnly = snapshot(view, {600, 600});
        body.maps.front().cells = engine::Grid(std::vector<float>(64 * 64, 0.9F), 64, 64);
        value.panels = {panel};
        view.setStudy(value, names());
        const QImage full = snapshot(view, {600, 600});
        int hatched = 0, coloured = 0;
        for (int y = 0; y < 600; y += 7)
            for (int x = 0; x < 600; x += 7) {
                const bool same = triangleOnly.pixel(x, y) == full.pixel(x, y);
                coloured += same ? 0 : 1;
                hatched += !same && QColor(triangleOnly.pixel(x, y)).lightness() > 220 ? 1 : 0;
            }
        QVERIFY(coloured > 1000);
        QVERIFY(hatched > 300);
    }

    void whatAMapCannotUseGoesToItsNeighbour()
    {
        engine::Panel map = panel("map", 0, 1, 1), beside = bars();
        engine::HeatBody body;
        body.maps = {{waves(8, 190, 0), "", ""}}; // a pixel a token: nearly half of the room is left over
        body.cols.axis = engine::Axis::Token;
        map.body = body;
        beside.width = 1;
        StudyView view;
        engine::Study value;
        value.panels = {map, beside};
        view.setStudy(value, names());
        QVERIFY(!snapshot(view, {860, 500}).isNull());
        const QRect narrow = view.panels().panes()[0]->geometry(), wide = view.panels().panes()[1]->geometry();
        QVERIFY2(wide.width() > narrow.width() + 100, qPrintable(QString::number(wide.width() - narrow.width())));
        // Nobody takes it from two maps; the row ends where it did.
        value.panels[1] = map;
        value.panels[1].id = "another";
        view.setStudy(value, names());
        QVERIFY(!snapshot(view, {860, 500}).isNull());
        const QRect first = view.panels().panes()[0]->geometry(), second = view.panels().panes()[1]->geometry();
        QVERIFY(std::abs(first.width() - second.width()) <= 1);
        QVERIFY(std::abs(second.right() - wide.right()) <= 1);
    }

    void linesAcrossBarsAreInTheLegend()
    {
        engine::Panel value = bars();
        std::get<engine::BarsBody>(value.body).marks = {{false, 1.5, "balanced"}, {true, 3, "third"}};
        engine::Study study;
        study.panels = {value};
        StudyView view;
        view.setStudy(study, names());
        const std::vector<LegendKey> keys = view.panels().panes()[0]->body().legend();
        QCOMPARE(keys.size(), std::size_t(3)); // two series, one line; the upright mark has its words beside it
        QCOMPARE(keys.back().title, QStringLiteral("balanced"));
        // In a narrow panel all keys are there, in lines that fit.
        const double width = legendWidth({keys[0], keys[1]});
        const auto lines = legendLines(keys, width);
        QCOMPARE(lines.size(), std::size_t(2));
        QCOMPARE(lines[0].size(), std::size_t(2));
        for (const std::vector<LegendKey>& line : lines)
            QVERIFY(legendWidth(line) <= width);
    }

    void controlsGoRound()
    {
        StudyControls controls;
        QSignalSpy changed(&controls, &StudyControls::changed);
        controls.setTab(tab(), {{"features", 2}});
        QCOMPARE(changed.count(), 0);
        const auto last = [&] { return changed.last().first().value<engine::KnobValues>(); };
        auto* stepper = controls.findChild<Stepper*>("features");
        QCOMPARE(stepper->value(), 2);
        QTest::keyClick(stepper, Qt::Key_Right);
        QCOMPARE(std::get<int>(last().at("features")), 3);
        QTest::keyClick(controls.findChild<Segment*>("view"), Qt::Key_Left);
        QCOMPARE(std::get<int>(last().at("view")), 0);
        QCOMPARE(last().size(), std::size_t(3)); // every control, not only the one that moved
        // Play walks on and begins again at the end.
        snapshot(controls, {480, 40});
        QTest::mouseClick(controls.findChild<QAbstractButton*>("play"), Qt::LeftButton);
        QVERIFY(controls.playing());
        QTRY_COMPARE_WITH_TIMEOUT(std::get<int>(last().at("features")), 1, 3000);
        controls.stop();
        QVERIFY(!controls.playing());
    }

    void emptyThingsDoNotHurt()
    {
        engine::Study value;
        value.panels = {panel("map", 0, 1, 1), panel("bars", 0, 1, 1), panel("curves", 1, 1, 1),
                        panel("table", 1, 1, 1), panel("chips", 1, 1, 1)};
        value.panels[1].body = engine::BarsBody();
        value.panels[2].body = engine::CurvesBody();
        value.panels[3].body = engine::TableBody();
        value.panels[4].body = engine::ChipsBody();
        StudyView view;
        view.setStudy(value, names());
        QVERIFY(!snapshot(view, {400, 200}).isNull());
        for (StudyPane* pane : view.panels().panes())
            for (const int key : {Qt::Key_Right, Qt::Key_Down, Qt::Key_Return})
                QTest::keyClick(&pane->body(), Qt::Key(key));
        // Numbers that are none, and one bar only.
        engine::BarsBody odd;
        odd.series = {{"", engine::Tint::Own, {notANumber, 1e300, -5}, {}, {}}};
        value.panels[1].body = odd;
        view.setStudy(value, names());
        QVERIFY(!snapshot(view, {400, 200}).isNull());
    }

private:
    static QString number(double value) { return significant(value, 3); }
};

QObject* studyTest()
{
    return new TestStudy;
}

#include "tst_study.moc"
