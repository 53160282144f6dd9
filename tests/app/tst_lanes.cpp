// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/laneengine.h"
#include "app/lanes.h"
#include "app/results.h"
#include "engine/compare/metrics.h"
#include "tests/support/samples.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <thread>

using namespace app;
using engine::LaneIndex;
using engine::TokenPos;

namespace {

constexpr LaneIndex comparedLane{1};
constexpr const char* text = "the cat and the dog";

// Document and lanes as the wiring joins them, on the reference: no device is needed to test the chain.
struct Rig
{
    explicit Rig(const std::filesystem::path& checkpoint, const std::string& prompt = text,
                 engine::Backend backend = engine::Backend::Reference)
        : document(stateOf(checkpoint, prompt, backend))
        , lanes(document)
    {
        using D = Document;
        QObject::connect(&document, &D::checkpointChanged, &lanes, &Lanes::open);
        QObject::connect(&document, &D::promptChanged, &lanes, &Lanes::encode);
        QObject::connect(&document, &D::generatedChanged, &lanes, &Lanes::generate);
        QObject::connect(&document, &D::planChanged, &lanes, &Lanes::rerun);
        QObject::connect(&document, &D::selectionChanged, &lanes, &Lanes::lookAtSelection);
        QObject::connect(&document, &D::layoutChanged, &lanes, &Lanes::showProbes);
    }

    static DocumentState stateOf(const std::filesystem::path& checkpoint, const std::string& prompt,
                                 engine::Backend backend)
    {
        DocumentState state = startState();
        state.checkpoint = checkpoint;
        state.prompt = prompt;
        for (engine::SessionPlan& plan : state.lanes)
            plan.backend = backend;
        return state;
    }

    bool open()
    {
        lanes.open();
        return rest();
    }

    bool rest()
    {
        return QTest::qWaitFor([this] { return lanes.idle(); }, 60000);
    }

    Document document;
    Lanes lanes;
};

bool sameCells(const engine::Grid& a, const engine::Grid& b)
{
    if (a.rows() != b.rows() || a.cols() != b.cols())
        return false;
    for (int row = 0; row < a.rows(); ++row)
        if (!std::equal(a.row(row).begin(), a.row(row).end(), b.row(row).begin()))
            return false;
    return true;
}

} // namespace

class TestLanes : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void aCheckpointBecomesMaps();
    void theMapIsTheEnginesMap();
    void nothingComputesOnThisThread();
    void steppingOnGeneratesForAllLanesTheSame();
    void rowsInViewHaveTheirOwnNumbers();
    void anotherHeadKeepsTheLayer();
    void aKnobRunsOneLaneAgain();
    void probesAreRecordedForTheirTabOnly();
    void idsStandInForATokenizer();
    void aTokenizerThatDoesNotFitIsLeftOut();
    void aHostileFileIsAMessage();
    void theDeviceTakesOver();
    void closingDoesNotWaitForWork();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestLanes::init()
{
    m_path = std::filesystem::path(m_folder.path().toStdString()) / "tiny";
    if (!std::filesystem::exists(m_path)) {
        samples::Shape shape;
        shape.layers = 2;
        samples::writeLlamaFolder(m_path, shape);
    }
}

void TestLanes::aCheckpointBecomesMaps()
{
    Rig rig(m_path);
    QVERIFY(rig.open());
    const Document& document = rig.document;
    QVERIFY2(!document.message(), document.message() ? qPrintable(document.message()->what) : "");
    QVERIFY(document.model());
    QCOMPARE(document.sequence()->promptCount, document.tokenCount());
    for (const LaneIndex lane : {exactLane, comparedLane}) {
        const LaneResults& results = document.lane(lane);
        QVERIFY(results.run && results.look && results.timing && results.row);
        QCOMPARE(results.look->map.tokens, document.tokenCount());
        QVERIFY(results.look->proof < 1e-6);
        QVERIFY(results.timing->timing.samplesNs.size() >= 3);
        QCOMPARE(int(results.run->losses.size()), document.tokenCount());
        QVERIFY(results.run->losses.back() > 0);
    }
    QVERIFY(document.lane(comparedLane).rows->metrics.size() > 3);
    QVERIFY(document.lane(exactLane).look->metrics.empty());
}

void TestLanes::theMapIsTheEnginesMap()
{
    Rig rig(m_path);
    Selection selection;
    selection.layer = {1};
    selection.head = {2};
    rig.document.select(selection);
    QVERIFY(rig.open());
    const auto exactRun = rig.document.lane(exactLane).run;
    const auto look = rig.document.lane(comparedLane).look;
    const auto exactLook = rig.document.lane(exactLane).look;
    QCOMPARE(look->layer->layer.value, 1);
    QCOMPARE(look->head.value, 2);

    // The same by hand: the method over what the exact lane recorded.
    engine::Job job;
    const engine::HeadTensors in = engine::headTensors(*exactRun->trace, {1});
    const engine::SessionPlan& plan = rig.document.state().lanes[1];
    const engine::LayerContext context = engine::layerContext(*rig.document.model(), plan, {1}, {});
    const engine::Attended attended = engine::attend(in, context, nullptr, {}, job);
    const engine::Grid map = engine::mapTile(attended, context, {2}, {0, in.tokens()}, {0, in.tokens()}, nullptr);
    QVERIFY(sameCells(look->map.cells, map));
    const int last = in.tokens() - 1;
    QCOMPARE(look->difference.cells.at(last, 1), map.at(last, 1) - exactLook->map.cells.at(last, 1));
    QVERIFY(sameCells(rig.document.lane(comparedLane).row->weights, map.rowRange(last, 1)));
}

void TestLanes::nothingComputesOnThisThread()
{
    std::atomic<int> here = 0, elsewhere = 0;
    const std::thread::id gui = std::this_thread::get_id();
    setEngineHook([&, gui](const char*) { ++(std::this_thread::get_id() == gui ? here : elsewhere); });
    {
        Rig rig(m_path);
        QVERIFY(rig.open());
        rig.document.stepBack();
        rig.document.stepLast();
        rig.document.stepForward();
        ViewLayout layout;
        layout.tab = "probes";
        rig.document.setLayout(layout);
        QVERIFY(rig.rest());
    }
    setEngineHook({});
    QCOMPARE(here.load(), 0);
    QVERIFY(elsewhere.load() > 8);
}

void TestLanes::steppingOnGeneratesForAllLanesTheSame()
{
    Rig rig(m_path);
    QVERIFY(rig.open());
    const int before = rig.document.tokenCount();
    const engine::TokenId expected = rig.document.lane(exactLane).run->next;
    rig.document.stepForward();
    QVERIFY(rig.rest());
    QCOMPARE(rig.document.tokenCount(), before + 1);
    QCOMPARE(rig.document.sequence()->ids.back(), expected);
    QCOMPARE(rig.document.sequence()->promptCount, before);
    for (const LaneIndex lane : {exactLane, comparedLane}) {
        QCOMPARE(rig.document.lane(lane).run->sequence, rig.document.sequence());
        QCOMPARE(rig.document.lane(lane).look->map.tokens, before + 1);
    }
    // Fed on or fed whole is the same run.
    const auto logits = rig.document.lane(exactLane).run->trace->grid(engine::probes::logits, {});
    Rig whole(m_path);
    QVERIFY(whole.open());
    whole.document.setGenerated(2);
    QVERIFY(whole.rest());
    QCOMPARE(whole.document.tokenCount(), before + 2);
    const auto again = whole.document.lane(exactLane).run->trace->grid(engine::probes::logits, {});
    QVERIFY(sameCells(logits, again.rowRange(0, before + 1)));
    whole.document.setGenerated(1); // and back
    QVERIFY(whole.rest());
    QCOMPARE(whole.document.tokenCount(), before + 1);
    QCOMPARE(whole.document.sequence()->ids, rig.document.sequence()->ids);
}

void TestLanes::rowsInViewHaveTheirOwnNumbers()
{
    Rig rig(m_path);
    QVERIFY(rig.open());
    const auto all = rig.document.lane(comparedLane).rows;
    QCOMPARE(all->rows, rig.document.tokenCount());
    const int rows = 5;
    rig.document.stepTo(rows - 1);
    QVERIFY(rig.rest());
    const auto some = rig.document.lane(comparedLane).rows;
    QCOMPARE(some->rows, rows);
    engine::MapMetrics expected({});
    for (int row = 0; row < rows; ++row)
        expected.add(rig.document.lane(exactLane).look->map.cells.row(row).first(std::size_t(row) + 1),
                     rig.document.lane(comparedLane).look->map.cells.row(row).first(std::size_t(row) + 1));
    QCOMPARE(engine::metricOf(some->metrics, "tv").value, engine::metricOf(expected.result(), "tv").value);
    QVERIFY(engine::metricOf(some->metrics, "out_rel").applies());
}

void TestLanes::anotherHeadKeepsTheLayer()
{
    Rig rig(m_path);
    QVERIFY(rig.open());
    const auto layer = rig.document.lane(comparedLane).look->layer;
    Selection selection = rig.document.state().selection;
    selection.head = {1};
    rig.document.select(selection);
    QVERIFY(rig.rest());
    QCOMPARE(rig.document.lane(comparedLane).look->head.value, 1);
    QCOMPARE(rig.document.lane(comparedLane).look->layer, layer); // not attended again
    selection.layer = {1};
    rig.document.select(selection);
    QVERIFY(rig.rest());
    QCOMPARE(rig.document.lane(comparedLane).look->layer->layer.value, 1);
    QVERIFY(rig.document.lane(comparedLane).timing->layer == rig.document.lane(comparedLane).look->layer);
}

void TestLanes::aKnobRunsOneLaneAgain()
{
    Rig rig(m_path);
    QVERIFY(rig.open());
    const auto exact = rig.document.lane(exactLane);
    const auto before = rig.document.lane(comparedLane);
    engine::SessionPlan plan = rig.document.state().lanes[1];
    plan.everywhere.attention = {};
    rig.document.setPlan(comparedLane, plan);
    QVERIFY(rig.rest());
    QCOMPARE(rig.document.lane(exactLane).run, exact.run);
    QVERIFY(rig.document.lane(comparedLane).run != before.run);
    // Exact against exact: nothing moves.
    QCOMPARE(engine::metricOf(rig.document.lane(comparedLane).rows->metrics, "tv").value, 0.0);
}

void TestLanes::probesAreRecordedForTheirTabOnly()
{
    Rig rig(m_path);
    QVERIFY(rig.open());
    QVERIFY(!rig.document.lane(comparedLane).probes);
    ViewLayout layout;
    layout.tab = "probes";
    rig.document.setLayout(layout);
    QVERIFY(rig.rest());
    for (const LaneIndex lane : {exactLane, comparedLane}) {
        const auto& layer = rig.document.lane(lane).probes;
        QVERIFY(layer);
        const engine::MethodInfo& info = engine::findMethod(layer->context.plan.attention.method).info;
        int recorded = 0;
        for (const engine::ProbeSpec& probe : info.probes)
            recorded += layer->attended.trace->snapshots(probe.id, {0}).empty() ? 0 : 1;
        QVERIFY2(recorded > 0, info.id.data());
    }
}

void TestLanes::idsStandInForATokenizer()
{
    const std::filesystem::path folder = std::filesystem::path(m_folder.path().toStdString()) / "untold";
    std::filesystem::copy(m_path, folder);
    const std::filesystem::path tokenizer = folder.parent_path() / "elsewhere.json";
    std::filesystem::rename(folder / "tokenizer.json", tokenizer);
    Rig rig(folder, "5, 0 12\n7");
    QVERIFY(rig.open());
    QVERIFY2(!rig.document.message(), rig.document.message() ? qPrintable(rig.document.message()->what) : "");
    const auto ids = [&] {
        std::vector<int> all;
        for (const engine::TokenId id : rig.document.sequence()->ids)
            all.push_back(id.value);
        return all;
    };
    QCOMPARE(ids(), (std::vector{5, 0, 12, 7}));
    QCOMPARE(rig.document.sequence()->pieces[2], std::string("12"));
    QVERIFY(rig.document.lane(comparedLane).look); // it ran
    for (const char* wrong : {"the cat", "5 -1", "5 1e2", "5 1000000", "5 99999999999999999999"}) {
        rig.document.setMessage(std::nullopt);
        rig.document.setPrompt(wrong);
        QVERIFY(rig.rest());
        QVERIFY2(rig.document.message() && rig.document.message()->what.contains("ids from 0 to"), wrong);
        QCOMPARE(rig.document.message()->cure, Message::Cure::ChooseTokenizer);
    }
    rig.document.setPrompt(text);
    rig.document.open(folder, tokenizer);
    QVERIFY(rig.rest());
    QVERIFY(rig.document.model()->tokenizer() != nullptr);
    QVERIFY(rig.document.sequence()->ids.size() > 4);
}

void TestLanes::aTokenizerThatDoesNotFitIsLeftOut()
{
    const std::filesystem::path folder = std::filesystem::path(m_folder.path().toStdString()) / "misfit";
    samples::Shape shape;
    shape.extraRows = 100;
    samples::writeLlamaFolder(folder, shape);
    const QString numbers = "has 360 token rows; the tokenizer tokenizer.json has 260 tokens";
    Rig ids(folder, "5 0 299");
    QVERIFY(ids.open());
    QVERIFY(ids.document.model() && ids.document.model()->tokenizer() == nullptr);
    QVERIFY(ids.document.lane(comparedLane).look); // it ran
    QVERIFY(ids.document.message() && ids.document.message()->what.contains(numbers));
    QCOMPARE(ids.document.message()->cure, Message::Cure::ChooseTokenizer);
    Rig words(folder, text); // both sentences: why the prompt is none, and why there is no tokenizer
    QVERIFY(words.open());
    QVERIFY(words.document.model() && !words.document.sequence());
    QVERIFY(words.document.message() && words.document.message()->what.contains("ids from 0 to 359"));
    QVERIFY(words.document.message()->why.contains(numbers));
    QCOMPARE(words.document.message()->cure, Message::Cure::ChooseTokenizer);
}

void TestLanes::aHostileFileIsAMessage()
{
    const std::filesystem::path bad = std::filesystem::path(m_folder.path().toStdString()) / "bad.bin";
    samples::writeFile(bad, std::string(100, '\xff'));
    Rig rig(m_path);
    QVERIFY(rig.open());
    const auto model = rig.document.model();
    rig.document.open(bad);
    QVERIFY(rig.rest());
    QVERIFY(rig.document.message());
    QVERIFY2(rig.document.message()->what.contains("bad.bin"), qPrintable(rig.document.message()->what));
    QVERIFY(!rig.document.message()->warning);
    QCOMPARE(rig.document.model(), model); // what was open stays
    rig.document.open(std::filesystem::path(m_folder.path().toStdString()) / "nowhere");
    QVERIFY(rig.rest());
    QVERIFY(rig.document.message()->what.contains("nowhere"));
}

void TestLanes::theDeviceTakesOver()
{
    Rig rig(m_path, text, engine::Backend::OpenCl);
    rig.lanes.listDevices();
    QVERIFY(rig.open());
    if (rig.document.devices().empty())
        QSKIP("no OpenCL device here");
    QVERIFY2(rig.document.device(), rig.document.message() ? qPrintable(rig.document.message()->what) : "");
    for (const LaneIndex lane : {exactLane, comparedLane}) {
        QCOMPARE(rig.document.lane(lane).look->layer->backend, engine::Backend::OpenCl);
        QVERIFY(rig.document.lane(lane).look->proof < 1e-4);
        QVERIFY(rig.document.lane(lane).timing->layer == rig.document.lane(lane).look->layer);
    }
    rig.document.useReference(true);
    QVERIFY(rig.rest());
    QCOMPARE(rig.document.lane(exactLane).look->layer->backend, engine::Backend::Reference);
}

void TestLanes::closingDoesNotWaitForWork()
{
    std::string letters;
#ifdef __SANITIZE_ADDRESS__
    constexpr std::size_t enough = 400; // one layer, which is not cut short, takes fifty times as long
#else
    constexpr std::size_t enough = 3000;
#endif
    while (letters.size() < enough)
        letters += "abcdefghij ";
    auto rig = std::make_unique<Rig>(m_path, letters);
    std::atomic<bool> running = false;
    setEngineHook([&](const char* what) { running = running || std::string(what) == "run"; });
    rig->lanes.open();
    QVERIFY(QTest::qWaitFor([&] { return running.load(); }, 20000));
    QElapsedTimer clock;
    clock.start();
    rig.reset();
    setEngineHook({});
    QVERIFY2(clock.elapsed() < 1000, qPrintable(QString::number(clock.elapsed())));
}

QTEST_GUILESS_MAIN(TestLanes)
#include "tst_lanes.moc"
