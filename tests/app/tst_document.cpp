// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/document.h"
#include "app/results.h"
#include "engine/methods/method.h"

#include <QJsonArray>
#include <QSignalSpy>
#include <QTest>

using namespace app;
using engine::LaneIndex;
using engine::TokenPos;

namespace {

DocumentState twoLanes()
{
    DocumentState state;
    state.lanes.resize(2);
    return state;
}

std::shared_ptr<const Sequence> sequenceOf(int prompt, int all)
{
    auto sequence = std::make_shared<Sequence>();
    sequence->ids.resize(std::size_t(all));
    sequence->pieces.resize(std::size_t(all));
    sequence->promptCount = prompt;
    return sequence;
}

// A method with a knob of every kind would be ideal; each that there is comes through with all its presets given.
engine::SessionPlan planWithEveryKnob(const engine::Method& method)
{
    engine::SessionPlan plan;
    plan.everywhere.attention.method = std::string(method.info.id);
    for (const engine::Knob& knob : method.info.knobs)
        plan.everywhere.attention.knobs[std::string(knob.id)] = presetOf(knob);
    plan.overrides[{2}] = plan.everywhere;
    plan.overrides[{2}].parameters["temperature"] = {0.5f, 1.25f};
    plan.backend = engine::Backend::Reference;
    return plan;
}

} // namespace

class TestDocument : public QObject
{
    Q_OBJECT

private slots:
    void settersEmitOnceAndOnlyOnChange();
    void selectionStaysInside();
    void stepsWalkAndThenGenerate();
    void onlyTheNextTokenIsAskedFor();
    void stateGoesThroughJson();
    void keysOfLaterVersionsAreKept();
    void badJsonIsRefusedInASentence_data();
    void badJsonIsRefusedInASentence();
};

void TestDocument::settersEmitOnceAndOnlyOnChange()
{
    Document document(twoLanes());
    QSignalSpy prompts(&document, &Document::promptChanged), plans(&document, &Document::planChanged),
        layouts(&document, &Document::layoutChanged), runs(&document, &Document::runChanged),
        jobs(&document, &Document::jobsChanged), messages(&document, &Document::messageChanged);
    document.setPrompt("Once");
    document.setPrompt("Once");
    QCOMPARE(prompts.count(), 1);

    const engine::SessionPlan plan = planWithEveryKnob(engine::methods().back());
    document.setPlan({1}, plan);
    document.setPlan({1}, plan);
    QCOMPARE(plans.count(), 1);
    QCOMPARE(plans.first().first().value<LaneIndex>(), LaneIndex{1});
    document.setPlan({7}, plan); // there is no such lane
    QCOMPARE(plans.count(), 1);

    ViewLayout layout;
    layout.dark = true;
    layout.scale = 99;
    document.setLayout(layout);
    document.setLayout(layout);
    QCOMPARE(layouts.count(), 1);
    QCOMPARE(document.state().layout.scale, 3.0);

    const auto run = std::make_shared<const LaneRun>();
    document.setRun({0}, run);
    document.setRun({0}, run);
    QCOMPARE(runs.count(), 1);

    document.setJob({1, "a", {}, 0, 0});
    document.setJob({1, "a", {}, 0, 0});
    document.setJob({1, "a", {}, 0.5, 0});
    document.endJob(1);
    document.endJob(1);
    QCOMPARE(jobs.count(), 3);

    document.report(engine::Error(engine::Fault::File, "gone.bin cannot be opened"));
    document.report(engine::Error(engine::Fault::File, "gone.bin cannot be opened"));
    QCOMPARE(messages.count(), 1);
    QCOMPARE(document.message()->what, "gone.bin cannot be opened");
}

void TestDocument::selectionStaysInside()
{
    Document document(twoLanes());
    document.setSequence(sequenceOf(8, 8));
    QSignalSpy selections(&document, &Document::selectionChanged);
    Selection selection;
    selection.query = TokenPos{5};
    selection.key = TokenPos{3};
    document.select(selection);
    QCOMPARE(selections.count(), 1);
    document.setSequence(sequenceOf(4, 4)); // the pinned cell is no longer there
    QVERIFY(!document.state().selection.query);
    QVERIFY(!document.state().selection.key);
}

void TestDocument::stepsWalkAndThenGenerate()
{
    Document document(twoLanes());
    document.setSequence(sequenceOf(4, 4));
    QCOMPARE(document.lastRow(), 3);
    document.stepFirst();
    QCOMPARE(document.lastRow(), 0);
    document.stepBack();
    QCOMPARE(document.lastRow(), 0);
    document.stepForward();
    QCOMPARE(document.lastRow(), 1);
    document.stepTo(99);
    QCOMPARE(document.lastRow(), 3);
    QVERIFY(!document.state().selection.step); // it follows what is generated
    QCOMPARE(document.state().generated, 0);
    document.stepForward();
    QCOMPARE(document.state().generated, 1);
    document.setSequence(sequenceOf(4, 5));
    QCOMPARE(document.lastRow(), 4);
}

void TestDocument::onlyTheNextTokenIsAskedFor()
{
    Document document(twoLanes());
    document.setSequence(sequenceOf(4, 4));
    for (int press = 0; press < 5; ++press)
        document.stepForward();
    QCOMPARE(document.state().generated, 1);
}

void TestDocument::stateGoesThroughJson()
{
    for (const engine::Method& method : engine::methods()) {
        DocumentState state = twoLanes();
        state.checkpoint = "models/stories";
        state.tokenizer = "tok.bin";
        state.device = "pocl";
        state.prompt = "Once upon a \"time\"\n\xC3\xA9";
        state.generated = 3;
        state.lanes[1] = planWithEveryKnob(method);
        state.selection = {{1}, {2}, TokenPos{4}, TokenPos{5}, TokenPos{0}, {1}};
        state.layout = {true, 1.5,   "probes", "key",          "log", 0.25, 0.5, {}, {}, {}, "layer.0.query",
                        {},   false, true,     "dock/explain", {}};
        state.layout.timing = {3, 2, SweepForm{"64:256:x2", "7", true, false}};
        state.layout.sights = {{"maps", {1, 2, 8, 8}}, {"roofline", {0.5, 0, 4.25, 0}}};
        state.bookmarks = {{state.selection, "attention", "the cat"}};
        state.breakpoints = {2, 7};
        QVERIFY(fromJson(toJson(state)) == state);
    }
    QVERIFY(fromJson(toJson(DocumentState())) == DocumentState());
}

void TestDocument::keysOfLaterVersionsAreKept()
{
    QJsonObject json = toJson(twoLanes());
    json["version"] = stateVersion + 1;
    json["annotations"] = QJsonObject{{"where", 3}};
    const QJsonObject again = toJson(fromJson(json));
    QCOMPARE(again["annotations"].toObject()["where"].toInt(), 3);
    QCOMPARE(again["version"].toInt(), stateVersion);
}

void TestDocument::badJsonIsRefusedInASentence_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QString>("said");
    QTest::newRow("no version") << "version" << QJsonValue("x") << "version";
    QTest::newRow("prompt") << "prompt" << QJsonValue(3) << "\"prompt\" is not a text";
    QTest::newRow("negative") << "generated" << QJsonValue(-1) << "\"generated\"";
    QTest::newRow("lanes") << "lanes" << QJsonValue("x") << "\"lanes\" is not a list";
    QTest::newRow("method") << "lanes"
                            << QJsonValue(QJsonArray{QJsonObject{
                                   {"everywhere", QJsonObject{{"attention", QJsonObject{{"method", "nobody"}}}}}}})
                            << "nobody";
    QTest::newRow("scale") << "layout" << QJsonValue(QJsonObject{{"scale", 50}}) << "\"scale\"";
    QTest::newRow("sight") << "layout" << QJsonValue(QJsonObject{{"sights", QJsonObject{{"maps", QJsonArray{1, 2}}}}})
                           << "\"maps\" is not a list of four numbers";
    QTest::newRow("timing") << "layout" << QJsonValue(QJsonObject{{"timing", QJsonObject{{"quantity", 9}}}})
                            << "\"quantity\"";
}

void TestDocument::badJsonIsRefusedInASentence()
{
    QFETCH(QString, key);
    QFETCH(QJsonValue, value);
    QFETCH(QString, said);
    QJsonObject json = toJson(twoLanes());
    json[key] = value;
    try {
        fromJson(json);
        QFAIL("it was taken");
    } catch (const engine::Error& error) {
        QVERIFY2(QString(error.what()).contains(said), error.what());
    }
}

QTEST_GUILESS_MAIN(TestDocument)
#include "tst_document.moc"
