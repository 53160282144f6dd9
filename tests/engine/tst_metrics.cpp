// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/metrics.h"

#include <QtTest/QTest>

#include <cmath>
#include <random>

using namespace engine;

namespace {

Metrics metricsOf(const std::vector<std::vector<float>>& exact, const std::vector<std::vector<float>>& other,
                  MapNature nature = {})
{
    MapMetrics metrics(nature);
    for (std::size_t i = 0; i < exact.size(); ++i)
        metrics.add(exact[i], other[i]);
    return metrics.result();
}

bool near(double a, double b, double tolerance = 1e-7)
{
    return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

// Rows of a causal map, positive and summing to 1.
std::vector<std::vector<float>> randomMap(int rows, unsigned seed)
{
    std::mt19937 random(seed);
    std::vector<std::vector<float>> map;
    for (int i = 0; i < rows; ++i) {
        std::vector<double> row;
        double sum = 0;
        for (int j = 0; j <= i; ++j) {
            row.push_back(double(random() % 1000 + 1));
            sum += row.back();
        }
        std::vector<float> cells;
        for (const double cell : row)
            cells.push_back(float(cell / sum));
        map.push_back(cells);
    }
    return map;
}

} // namespace

class MetricsTest : public QObject
{
    Q_OBJECT

private slots:
    void mapByHand();
    void equalMapsDoNotDiffer();
    void shortRowsAreLeftOutOfTopK();
    void tiesGoToTheLowerKey();
    void negativeCellsHaveNoDivergence();
    void zerosAreClampedAndCounted();
    void unnormalisedRowsAreFlagged();
    void sinkIsLeftOut();
    void notFinite();
    void boundsHold();
    void outputs();
    void ranks();
    void modelByHand();
    void modelOfOneToken();
    void perplexityErrorFollowsItsDefinition();
};

void MetricsTest::mapByHand()
{
    const Metrics all = metricsOf({{1}, {0.5F, 0.5F}}, {{1}, {0.25F, 0.75F}});
    QVERIFY(near(metricOf(all, "tv").value, 0.25 / 2)); // ½(¼+¼) in the second row, 0 in the first
    const double kl = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
    QVERIFY(near(metricOf(all, "kl").value, kl / 2));
    const double js = 0.5 * (0.5 * std::log(0.5 / 0.375) + 0.5 * std::log(0.5 / 0.625)) +
                      0.5 * (0.25 * std::log(0.25 / 0.375) + 0.75 * std::log(0.75 / 0.625));
    QVERIFY(near(metricOf(all, "js").value, js / 2));
    const double entropyExact = std::log(2.0), entropyOther = -(0.25 * std::log(0.25) + 0.75 * std::log(0.75));
    QVERIFY(near(metricOf(all, "dH").value, (entropyOther - entropyExact) / 2));
    QVERIFY(near(metricOf(all, "fro").value, std::sqrt(2 * 0.0625) / std::sqrt(1.5)));
    QVERIFY(near(metricOf(all, "fro_nosink").value, 0.25 / 0.5));
    // Only the second row has more than one key: exact's top is key 0 (a tie), the other's key 1.
    QCOMPARE(metricOf(all, "topk@1").value, 0.0);
    QCOMPARE(metricOf(all, "mass@1").value, 1.0); // key 1 holds as much of the exact attention
    QVERIFY(!metricOf(all, "topk@5").applies());
    QVERIFY(near(metricOf(all, "rowsum").value, 0));
    QCOMPARE(metricOf(all, "kl").unit, std::string("nats"));
}

void MetricsTest::equalMapsDoNotDiffer()
{
    const auto map = randomMap(40, 1);
    const Metrics all = metricsOf(map, map);
    for (const char* id : {"tv", "kl", "js", "dH", "fro", "fro_nosink", "kl_clamped"})
        QVERIFY2(metricOf(all, id).applies() && metricOf(all, id).value == 0, id);
    for (const char* id : {"topk@1", "topk@5", "topk@10", "mass@1", "mass@5", "mass@10"})
        QVERIFY2(metricOf(all, id).value == 1, id);
}

void MetricsTest::shortRowsAreLeftOutOfTopK()
{
    // Six keys in the only row that counts for k = 5; four of the five best are shared.
    const std::vector<float> exact{0.3F, 0.25F, 0.2F, 0.15F, 0.1F, 0}, other{0.3F, 0.25F, 0.2F, 0.15F, 0, 0.1F};
    std::vector<std::vector<float>> a{{1}, {1, 0}, {1, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0, 0}, exact};
    std::vector<std::vector<float>> b{{1}, {0, 1}, {0, 1, 0}, {0, 1, 0, 0}, {0, 1, 0, 0, 0}, other};
    const Metrics all = metricsOf(a, b);
    QCOMPARE(metricOf(all, "topk@5").value, 0.8);
    QVERIFY(near(metricOf(all, "mass@5").value, 0.9));
    QVERIFY(near(metricOf(all, "topk@1").value, 1.0 / 5)); // rows 2 to 6; only the last agrees
    QVERIFY(!metricOf(all, "topk@10").applies());
}

void MetricsTest::tiesGoToTheLowerKey()
{
    const Metrics all = metricsOf({{0.25F, 0.25F, 0.25F, 0.25F}}, {{0.3F, 0.3F, 0.2F, 0.2F}});
    QCOMPARE(metricOf(all, "topk@1").value, 1.0);
    const Metrics later = metricsOf({{0.25F, 0.25F, 0.25F, 0.25F}}, {{0.2F, 0.3F, 0.3F, 0.2F}});
    QCOMPARE(metricOf(later, "topk@1").value, 0.0);
}

void MetricsTest::negativeCellsHaveNoDivergence()
{
    for (const bool declared : {true, false}) {
        const Metrics all = metricsOf({{0.5F, 0.5F}}, {{-0.5F, 1.5F}}, {!declared, true});
        for (const char* id : {"tv", "kl", "js", "dH"})
            QVERIFY2(!metricOf(all, id).applies() && !metricOf(all, id).reason.empty(), id);
        QVERIFY(near(metricOf(all, "fro").value, std::sqrt(2.0) / std::sqrt(0.5)));
    }
}

void MetricsTest::zerosAreClampedAndCounted()
{
    const Metrics all = metricsOf({{0.5F, 0.5F, 0}}, {{1, 0, 0}});
    QVERIFY(near(metricOf(all, "kl").value, 0.5 * std::log(0.5) + 0.5 * std::log(0.5 / 1e-12)));
    QCOMPARE(metricOf(all, "kl_clamped").value, 1.0); // where both are 0 nothing is added
    QVERIFY(metricOf(all, "js").value < std::log(2.0));
}

void MetricsTest::unnormalisedRowsAreFlagged()
{
    const Metrics all = metricsOf({{0.5F, 0.5F}}, {{1, 3}}, {true, false});
    QVERIFY(near(metricOf(all, "tv").value, 0.25));
    QVERIFY(!metricOf(all, "tv").note.empty());
    QCOMPARE(metricOf(all, "rowsum").value, 3.0);
    QVERIFY(metricOf(all, "rowsum").note.empty());
    QVERIFY(!metricOf(metricsOf({{0.5F, 0.5F}}, {{0, 0}}, {true, false}), "tv").applies());
}

void MetricsTest::sinkIsLeftOut()
{
    const Metrics all = metricsOf({{0.9F, 0.1F}}, {{0.4F, 0.1F}});
    QCOMPARE(metricOf(all, "fro_nosink").value, 0.0);
    QVERIFY(metricOf(all, "fro").value > 0.5);
    QVERIFY(!metricOf(metricsOf({{1}}, {{1}}), "fro_nosink").applies()); // one key: nothing is left
}

void MetricsTest::notFinite()
{
    for (const Metric& metric : metricsOf({{0.5F, 0.5F}}, {{NAN, 1}}))
        QVERIFY2(!metric.applies(), metric.id.c_str());
    for (const Metric& metric : MapMetrics({}).result())
        QVERIFY2(!metric.applies(), metric.id.c_str());
}

void MetricsTest::boundsHold()
{
    for (unsigned seed = 2; seed < 20; ++seed) {
        const Metrics all = metricsOf(randomMap(30, seed), randomMap(30, seed + 100));
        QVERIFY(metricOf(all, "tv").value > 0 && metricOf(all, "tv").value <= 1);
        QVERIFY(metricOf(all, "kl").value > 0);
        QVERIFY(metricOf(all, "js").value > 0 && metricOf(all, "js").value <= std::log(2.0));
        // Pinsker, row by row and so in the mean of squares: 2·tv² ≤ kl.
        QVERIFY(2 * std::pow(metricOf(all, "tv").value, 2) <= metricOf(all, "kl").value);
        QVERIFY(metricOf(all, "mass@5").value <= 1 + 1e-12);
    }
}

void MetricsTest::outputs()
{
    const Grid exact({3, 4, 0, 0}, 2, 2), other({4, 3, 1, 0}, 2, 2);
    const Metrics all = outputMetrics(exact, other);
    QVERIFY(near(metricOf(all, "out_rel").value, std::sqrt(3.0) / 5));
    QVERIFY(near(metricOf(all, "out_cos").value, 24.0 / 25)); // the row of zeros has no direction
    const Grid zero(std::vector<float>(4), 2, 2);
    QVERIFY(!metricOf(outputMetrics(zero, other), "out_rel").applies());
    QVERIFY(!metricOf(outputMetrics(zero, other), "out_cos").applies());
    QCOMPARE(relativeDistance(zero, zero), 0.0);
    QVERIFY(near(relativeDistance(exact, Grid({6, 8, 0, 0}, 2, 2)), 1));
}

void MetricsTest::ranks()
{
    std::vector<float> cells(64 * 64);
    for (int i = 0; i < 64; ++i)
        cells[std::size_t(i * 65)] = 2;
    QVERIFY(near(effectiveRank(Grid(cells, 64, 64)), 64)); // equal singular values
    QVERIFY(near(effectiveRank(Grid(std::vector<float>(64 * 64, 0.5F), 64, 64)), 1, 1e-6));
    // σ = 3, 1: shares ¾ and ¼.
    const double entropy = -(0.75 * std::log(0.75) + 0.25 * std::log(0.25));
    QVERIFY(near(effectiveRank(Grid({0, 3, 1, 0}, 2, 2)), std::exp(entropy)));
    QCOMPARE(effectiveRank(Grid(std::vector<float>(4), 2, 2)), 0.0);
    const Grid wide(std::vector<float>(1025), 1, 1025);
    QVERIFY(!metricOf(rankMetrics(wide, wide), "rank").applies());
}

void MetricsTest::modelByHand()
{
    // Probabilities (½, ½) then (¾, ¼) against (¼, ¾) then (¾, ¼), as logits.
    const auto ln = [](double p) { return float(std::log(p)); };
    const Grid exact({ln(0.5), ln(0.5), ln(0.75), ln(0.25)}, 2, 2);
    const Grid other({ln(0.25) + 7, ln(0.75) + 7, ln(0.75), ln(0.25)}, 2, 2); // a shift of all logits changes nothing
    const std::vector<int> targets{1, 0};
    const Metrics all = modelMetrics(exact, other, targets);
    const double kl = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
    QVERIFY(near(metricOf(all, "klD").value, kl / 2, 1e-6));
    QVERIFY(near(metricOf(all, "klD").error, kl / 2, 1e-6)); // √(variance/(n − 1)) of (kl, 0)
    QVERIFY(near(metricOf(all, "klD_max").value, kl, 1e-6));
    QVERIFY(near(metricOf(all, "klD_p50").value, kl / 2, 1e-6));
    QVERIFY(near(metricOf(all, "ppl").value, 1 / std::sqrt(0.5 * 0.75), 1e-6));
    QVERIFY(near(metricOf(all, "ppl_other").value, 1 / std::sqrt(0.75 * 0.75), 1e-6));
    QVERIFY(near(metricOf(all, "delta_ppl").value, 4.0 / 3 - 1 / std::sqrt(0.375), 1e-6));
    QVERIFY(near(metricOf(all, "ln_ppl_ratio").value, std::log(4.0 / 3 * std::sqrt(0.375)), 1e-6));
    QCOMPARE(metricOf(all, "same_top1").value, 50.0); // the tie of the first row goes to token 0
    QVERIFY(near(metricOf(all, "same_top1").error, 50.0));
    QVERIFY(near(metricOf(all, "delta_p").value, 12.5, 1e-6));
    QVERIFY(near(metricOf(all, "delta_p_rms").value, 25 / std::sqrt(2.0), 1e-6));
    QVERIFY(near(metricOf(all, "ppl_by_pos@0").value, metricOf(all, "ppl_other").value));
}

void MetricsTest::modelOfOneToken()
{
    const Grid one({0.1F, 0.2F}, 1, 2);
    const Metrics all = modelMetrics(one, one, {});
    QCOMPARE(metricOf(all, "klD").value, 0.0);
    QCOMPARE(metricOf(all, "same_top1").value, 100.0);
    QVERIFY(!metricOf(all, "ppl").applies());
    QVERIFY(!metricOf(modelMetrics(Grid(), Grid(), {}), "klD").applies());
}

void MetricsTest::perplexityErrorFollowsItsDefinition()
{
    // The same logits: the errors of the two perplexities cancel, each alone is that of the mean loss times ppl.
    std::mt19937 random(5);
    std::vector<float> cells;
    std::vector<int> targets;
    std::vector<double> losses;
    for (int i = 0; i < 300 * 7; ++i)
        cells.push_back(float(random() % 1000) / 200);
    const Grid logits(cells, 300, 7);
    double mean = 0;
    for (int i = 0; i < 299; ++i) {
        targets.push_back(int(random() % 7));
        losses.push_back(-logProbability(logits.row(i), targets.back()));
        mean += losses.back() / 299;
    }
    double variance = 0;
    for (const double loss : losses)
        variance += (loss - mean) * (loss - mean) / 299;
    const Metrics all = modelMetrics(logits, logits, targets);
    QVERIFY(near(metricOf(all, "ppl").value, std::exp(mean)));
    QVERIFY(near(metricOf(all, "ppl").error, std::exp(mean) * std::sqrt(variance / 298)));
    QCOMPARE(metricOf(all, "delta_ppl").value, 0.0);
    QVERIFY(metricOf(all, "delta_ppl").error < 1e-6);
    QVERIFY(metricOf(all, "ppl_by_pos@256").applies());
    QVERIFY(!metricOf(all, "ppl_by_pos@384").applies());
}

QTEST_APPLESS_MAIN(MetricsTest)
#include "tst_metrics.moc"
