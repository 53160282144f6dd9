// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/behaviour.h"

#include <QtTest/QTest>

#include <cmath>

using namespace engine;

namespace {

using Rows = std::vector<std::vector<float>>;

Grid mapOf(const Rows& rows)
{
    const int side = int(rows.size());
    std::vector<float> cells(std::size_t(side) * std::size_t(side), 0.0F);
    for (int row = 0; row < side; ++row)
        std::copy(rows[std::size_t(row)].begin(), rows[std::size_t(row)].end(), cells.begin() + row * side);
    return {std::move(cells), side, side};
}

// Every row looks at one key only.
Grid pointing(int side, int (*keyOf)(int query))
{
    Rows rows;
    for (int query = 0; query < side; ++query) {
        std::vector<float> row(std::size_t(query) + 1, 0.0F);
        row[std::size_t(keyOf(query))] = 1;
        rows.push_back(row);
    }
    return mapOf(rows);
}

std::vector<TokenId> tokensOf(std::initializer_list<int> ids)
{
    std::vector<TokenId> tokens;
    for (const int id : ids)
        tokens.push_back({id});
    return tokens;
}

std::vector<TokenId> distinct(int count)
{
    std::vector<TokenId> tokens;
    for (int id = 0; id < count; ++id)
        tokens.push_back({id});
    return tokens;
}

Behaviour of(const std::vector<Behaviour>& all, std::string_view id)
{
    for (const Behaviour& each : all)
        if (each.id == id)
            return each;
    return {};
}

bool near(double a, double b)
{
    return std::abs(a - b) < 1e-7;
}

} // namespace

class BehaviourTest : public QObject
{
    Q_OBJECT

private slots:
    void byHand();
    void pureHeadsAreCalledByTheirName_data();
    void pureHeadsAreCalledByTheirName();
    void repeatsByHand();
    void withoutRepeatsThereIsNoInduction();
    void shortTextsHaveNoName();
    void entropyAndSinkByHand();
    void sinksAreKeysThatManyLookAt();
};

void BehaviourTest::byHand()
{
    const Grid map = mapOf({{1}, {0.25F, 0.75F}, {0.5F, 0.125F, 0.375F}});
    const auto all = behavioursOf(map, distinct(3));
    QVERIFY(near(of(all, "previous").score, (0.25 + 0.125) / 2));
    QVERIFY(near(of(all, "self").score, (0.75 + 0.375) / 2));
    QVERIFY(near(of(all, "sink").score, (0.25 + 0.5) / 2));
    const auto term = [](double p) { return -p * std::log(p); };
    const double second = (term(0.25) + term(0.75)) / std::log(2.0);
    const double third = (term(0.5) + term(0.125) + term(0.375)) / std::log(3.0);
    QVERIFY(near(of(all, "broad").score, (second + third) / 2));
    QCOMPARE(of(all, "local").rows, 0); // no row has more than eight keys
    for (const Behaviour& each : all)
        QVERIFY(!each.title.empty() && !each.definition.empty());
}

void BehaviourTest::pureHeadsAreCalledByTheirName_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("previous") << "previous";
    QTest::newRow("self") << "self";
    QTest::newRow("sink") << "sink";
    QTest::newRow("induction") << "induction";
    QTest::newRow("duplicate") << "duplicate";
    QTest::newRow("local") << "local";
    QTest::newRow("broad") << "broad";
}

void BehaviourTest::pureHeadsAreCalledByTheirName()
{
    QFETCH(QString, name);
    // Twice the same twelve tokens: the second half repeats the first.
    std::vector<TokenId> tokens;
    for (int i = 0; i < 24; ++i)
        tokens.push_back({i % 12});
    Grid map;
    if (name == "previous")
        map = pointing(24, [](int query) { return std::max(0, query - 1); });
    else if (name == "self")
        map = pointing(24, [](int query) { return query; });
    else if (name == "sink")
        map = pointing(24, [](int) { return 0; });
    else if (name == "induction")
        map = pointing(24, [](int query) { return query >= 12 ? query - 11 : query / 2; });
    else if (name == "duplicate")
        map = pointing(24, [](int query) { return query >= 12 ? query - 12 : query / 2; });
    else {
        Rows rows;
        for (int query = 0; query < 24; ++query) {
            const int keys = name == "local" ? std::min(query + 1, 4) : query + 1;
            std::vector<float> row(std::size_t(query) + 1, 0.0F);
            std::fill(row.end() - keys, row.end(), 1.0F / float(keys));
            rows.push_back(row);
        }
        map = mapOf(rows);
    }
    const auto all = behavioursOf(map, tokens);
    const Behaviour* label = labelOf(all);
    QVERIFY(label != nullptr);
    QCOMPARE(QString::fromUtf8(label->id.data(), int(label->id.size())), name);
    QVERIFY(label->score > 0.9);
}

void BehaviourTest::repeatsByHand()
{
    // a b a a: query 2 has one earlier a (0), followed by b (1). Query 3 has two (0, 2); the follower of 2 is the query
    // itself and does not count.
    const Grid map = mapOf({{1}, {0.5F, 0.5F}, {0.25F, 0.5F, 0.25F}, {0.125F, 0.25F, 0.5F, 0.125F}});
    const auto all = behavioursOf(map, tokensOf({1, 2, 1, 1}));
    QCOMPARE(of(all, "duplicate").rows, 2);
    QVERIFY(near(of(all, "duplicate").score, (0.25 + (0.125 + 0.5)) / 2));
    QCOMPARE(of(all, "induction").rows, 2);
    QVERIFY(near(of(all, "induction").score, (0.5 + 0.25) / 2));
}

void BehaviourTest::withoutRepeatsThereIsNoInduction()
{
    const auto all = behavioursOf(pointing(10, [](int query) { return query / 2; }), distinct(10));
    QCOMPARE(of(all, "induction").rows, 0);
    QCOMPARE(of(all, "duplicate").rows, 0);
    QVERIFY(!of(all, "induction").named());
}

void BehaviourTest::shortTextsHaveNoName()
{
    QVERIFY(labelOf(behavioursOf(mapOf({{1}}), distinct(1))) == nullptr);
    QVERIFY(labelOf(behavioursOf(Grid(), {})) == nullptr);
}

void BehaviourTest::entropyAndSinkByHand()
{
    const RowStatistics statistics = rowStatistics(mapOf({{1}, {0.5F, 0.5F}, {0.25F, 0.25F, 0.5F}}));
    const double second = std::log(2.0), third = 0.5 * std::log(4.0) + 0.5 * std::log(2.0);
    QVERIFY(near(statistics.entropy, (0 + second + third) / 3));
    QVERIFY(near(statistics.sink, (0.5 + 0.25) / 2));
}

void BehaviourTest::sinksAreKeysThatManyLookAt()
{
    QCOMPARE(sinkKeys(pointing(16, [](int) { return 0; })), std::vector<int>{0});
    QCOMPARE(sinkKeys(pointing(16, [](int query) { return query < 3        ? query
                                                          : query % 2 == 0 ? 0
                                                                           : 3; })),
             (std::vector<int>{0, 3}));
    // Each looks at itself: no key is looked at by many.
    QVERIFY(sinkKeys(pointing(16, [](int query) { return query; })).empty());
}

QTEST_GUILESS_MAIN(BehaviourTest)
#include "tst_behaviour.moc"
