// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/sampler.h"
#include "tests/support/expect.h"

#include <QtTest/QTest>

#include <cmath>
#include <limits>
#include <map>

using namespace engine;

namespace {

std::vector<int> draws(const Sampling& sampling, const std::vector<float>& logits, int count, int inUse)
{
    Sampler sampler(sampling);
    std::vector<int> ids;
    for (int i = 0; i < count; ++i)
        ids.push_back(sampler.next(logits, inUse).value);
    return ids;
}

} // namespace

// The next token: greedy or drawn, always the same for the same seed.
class TestSampler : public QObject
{
    Q_OBJECT

private slots:
    void greedyTakesTheBestAndTiesGoDown();
    void seedDecides();
    void drawsFollowTheProbabilities();
    void temperatureSharpens();
    void topKKeepsTheBest();
    void topPKeepsTheShare();
    void paddingIsNeverDrawn();
    void brokenLogits();
    void wrongOptionsAreRefused();
};

void TestSampler::greedyTakesTheBestAndTiesGoDown()
{
    QCOMPARE(draws({}, {1, 3, 2, 3}, 3, 4), (std::vector<int>{1, 1, 1}));
    QCOMPARE(draws({.topK = 1, .seed = 9}, {1, 3, 2, 3}, 1, 4), std::vector<int>{1});
}

void TestSampler::seedDecides()
{
    const std::vector<float> logits(50, 0.0F);
    const Sampling first{.temperature = 1, .seed = 1};
    const Sampling second{.temperature = 1, .seed = 2};
    QCOMPARE(draws(first, logits, 100, 50), draws(first, logits, 100, 50));
    QVERIFY(draws(first, logits, 100, 50) != draws(second, logits, 100, 50));
}

void TestSampler::drawsFollowTheProbabilities()
{
    // Logits of 1/2, 1/3, 1/6; of n draws the share strays by about sqrt(p(1−p)/n) = 0.0035, six of them are 0.021.
    const std::vector<float> logits{std::log(3.0F), std::log(2.0F), 0};
    constexpr int count = 20000;
    std::map<int, int> found;
    for (const int id : draws({.temperature = 1, .seed = 3}, logits, count, 3))
        ++found[id];
    for (int id = 0; id < 3; ++id)
        QVERIFY(std::abs(found[id] / double(count) - (3 - id) / 6.0) < 0.021);
}

void TestSampler::temperatureSharpens()
{
    const std::vector<float> logits{1, 0};
    const auto share = [&](double temperature) {
        int ones = 0;
        for (const int id : draws({.temperature = temperature, .seed = 4}, logits, 20000, 2))
            ones += id;
        return ones / 20000.0;
    };
    for (const double temperature : {0.5, 1.0, 2.0})
        QVERIFY(std::abs(share(temperature) - 1 / (1 + std::exp(1 / temperature))) < 0.022);
    QCOMPARE(share(1e-6), 0.0); // no overflow
    QVERIFY(std::abs(share(1e9) - 0.5) < 0.022);
}

void TestSampler::topKKeepsTheBest()
{
    const std::vector<float> logits{0, 2, 1, 2, 1};
    std::map<int, int> found;
    for (const int id : draws({.temperature = 5, .topK = 3, .seed = 5}, logits, 2000, 5))
        ++found[id];
    QCOMPARE(found.size(), 3U);
    QVERIFY(found.contains(1) && found.contains(3) && found.contains(2)); // of the two ones the lower id
}

void TestSampler::topPKeepsTheShare()
{
    const std::vector<float> logits{std::log(5.0F), std::log(3.0F), std::log(2.0F)}; // 0.5, 0.3, 0.2
    const auto kinds = [&](double topP) {
        std::map<int, int> found;
        for (const int id : draws({.temperature = 1, .topP = topP, .seed = 6}, logits, 2000, 3))
            ++found[id];
        return found.size();
    };
    QCOMPARE(kinds(0.49), 1U);
    QCOMPARE(kinds(0.51), 2U);
    QCOMPARE(kinds(0.79), 2U);
    QCOMPARE(kinds(0.81), 3U);
    QCOMPARE(kinds(1), 3U);
    QCOMPARE(kinds(1e-9), 1U);
}

void TestSampler::paddingIsNeverDrawn()
{
    const std::vector<float> logits{0, 0, 100, 100};
    for (const int id : draws({.temperature = 2, .seed = 7}, logits, 500, 2))
        QVERIFY(id < 2);
    QCOMPARE(draws({}, logits, 1, 2), std::vector<int>{0});
}

void TestSampler::brokenLogits()
{
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinite = std::numeric_limits<float>::infinity();
    QCOMPARE(draws({.temperature = 1}, {nan, 1, nan}, 1, 3), std::vector<int>{1});
    QCOMPARE(draws({.temperature = 1}, {0, infinite}, 1, 2), std::vector<int>{1});
    QCOMPARE(draws({.temperature = 1}, {-infinite, 0}, 1, 2), std::vector<int>{1});
    expectError(Fault::Internal, {"2 logits"}, [&] { draws({}, {nan, -infinite}, 1, 2); });
}

void TestSampler::wrongOptionsAreRefused()
{
    expectError(Fault::Request, {"temperature", "-1"}, [] { Sampler({.temperature = -1}); });
    expectError(Fault::Request, {"temperature"}, [] { Sampler({.temperature = std::nan("")}); });
    expectError(Fault::Request, {"top-k", "-2"}, [] { Sampler({.topK = -2}); });
    for (const double topP : {0.0, -0.1, 1.01, std::nan("")})
        expectError(Fault::Request, {"top-p"}, [&] { Sampler({.topP = topP}); });
}

QTEST_APPLESS_MAIN(TestSampler)
#include "tst_sampler.moc"
