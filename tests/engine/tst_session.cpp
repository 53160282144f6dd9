// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/attend.h"
#include "engine/session/session.h"
#include "tests/engine/support/heads.h"
#include "tests/engine/support/tinymodel.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>

using namespace engine;
using namespace tests;

namespace {

using Rows = std::vector<std::vector<double>>;

std::unique_ptr<Session> referenceOf(const std::shared_ptr<const Model>& model, const SessionPlan& plan = {},
                                     const PreparedLayers& prepared = {})
{
    Job job;
    return makeSession(model, plan, prepared, nullptr, nullptr, 0, job);
}

SessionPlan planOf(std::string_view method)
{
    SessionPlan plan;
    plan.everywhere.attention.method = method;
    const std::vector<Knob>& knobs = findMethod(method).info.knobs;
    if (std::ranges::find(knobs, "segment", &Knob::id) != knobs.end())
        plan.everywhere.attention.knobs["segment"] = 8; // within one segment it would be exact
    return plan;
}

double distance(std::span<const float> expected, std::span<const float> found)
{
    const auto matrix = [](std::span<const float> row) {
        return Matrix(Eigen::Map<const Eigen::RowVectorXf>(row.data(), Eigen::Index(row.size())).cast<double>());
    };
    return tests::distance(matrix(expected), matrix(found));
}

// The model once more, with loops and nothing of the engine but its weights
// --------------------------------------------

struct Oracle
{
    const Model& model;
    const ModelConfig& config = model.config();

    Rows times(const Rows& x, Weight which, LayerIndex layer) const
    {
        const auto weight = model.weight(which, layer);
        const std::size_t in = x[0].size(), out = weight.size() / in;
        Rows y(x.size(), std::vector<double>(out, 0.0));
        for (std::size_t t = 0; t < x.size(); ++t)
            for (std::size_t o = 0; o < out; ++o)
                for (std::size_t i = 0; i < in; ++i)
                    y[t][o] += x[t][i] * double(weight[o * in + i]);
        return y;
    }

    Rows norm(const Rows& x, Weight which, LayerIndex layer) const
    {
        const auto weight = model.weight(which, layer);
        Rows y = x;
        for (auto& row : y) {
            double squares = 0;
            for (const double number : row)
                squares += number * number;
            const double root = std::sqrt(squares / double(row.size()) + config.normEps);
            for (std::size_t i = 0; i < row.size(); ++i)
                row[i] *= double(weight[i]) / root;
        }
        return y;
    }

    // Number i of head h at token t, turned by t.
    double turned(const Rows& x, std::size_t t, int head, int i) const
    {
        const int d = config.headWidth, half = d / 2;
        const auto at = [&](int place) { return x[t][std::size_t(head * d + place)]; };
        if (config.rope == RopeKind::None)
            return at(i);
        const bool pairs = config.rope == RopeKind::Interleaved;
        const int pair = pairs ? i / 2 : i % half;
        const bool second = pairs ? i % 2 == 1 : i >= half;
        const double angle = double(t) / std::pow(config.ropeTheta, 2.0 * pair / d);
        const double a = at(pairs ? 2 * pair : pair), b = at(pairs ? 2 * pair + 1 : pair + half);
        return second ? a * std::sin(angle) + b * std::cos(angle) : a * std::cos(angle) - b * std::sin(angle);
    }

    Rows attention(const Rows& q, const Rows& k, const Rows& v) const
    {
        const int d = config.headWidth, width = config.valueWidth;
        Rows out(q.size(), std::vector<double>(std::size_t(config.heads * width), 0.0));
        for (int head = 0; head < config.heads; ++head) {
            const int shared = head / (config.heads / config.keyHeads);
            for (std::size_t t = 0; t < q.size(); ++t) {
                const std::size_t seen = config.causal ? t + 1 : q.size();
                std::vector<double> e(seen, 0.0);
                double sum = 0;
                for (std::size_t s = 0; s < seen; ++s) {
                    double score = 0;
                    for (int i = 0; i < d; ++i)
                        score += turned(q, t, head, i) * turned(k, s, shared, i);
                    sum += e[s] = std::exp(score / std::sqrt(double(d)));
                }
                for (std::size_t s = 0; s < seen; ++s)
                    for (int c = 0; c < width; ++c)
                        out[t][std::size_t(head * width + c)] += e[s] / sum * v[s][std::size_t(shared * width + c)];
            }
        }
        return out;
    }

    static void add(Rows& x, const Rows& y)
    {
        for (std::size_t t = 0; t < x.size(); ++t)
            for (std::size_t i = 0; i < x[t].size(); ++i)
                x[t][i] += y[t][i];
    }

    Rows logits(std::span<const TokenId> tokens) const
    {
        Rows x;
        for (const TokenId id : tokens) {
            const auto row = model.weight(Weight::Embedding)
                                 .subspan(std::size_t(id.value * config.width), std::size_t(config.width));
            x.emplace_back(row.begin(), row.end());
        }
        for (int at = 0; at < config.layers; ++at) {
            const LayerIndex layer{at};
            const Rows a = norm(x, Weight::AttentionNorm, layer);
            add(x, times(attention(times(a, Weight::Query, layer), times(a, Weight::Key, layer),
                                   times(a, Weight::Value, layer)),
                         Weight::Output, layer));
            const Rows f = norm(x, Weight::FeedForwardNorm, layer);
            Rows gate = times(f, Weight::Gate, layer);
            const Rows up = times(f, Weight::Up, layer);
            for (std::size_t t = 0; t < gate.size(); ++t)
                for (std::size_t i = 0; i < gate[t].size(); ++i)
                    gate[t][i] *= up[t][i] / (1 + std::exp(-gate[t][i]));
            add(x, times(gate, Weight::Down, layer));
        }
        return times(norm(x, Weight::FinalNorm, wholeModel), Weight::Classifier, wholeModel);
    }
};

Matrix matrixFrom(const Rows& rows)
{
    Matrix matrix(Eigen::Index(rows.size()), Eigen::Index(rows[0].size()));
    for (Eigen::Index row = 0; row < matrix.rows(); ++row)
        for (Eigen::Index col = 0; col < matrix.cols(); ++col)
            matrix(row, col) = rows[std::size_t(row)][std::size_t(col)];
    return matrix;
}

} // namespace

class TestSession : public QObject
{
    Q_OBJECT

private slots:

    void logitsAreAnotherImplementations_data()
    {
        QTest::addColumn<int>("rope");
        QTest::addColumn<bool>("tied");
        QTest::addColumn<bool>("causal");
        QTest::newRow("halves, tied") << int(RopeKind::RotateHalf) << true << true;
        QTest::newRow("interleaved, untied") << int(RopeKind::Interleaved) << false << true;
        QTest::newRow("no positions") << int(RopeKind::None) << true << true;
        QTest::newRow("encoder") << int(RopeKind::RotateHalf) << true << false;
    }

    void logitsAreAnotherImplementations()
    {
        QFETCH(int, rope);
        QFETCH(bool, tied);
        QFETCH(bool, causal);
        ModelConfig config = tinyConfig();
        config.rope = RopeKind(rope);
        config.tied = tied;
        config.causal = causal;
        const auto model = tinyModel(config);
        const auto tokens = tokenIds(19);
        Job job;
        Recorder recorder(TraceFilter::everything());
        const auto session = referenceOf(model);
        const std::vector<float> last = session->feed(tokens, recorder, job);
        const Matrix expected = matrixFrom(Oracle{*model}.logits(tokens));
        const Grid all = recorder.take()->grid(probes::logits, {wholeModel, allHeads, {}});
        QVERIFY(tests::distance(expected, matrixOf(all)) < 1e-6);
        QVERIFY(distance(all.row(18), last) < 1e-7);
    }

    void piecesAreTheWhole_data()
    {
        QTest::addColumn<QString>("method");
        for (const Method& method : methods())
            QTest::newRow(std::string(method.info.id).c_str()) << QString::fromStdString(std::string(method.info.id));
    }

    void piecesAreTheWhole()
    {
        QFETCH(QString, method);
        const auto model = tinyModel();
        const auto tokens = tokenIds(30);
        const auto session = referenceOf(model, planOf(method.toStdString()));
        Job job;
        Recorder whole(TraceFilter::everything());
        const std::vector<float> expected = session->feed(tokens, whole, job);
        const auto wholeTrace = whole.take();
        for (const int step : {1, 7}) {
            session->reset();
            Recorder recorder(TraceFilter::everything());
            std::vector<float> last;
            for (int first = 0; first < 30; first += step)
                last = session->feed(
                    std::span(tokens).subspan(std::size_t(first), std::size_t(std::min(step, 30 - first))), recorder,
                    job);
            QVERIFY(distance(expected, last) < 1e-6);
            const auto trace = recorder.take();
            for (const Trace::Record& record : wholeTrace->records()) {
                const Grid same = trace->grid(record.probe, record.where);
                QVERIFY2(tests::distance(record.grid, same) < 1e-5, record.probe.c_str());
            }
            QCOMPARE(session->stats().tokens, 30);
        }
    }

    void everyMethodRunsOnEveryLayer_data() { piecesAreTheWhole_data(); }

    void everyMethodRunsOnEveryLayer()
    {
        QFETCH(QString, method);
        const std::string id = method.toStdString();
        const auto model = tinyModel();
        const auto tokens = tokenIds(40);
        Job job;
        const auto traceOf = [&](const SessionPlan& plan) {
            Recorder recorder(mapFilter(plan));
            const auto session = referenceOf(model, plan);
            session->feed(tokens, recorder, job);
            return recorder.take();
        };
        const auto exact = traceOf({});
        // A hybrid: the layers before the replaced one are the exact model's, bit for bit.
        SessionPlan plan;
        plan.overrides[{1}].attention = planOf(id).everywhere.attention;
        const auto hybrid = traceOf(plan);
        const auto output = [](const Trace& trace, int layer) {
            return matrixOf(trace.grid(probes::output, {{layer}, allHeads, {}}));
        };
        QVERIFY(output(*exact, 0) == output(*hybrid, 0));
        QCOMPARE(output(*exact, 1) == output(*hybrid, 1), id == baseline || !replacesAttention(findMethod(id)));
        // What the session recorded is enough for maps, and attend() on its q, k, v gives what the layer mixed.
        const LayerContext context = layerContext(*model, plan, {1}, {});
        Attended attended;
        attended.trace = hybrid;
        QVERIFY(proof(attended, context, {3}, nullptr, job) < 1e-5);
        const Attended again = attend(headTensors(*hybrid, {1}), context, nullptr, {}, job);
        QVERIFY(tests::distance(hybrid->grid(probes::mixed, {{1}, allHeads, {}}), again.output()) < 1e-5);
    }

    void metricsCompareAHead()
    {
        const auto model = tinyModel();
        Job job;
        Recorder recorder(mapFilter({}));
        referenceOf(model)->feed(tokenIds(24), recorder, job);
        const HeadTensors in = headTensors(*recorder.take(), {2});
        const LayerContext context = layerContext(*model, {}, {2}, {});
        const Attended exact = attend(in, context, nullptr, {}, job);
        const Metrics same = headMetrics(exact, context, exact, context, {1}, nullptr, job);
        QCOMPARE(metricOf(same, "tv").value, 0.0);
        QCOMPARE(metricOf(same, "out_rel").value, 0.0);
        for (const Method& method : methods()) {
            if (method.info.id == baseline || method.weights == nullptr || !replacesAttention(method))
                continue;
            const SessionPlan plan = planOf(method.info.id);
            const LayerContext other = layerContext(*model, plan, {2}, {});
            const Attended run = attend(in, other, nullptr, {}, job);
            const Metrics metrics = headMetrics(exact, context, run, other, {1}, nullptr, job);
            for (const char* id : {"tv", "kl", "topk@5", "fro", "rowsum", "out_rel", "out_cos", "rank"})
                QVERIFY2(metricOf(metrics, id).applies() || !method.info.rowsSumToOne, id);
            QVERIFY(metricOf(metrics, "out_rel").value > 0);
            QVERIFY(metricOf(metrics, "rowsum").value < 1e-5 || !method.info.rowsSumToOne);
        }
    }

    void parametersAreFittedOnce()
    {
        const auto model = tinyModel();
        const auto tokens = tokenIds(25);
        Job job;
        QVERIFY(prepareLayers(model, {}, tokens, nullptr, nullptr, job).empty());
        SessionPlan plan;
        plan.overrides[{1}].attention = {"taylorshift", {{"temperature_from", 1}}};
        const PreparedLayers prepared = prepareLayers(model, plan, tokens, nullptr, nullptr, job);
        QCOMPARE(prepared.size(), std::size_t(3));
        QVERIFY(prepared[1].attention != nullptr && prepared[0].attention == nullptr && prepared[1].linear == nullptr);
        QVERIFY_EXCEPTION_THROWN(prepareLayers(model, plan, {}, nullptr, nullptr, job), Error);
        // What was fitted is what runs: as if the numbers had been trained.
        Recorder recorder(TraceFilter::everything());
        const std::vector<float> fitted = referenceOf(model, plan, prepared)->feed(tokens, recorder, job);
        const Grid tau = recorder.take()->grid("taylorshift.temperature", {{1}, allHeads, {}});
        SessionPlan trained = plan;
        trained.overrides[{1}].attention.knobs.clear();
        trained.overrides[{1}].parameters["temperature"] = std::vector(tau.row(0).begin(), tau.row(0).end());
        Recorder nothing;
        QVERIFY(distance(fitted, referenceOf(model, trained)->feed(tokens, nothing, job)) < 1e-6);
        QVERIFY_EXCEPTION_THROWN(referenceOf(model, plan)->feed(tokens, nothing, job), Error);
    }

    void everyCancelLeavesAWorkingSession()
    {
        const auto model = tinyModel();
        const auto tokens = tokenIds(12);
        const auto session = referenceOf(model);
        Recorder nothing;
        Job job;
        const std::vector<float> expected = session->feed(tokens, nothing, job);
        for (int reports = 0;; ++reports) {
            session->reset();
            std::stop_source stop;
            int left = reports;
            Job stopping(stop.get_token(), [&](const Progress&) {
                if (left-- == 0)
                    stop.request_stop();
            });
            bool cancelled = false;
            try {
                session->feed(tokens, nothing, stopping);
            } catch (const Cancelled&) {
                cancelled = true;
            }
            session->reset();
            const std::vector<float> again = session->feed(tokens, nothing, job);
            QVERIFY(std::ranges::equal(expected, again));
            if (!cancelled) {
                QVERIFY(reports >= 3); // at least once a layer
                break;
            }
        }
    }

    void badTokensAndPlansAreRefused()
    {
        const auto model = tinyModel();
        const auto session = referenceOf(model);
        Recorder nothing;
        Job job;
        for (const int id : {-1, 23, 1 << 30}) {
            const std::vector<TokenId> bad{{1}, {id}};
            QVERIFY_EXCEPTION_THROWN(session->feed(bad, nothing, job), Error);
        }
        QVERIFY_EXCEPTION_THROWN(session->feed({}, nothing, job), Error);
        QVERIFY_EXCEPTION_THROWN(referenceOf(model, planOf("no such method")), Error);
        SessionPlan knob;
        knob.everywhere.attention.knobs["scale"] = 1000.0;
        QVERIFY_EXCEPTION_THROWN(referenceOf(model, knob), Error);
    }

    void filtersAreKept()
    {
        const auto model = tinyModel();
        Job job;
        TraceFilter filter;
        filter.probes = {"query_raw", "softmax.lse"};
        filter.layers = {{2}};
        Recorder recorder(filter);
        const auto session = referenceOf(model);
        session->feed(tokenIds(10), recorder, job);
        const auto trace = recorder.take();
        QCOMPARE(trace->records().size(), std::size_t(2));
        for (const Trace::Record& record : trace->records())
            QCOMPARE(record.where.layer, LayerIndex{2});
        const SessionStats stats = session->stats();
        QCOMPARE(stats.spans.size(), std::size_t(3));
        QCOMPARE(stats.forms, std::vector<std::string>(3, "direct"));
        QCOMPARE(stats.stateBytes, std::size_t(3 * 10 * (16 + 24 + 12 + 12) * 8));
        QVERIFY(session->stats().spans.empty());
    }
};

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
