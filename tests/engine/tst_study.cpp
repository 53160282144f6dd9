// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/study.h"
#include "tests/engine/support/heads.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace engine;
using namespace tests;

namespace {

// Both methods over the same heads, every probe recorded.
struct Pair
{
    Pair(std::string_view method, const LayerShape& shape, int tokens, const KnobValues& knobs = {})
        : exactContext(contextOf(baseline, shape))
        , ownContext(contextOf(method, shape))
    {
        ownContext.plan.attention.knobs = knobs;
        const HeadTensors in = randomHeads(shape, tokens, 5);
        Job job;
        AttendOptions every;
        every.everyProbe = true;
        exact = attend(in, exactContext, nullptr, every, job);
        own = attend(in, ownContext, nullptr, every, job);
    }

    LayerPair both() const { return {exact, exactContext, own, ownContext}; }

    LayerContext exactContext, ownContext;
    Attended exact, own;
};

const Panel& panelOf(const std::vector<Panel>& panels, const std::string& id)
{
    for (const Panel& panel : panels)
        if (panel.id == id)
            return panel;
    throw Error(Fault::Internal, "no panel " + id);
}

Study studyOf(const Pair& pair, std::string_view method, const KnobValues& controls, CellAsked cell)
{
    Job job;
    const SessionPlan plan;
    const RunPair runs{plan, *pair.exact.trace, *pair.own.trace, {}, {}};
    return study(findMethod(method), "kernel", controls, pair.both(), cell, runs, job);
}

double numberOf(const Derivation& derivation, const std::string& id)
{
    for (const DerivationLine& line : derivation.lines)
        if (line.id == id)
            return line.value.number.value();
    throw Error(Fault::Internal, "no line " + id);
}

} // namespace

class TestStudy : public QObject
{
    Q_OBJECT

private slots:

    // The last line of an account is the weight that the map shows, in every method that gives one.
    void derivationsEndInTheWeight()
    {
        for (const Method& method : methods()) {
            if (method.derive == nullptr)
                continue;
            for (const bool causal : {true, false}) {
                if (method.info.id != baseline && !causal)
                    continue; // not every method has a form without mask
                const Pair pair(method.info.id, LayerShape{4, 2, 8, 8, causal}, 70);
                const LayerTrace trace(pair.own.trace, {0}, pair.ownContext.shape, pair.ownContext.positions);
                for (const int query : {0, 1, 63, 64, 69})
                    for (const int key : {0, query / 2, query}) {
                        const Derivation account = method.derive(trace, {3}, {query}, {key}, pair.ownContext);
                        const double weight =
                            mapTile(pair.own, pair.ownContext, {3}, {query, 1}, {key, 1}, nullptr).at(0, 0);
                        QVERIFY(account.lines.back().result);
                        QVERIFY(std::abs(account.lines.back().value.number.value() - weight) < 1e-5);
                    }
            }
        }
    }

    void theOutputScaleIsPartOfTheAccount()
    {
        const Pair pair("taylorshift", LayerShape{1, 1, 8, 8, true}, 30, {{"output_scale", true}});
        const LayerTrace trace(pair.own.trace, {0}, pair.ownContext.shape, pair.ownContext.positions);
        const Derivation account = findMethod("taylorshift").derive(trace, {0}, {20}, {7}, pair.ownContext);
        const double weight = mapTile(pair.own, pair.ownContext, {0}, {20, 1}, {7, 1}, nullptr).at(0, 0);
        QVERIFY(std::abs(account.lines.back().value.number.value() - weight) < 1e-5);
    }

    void accountsLieSideBySide()
    {
        const Pair pair("taylorshift", LayerShape{2, 1, 8, 8, true}, 20, {{"temperature", 3.0}});
        Job job;
        const Explanation found = explain(pair.both(), {{1}, {15}, TokenPos{4}}, job);
        QCOMPARE(found.key.value, 4);
        // The same rotated rows, so the same product; the score is another one.
        QVERIFY(std::abs(numberOf(found.exact, "product") - numberOf(found.own, "product")) < 1e-12);
        QVERIFY(std::abs(numberOf(found.own, "score") -
                         3 * numberOf(found.own, "product") / numberOf(found.own, "lengths")) < 1e-12);
        QVERIFY(std::abs(numberOf(found.exact, "score") - numberOf(found.exact, "product") / std::sqrt(8.0)) < 1e-12);
        // Bars of what the head passes on are the rows that were mixed.
        const auto& bars = std::get<BarsBody>(panelOf(found.panels, "explain.output").body);
        const Grid mixed = pair.own.output();
        for (int col = 0; col < 8; ++col)
            QCOMPARE(float(bars.series[1].values[std::size_t(col)]), mixed.at(15, 8 + col));
        // Under both kernels stands the histogram of the row's own scores.
        const auto& curves = std::get<CurvesBody>(panelOf(found.panels, "explain.scores").body);
        QCOMPARE(curves.marks.front().at, numberOf(found.own, "score"));
        QCOMPARE(curves.curves.size(), std::size_t(3));
    }

    void withoutAKeyTheStrongestIsExplained()
    {
        const Pair pair("taylorshift", LayerShape{2, 1, 8, 8, true}, 20);
        Job job;
        const Explanation found = explain(pair.both(), {{0}, {19}, std::nullopt}, job);
        const Grid row = mapTile(pair.exact, pair.exactContext, {0}, {19, 1}, {0, 20}, nullptr);
        for (const float weight : row.row(0))
            QVERIFY(weight <= row.at(0, found.key.value));
    }

    void termsAddUpToTheWeights()
    {
        for (const bool causal : {true, false}) {
            const Pair pair("taylorshift", LayerShape{2, 1, 8, 8, causal}, 65, {{"temperature", 2.0}});
            const Study found = studyOf(pair, "taylorshift", {}, {{1}, {40}, TokenPos{3}});
            const auto& terms = std::get<HeatBody>(panelOf(found.panels, "kernel.terms").body);
            QCOMPARE(terms.maps.size(), std::size_t(3));
            const auto& rest = std::get<HeatBody>(panelOf(found.panels, "kernel.rest").body);
            QCOMPARE(terms.pickedRow, 40);
            QCOMPARE(terms.pickedCol, 3);
            QVERIFY(rest.high > 0 && rest.high < terms.high); // each ends where its own cells do
            const Grid map = mapTile(pair.own, pair.ownContext, {1}, {0, 65}, {0, 65}, nullptr);
            for (int row = 0; row < 65; ++row)
                for (int col = 0; col < 65; ++col) {
                    const float sum = terms.maps[0].cells.at(row, col) + terms.maps[1].cells.at(row, col) +
                                      terms.maps[2].cells.at(row, col);
                    if (causal && col > row)
                        QVERIFY(std::isnan(sum)); // cannot be: hatched
                    else
                        QVERIFY(std::abs(sum - map.at(row, col)) < 1e-5);
                    // With what is left out, over the constant term: exp itself.
                    if (!std::isnan(sum))
                        QVERIFY(std::abs((sum + rest.maps[0].cells.at(row, col)) / terms.maps[0].cells.at(row, col) -
                                         std::exp(terms.maps[1].cells.at(row, col) /
                                                  terms.maps[0].cells.at(row, col))) < 1e-4);
                }
        }
    }

    // The curve over τ goes through what the metrics say of the method run at that τ.
    void theTauCurveIsTheMethods()
    {
        const LayerShape shape{2, 1, 8, 8, true};
        const Pair pair("taylorshift", shape, 40);
        const Study found = studyOf(pair, "taylorshift", {{"tau", 4}}, {{0}, {39}, TokenPos{0}});
        const auto& curves = std::get<CurvesBody>(panelOf(found.panels, "kernel.tau").body);
        QCOMPARE(curves.handle.value(), 4.0);
        const Pair four("taylorshift", shape, 40, {{"temperature", 4.0}});
        const auto place = std::size_t(std::find(curves.pick.values.begin(), curves.pick.values.end(), 4) -
                                       curves.pick.values.begin());
        double moved = 0;
        const Grid a = mapTile(four.exact, four.exactContext, {0}, {0, 40}, {0, 40}, nullptr);
        const Grid b = mapTile(four.own, four.ownContext, {0}, {0, 40}, {0, 40}, nullptr);
        for (int row = 0; row < 40; ++row)
            for (int col = 0; col <= row; ++col)
                moved += 0.5 * std::abs(double(a.at(row, col)) - double(b.at(row, col))) / 40;
        QVERIFY(std::abs(curves.curves[0].y[place] / 100 - moved) < 1e-5);
        QCOMPARE(curves.curves[0].x[place], 4.0);
    }

    void formsAgreeAndTheChosenOneIsMarked()
    {
        const Pair pair("taylorshift", LayerShape{2, 1, 8, 8, true}, 130);
        const Study found = studyOf(pair, "taylorshift", {}, {{0}, {129}, std::nullopt});
        // Each on a scale of its own, so that both can be read: within four decades of its own largest lie most cells.
        const std::pair<const char*, float> bounds[] = {{"kernel.check", 1e-12F}, // both in float64
                                                        {"kernel.ran", 1e-6F}};   // recorded in float32
        for (const auto& [id, bound] : bounds) {
            const auto& check = std::get<HeatBody>(panelOf(found.panels, id).body);
            QCOMPARE(check.maps.size(), std::size_t(1));
            QCOMPARE(check.high, 0.0); // the view ends the colours at the largest
            std::vector<float> sizes;
            for (int row = 0; row < 8; ++row)
                for (const float cell : check.maps[0].cells.row(row))
                    sizes.push_back(std::abs(cell));
            std::ranges::sort(sizes);
            QVERIFY(sizes.back() > 0 && sizes.back() < bound);
            QVERIFY(sizes[sizes.size() / 2] > sizes.back() * 1e-4F);
        }
        const auto& forms = std::get<TableBody>(panelOf(found.panels, "kernel.form").body);
        QCOMPARE(forms.rows[std::size_t(forms.picked)].label, pair.own.form);
    }

    // What is not compared, and why, is said.
    void formsSayWhatIsMissing()
    {
        const auto noteOf = [](const KnobValues& knobs, const KnobValues& controls) {
            const Pair pair("taylorshift", LayerShape{1, 1, 8, 8, true}, 20, knobs);
            const Study found = studyOf(pair, "taylorshift", controls, {{0}, {19}, std::nullopt});
            for (const Panel& panel : found.panels)
                if (panel.id == "kernel.ran")
                    return std::string("compared");
            return panelOf(found.panels, "kernel.check").note;
        };
        QCOMPARE(noteOf({}, {}), std::string("compared"));
        QVERIFY(noteOf({}, {{"tau", 4}}).find("another τ") != std::string::npos);
        QVERIFY(noteOf({{"output_scale", true}}, {}).find("scaled") != std::string::npos);
    }

    // The numbers of the paper's two transition points, as its code computes them.
    void theFormPanelHasThePapersLengths()
    {
        const Pair pair("taylorshift", LayerShape{1, 1, 16, 16, true}, 20);
        const Study found = studyOf(pair, "taylorshift", {}, {{0}, {19}, std::nullopt});
        const auto& rows = std::get<TableBody>(panelOf(found.panels, "kernel.form").body).rows;
        QCOMPARE(rows[rows.size() - 2].cells.front().number.value(), 273.0);
        QCOMPARE(rows.back().cells.front().number.value(), 159.0);
    }

    void aTabNobodyHasIsRefused()
    {
        const Pair pair("taylorshift", LayerShape{2, 1, 8, 8, true}, 4);
        QVERIFY_EXCEPTION_THROWN(studyOf(pair, baseline, {}, {{0}, {3}, std::nullopt}), Error);
    }

    void longSequencesAreSampledAndCancelled()
    {
        const Pair pair("taylorshift", LayerShape{1, 1, 8, 8, true}, 600);
        const Study found = studyOf(pair, "taylorshift", {}, {{0}, {599}, std::nullopt});
        QCOMPARE(std::get<HeatBody>(panelOf(found.panels, "kernel.terms").body).maps[0].cells.rows(), 512);
        QVERIFY(found.second.find("200 rows") != std::string::npos);
        std::stop_source stop;
        stop.request_stop();
        Job stopped(stop.get_token());
        const SessionPlan plan;
        const RunPair runs{plan, *pair.exact.trace, *pair.own.trace, {}, {}};
        QVERIFY_EXCEPTION_THROWN(
            study(findMethod("taylorshift"), "kernel", {}, pair.both(), {{0}, {599}, std::nullopt}, runs, stopped),
            Cancelled);
    }
};

QTEST_APPLESS_MAIN(TestStudy)
#include "tst_study.moc"
