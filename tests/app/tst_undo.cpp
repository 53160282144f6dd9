// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/document.h"
#include "app/history.h"
#include "app/results.h"
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"

#include <QSignalSpy>
#include <QTest>

#include <random>

using namespace app;
using engine::LaneIndex;
using engine::TokenPos;
using namespace std::chrono_literals;

namespace {

constexpr int tokens = 12;

std::shared_ptr<const Sequence> sequenceOf(int count)
{
    auto sequence = std::make_shared<Sequence>();
    sequence->ids.resize(std::size_t(count));
    sequence->pieces.resize(std::size_t(count));
    sequence->promptCount = count;
    return sequence;
}

engine::SessionPlan planOf(std::size_t method)
{
    engine::SessionPlan plan;
    const auto all = engine::methods();
    plan.everywhere.attention.method = std::string(all[method % all.size()].info.id);
    return plan;
}

// One thing a user may do, chosen by a seeded generator; each way of changing the state has its turn.
void doSomething(Document& document, std::mt19937& random)
{
    const auto below = [&random](int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random); };
    const auto layout = [&](auto change) {
        ViewLayout next = document.state().layout;
        change(next);
        document.setLayout(next);
    };
    Selection selection = document.state().selection;
    switch (below(18)) {
    case 0:
        document.pin(TokenPos{below(tokens)}, TokenPos{below(tokens)});
        break;
    case 1:
        document.pin(std::nullopt, std::nullopt);
        break;
    case 2:
        document.stepTo(below(tokens));
        break;
    case 3:
        selection.layer = {below(4)};
        selection.head = {below(8)};
        document.select(selection);
        break;
    case 4:
        selection.lane = {below(document.laneCount())};
        document.select(selection);
        break;
    case 5:
        document.addLane(planOf(std::size_t(below(9))));
        break;
    case 6:
        document.removeLane({below(document.laneCount())});
        break;
    case 7:
        document.makeReference({below(document.laneCount())});
        break;
    case 8:
        document.setPlan({below(document.laneCount())}, planOf(std::size_t(below(9))));
        break;
    case 9:
        document.useReference(below(2) == 0);
        break;
    case 10:
        document.setPrompt("prompt " + std::to_string(below(3)));
        break;
    case 11:
        document.toggleBreakpoint(below(tokens));
        break;
    case 12:
        document.addBookmark("place " + std::to_string(below(5)));
        break;
    case 13:
        layout([&](ViewLayout& next) {
            next.dark = !next.dark;
            next.scale = 1 + 0.1 * below(5);
        });
        break;
    case 14:
        layout([&](ViewLayout& next) {
            next.tab = "tab " + std::to_string(below(4));
            next.mapHigh = 0.1 * (1 + below(5));
            next.leftDock = below(2) == 0;
        });
        break;
    case 15:
        layout([&](ViewLayout& next) {
            next.sights["maps"] = {double(below(9)), 1, 8, 8};
            next.tensor = "tensor " + std::to_string(below(3));
        });
        break;
    case 16:
        layout([&](ViewLayout& next) {
            next.timing.quantity = below(4);
            next.timing.form = SweepForm{QString::number(below(3)), QStringLiteral("5"), below(2) == 0, false};
        });
        break;
    default:
        document.setDeviceName("device " + std::to_string(below(3)));
        break;
    }
}

} // namespace

class TestUndo : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { QApplication::setStyle(new widgets::ProxyStyle); }

    void aHundredStepsBackAndForthAreExact_data();
    void aHundredStepsBackAndForthAreExact();
    void dragsAreOneStep();
    void resultsMoveWithTheirLanes();
    void aNewChangeForgetsWhatWasUndone();
    void backAndForwardWalkThePlaces();
    void undoneMethodsAreRunAgain();
};

void TestUndo::aHundredStepsBackAndForthAreExact_data()
{
    QTest::addColumn<unsigned>("seed");
    for (const unsigned seed : {1u, 2u, 3u, 4u, 5u})
        QTest::addRow("seed %u", seed) << seed;
}

// The law: whatever was done, k steps back give exactly the state before the last k changes, and k forward the last.
void TestUndo::aHundredStepsBackAndForthAreExact()
{
    QFETCH(unsigned, seed);
    std::mt19937 random(seed);
    Document document(startState());
    document.setSequence(sequenceOf(tokens));
    std::vector<DocumentState> walked{document.state()};
    while (walked.size() < 260) {
        doSomething(document, random);
        document.sealStep(); // each is a step of its own, however quickly they follow
        if (!(document.state() == walked.back()))
            walked.push_back(document.state());
    }
    // A random walk through the history: the place in it is known at every moment.
    std::size_t place = walked.size() - 1;
    int undone = 0;
    for (int step = 0; undone < 100 || step < 220; ++step) {
        const bool back = place > 0 && (place + 1 == walked.size() || std::bernoulli_distribution(0.7)(random));
        if (back) {
            document.undo();
            --place;
            ++undone;
        } else {
            document.redo();
            ++place;
        }
        QVERIFY2(document.state() == walked[place], qPrintable(QString::number(step)));
    }
    while (document.canUndo())
        document.undo();
    QVERIFY(document.state() == walked.front());
    while (document.canRedo())
        document.redo();
    QVERIFY(document.state() == walked.back());
}

void TestUndo::dragsAreOneStep()
{
    History history;
    const History::Clock::time_point start{};
    DocumentState first = startState(), now = first;
    const auto drag = [&](double high, std::chrono::milliseconds when) {
        DocumentState next = now;
        next.layout.mapHigh = high;
        history.record(now, next, start + when);
        now = next;
    };
    for (int step = 1; step <= 50; ++step)
        drag(0.01 * step, step * 16ms);
    const DocumentState dragged = now;
    drag(0.9, 50 * 16ms + History::together); // later: another drag
    QVERIFY(history.undo(now) == dragged);
    QVERIFY(history.undo(dragged) == first);
    QVERIFY(!history.canUndo());

    // Another thing in between parts two drags; there and back again is nothing.
    History parted;
    now = first;
    DocumentState tab = first;
    tab.layout.tab = "probes";
    parted.record(first, tab, start + 1ms);
    DocumentState dark = tab;
    dark.layout.dark = true;
    parted.record(tab, dark, start + 2ms);
    QCOMPARE(parted.undoTopics(), Topics(Topic::Theme));
    parted.record(dark, tab, start + 3ms);
    QCOMPARE(parted.undoTopics(), Topics(Topic::Tab));
}

void TestUndo::resultsMoveWithTheirLanes()
{
    Document document(startState());
    std::vector<std::shared_ptr<const LaneRun>> runs;
    for (const float number : {1.0f, 2.0f}) { // equal plans would have equal results
        engine::SessionPlan plan = planOf(0);
        plan.everywhere.parameters["number"] = {number};
        document.addLane(plan);
    }
    for (int lane = 0; lane < 4; ++lane) {
        runs.push_back(std::make_shared<const LaneRun>());
        document.setRun({lane}, runs.back());
    }
    std::vector<int> from;
    connect(&document, &Document::lanesChanged, &document, [&](const std::vector<int>& cameFrom) { from = cameFrom; });
    document.makeReference({1});
    QCOMPARE(from, (std::vector<int>{1, 0, 2, 3}));
    QCOMPARE(document.lane({0}).run, runs[1]);
    QCOMPARE(document.lane({1}).run, runs[0]);
    QCOMPARE(document.comparedLane(), LaneIndex{1});
    document.undo();
    QCOMPARE(document.lane({0}).run, runs[0]);
    document.removeLane({1});
    QCOMPARE(document.laneCount(), 3);
    QCOMPARE(document.lane({2}).run, runs[3]);
    QVERIFY(!document.lane({3}).run);
    document.removeLane({0}); // the reference stays
    QCOMPARE(document.laneCount(), 3);
    while (document.laneCount() < int(mostLanes))
        document.addLane(planOf(2));
    document.addLane(planOf(2));
    QCOMPARE(document.laneCount(), int(mostLanes));
    while (document.laneCount() > 1)
        document.removeLane({1});
    QCOMPARE(document.comparedLane(), LaneIndex{0});
}

void TestUndo::aNewChangeForgetsWhatWasUndone()
{
    Document document(startState());
    document.setPrompt("one");
    document.sealStep();
    document.setPrompt("two");
    document.undo();
    QVERIFY(document.canRedo());
    document.setDeviceName("other");
    QVERIFY(!document.canRedo());
    document.undo();
    QCOMPARE(document.state().prompt, std::string("one"));
}

void TestUndo::backAndForwardWalkThePlaces()
{
    Trail trail;
    const History::Clock::time_point start{};
    const auto place = [](int head) {
        Place at;
        at.selection.head = {head};
        return at;
    };
    trail.visit(place(0), start);
    trail.visit(place(1), start + 1s);
    trail.visit(place(2), start + 1s + 1ms); // passed through quickly: 1 is no place
    trail.visit(place(3), start + 3s);
    QVERIFY(trail.back() == place(2));
    QVERIFY(trail.back() == place(0));
    QVERIFY(!trail.canGoBack());
    QVERIFY(trail.forward() == place(2));
    trail.visit(place(5), start + 3s + 1ms); // a new way from here
    QVERIFY(!trail.canGoForward());
    QVERIFY(trail.back() == place(2));
}

// In the whole program: what is undone is computed and drawn as it was.
void TestUndo::undoneMethodsAreRunAgain()
{
    QTemporaryDir folder;
    WindowRig rig(tinyCheckpoint(folder));
    QVERIFY(rig.rest());
    const DocumentState first = rig.document.state();
    const std::string before = first.lanes[1].everywhere.attention.method;
    rig.document.addLane(planOf(0));
    QVERIFY(rig.rest());
    QVERIFY(rig.document.lane({2}).look);
    rig.document.sealStep();
    rig.document.makeReference({1});
    QVERIFY(rig.rest());
    const auto reference = rig.document.lane({0}).look;
    QCOMPARE(reference->layer->context.plan.attention.method, before);
    QCOMPARE(rig.document.lane({1}).look->layer->exact, rig.document.lane({0}).run);
    QCOMPARE(rig.document.lane({2}).look->layer->exact, rig.document.lane({0}).run);
    rig.document.undo();
    rig.document.undo();
    QVERIFY(rig.rest());
    QVERIFY(rig.document.state() == first);
    QCOMPARE(rig.document.lane({1}).look->layer->exact, rig.document.lane({0}).run);
    QCOMPARE(rig.document.lane({1}).look->layer->context.plan.attention.method, before);
}

QTEST_MAIN(TestUndo)
#include "tst_undo.moc"
