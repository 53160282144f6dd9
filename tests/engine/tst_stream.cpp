// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/method.h"

#include <QtTest/QTest>

#include <bit>
#include <chrono>
#include <fstream>
#include <random>
#include <unistd.h>

using namespace engine;

namespace {

// A layer that is fed one random token after another, as decoding does.
class Stream
{
public:
    Stream(std::string_view method, const KnobValues& knobs, int expected)
        : m_method(findMethod(method))
        , m_query(m_device, std::size_t(shape.heads * shape.keyWidth))
        , m_key(m_device, std::size_t(shape.keyHeads * shape.keyWidth))
        , m_value(m_device, std::size_t(shape.keyHeads * shape.valueWidth))
        , m_out(m_device, std::size_t(shape.heads * shape.valueWidth))
        , m_last(m_out.count())
    {
        m_context.shape = shape;
        m_context.plan.attention = {std::string(method), knobs};
        checkPlan(m_context);
        m_attention = m_method.deviceAttention(m_context, m_deviceContext, expected);
    }

    ~Stream() { m_queue.finish(); }

    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void feed(int count)
    {
        constexpr int betweenReads = 64, betweenDrains = 4096;
        for (int i = 0; i < count; ++i) {
            for (Buffer<float>* rows : {&m_query, &m_key, &m_value}) {
                std::vector<float> cells(rows->count());
                std::ranges::generate(cells, [&] { return m_normal(m_random); });
                m_queue.write(*rows, std::span<const float>(cells));
            }
            m_attention->append({m_query, m_key, m_value, nullptr, m_tokens++, 1}, m_out, m_deviceContext, m_recorder);
            if (m_tokens % betweenReads == 0)
                m_queue.read(m_out, std::span(m_last));
            if (m_tokens % betweenDrains == 0)
                m_queue.drainSpans(); // times of launches that nobody asks for would pile up
        }
        m_queue.read(m_out, std::span(m_last));
        m_queue.drainSpans();
    }

    // On the bits, so that no compiler option can reason it away.
    bool finite() const
    {
        return std::ranges::all_of(
            m_last, [](float x) { return (std::bit_cast<std::uint32_t>(x) & 0x7f800000U) != 0x7f800000U; });
    }

    int tokens() const { return m_tokens; }

    std::size_t stateBytes() const { return m_attention->stateBytes(); }

    std::size_t allocatedBytes() const { return m_device.allocatedBytes(); }

    std::int64_t predictedBytes() const
    {
        return m_method.cost(shape, m_context.plan.attention.knobs, m_tokens).stateBytes;
    }

    static constexpr LayerShape shape{2, 1, 16, 16, true};

private:
    const Method& m_method;
    Device m_device{Device::choose("")};
    Queue m_queue{m_device};
    DeviceBlocks m_blocks{m_device};
    DeviceContext m_deviceContext{m_device, m_queue, m_blocks};
    LayerContext m_context;
    Buffer<float> m_query, m_key, m_value, m_out;
    std::vector<float> m_last;
    Recorder m_recorder{TraceFilter::nothing()};
    std::unique_ptr<DeviceAttention> m_attention;
    std::mt19937 m_random{3};
    std::normal_distribution<float> m_normal;
    int m_tokens = 0;
};

double residentMegabytes()
{
    std::ifstream file("/proc/self/statm");
    double all = 0, resident = 0;
    file >> all >> resident;
    return resident * double(::sysconf(_SC_PAGESIZE)) / 1e6;
}

// SUBQUAD_STREAM=n: how many tokens the long forms run; without it they are short.
int tokensOr(int few, int most)
{
    const int asked = qEnvironmentVariableIntValue("SUBQUAD_STREAM");
    return asked > 0 ? std::min(asked, most) : few;
}

} // namespace

// Long decoding: what must stay flat stays flat, what grows grows as predicted. SUBQUAD_STREAM=1000000 for the long
// form.
class TestStream : public QObject
{
    Q_OBJECT

private slots:
    void stateStaysFlat_data();
    void stateStaysFlat();
    void exactGrowsAsPredicted();
};

void TestStream::stateStaysFlat_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("knob");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char* name, const char* method, const char* knob, const char* value) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(knob) << QByteArray(value);
    };
    row("TaylorShift", "taylorshift", "form", "recurrent");
    row("DiJiang", "dijiang", "preset", "normalised");
    row("Infini-attention, linear", "infini", "rule", "linear");
    row("Infini-attention, delta", "infini", "rule", "delta");
}

void TestStream::stateStaysFlat()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, knob);
    QFETCH(QByteArray, value);
    const auto& knobs = findMethod(method.constData()).info.knobs;
    const auto chosen = std::ranges::find(knobs, std::string_view(knob.constData()), &Knob::id);
    QVERIFY(chosen != knobs.end());
    const int count = tokensOr(8192, 1'000'000), blocks = 10;
    Stream stream(method.constData(), {{knob.toStdString(), parseKnob(*chosen, value.constData())}}, count);
    stream.feed(count / blocks / 4); // kernels built, pools filled
    const std::size_t state = stream.stateBytes(), allocated = stream.allocatedBytes();
    QCOMPARE(std::int64_t(state), stream.predictedBytes());
    const double resident = residentMegabytes();
    std::vector<double> perToken; // microseconds, by block
    for (int block = 0; block < blocks; ++block) {
        const auto begin = std::chrono::steady_clock::now();
        stream.feed(count / blocks);
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
        perToken.push_back(took.count() / (count / blocks));
        QVERIFY(stream.finite());
        QCOMPARE(stream.stateBytes(), state);
        QCOMPARE(stream.allocatedBytes(), allocated);
    }
    const double grown = residentMegabytes() - resident;
    qInfo(
        "%d tokens: state %zu bytes, resident %.1f MB and %+.1f after, %.1f us a token in the first tenth, %.1f in the "
        "last",
        stream.tokens(), state, resident, grown, perToken.front(), perToken.back());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    QVERIFY2(grown < 8, "resident memory grows with the tokens");
#endif
}

void TestStream::exactGrowsAsPredicted()
{
    const int count = tokensOr(2048, 65'536);
    Stream stream("softmax", {}, 0);
    for (int next = 1; next <= count; next *= 2) {
        stream.feed(next - stream.tokens());
        QCOMPARE(stream.tokens(), next);
        QVERIFY(stream.finite());
        QCOMPARE(std::int64_t(stream.stateBytes()), stream.predictedBytes());
        const LayerShape& shape = Stream::shape;
        QCOMPARE(stream.stateBytes(),
                 sizeof(float) * std::size_t(next) * std::size_t(shape.keyHeads * (shape.keyWidth + shape.valueWidth)));
    }
    qInfo("%d tokens: the cache holds %zu bytes, as predicted; the device has %zu in use", stream.tokens(),
          stream.stateBytes(), stream.allocatedBytes());
}

QTEST_APPLESS_MAIN(TestStream)
#include "tst_stream.moc"
