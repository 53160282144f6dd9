// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/attend.h"
#include "engine/session/session.h"
#include "engine/values/error.h"
#include "tests/engine/support/heads.h"
#include "tests/support/syntheticmodel.h"

#include <QtTest/QTest>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>

using namespace engine;

namespace {

std::vector<TokenId> someTokens(int count, int vocabulary, unsigned seed)
{
    std::mt19937 random(seed);
    std::vector<TokenId> tokens;
    for (int i = 0; i < count; ++i)
        tokens.push_back({int(random() % unsigned(vocabulary))});
    return tokens;
}

float furthest(std::span<const float> a, std::span<const float> b)
{
    float most = a.size() == b.size() ? 0.0F : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        most = std::isfinite(a[i] - b[i]) ? std::max(most, std::abs(a[i] - b[i])) : INFINITY;
    return most;
}

std::ptrdiff_t top(std::span<const float> logits)
{
    return std::ranges::max_element(logits) - logits.begin();
}

// Equal to the bit, record by record.
bool sameTrace(const Trace& a, const Trace& b)
{
    return std::ranges::equal(a.records(), b.records(), [](const Trace::Record& x, const Trace::Record& y) {
        if (x.probe != y.probe || x.where != y.where || x.grid.rows() != y.grid.rows())
            return false;
        for (int row = 0; row < x.grid.rows(); ++row) {
            if (!std::ranges::equal(x.grid.row(row), y.grid.row(row)))
                return false;
        }
        return true;
    });
}

TraceFilter sessionsProbes()
{
    TraceFilter filter;
    for (const std::string_view probe : {probes::queryRaw, probes::keyRaw, probes::value, probes::mixed, probes::input,
                                         probes::output, probes::logits})
        filter.probes.emplace(probe);
    return filter;
}

// A job that stops itself at its n-th report.
struct StopAt
{
    std::stop_source stop;
    int reports = 0;
    Job job;

    explicit StopAt(int at)
        : job(stop.get_token(), [this, at](const Progress&) {
            if (++reports == at)
                stop.request_stop();
        })
    {
    }
};

} // namespace

// The device's session against the float64 reference, in poisoned memory.
class TestDeviceSession : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void everyShapeIsTheReference_data();
    void everyShapeIsTheReference();
    void everyMethodIsItsReference();
    void anyFeedGivesTheSame();
    void longPromptsAreFedInChunks();
    void recordingChangesNoBit();
    void recordsWhatWasAskedFor();
    void cancelAtAnyReport();
    void cancelIsSoon();
    void makingCanBeCancelled();
    void rerunsOnlyWhatChanged_data();
    void rerunsOnlyWhatChanged();
    void mixesAgainUnderAnotherGate();
    void resetStartsAnew();
    void badTokensAreRefused();
    void statsTellWhatRan();
    void overTheDevicesMemory();
    void checkpoints_data();
    void checkpoints();

private:
    std::unique_ptr<Session> onDevice(const std::shared_ptr<const Model>& model, int expectedTokens = 0,
                                      const SessionPlan& plan = {});
    static std::unique_ptr<Session> inReference(const std::shared_ptr<const Model>& model, SessionPlan plan = {});

    std::unique_ptr<Device> m_device;
    std::unique_ptr<Queue> m_queue;
    std::unique_ptr<DeviceBlocks> m_blocks;
    std::unique_ptr<DeviceContext> m_context;
};

void TestDeviceSession::initTestCase()
{
    setenv("SUBQUAD_POISON", "1", 1);
    m_device = std::make_unique<Device>(Device::choose(""));
    m_queue = std::make_unique<Queue>(*m_device);
    m_blocks = std::make_unique<DeviceBlocks>(*m_device);
    m_context = std::make_unique<DeviceContext>(DeviceContext{*m_device, *m_queue, *m_blocks});
}

std::unique_ptr<Session> TestDeviceSession::onDevice(const std::shared_ptr<const Model>& model, int expectedTokens,
                                                     const SessionPlan& plan)
{
    Job job;
    auto deviceModel = std::make_shared<const DeviceModel>(model, *m_queue, job);
    return makeSession(model, plan, {}, m_context.get(), deviceModel, expectedTokens, job);
}

std::unique_ptr<Session> TestDeviceSession::inReference(const std::shared_ptr<const Model>& model, SessionPlan plan)
{
    Job job;
    plan.backend = Backend::Reference;
    return makeSession(model, plan, {}, nullptr, nullptr, 0, job);
}

void TestDeviceSession::everyShapeIsTheReference_data()
{
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("keyHeads");
    QTest::addColumn<int>("headWidth");
    QTest::addColumn<int>("rope");
    QTest::addColumn<bool>("tied");
    QTest::addRow("shared heads") << 4 << 2 << 12 << int(RopeKind::RotateHalf) << true;
    QTest::addRow("one key head") << 8 << 1 << 16 << int(RopeKind::Interleaved) << false;
    QTest::addRow("own heads") << 3 << 3 << 8 << int(RopeKind::Interleaved) << true;
    QTest::addRow("wide heads") << 2 << 2 << 64 << int(RopeKind::RotateHalf) << false;
    QTest::addRow("no positions") << 2 << 1 << 16 << int(RopeKind::None) << true;
}

void TestDeviceSession::everyShapeIsTheReference()
{
    QFETCH(int, heads);
    QFETCH(int, keyHeads);
    QFETCH(int, headWidth);
    QFETCH(int, rope);
    QFETCH(bool, tied);
    ModelConfig config = smallConfig();
    config.heads = heads;
    config.keyHeads = keyHeads;
    config.headWidth = config.valueWidth = headWidth;
    config.rope = RopeKind(rope);
    config.tied = tied;
    const auto model = syntheticModel(config);
    const auto device = onDevice(model);
    const auto reference = inReference(model);
    Job job;
    for (const int count : {1, 2, 63, 64, 65, 257}) {
        const std::vector<TokenId> tokens = someTokens(count, config.vocabulary, unsigned(count));
        Recorder deviceRecorder(sessionsProbes());
        Recorder referenceRecorder(sessionsProbes());
        const std::vector<float> got = device->feed(tokens, deviceRecorder, job);
        const std::vector<float> expected = reference->feed(tokens, referenceRecorder, job);
        QVERIFY2(furthest(got, expected) < 1e-3F, qPrintable(QString("%1 tokens").arg(count)));
        const auto deviceTrace = deviceRecorder.take();
        const auto referenceTrace = referenceRecorder.take();
        QCOMPARE(deviceTrace->records().size(), referenceTrace->records().size());
        for (const Trace::Record& record : referenceTrace->records()) {
            const Grid there = deviceTrace->grid(record.probe, record.where);
            QCOMPARE(there.rows(), count);
            for (int row = 0; row < count; ++row)
                QVERIFY2(furthest(there.row(row), record.grid.row(row)) < 1e-3F,
                         qPrintable(QString("%1 layer %2 row %3 of %4")
                                        .arg(QString::fromStdString(record.probe))
                                        .arg(record.where.layer.value)
                                        .arg(row)
                                        .arg(count)));
        }
        device->reset();
        reference->reset();
    }
}

// Each method in the middle layer of an exact model, and in all of them: whole, then one token more.
void TestDeviceSession::everyMethodIsItsReference()
{
    const auto model = syntheticModel(smallConfig());
    const std::vector<TokenId> tokens = someTokens(66, smallConfig().vocabulary, 15);
    Job job;
    for (const Method& method : methods()) {
        SessionPlan everywhere;
        everywhere.everywhere.attention.method = method.info.id;
        SessionPlan middle;
        middle.overrides[LayerIndex{1}] = everywhere.everywhere;
        for (const SessionPlan& plan : {everywhere, middle}) {
            const auto device = onDevice(model, 66, plan);
            const auto reference = inReference(model, plan);
            Recorder none;
            for (const auto& [first, count] : {std::pair(0, 65), {65, 1}}) {
                const auto part = std::span(tokens).subspan(std::size_t(first), std::size_t(count));
                const float most = furthest(device->feed(part, none, job), reference->feed(part, none, job));
                QVERIFY2(most < 1e-3F, qPrintable(QString("%1 at %2 tokens: %3")
                                                      .arg(QString::fromStdString(std::string(method.info.id)))
                                                      .arg(first + count)
                                                      .arg(double(most))));
            }
        }
    }
}

void TestDeviceSession::anyFeedGivesTheSame()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    Job job;
    const std::vector<TokenId> tokens = someTokens(65, smallConfig().vocabulary, 5);
    Recorder whole(sessionsProbes());
    const std::vector<float> expected = session->feed(tokens, whole, job);
    const auto wholeTrace = whole.take();
    for (const std::size_t step : {1U, 7U, 64U}) {
        session->reset();
        Recorder recorder(sessionsProbes());
        std::vector<float> got;
        for (std::size_t first = 0; first < tokens.size(); first += step)
            got = session->feed(std::span(tokens).subspan(first, std::min(step, tokens.size() - first)), recorder, job);
        QVERIFY(furthest(got, expected) < 1e-4F);
        const auto trace = recorder.take();
        for (const Trace::Record& record : wholeTrace->records()) {
            const Grid there = trace->grid(record.probe, record.where);
            QCOMPARE(there.rows(), record.grid.rows());
            for (int row = 0; row < there.rows(); ++row)
                QVERIFY(furthest(there.row(row), record.grid.row(row)) < 1e-4F);
        }
    }
}

// Past the most rows of a chunk; the last chunk is one row, a shape of its own.
void TestDeviceSession::longPromptsAreFedInChunks()
{
    ModelConfig config = smallConfig();
    config.layers = 2;
    const auto model = syntheticModel(config);
    const auto device = onDevice(model, 1025);
    const auto reference = inReference(model);
    const std::vector<TokenId> tokens = someTokens(1025, config.vocabulary, 6);
    Job job;
    Recorder none;
    const std::vector<float> expected = reference->feed(tokens, none, job);
    QVERIFY(furthest(device->feed(tokens, none, job), expected) < 1e-3F);
    QCOMPARE(device->stats().tokens, 1025);
}

void TestDeviceSession::recordingChangesNoBit()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    Job job;
    for (const int count : {1, 2, 64, 257}) {
        const std::vector<TokenId> tokens = someTokens(count, smallConfig().vocabulary, 7);
        Recorder none;
        Recorder all(TraceFilter::everything());
        const std::vector<float> plain = session->feed(tokens, none, job);
        session->reset();
        const std::vector<float> recorded = session->feed(tokens, all, job);
        session->reset();
        QVERIFY(std::ranges::equal(plain, recorded));
        const auto trace = all.take();
        const Grid logits = trace->grid(probes::logits, {});
        QCOMPARE(logits.rows(), count);
        QVERIFY(std::ranges::equal(logits.row(count - 1), plain));
        QVERIFY(none.take()->records().empty());
    }
}

void TestDeviceSession::recordsWhatWasAskedFor()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    Job job;
    TraceFilter filter;
    filter.probes.emplace(probes::mixed);
    filter.layers.insert(LayerIndex{1});
    Recorder recorder(filter);
    session->feed(someTokens(10, smallConfig().vocabulary, 8), recorder, job);
    const auto trace = recorder.take();
    QCOMPARE(trace->records().size(), 1U);
    QCOMPARE(trace->records()[0].probe, std::string(probes::mixed));
    QCOMPARE(trace->records()[0].where, (Where{LayerIndex{1}, allHeads, {}}));
}

void TestDeviceSession::cancelAtAnyReport()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    const std::vector<TokenId> tokens = someTokens(40, smallConfig().vocabulary, 9);
    Job job;
    Recorder recorder(sessionsProbes());
    const std::vector<float> expected = session->feed(tokens, recorder, job);
    const auto expectedTrace = recorder.take();
    int cancelled = 0;
    for (int at = 1;; ++at) {
        session->reset();
        StopAt stopping(at);
        Recorder lost(sessionsProbes());
        try {
            session->feed(tokens, lost, stopping.job);
            QVERIFY(stopping.reports >= smallConfig().layers); // at least one a layer
            break;
        } catch (const Cancelled&) {
            ++cancelled;
        }
        QVERIFY_EXCEPTION_THROWN(session->feed(tokens, lost, job), Error); // before a reset
        session->reset();
        Recorder again(sessionsProbes());
        QVERIFY(std::ranges::equal(session->feed(tokens, again, job), expected));
        QVERIFY(sameTrace(*again.take(), *expectedTrace));
    }
    QVERIFY(cancelled >= smallConfig().layers);
}

// At most two layers are in flight: a cancel in the middle of a chunk of 24 layers takes the time of two or three of
// them, not of the twelve that were asked for. A share of the whole run is told, which a busy machine does not change;
// the soonest of several counts.
void TestDeviceSession::cancelIsSoon()
{
    using Clock = std::chrono::steady_clock;
    ModelConfig config = smallConfig();
    config.layers = 24;
    config.width = 256;
    config.feedForwardWidth = 688;
    const auto model = syntheticModel(config);
    const auto session = onDevice(model, 256);
    const std::vector<TokenId> tokens = someTokens(256, config.vocabulary, 10);
    Job job;
    Recorder none;
    session->feed(tokens, none, job); // builds what the runs below use
    double shortest = INFINITY;
    for (int round = 0; round < 5; ++round) {
        session->reset();
        const auto begin = Clock::now();
        session->feed(tokens, none, job);
        const double whole = std::chrono::duration<double>(Clock::now() - begin).count();
        session->reset();
        StopAt stopping(-1);
        Clock::time_point asked;
        Job timed(stopping.stop.get_token(), [&](const Progress&) {
            if (++stopping.reports == config.layers / 2) {
                asked = Clock::now();
                stopping.stop.request_stop();
            }
        });
        QVERIFY_EXCEPTION_THROWN(session->feed(tokens, none, timed), Cancelled);
        const double wait = std::chrono::duration<double>(Clock::now() - asked).count();
        shortest = std::min(shortest, wait / whole);
        qInfo("a cancel took %.1f ms, the whole run %.1f ms", 1e3 * wait, 1e3 * whole);
    }
    QVERIFY2(shortest < 0.3, qPrintable(QString("a cancel took %1 of the whole run").arg(shortest)));
}

// Making a session runs its kernels once, with progress; what it did there is not seen later.
void TestDeviceSession::makingCanBeCancelled()
{
    const auto model = syntheticModel(smallConfig());
    Job job;
    const auto deviceModel = std::make_shared<const DeviceModel>(model, *m_queue, job);
    makeSession(model, {}, {}, m_context.get(), deviceModel, 0, job); // leaves the tables that all sessions share
    const std::size_t before = m_device->allocatedBytes();
    int cancelled = 0;
    for (int at = 1;; ++at) {
        StopAt stopping(at);
        try {
            const auto session = makeSession(model, {}, {}, m_context.get(), deviceModel, 0, stopping.job);
            QVERIFY(stopping.reports > 0 && stopping.reports == at);
            const SessionStats stats = session->stats();
            QVERIFY(stats.tokens == 0 && stats.stateBytes == 0 && stats.spans.empty());
            break; // stopped at the last report
        } catch (const Cancelled&) {
            ++cancelled;
            QCOMPARE(m_device->allocatedBytes(), before);
        }
    }
    QVERIFY(cancelled > 0);
}

void TestDeviceSession::rerunsOnlyWhatChanged_data()
{
    QTest::addColumn<int>("layer");
    QTest::addColumn<bool>("projected"); // queries, keys and values of the changed layer are known
    QTest::newRow("the last layer but one, all of it") << 2 << false;
    QTest::newRow("the first layer, from its projections on") << 0 << true;
}

// A gate of one head: the layers before it are not run, nor the layer's own projections; the result is a whole run's.
void TestDeviceSession::rerunsOnlyWhatChanged()
{
    QFETCH(int, layer);
    QFETCH(bool, projected);
    const LayerIndex first{layer};
    ModelConfig config = smallConfig();
    config.layers = 4;
    const auto model = syntheticModel(config);
    const std::vector<TokenId> tokens = someTokens(70, config.vocabulary, 31), next = someTokens(1, 10, 32);
    SessionPlan before;
    before.everywhere.attention = {"infini", {{"segment", 8}}};
    SessionPlan after = before;
    after.overrides[first] = before.everywhere;
    std::vector<float> gates(std::size_t(config.heads), 0);
    gates.back() = 3;
    after.overrides[first].parameters["gate"] = gates;
    Job job;
    for (const bool onHost : {false, true}) {
        SessionPlan start = before, changed = after;
        start.backend = changed.backend = onHost ? Backend::Reference : Backend::OpenCl;
        const auto fresh = onHost ? inReference(model, changed) : onDevice(model, 70, changed);
        const auto session = onHost ? inReference(model, start) : onDevice(model, 70, start);
        Recorder recorder(sessionsProbes()), whole(sessionsProbes());
        const auto launched = [](Session& of) {
            std::map<std::string, int> counts;
            for (const Span& span : of.stats().spans)
                ++counts[span.label];
            return counts;
        };
        const std::vector<float> other = session->feed(tokens, recorder, job);
        launched(*session); // the queue's spans are both sessions'
        const std::vector<float> expected = fresh->feed(tokens, whole, job);
        const std::map<std::string, int> all = launched(*fresh);
        const auto known = recorder.snapshot();
        const auto of = [&](std::string_view probe, int place) { return known->grid(probe, {{place}, allHeads, {}}); };
        Entering entering;
        entering.residual = layer == 0 ? embeddingOf(*model, tokens) : of(probes::output, layer - 1);
        if (projected) {
            entering.input = of(probes::input, layer);
            entering.query = of(probes::queryRaw, layer);
            entering.key = of(probes::keyRaw, layer);
            entering.value = of(probes::value, layer);
        }
        recorder.forgetFrom(first);
        const std::vector<float> got = session->rerun(changed, first, entering, recorder, job);
        const std::map<std::string, int> again = launched(*session);

        QVERIFY(furthest(got, other) > 1e-4F);
        const auto trace = recorder.take(), expectedTrace = whole.take();
        if (onHost) { // what entered is known in float32
            QVERIFY(furthest(got, expected) < 1e-5F);
            QCOMPARE(int(again.size()), 4 - layer); // a span per layer from the changed one on
            QVERIFY(again.contains("layer " + std::to_string(layer)) && again.contains("layer 3"));
        } else {
            QVERIFY(std::ranges::equal(got, expected));
            QVERIFY(sameTrace(*trace, *expectedTrace));
            int mixing = 0;
            for (const auto& [label, count] : again) {
                if (label.starts_with("infini")) {
                    QCOMPARE(4 * count, (4 - layer) * all.at(label)); // of four layers
                    mixing += count;
                }
            }
            QVERIFY(mixing > 0 && !again.contains("embed"));
            // A layer has seven dense products, of which three give queries, keys and values; the classifier is one
            // more.
            const int products = all.at("dense") - again.at("dense");
            QCOMPARE(products, 7 * layer + (projected ? 3 : 0));
        }
        QCOMPARE(trace->records().size(), expectedTrace->records().size());
        // The caches of all layers hold the sequence: it goes on.
        Recorder none;
        QVERIFY(furthest(session->feed(next, none, job), fresh->feed(next, none, job)) < 1e-4F);
    }
}

// A gate mixes branches that stay: the layer's attention is not run at all, its memories are those of before, and it
// goes on with the new gate.
void TestDeviceSession::mixesAgainUnderAnotherGate()
{
    ModelConfig config = smallConfig();
    config.layers = 3;
    const auto model = syntheticModel(config);
    const std::vector<TokenId> tokens = someTokens(70, config.vocabulary, 33),
                               next = someTokens(20, config.vocabulary, 34);
    const LayerIndex first{1};
    TraceFilter everyProbe;
    everyProbe.everyProbe = true;
    for (const int rule : {0, 1}) // linear, delta
    {
        for (const bool onHost : {false, true}) {
            SessionPlan before;
            before.everywhere.attention = {"infini", {{"segment", 8}, {"rule", rule}}};
            before.backend = onHost ? Backend::Reference : Backend::OpenCl;
            SessionPlan after = before;
            after.overrides[first] = before.everywhere;
            std::vector<float> gates(std::size_t(config.heads), -1);
            gates.back() = 40;
            after.overrides[first].parameters["gate"] = gates;
            Job job;
            const auto session = onHost ? inReference(model, before) : onDevice(model, 70, before);
            const auto fresh = onHost ? inReference(model, after) : onDevice(model, 70, after);
            Recorder recorder(everyProbe), whole(everyProbe);
            const std::vector<float> other = session->feed(tokens, recorder, job);
            const std::vector<float> expected = fresh->feed(tokens, whole, job);
            const auto known = recorder.snapshot();
            const auto of = [&](std::string_view probe, int place) {
                return known->grid(probe, {{place}, allHeads, TokenPos{}});
            };
            Entering entering{of(probes::output, 0), of(probes::input, 1), of(probes::queryRaw, 1),
                              of(probes::keyRaw, 1), of(probes::value, 1)};
            entering.retold =
                retold(known, layerContext(*model, before, first, {}), layerContext(*model, after, first, {}));
            QVERIFY(entering.retold);
            recorder.forgetFrom(first);
            session->stats();
            const std::vector<float> got = session->rerun(after, first, entering, recorder, job);
            int written = 0;
            for (const Span& span : session->stats().spans)
                written += span.label == "infini write" ? 1 : 0;
            QCOMPARE(written, onHost ? 0 : 1); // of the layer after it
            QVERIFY(furthest(got, other) > 1e-4F);
            QVERIFY(furthest(got, expected) < 1e-5F);
            const auto trace = recorder.take(), expectedTrace = whole.take();
            QCOMPARE(trace->records().size(), expectedTrace->records().size());
            for (std::size_t i = 0; i < trace->records().size(); ++i) {
                const Trace::Record &mine = trace->records()[i], &its = expectedTrace->records()[i];
                QCOMPARE(mine.probe, its.probe);
                QVERIFY(mine.where == its.where);
                QVERIFY2(tests::distance(mine.grid, its.grid) < 1e-5, mine.probe.c_str());
            }
            Recorder none;
            QVERIFY(furthest(session->feed(next, none, job), fresh->feed(next, none, job)) < 1e-4F);
            // Another rule writes other memories.
            SessionPlan others = after;
            others.overrides[first].attention.knobs["correction"] = true;
            QVERIFY(!retold(known, layerContext(*model, before, first, {}), layerContext(*model, others, first, {})));
        }
    }
}

void TestDeviceSession::resetStartsAnew()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    Job job;
    Recorder none;
    const std::vector<TokenId> tokens = someTokens(30, smallConfig().vocabulary, 11);
    const std::vector<float> first = session->feed(tokens, none, job);
    session->feed(someTokens(100, smallConfig().vocabulary, 12), none, job);
    session->reset();
    QCOMPARE(session->stats().tokens, 0);
    QVERIFY(std::ranges::equal(session->feed(tokens, none, job), first));
}

void TestDeviceSession::badTokensAreRefused()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    Job job;
    Recorder none;
    QVERIFY_EXCEPTION_THROWN(session->feed({}, none, job), Error);
    for (const int id : {-1, smallConfig().vocabulary}) {
        const std::vector<TokenId> tokens{{3}, {id}};
        try {
            session->feed(tokens, none, job);
            QFAIL("nothing was thrown");
        } catch (const Error& error) {
            QCOMPARE(error.fault(), Fault::Request);
            QVERIFY(std::string(error.what()).find(std::to_string(id)) != std::string::npos);
        }
    }
    const std::vector<TokenId> good{{3}};
    QCOMPARE(session->feed(good, none, job).size(), std::size_t(smallConfig().vocabulary)); // still works
}

void TestDeviceSession::statsTellWhatRan()
{
    const auto model = syntheticModel(smallConfig());
    const auto session = onDevice(model);
    Job job;
    Recorder none;
    session->stats();
    session->feed(someTokens(20, smallConfig().vocabulary, 13), none, job);
    const SessionStats stats = session->stats();
    QCOMPARE(stats.tokens, 20);
    QCOMPARE(stats.forms.size(), std::size_t(smallConfig().layers));
    QVERIFY(std::ranges::none_of(stats.forms, &std::string::empty));
    QVERIFY(stats.stateBytes > 0);
    const auto dense = std::ranges::count(stats.spans, std::string("dense"), &Span::label);
    QCOMPARE(dense, std::ptrdiff_t(7 * smallConfig().layers + 1));
    QVERIFY(session->stats().spans.empty());
}

void TestDeviceSession::overTheDevicesMemory()
{
    ModelConfig config = smallConfig();
    config.layers = 1;
    const auto model = syntheticModel(config);
    onDevice(model); // leaves the tables that all sessions share
    const std::size_t before = m_device->allocatedBytes();
    try {
        const auto session = onDevice(model, 2'000'000'000);
        Job job;
        Recorder none;
        session->feed(someTokens(5, config.vocabulary, 14), none, job);
        QFAIL("a cache of two thousand million tokens was allocated");
    } catch (const Error& error) {
        QCOMPARE(error.fault(), Fault::Memory);
    }
    QCOMPARE(m_device->allocatedBytes(), before);
}

void TestDeviceSession::checkpoints_data()
{
    QTest::addColumn<QString>("path");
    QTest::addRow("stories-1m") << QString(SUBQUAD_SOURCE_DIR "/samples/stories-1m");
    for (const char* path : {"stories260K/stories260K.bin", "tinystories-656K"})
        QTest::addRow("%s", path) << QString(SUBQUAD_SOURCE_DIR "/../shared/checkpoints/") + path;
}

// Every logit within 1e-3 of the float64 reference, the top token the same at every position of a greedy story.
void TestDeviceSession::checkpoints()
{
    QFETCH(QString, path);
    if (!QFileInfo::exists(path))
        QSKIP("the checkpoint is not here: ../shared/checkpoints");
    Job job;
    const auto model = std::make_shared<const Model>(readCheckpoint(path.toStdString(), job), job);
    QVERIFY(model->tokenizer() != nullptr);
    std::vector<TokenId> tokens;
    for (const Token& token : model->tokenizer()->encode("Once upon a time, there was a little girl"))
        tokens.push_back(token.id);
    const auto device = onDevice(model);
    Recorder recorder(sessionsProbes());
    std::vector<float> logits = device->feed(tokens, recorder, job);
    for (int i = 0; i < 100; ++i) {
        const TokenId next{int(top(logits))};
        tokens.push_back(next);
        logits = device->feed(std::span(&next, 1), recorder, job);
    }
    const auto reference = inReference(model);
    Recorder exact(sessionsProbes());
    reference->feed(tokens, exact, job);
    const Grid got = recorder.take()->grid(probes::logits, {});
    const Grid expected = exact.take()->grid(probes::logits, {});
    QCOMPARE(got.rows(), int(tokens.size()));
    QCOMPARE(expected.rows(), int(tokens.size()));
    float most = 0;
    for (int row = 0; row < got.rows(); ++row) {
        most = std::max(most, furthest(got.row(row), expected.row(row)));
        QCOMPARE(top(got.row(row)), top(expected.row(row)));
    }
    qInfo("largest difference %g over %d tokens", double(most), got.rows());
    QVERIFY(most <= 1e-3F);
}

QTEST_APPLESS_MAIN(TestDeviceSession)
#include "tst_devicesession.moc"
