// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/infini/study.h"
#include "tests/engine/support/heads.h"

#include <QtTest/QTest>

#include <algorithm>

using namespace engine;
using namespace tests;

namespace {

constexpr std::string_view id = "infini";
const Positions turned{RopeKind::RotateHalf, 10000.0};

// Both methods over the same random heads, and what the tab is asked for.
struct Fixture
{
    explicit Fixture(int tokens, const KnobValues& knobs = {{"segment", 16}})
        : own(contextOf(id, shape, knobs, turned))
        , exact(contextOf(baseline, shape, {}, turned))
    {
        in = randomHeads(shape, tokens, 41);
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        ownRun = attend(in, own, nullptr, every, job);
        exactRun = attend(in, exact, nullptr, every, job);
        losses.assign(std::size_t(tokens), 2.0F);
        losses.front() = std::numeric_limits<float>::quiet_NaN();
        plan.everywhere = own.plan;
    }

    Study study(int query, const KnobValues& controls = {}, int key = 3) const
    {
        const LayerTrace trace(ownRun.trace, {0}, shape, turned);
        const auto weights = [this](TokenRange queries, TokenRange keys) {
            return matrixOf(mapTile(exactRun, exact, {2}, queries, keys, nullptr));
        };
        Job job;
        return findMethod(id).study(
            "memory",
            {trace, own, {2}, {query}, {key}, controls, weights, plan, *exactRun.trace, *ownRun.trace, losses, losses},
            job);
    }

    LayerShape shape{4, 2, 8, 6, true};
    LayerContext own, exact;
    HeadTensors in;
    Attended ownRun, exactRun;
    SessionPlan plan;
    std::vector<float> losses;
};

const Panel& panel(const Study& study, std::string_view name)
{
    return *std::ranges::find(study.panels, name, &Panel::id);
}

double sum(const std::vector<double>& numbers)
{
    double all = 0;
    for (const double number : numbers)
        all += number;
    return all;
}

} // namespace

class TestInfiniStudy : public QObject
{
    Q_OBJECT

private slots:

    void memoriesAreTheRuns()
    {
        const Fixture fixture(75);
        const Study study = fixture.study(60);
        const auto& maps = std::get<HeatBody>(panel(study, "memories").body);
        const auto kept = fixture.ownRun.trace->snapshots("infini.memory", {0}, {2});
        QCOMPARE(maps.maps.size(), kept.size());
        QCOMPARE(kept.size(), std::size_t(5));
        for (std::size_t i = 0; i < kept.size(); ++i)
            QVERIFY(distance(kept[i].grid, maps.maps[i].cells) < 1e-6);
        QCOMPARE(maps.pickedMap, 2); // query 60 reads the memory after segment 3
        QCOMPARE(maps.map.values, (std::vector<int>{1, 2, 3, 4, 5}));
    }

    void everySegmentCanBeShown()
    {
        const Fixture fixture(75);
        for (int segment = 1; segment <= 5; ++segment) {
            const Study study = fixture.study(60, {{"segment", segment}});
            QCOMPARE(std::get<HeatBody>(panel(study, "memories").body).pickedMap, segment - 1);
            const auto kept = fixture.ownRun.trace->snapshots("infini.written", {0}, {2});
            QVERIFY(distance(kept[std::size_t(segment) - 1].grid,
                             std::get<HeatBody>(panel(study, "written").body).maps.front().cells) < 1e-6);
        }
        QCOMPARE(std::get<HeatBody>(panel(fixture.study(60, {{"segment", 6}}), "memories").body).pickedMap, 0);
    }

    // All that a segment's tokens wrote into a cell is the cell's change.
    void writersAddUp()
    {
        for (const KnobValues& rule :
             {KnobValues{}, KnobValues{{"rule", 1}}, KnobValues{{"rule", 1}, {"correction", true}}}) {
            KnobValues knobs = rule;
            knobs["segment"] = 8; // no more tokens than are listed
            const Fixture fixture(40, knobs);
            const Study study = fixture.study(30, {{"key_feature", 3}, {"value_feature", 2}, {"segment", 4}});
            const auto& bars = std::get<BarsBody>(panel(study, "writers").body);
            QCOMPARE(bars.series.front().values.size(), std::size_t(8));
            const Grid written = fixture.ownRun.trace->snapshots("infini.written", {0}, {2})[3].grid;
            QVERIFY(std::abs(sum(bars.series.front().values) - double(written.at(2, 1))) < 1e-5);
            for (std::size_t i = 0; i < 8; ++i)
                QVERIFY(bars.labels.tokens[i] >= 24 && bars.labels.tokens[i] < 32);
        }
    }

    void readOutIsTheMap()
    {
        const Fixture fixture(75);
        const Study study = fixture.study(60);
        const auto& bars = std::get<BarsBody>(panel(study, "readout").body);
        QCOMPARE(bars.series.size(), std::size_t(2));
        QVERIFY(std::abs(sum(bars.series[0].values) - 1) < 1e-6);
        QVERIFY(std::abs(sum(bars.series[1].values) - 1) < 1e-6);
        const Grid row = mapTile(fixture.ownRun, fixture.own, {2}, {60, 1}, {0, 48}, nullptr);
        for (int key = 0; key < 48; ++key) // g = 0.5
            QVERIFY(std::abs(0.5 * bars.series[1].values[std::size_t(key)] - double(row.at(0, key))) < 1e-6);
        QVERIFY(std::holds_alternative<TableBody>(panel(fixture.study(5), "readout").body));
    }

    // The picked query's output, value by value, is what the run gave.
    void sideIsTheOutput()
    {
        const Fixture fixture(75);
        const Study study = fixture.study(60, {{"value_feature", 4}});
        const auto& table = std::get<TableBody>(panel(study, "reads").body);
        const double output = table.rows.back().cells.front().number.value();
        QVERIFY(std::abs(output - double(fixture.ownRun.output().at(60, 2 * 6 + 3))) < 1e-5);
        for (const char* id : {"reads", "against", "gates", "ledger", "table1"})
            QVERIFY(panel(study, id).side);
        const auto& ledger = std::get<TableBody>(panel(study, "ledger").body);
        QCOMPARE(ledger.rows[0].cells.front().number.value(), 4.0 * 8 * 7);
        QCOMPARE(ledger.rows[1].cells.front().number.value(), 4.0 * 14 * 75);
        QVERIFY(panel(study, "table1").note.find("114×") != std::string::npos);
    }

    void gatesThatNeverMovedAreSaid()
    {
        Fixture fixture(75);
        QVERIFY(fixture.study(60).notices.front().what.find("The gate is 0.50 in all 4 heads") == 0);
        fixture.own.plan.parameters["gate"] = {-4, 0, 2, 5};
        QVERIFY(fixture.study(60).notices.empty());
        const Study study = fixture.study(60);
        const auto& gates = std::get<HeatBody>(panel(study, "gates").body);
        QVERIFY(std::abs(double(gates.maps.front().cells.at(0, 2)) - 1 / (1 + std::exp(-2.0))) < 1e-6);
    }

    void sentenceCounts()
    {
        const Fixture fixture(75);
        const Study study = fixture.study(60);
        QCOMPARE(study.sentence[0].text, std::string("48 tokens in "));
        QCOMPARE(study.sentence[1].text, std::string("224 B"));
        QCOMPARE(study.sentence[3].text, std::string("2.62 KB"));
        QVERIFY(study.sentence[5].strong);
    }

    // One token, one segment, more segments than maps, the other rule: nothing throws, every panel holds finite
    // numbers.
    void anySelectionHasPanels()
    {
        for (const auto& [tokens, query] :
             {std::pair(1, 0), std::pair(16, 15), std::pair(17, 16), std::pair(200, 199)}) {
            for (int rule = 0; rule < 3; ++rule) {
                const Study study = Fixture(tokens).study(query, {{"rule", rule}}, 0);
                QVERIFY(study.panels.size() > 14);
                for (const Panel& each : study.panels) {
                    if (const auto* curves = std::get_if<CurvesBody>(&each.body)) {
                        for (const CurvesBody::Curve& curve : curves->curves) {
                            QCOMPARE(curve.x.size(), curve.y.size());
                            QVERIFY2(std::ranges::all_of(curve.y, [](double y) { return std::isfinite(y); }),
                                     each.id.c_str());
                        }
                    }
                }
            }
        }
    }

    void derivationEndsWithTheWeight()
    {
        for (const int rule : {0, 1}) {
            const Fixture fixture(75, {{"segment", 16}, {"rule", rule}});
            const LayerTrace trace(fixture.ownRun.trace, {0}, fixture.shape, turned);
            for (const auto& [query, key] : {std::pair(60, 50), std::pair(60, 60), std::pair(60, 3), std::pair(3, 1)}) {
                const Derivation derivation = findMethod(id).derive(trace, {2}, {query}, {key}, fixture.own);
                const double weight =
                    double(mapTile(fixture.ownRun, fixture.own, {2}, {query, 1}, {key, 1}, nullptr).at(0, 0));
                QVERIFY(derivation.lines.back().result);
                QVERIFY(std::abs(derivation.lines.back().value.number.value() - weight) < 1e-6);
            }
            QCOMPARE(findMethod(id).derive(trace, {2}, {3}, {9}, fixture.own).lines.back().value.number.value(), 0.0);
        }
    }
};

QTEST_GUILESS_MAIN(TestInfiniStudy)
#include "tst_infinistudy.moc"
