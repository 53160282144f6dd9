// SPDX-License-Identifier: GPL-3.0-or-later
// The device forms of exact attention and TaylorShift against the float64 references, and against each other: shapes
// that fit no tile, shared key/value heads, degenerate and huge rows, any way of feeding.
#include "engine/methods/method.h"
#include "engine/methods/taylorshift/form.h"

#include <QtTest>

#include <cmath>
#include <functional>
#include <random>

using namespace engine;

namespace {

// Numbers as a device gets them: q [N, heads·d], k [N, keyHeads·d], v [N, keyHeads·d_v].
struct Tensors
{
    LayerShape shape;
    int tokens = 0;
    std::vector<float> query, key, value;
};

using Maker = std::function<float()>;

Maker normal(unsigned seed, double deviation)
{
    return [random = std::mt19937(seed), draw = std::normal_distribution<float>(0.0F, float(deviation))]() mutable {
        return draw(random);
    };
}

Tensors tensors(const LayerShape& shape, int tokens, unsigned seed = 1, double deviation = 1.0)
{
    Tensors made{shape, tokens, {}, {}, {}};
    const auto fill = [&](std::vector<float>& cells, int columns, Maker make) {
        cells.resize(std::size_t(tokens) * std::size_t(columns));
        std::ranges::generate(cells, make);
    };
    fill(made.query, shape.heads * shape.keyWidth, normal(seed, deviation));
    fill(made.key, shape.keyHeads * shape.keyWidth, normal(seed + 1, deviation));
    fill(made.value, shape.keyHeads * shape.valueWidth, normal(seed + 2, 1.0));
    return made;
}

std::vector<Matrix> perHead(const std::vector<float>& cells, int tokens, int heads, int width)
{
    std::vector<Matrix> split;
    for (int head = 0; head < heads; ++head) {
        Matrix rows(tokens, width);
        for (int token = 0; token < tokens; ++token)
            for (int i = 0; i < width; ++i)
                rows(token, i) = cells[std::size_t((token * heads + head) * width + i)];
        split.push_back(rows);
    }
    return split;
}

LayerInput inputOf(const Tensors& in)
{
    const LayerShape& s = in.shape;
    return {{},
            perHead(in.query, in.tokens, s.heads, s.keyWidth),
            perHead(in.key, in.tokens, s.keyHeads, s.keyWidth),
            perHead(in.value, in.tokens, s.keyHeads, s.valueWidth)};
}

struct Result
{
    Matrix mixed;
    std::shared_ptr<const Trace> trace;
    std::size_t stateBytes = 0;
    std::string form;
};

// One device for the whole test: programs are built once per width.
struct Bench
{
    Device device{Device::choose("")};
    Queue queue{device};
    DeviceBlocks blocks{device};
    DeviceContext context{device, queue, blocks};
};

Bench& bench()
{
    static Bench made;
    return made;
}

Buffer<float> uploaded(std::span<const float> cells)
{
    Buffer<float> buffer(bench().device, cells.size());
    bench().queue.write(buffer, cells);
    return buffer;
}

// Feeds the tokens in pieces of `pieces` (repeated; empty: all at once).
void feed(DeviceAttention& attention, const Tensors& in, const std::vector<int>& pieces, Recorder& recorder,
          Matrix& mixed)
{
    const LayerShape& s = in.shape;
    const auto part = [](const std::vector<float>& cells, int first, int count, int columns) {
        return std::span(cells).subspan(std::size_t(first) * std::size_t(columns),
                                        std::size_t(count) * std::size_t(columns));
    };
    mixed.resize(in.tokens, s.heads * s.valueWidth);
    std::size_t place = 0;
    for (int first = 0; first < in.tokens;) {
        const int piece = pieces.empty() ? in.tokens : pieces[place++ % pieces.size()];
        const int count = std::min(piece, in.tokens - first);
        const Buffer<float> query = uploaded(part(in.query, first, count, s.heads * s.keyWidth));
        const Buffer<float> key = uploaded(part(in.key, first, count, s.keyHeads * s.keyWidth));
        const Buffer<float> value = uploaded(part(in.value, first, count, s.keyHeads * s.valueWidth));
        Buffer<float> out(bench().device, std::size_t(count) * std::size_t(s.heads * s.valueWidth));
        attention.append({query, key, value, nullptr, first, count}, out, bench().context, recorder);
        std::vector<float> cells(out.count());
        bench().queue.read(out, std::span(cells));
        for (std::size_t i = 0; i < cells.size(); ++i)
            mixed(first + int(i) / mixed.cols(), int(i) % mixed.cols()) = cells[i];
        first += count;
    }
}

Result onDevice(const Method& method, const Tensors& in, const LayerContext& context,
                const std::vector<int>& pieces = {}, const TraceFilter& filter = TraceFilter::everything(),
                int expected = -1)
{
    Recorder recorder(filter);
    const LayerShape& s = in.shape;
    recorder.append(probes::queryRaw, {}, in.query.data(), in.tokens, s.heads * s.keyWidth);
    recorder.append(probes::keyRaw, {}, in.key.data(), in.tokens, s.keyHeads * s.keyWidth);
    recorder.append(probes::value, {}, in.value.data(), in.tokens, s.keyHeads * s.valueWidth);
    const auto attention = method.deviceAttention(context, bench().context, expected < 0 ? in.tokens : expected);
    Result result;
    feed(*attention, in, pieces, recorder, result.mixed);
    bench().queue.finish();
    result.trace = recorder.take();
    result.stateBytes = attention->stateBytes();
    result.form = attention->form();
    return result;
}

LayerContext contextOf(const LayerShape& shape, const KnobValues& knobs = {}, Positions positions = {})
{
    LayerContext context;
    context.shape = shape;
    context.positions = positions;
    context.plan.attention.knobs = knobs;
    return context;
}

KnobValues taylorKnobs(taylorshift::Form form, double temperature = 1.0, bool scale = false)
{
    const int place = form == taylorshift::Form::Direct      ? 1
                      : form == taylorshift::Form::Efficient ? 2
                      : form == taylorshift::Form::Recurrent ? 3
                                                             : 4;
    return {{"form", place}, {"temperature", temperature}, {"output_scale", scale}};
}

std::vector<taylorshift::Form> formsOf(bool causal)
{
    using taylorshift::Form;
    return causal ? std::vector{Form::Direct, Form::Chunked, Form::Recurrent}
                  : std::vector{Form::Direct, Form::Efficient};
}

double largestScore(const Tensors& in, double scale)
{
    const LayerInput input = inputOf(in);
    double largest = 0;
    for (int head = 0; head < in.shape.heads; ++head)
        largest = std::max(largest, (scale * input.queries[std::size_t(head)] *
                                     input.keys[std::size_t(in.shape.keyHeadOf(head))].transpose())
                                        .cwiseAbs()
                                        .maxCoeff());
    return largest;
}

// The promise: relative to the largest output at most max(1e-5, 2e-7 × the largest score).
double relativeError(const Matrix& found, const Matrix& expected)
{
    return (found - expected).cwiseAbs().maxCoeff() / std::max(expected.cwiseAbs().maxCoeff(), 1e-30);
}

double allowed(double largest)
{
    return std::max(1e-5, 2e-7 * largest);
}

#define HOLDS(error, limit, what)                                                                                      \
    do {                                                                                                               \
        const double found_ = (error), limit_ = (limit);                                                               \
        QVERIFY2(found_ <= limit_, qPrintable(QString("%1: error %2, allowed %3").arg(what).arg(found_).arg(limit_))); \
        if (qEnvironmentVariableIsSet("SUBQUAD_PRINT"))                                                                \
            qInfo("%s: error %.3g of %.3g", qPrintable(QString(what)), found_, limit_);                                \
    } while (false)

// What the reference gives and records.
Result onHost(const Method& method, const Tensors& in, const LayerContext& context)
{
    Recorder recorder(TraceFilter::everything());
    Result result;
    result.mixed = method.attention(inputOf(in), context, recorder);
    result.trace = recorder.take();
    return result;
}

} // namespace

class TestKernels : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void shapes_data();
    void shapes();
    void degenerateRows();
    void feeding();
    void probes();
    void maps();
    void longSequence();
    void recordingChangesNothing();
    void resetStartsAnew();

private:
    static void taylorForms(const Tensors& in, double temperature);
};

// Buffers start as NaN and end in a canary: what is read before it is written, or written past the end, shows.
void TestKernels::initTestCase()
{
    qputenv("SUBQUAD_POISON", "1");
}

void TestKernels::shapes_data()
{
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("keyHeads");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("valueWidth");
    QTest::addColumn<double>("deviation");
    const auto row = [](int tokens, int heads, int keyHeads, int width, int valueWidth, double deviation) {
        QTest::addRow("N %d, heads %d/%d, d %d, d_v %d, deviation %g", tokens, heads, keyHeads, width, valueWidth,
                      deviation)
            << tokens << heads << keyHeads << width << valueWidth << deviation;
    };
    row(1, 1, 1, 2, 2, 1);
    row(2, 8, 4, 16, 16, 1);
    row(31, 3, 1, 7, 5, 1);
    row(65, 8, 2, 16, 16, 4);
    row(1025, 1, 1, 16, 16, 1);
    row(300, 2, 2, 16, 16, 12); // scores up to about 500
    row(257, 2, 1, 64, 64, 1);
    row(97, 6, 3, 24, 40, 1);
    row(100, 1, 1, 128, 128, 6.5);
    row(97, 1, 1, 2, 2, 15);
}

void TestKernels::shapes()
{
    QFETCH(int, tokens);
    QFETCH(int, heads);
    QFETCH(int, keyHeads);
    QFETCH(int, width);
    QFETCH(int, valueWidth);
    QFETCH(double, deviation);
    for (const bool causal : {false, true}) {
        const LayerShape shape{heads, keyHeads, width, valueWidth, causal};
        const Tensors in = tensors(shape, tokens, 7, deviation);
        const LayerContext softmax = contextOf(shape);
        const Method& exact = findMethod("softmax");
        const Result streamed = onDevice(exact, in, softmax);
        HOLDS(relativeError(streamed.mixed, onHost(exact, in, softmax).mixed),
              allowed(largestScore(in, 1 / std::sqrt(width))), QString("softmax, causal %1").arg(causal));
        QCOMPARE(std::int64_t(streamed.stateBytes), exact.cost(shape, {}, tokens).stateBytes);
        for (const double temperature : {1.0, -3.0, 25.0})
            taylorForms(in, temperature);
    }
}

// Every form against the direct reference (that the reference's forms agree is a test of its own), and so each other.
void TestKernels::taylorForms(const Tensors& in, double temperature)
{
    const Method& taylor = findMethod("taylorshift");
    const LayerShape& shape = in.shape;
    const Matrix expected =
        onHost(taylor, in, contextOf(shape, taylorKnobs(taylorshift::Form::Direct, temperature, true))).mixed;
    for (const auto form : formsOf(shape.causal)) {
        const LayerContext context = contextOf(shape, taylorKnobs(form, temperature, true));
        const Result result = onDevice(taylor, in, context);
        const bool single = form == taylorshift::Form::Chunked && in.tokens == 1; // one token is a recurrence
        QCOMPARE(result.form, std::string(nameOf(single ? taylorshift::Form::Recurrent : form)));
        HOLDS(relativeError(result.mixed, expected), allowed(std::abs(temperature)),
              QString("%1, causal %2, temperature %3").arg(result.form.c_str()).arg(shape.causal).arg(temperature));
        QCOMPARE(std::int64_t(result.stateBytes),
                 taylor.cost(shape, context.plan.attention.knobs, in.tokens).stateBytes);
    }
}

// Rows of zeros, of one number, of numbers whose squares leave the range of float, and opposite rows.
void TestKernels::degenerateRows()
{
    for (const bool causal : {false, true}) {
        const LayerShape shape{2, 1, 8, 8, causal};
        Tensors in = tensors(shape, 70, 3);
        const auto scaleRow = [](std::vector<float>& cells, int row, int columns, float factor) {
            for (int i = 0; i < columns; ++i)
                cells[std::size_t(row * columns + i)] *= factor;
        };
        for (const auto& [row, factor] :
             {std::pair(0, 0.0F), {1, 1e37F}, {2, 1e-37F}, {3, 1e-13F}, {40, 0.0F}, {41, -1e30F}}) {
            scaleRow(in.query, row, 16, factor);
            scaleRow(in.key, row + 5, 8, factor);
        }
        for (const double temperature : {1.0, 4.0})
            taylorForms(in, temperature);

        Tensors equal = tensors(shape, 70, 5);
        std::ranges::fill(equal.key, 0.5F);
        std::ranges::fill(equal.value, -2.0F);
        taylorForms(equal, 1.0);
        const Method& exact = findMethod("softmax");
        const Result result = onDevice(exact, equal, contextOf(shape));
        HOLDS(relativeError(result.mixed, Matrix::Constant(70, 16, -2.0)), 1e-6, QString("equal values"));
    }
}

// However a causal sequence is cut, the rows are the same; caches grow past what was expected.
void TestKernels::feeding()
{
    const LayerShape shape{4, 2, 16, 12, true};
    const Tensors in = tensors(shape, 211);
    const Positions positions{RopeKind::RotateHalf, 10000.0};
    const auto check = [&](const Method& method, const KnobValues& knobs) {
        const LayerContext context = contextOf(shape, knobs, positions);
        const Matrix expected = onHost(method, in, context).mixed;
        for (const std::vector<int>& pieces : {std::vector<int>{}, {1}, {5, 1, 1, 70}, {64, 1}, {150, 1, 1, 1, 40}}) {
            const Result result = onDevice(method, in, context, pieces, TraceFilter::nothing(), 10);
            HOLDS(relativeError(result.mixed, expected), 1e-5,
                  QString("%1, pieces of %2").arg(method.info.id.data()).arg(pieces.empty() ? 0 : pieces[0]));
        }
    };
    check(findMethod("softmax"), {});
    for (const auto form : formsOf(true))
        check(findMethod("taylorshift"), taylorKnobs(form, 1.5, true));
}

// What the device records is what the reference records, for every probe with one row per token, and the state.
void TestKernels::probes()
{
    for (const bool causal : {false, true}) {
        const LayerShape shape{4, 2, 6, 10, causal};
        const Tensors in = tensors(shape, 90);
        std::vector<std::pair<const Method*, KnobValues>> runs{{&findMethod("softmax"), {}}};
        for (const auto form : formsOf(causal))
            runs.push_back({&findMethod("taylorshift"), taylorKnobs(form, 2.0)});
        for (const auto& [method, knobs] : runs) {
            const LayerContext context = contextOf(shape, knobs, {RopeKind::Interleaved, 10000.0});
            const Result device =
                onDevice(*method, in, context, causal ? std::vector<int>{50, 1, 39} : std::vector<int>{});
            const Result host = onHost(*method, in, context);
            for (const Trace::Record& expected : host.trace->records()) {
                if (expected.grid.empty())
                    continue;
                const Grid found = device.trace->grid(expected.probe, expected.where);
                const QString what = QString::fromStdString(expected.probe + " of " + device.form);
                QVERIFY2(!found.empty(), qPrintable(what + " was not recorded"));
                QCOMPARE(found.rows(), expected.grid.rows());
                QCOMPARE(found.cols(), expected.grid.cols());
                HOLDS((matrixOf(found) - matrixOf(expected.grid)).cwiseAbs().maxCoeff(),
                      2e-6 * std::max(1.0, matrixOf(expected.grid).cwiseAbs().maxCoeff()), what);
            }
        }
    }
}

// Any rectangle of the map, from the device's own records, is the reference's.
void TestKernels::maps()
{
    for (const bool causal : {false, true}) {
        const LayerShape shape{4, 2, 10, 6, causal};
        const Tensors in = tensors(shape, 75, 11, 3);
        for (const std::string_view id : {"softmax", "taylorshift"}) {
            const Method& method = findMethod(id);
            KnobValues knobs;
            if (id == "taylorshift")
                knobs = {{"output_scale", true}, {"temperature", 2.0}};
            const LayerContext context = contextOf(shape, knobs, {RopeKind::RotateHalf, 10000.0});
            const Result result = onDevice(method, in, context);
            const LayerTrace trace(result.trace, context.layer, shape, context.positions);
            for (const auto& [queries, keys] : {std::pair(TokenRange{0, 75}, TokenRange{0, 75}),
                                                {TokenRange{17, 5}, TokenRange{3, 40}},
                                                {TokenRange{74, 1}, TokenRange{74, 1}},
                                                {TokenRange{0, 9}, TokenRange{9, 33}}}) {
                const Matrix expected = method.weights(trace, {3}, queries, keys, context);
                Buffer<float> tile(bench().device, std::size_t(queries.count * keys.count));
                method.deviceWeights(trace, {3}, queries, keys, context, tile, bench().context);
                std::vector<float> cells(tile.count());
                bench().queue.read(tile, std::span(cells));
                const Matrix found =
                    Eigen::Map<Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(cells.data(), queries.count, keys.count)
                        .cast<double>();
                HOLDS((found - expected).cwiseAbs().maxCoeff(), 1e-5, QString("map of %1").arg(id.data()));
                if (causal && queries.end() <= keys.first)
                    QVERIFY(found.isZero(0));
            }
        }
    }
}

// Rows of 4,096 tokens; the expected ones are summed here, a few of them.
void TestKernels::longSequence()
{
    const int tokens = 4096;
    const LayerShape shape{2, 1, 16, 16, false};
    const Tensors in = tensors(shape, tokens);
    const LayerInput input = inputOf(in);
    const auto check = [&](const Matrix& found, const Matrix& scores, int token, const char* what) {
        const Vector weights = scores.row(0);
        const Eigen::RowVectorXd expected = weights.transpose() * input.values[0] / weights.sum();
        HOLDS((found.row(token).tail(16) - expected).cwiseAbs().maxCoeff(), 1e-5 * found.cwiseAbs().maxCoeff(),
              QString(what));
    };
    const Matrix exact = onDevice(findMethod("softmax"), in, contextOf(shape)).mixed;
    const Matrix keys = input.keys[0].rowwise().normalized();
    for (const int token : {0, 1000, 4095}) {
        const Matrix query = input.queries[1].row(token);
        check(exact, (query * input.keys[0].transpose() / 4.0).array().exp(), token, "softmax, 4096 tokens");
    }
    for (const auto form : formsOf(false)) {
        const Matrix mixed = onDevice(findMethod("taylorshift"), in, contextOf(shape, taylorKnobs(form))).mixed;
        for (const int token : {0, 1000, 4095}) {
            const Matrix x = input.queries[1].row(token).normalized() * keys.transpose();
            check(mixed, 1.0 + x.array() + 0.5 * x.array().square(), token, nameOf(form).data());
        }
    }
}

// A run that records everything gives the bits of one that records nothing.
void TestKernels::recordingChangesNothing()
{
    const LayerShape shape{4, 2, 16, 16, true};
    const Tensors in = tensors(shape, 130);
    const auto same = [&](const Method& method, const KnobValues& knobs) {
        const LayerContext context = contextOf(shape, knobs);
        const std::vector<int> pieces{100, 1, 29};
        QVERIFY(onDevice(method, in, context, pieces).mixed ==
                onDevice(method, in, context, pieces, TraceFilter::nothing()).mixed);
    };
    same(findMethod("softmax"), {});
    for (const auto form : formsOf(true))
        same(findMethod("taylorshift"), taylorKnobs(form));
}

void TestKernels::resetStartsAnew()
{
    const LayerShape shape{2, 1, 16, 16, true};
    const Tensors in = tensors(shape, 40);
    for (const std::string_view id : {"softmax", "taylorshift"})
        for (const std::vector<int>& pieces : {std::vector<int>{}, {1}}) {
            Recorder nothing;
            const auto attention = findMethod(id).deviceAttention(contextOf(shape), bench().context, 0);
            Matrix first, second;
            feed(*attention, in, pieces, nothing, first);
            attention->reset(bench().queue);
            feed(*attention, in, pieces, nothing, second);
            QVERIFY(first == second);
        }
}

QTEST_MAIN(TestKernels)
#include "tst_kernels.moc"
