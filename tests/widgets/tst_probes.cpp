// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/chartview.h"
#include "widgets/heatmapview.h"
#include "widgets/knobform.h"
#include "widgets/methodabout.h"
#include "widgets/numberview.h"
#include "widgets/probepanel.h"
#include "widgets/snapshot.h"

#include <QAbstractAxis>
#include <QChart>
#include <QChartView>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineSeries>
#include <QLogValueAxis>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTest>

#include <cmath>
#include <limits>

using namespace widgets;

namespace {

std::vector<engine::Knob> knobs()
{
    return {{"causal", "Causal", "Keys after the query are left out.", engine::Flag{true}},
            {"segment", "Segment", "Tokens of a segment.", engine::IntRange{16, 2048, 256}},
            {"temperature", "Temperature τ", "The factor on cos(q, k).", engine::RealRange{0.01, 100, 1}},
            {"form", "Form", "How it is computed.", engine::Choice{{"auto", "direct", "efficient"}, 0, true}}};
}

ProbeValue probe(engine::Look look, int rows, int cols)
{
    ProbeValue value;
    value.spec = {"method.probe",
                  "Denominator",
                  "What a row is divided by: its smallest value tells how far from zero it stays.",
                  "",
                  look,
                  engine::Axis::Token,
                  engine::Axis::Feature,
                  engine::Provenance::Computed,
                  false};
    std::vector<float> cells;
    for (int i = 0; i < rows * cols; ++i)
        cells.push_back(float(std::sin(i * 0.7) + i * 0.01));
    value.grid = engine::Grid(std::move(cells), rows, cols);
    value.rows = words(rows);
    value.method = taylorIdentity();
    return value;
}

ChartValue timeChart()
{
    ChartValue chart;
    for (const Identity& identity : {exactIdentity(), taylorIdentity()}) {
        ChartSeries series{identity.title, identity, {}, {}};
        for (int n = 128; n <= 8192; n *= 2) {
            const double ms = identity == exactIdentity() ? n * double(n) * 3e-6 : n * 1.1e-3 + 0.05;
            series.points.emplace_back(n, ms);
            series.band.emplace_back(ms * 0.9, ms * 1.15);
        }
        chart.series.push_back(series);
    }
    chart.x = {"tokens", true};
    chart.y = {"ms", true};
    return chart;
}

} // namespace

class TestProbes : public QObject
{
    Q_OBJECT

private slots:

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void knobsGoRound()
    {
        KnobForm form;
        QSignalSpy changed(&form, &KnobForm::changed);
        const engine::KnobValues given{{"segment", 64}, {"temperature", 2.5}};
        form.setKnobs(knobs(), given);
        QCOMPARE(changed.count(), 0); // by the program
        QCOMPARE(std::get<bool>(form.values().at("causal")), true);
        QCOMPARE(std::get<int>(form.values().at("segment")), 64);
        QCOMPARE(std::get<double>(form.values().at("temperature")), 2.5);
        QCOMPARE(form.findChild<QDoubleSpinBox*>("temperature")->value(), 2.5);
        QCOMPARE(form.findChild<QSpinBox*>("segment")->value(), 64);
        const auto last = [&] { return changed.last().first().value<engine::KnobValues>(); };
        form.findChild<QCheckBox*>("causal")->click();
        QCOMPARE(std::get<bool>(last().at("causal")), false);
        form.findChild<QSpinBox*>("segment")->setValue(128);
        QCOMPARE(std::get<int>(last().at("segment")), 128);
        form.findChild<QDoubleSpinBox*>("temperature")->setValue(4);
        QCOMPARE(std::get<double>(last().at("temperature")), 4.0);
        form.findChild<QComboBox*>("form")->setCurrentIndex(2);
        QCOMPARE(std::get<int>(last().at("form")), 2);
        QCOMPARE(changed.count(), 4);
        QCOMPARE(last().size(), std::size_t(4)); // every knob, not only the one that moved
        // What it says can be shown again.
        const auto values = last();
        form.setKnobs(knobs(), values);
        QCOMPARE(changed.count(), 4);
        QVERIFY(form.values() == values);
    }

    void slidersFollowAndLead()
    {
        KnobForm form;
        form.setKnobs(knobs(), {});
        QSignalSpy changed(&form, &KnobForm::changed);
        const auto sliders = form.findChildren<QSlider*>();
        QCOMPARE(sliders.size(), 2);
        sliders[0]->setValue(2048);
        QCOMPARE(std::get<int>(form.values().at("segment")), 2048);
        sliders[1]->setValue(sliders[1]->maximum());
        QCOMPARE(std::get<double>(form.values().at("temperature")), 100.0);
        QCOMPARE(changed.count(), 2);
        QVERIFY(form.findChild<QSpinBox*>("segment")->toolTip().contains("segment"));
    }

    // A value with more digits than the box shows is not rounded by being shown.
    void showingDoesNotChange()
    {
        KnobForm form;
        form.setKnobs(knobs(), {{"temperature", 1.0 / 3}});
        QCOMPARE(std::get<double>(form.values().at("temperature")), 1.0 / 3);
    }

    void otherKnobsMakeAnotherForm()
    {
        KnobForm form;
        form.setKnobs(knobs(), {});
        form.setKnobs({knobs()[1]}, {});
        QCOMPARE(form.values().size(), std::size_t(1));
        QVERIFY(!form.findChild<QComboBox*>("form"));
        form.setKnobs({}, {});
        QVERIFY(form.values().empty());
    }

    void chartReplacesAllSeries()
    {
        ChartView view;
        view.setChart(timeChart());
        const auto chart = [&view] { return view.findChild<QChartView*>()->chart(); };
        QCOMPARE(chart()->series().size(), 4); // a line and a band each
        view.setChart(timeChart());
        QCOMPARE(chart()->series().size(), 4);
        QCOMPARE(chart()->axes().size(), 2);
        QVERIFY(qobject_cast<QLogValueAxis*>(chart()->axes().first()));
        QCOMPARE(view.accessibleName(), "exact, TaylorShift");
        view.setChart({});
        QCOMPARE(chart()->series().size(), 0);
        snapshot(view, {300, 200});
    }

    void chartLeavesOutWhatCannotBeShown()
    {
        ChartValue chart = timeChart();
        chart.series[0].points[2].setY(0); // no place on a logarithmic axis
        chart.series[0].points[3].setY(std::numeric_limits<double>::quiet_NaN());
        ChartView view;
        view.setChart(chart);
        int points = 0;
        for (const auto* series : view.findChild<QChartView*>()->chart()->series())
            if (const auto* line = qobject_cast<const QLineSeries*>(series); line && line->name() == "exact")
                points = int(line->count());
        QCOMPARE(points, int(chart.series[0].points.size()) - 2);
    }

    void chartFollowsTheTheme()
    {
        ChartView view;
        view.setChart(timeChart());
        QCOMPARE(snapshot(view, {400, 260}).pixelColor(399, 140), Theme::light().panel);
        ThemeSource::instance().set(true, 1.0);
        QCOMPARE(snapshot(view, {400, 260}).pixelColor(399, 140), Theme::night().panel);
        for (const auto* axis : view.findChild<QChartView*>()->chart()->axes()) {
            QCOMPARE(axis->gridLinePen().color(), Theme::night().grid);
            QCOMPARE(axis->labelsColor(), Theme::night().secondary);
        }
    }

    void everyLookHasItsView_data()
    {
        QTest::addColumn<int>("look");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        for (int look = 0; look < 4; ++look)
            for (const auto& [rows, cols] :
                 {std::pair(1, 1), std::pair(1, 8), std::pair(30, 1), std::pair(30, 8), std::pair(0, 0)})
                QTest::addRow("look %d, %d x %d", look, rows, cols) << look << rows << cols;
    }

    void everyLookHasItsView()
    {
        QFETCH(int, look);
        QFETCH(int, rows);
        QFETCH(int, cols);
        ProbePanel panel;
        panel.setProbe(probe(engine::Look(look), rows, cols));
        const QImage picture = snapshot(panel, {500, 320});
        QCOMPARE(picture.pixelColor(0, 319), theme().panel);
        const bool something = rows > 0;
        QCOMPARE(!panel.findChild<HeatmapView*>()->parentWidget()->isHidden(),
                 something && look == int(engine::Look::Heatmap));
        QCOMPARE(!panel.findChild<ChartView*>()->isHidden(),
                 something && (look == int(engine::Look::Bars) || look == int(engine::Look::Curve)));
        QCOMPARE(!panel.findChild<NumberView*>()->isHidden(), something && look == int(engine::Look::Number));
        QCOMPARE(panel.accessibleName(), "Denominator");
        panel.setRow(1000); // beyond the last: the last
        snapshot(panel, {500, 320});
    }

    void probeMapsReportTheirCells()
    {
        ProbePanel panel;
        panel.setProbe(probe(engine::Look::Heatmap, 12, 8));
        snapshot(panel, {500, 400});
        auto* map = panel.findChild<HeatmapView*>();
        QSignalSpy picked(&panel, &ProbePanel::picked);
        QTest::mouseClick(map, Qt::LeftButton, {}, map->layout().rectOf({7, 3}).center().toPoint());
        QCOMPARE(picked.count(), 1);
        QCOMPARE(picked[0][0].value<Cell>(), (Cell{7, 3}));
    }

    void aboutReadsMarkdownAndLoadsNothing()
    {
        MethodAbout about;
        about.setAbout("# TaylorShift\n\nThe **idea**. ![x](file:///etc/hostname) [paper](https://example.org)\n");
        QVERIFY(about.toPlainText().contains("The idea."));
        QVERIFY(!about.openLinks());
        ThemeSource::instance().set(true, 1.5);
        QCOMPARE(about.document()->defaultFont().pixelSize(), theme().font().pixelSize());
        QVERIFY(about.toPlainText().contains("The idea."));
    }

    void gallery()
    {
        KnobForm form;
        form.setAutoFillBackground(true);
        form.setKnobs(knobs(), {{"temperature", 40.0}});
        toGallery(form, {320, 150}, "knobs");
        ChartView chart;
        chart.setChart(timeChart());
        toGallery(chart, {560, 380}, "chart");
        ProbePanel panel;
        panel.setProbe(probe(engine::Look::Heatmap, 64, 16));
        toGallery(panel, {520, 420}, "probe-map");
        panel.setProbe(probe(engine::Look::Bars, 1, 16));
        toGallery(panel, {520, 320}, "probe-bars");
        panel.setProbe(probe(engine::Look::Curve, 64, 1));
        toGallery(panel, {520, 320}, "probe-curve");
        panel.setProbe(probe(engine::Look::Curve, 64, 4));
        toGallery(panel, {520, 320}, "probe-curves");
        panel.setProbe(probe(engine::Look::Number, 4, 1));
        toGallery(panel, {520, 140}, "probe-number");
        MethodAbout about;
        about.setAbout(
            "# TaylorShift\n\n**Idea.** Exp is replaced by its Taylor series of order two, `1 + x + x²/2`.\n\n- exact: "
            "N²\n- efficient: N·d³\n\n| form | cost |\n|---|---|\n| direct | 4N²d + 6N² |\n");
        toGallery(about, {420, 260}, "about");
    }
};

QObject* probesTest()
{
    return new TestProbes;
}

#include "tst_probes.moc"
