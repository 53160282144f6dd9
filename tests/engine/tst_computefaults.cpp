// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/check.h"
#include "engine/session/session.h"
#include "engine/values/error.h"
#include "tests/support/syntheticmodel.h"

#include <QtTest/QTest>

#include <cmath>

using namespace engine;

namespace {

// One run from nothing: device, weights, session, a prompt and tokens one by one.
std::vector<float> runAll(const std::shared_ptr<const Model>& model, const SessionPlan& plan,
                          const PreparedLayers& prepared)
{
    Job job;
    Device device(Device::choose(""));
    Queue queue(device);
    DeviceBlocks blocks(device);
    DeviceContext context{device, queue, blocks};
    const auto deviceModel = std::make_shared<const DeviceModel>(model, queue, job);
    Recorder recorder(TraceFilter::everything());
    const auto session = makeSession(model, plan, prepared, &context, deviceModel, 24, job);
    std::vector<TokenId> ids;
    for (int i = 0; i < 20; ++i)
        ids.push_back({(7 * i * i + 3 * i + 1) % model->config().vocabulary});
    std::vector<float> logits = session->feed(ids, recorder, job);
    for (int i = 0; i < 3; ++i)
        logits = session->feed(std::span(ids).subspan(std::size_t(i), 1), recorder, job);
    queue.drainSpans();
    return logits;
}

} // namespace

// A device that fails at any of the engine's calls: one sentence each, nothing that crashes, and the next run is right.
class TestComputeFaults : public QObject
{
    Q_OBJECT

private slots:
    void everyCallMayFail_data();
    void everyCallMayFail();
    void cleanupTestCase();

private:
    int m_injected = 0;
    long m_calls = 0;
};

void TestComputeFaults::everyCallMayFail_data()
{
    QTest::addColumn<QString>("id");
    for (const Method& method : methods())
        QTest::newRow(std::string(method.info.id).c_str()) << QString::fromUtf8(method.info.id.data());
}

void TestComputeFaults::everyCallMayFail()
{
    QFETCH(QString, id);
    if (Device::list().empty())
        QSKIP("there is no OpenCL device");
    ModelConfig config = smallConfig();
    config.layers = 2;
    const auto model = syntheticModel(config);
    SessionPlan plan;
    place(plan.everywhere, {id.toStdString(), {}});
    Job job;
    std::vector<TokenId> text;
    for (int i = 0; i < 100; ++i)
        text.push_back({(11 * i * i + i) % config.vocabulary});
    plan.backend = Backend::Reference; // fitting is no part of what fails
    const PreparedLayers prepared = prepareLayers(model, plan, text, nullptr, nullptr, job);
    plan.backend = Backend::OpenCl;

    failCheck(0, CL_SUCCESS);
    const std::vector<float> expected = runAll(model, plan, prepared);
    // How often a run asks whether its launches are done varies, and the end of a session tells and throws nothing.
    const long calls = failCheck(0, CL_SUCCESS) * 19 / 20;
    QVERIFY(calls > 50);
    m_calls += calls;
    constexpr std::array<cl_int, 3> codes{CL_OUT_OF_RESOURCES, CL_MEM_OBJECT_ALLOCATION_FAILURE,
                                          CL_DEVICE_NOT_AVAILABLE};
    // The first calls one by one (context, queue, programs), then spread over the run; every place another code.
    constexpr long first = 8, spread = 14;
    for (long round = 0; round < first + spread; ++round) {
        const long nth = round < first ? round + 1 : first + 1 + (round - first) * (calls - first - 1) / (spread - 1);
        const cl_int code = codes[std::size_t(round) % codes.size()];
        failCheck(nth, code);
        try {
            runAll(model, plan, prepared);
            QFAIL(qPrintable(QString("call %1 of %2 failed and nothing was said").arg(nth).arg(calls)));
        } catch (const Error& error) {
            const bool memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE;
            QCOMPARE(int(error.fault()), int(memory ? Fault::Memory : Fault::Device));
            QVERIFY2(std::string(error.what()).find(codeName(code)) != std::string::npos, error.what());
        }
        ++m_injected;
    }
    failCheck(0, CL_SUCCESS);
    const std::vector<float> again = runAll(model, plan, prepared);
    QVERIFY(again == expected);
}

void TestComputeFaults::cleanupTestCase()
{
    qInfo("%d device faults injected, in runs of %ld checked OpenCL calls together", m_injected, m_calls);
}

QTEST_GUILESS_MAIN(TestComputeFaults)
#include "tst_computefaults.moc"
