// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/error.h"
#include "engine/values/grid.h"
#include "engine/values/knob.h"
#include "engine/values/timeline.h"
#include "engine/values/timing.h"
#include "engine/values/trace.h"

#include <QtTest/QTest>

using namespace engine;

// Values that cross to the GUI: their small promises.
class TestValues : public QObject
{
    Q_OBJECT

private slots:
    void gridSlicesShareMemory();
    void knobTextAndBack();
    void knobRefusesWithTheRange();
    void timelineNeedsOneSpanPerPixel();
    void medianAndPercentiles();
    void traceFindsWhatWasRecorded();
};

void TestValues::gridSlicesShareMemory()
{
    const Grid grid({0, 1, 2, 3, 4, 5}, 2, 3);
    const Grid columns = grid.columns(1, 2);
    QCOMPARE(columns.rows(), 2);
    QCOMPARE(columns.at(1, 1), 5.0F);
    QCOMPARE(columns.row(0).data(), grid.row(0).data() + 1);
    QCOMPARE(columns.rowRange(1, 1).at(0, 0), 4.0F);
    QVERIFY(Grid().empty());
}

void TestValues::knobTextAndBack()
{
    const Knob form{"form", "Form", "", Choice{{"auto", "direct"}, 0, true}};
    QCOMPARE(std::get<int>(parseKnob(form, "direct")), 1);
    QCOMPARE(printKnob(form, 1), std::string("direct"));
    const Knob real{"t", "T", "", RealRange{0, 10, 1}};
    QCOMPARE(std::get<double>(parseKnob(real, "2.5")), 2.5);
    QCOMPARE(printKnob(real, 2.5), std::string("2.5"));
    const Knob flag{"f", "F", "", Flag{false}};
    QCOMPARE(printKnob(flag, parseKnob(flag, "on")), std::string("true"));
}

void TestValues::knobRefusesWithTheRange()
{
    const Knob real{"t", "T", "", RealRange{0, 10, 1}};
    for (const char* bad : {"11", "-1", "nan", "", "1x", "inf"}) {
        try {
            parseKnob(real, bad);
            QFAIL(bad);
        } catch (const Error& error) {
            QCOMPARE(int(error.fault()), int(Fault::Request));
            QVERIFY(std::string(error.what()).find("0 to 10") != std::string::npos);
        }
    }
}

void TestValues::timelineNeedsOneSpanPerPixel()
{
    Timeline timeline;
    std::vector<Span> spans;
    for (int i = 0; i < 1000; ++i)
        spans.push_back({"k", {0}, i * 10, i * 10 + 5});
    spans.push_back({"long", {0}, 2000, 4000});
    timeline.add(spans);
    const std::vector<Span> visible = timeline.visible({0}, 0, 10000, 50);
    QVERIFY(visible.size() <= 50);
    QVERIFY(std::ranges::any_of(visible, [](const Span& span) { return span.label == "long"; }));
    QVERIFY(timeline.visible({1}, 0, 10, 5).empty());
}

void TestValues::medianAndPercentiles()
{
    const Timing timing = summarise({50, 10, 40, 20, 30}, true);
    QCOMPARE(timing.medianNs, 30);
    QCOMPARE(timing.p20Ns, 10);
    QCOMPARE(timing.p80Ns, 40);
    QCOMPARE(timing.samplesNs.front(), 50);
    QCOMPARE(summarise({7}, false).medianNs, 7);
}

void TestValues::traceFindsWhatWasRecorded()
{
    std::vector<Trace::Record> records;
    records.push_back({"b", {{1}, {0}, {4}}, Provenance::Computed, Grid({1}, 1, 1)});
    records.push_back({"b", {{1}, {0}, {2}}, Provenance::Computed, Grid({2}, 1, 1)});
    records.push_back({"a", {{0}, allHeads, {}}, Provenance::Computed, Grid({3}, 1, 1)});
    const Trace trace(std::move(records), false);
    QCOMPARE(trace.grid("a", {{0}}).at(0, 0), 3.0F);
    QVERIFY(trace.grid("a", {{1}}).empty());
    const auto snapshots = trace.snapshots("b", {1}, {0});
    QCOMPARE(snapshots.size(), 2U);
    QCOMPARE(snapshots.front().where.token.value, 2);
}

QTEST_APPLESS_MAIN(TestValues)
#include "tst_values.moc"
