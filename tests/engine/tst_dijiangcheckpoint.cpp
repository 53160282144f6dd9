// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/checkpoint.h"
#include "engine/methods/dijiang/featuremap.h"
#include "engine/session/session.h"
#include "tests/engine/support/heads.h"
#include "tests/support/expect.h"
#include "tests/support/samples.h"

#include <QTemporaryDir>
#include <QtTest/QTest>

#include <algorithm>

using namespace engine;
using namespace tests;

namespace {

constexpr int heads = 4, width = 16, headWidth = 4;

// Gate, norm, D, decay and radii of one layer, per head where they can be.
std::map<std::string, samples::Tensor> parametersOf(int layer)
{
    const auto tensor = [&](const std::string& name, std::vector<int> shape, float low, float high) {
        int count = 1;
        for (const int side : shape)
            count *= side;
        std::vector<float> numbers;
        for (int i = 0; i < count; ++i)
            numbers.push_back(low + (high - low) * float((7 * i + 3 * layer + int(name.size())) % 11) / 10);
        return samples::Tensor{"model.layers." + std::to_string(layer) + "." + name, std::move(shape), numbers};
    };
    return {{"radius", tensor("radius", {heads, headWidth}, -1.5F, 2)},
            {"weight", tensor("weight", {heads, headWidth}, 0.25F, 2)},
            {"decay", tensor("decay", {heads}, 0.8F, 1)},
            {"norm_weight", tensor("norm_weight", {width}, 0.5F, 1.5F)},
            {"norm_bias", tensor("norm_bias", {width}, -0.3F, 0.3F)},
            {"gate", tensor("gate", {width, width}, -0.5F, 0.5F)}};
}

using Layers = std::vector<std::map<std::string, samples::Tensor>>;

std::vector<TokenId> ids(int count)
{
    std::vector<TokenId> all;
    for (int i = 0; i < count; ++i)
        all.push_back({(i * i * 5 + 3 * i + 7) % 250});
    return all;
}

} // namespace

// A checkpoint that was trained with DiJiang: its parameters per head go from the file to both back ends.
class TestDiJiangCheckpoint : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { m_machine = machine(); }

    // Every layer mixes with its own parameters: as the method does over the same q, k, v with them given by hand, and
    // the same on the device, fed in pieces.
    void parametersReachEveryLayer()
    {
        const Layers layers{parametersOf(0), parametersOf(1)};
        const auto model = written(layers, R"({"preset":"official","weight":"D"})");
        SessionPlan plan = nativePlan(model->checkpoint());
        plan.backend = Backend::Reference;
        Job job;
        Recorder recorder(TraceFilter::everything());
        const std::vector<TokenId> tokens = ids(41);
        const std::vector<float> logits =
            makeSession(model, plan, {}, nullptr, nullptr, 41, job)->feed(tokens, recorder, job);
        const auto trace = recorder.take();
        for (int layer = 0; layer < 2; ++layer) {
            LayerContext byHand = layerContext(*model, plan, {layer}, {});
            byHand.plan.parameters.clear();
            for (const auto& [name, tensor] : layers[std::size_t(layer)])
                byHand.plan.parameters[name] = tensor.numbers;
            const auto maps = dijiang::mapsOf(byHand);
            QCOMPARE(maps.states(), heads); // two query heads of a key head differ: a state each
            QVERIFY(std::abs(maps.radii()(2, 1) - layers[std::size_t(layer)].at("radius").numbers[9]) < 1e-7);
            const Attended alone = attend(headTensors(*trace, {layer}), byHand, nullptr, {}, job);
            QVERIFY(distance(alone.output(), trace->grid(probes::mixed, {{layer}, allHeads, {}})) < 1e-6);
        }
        // Each parameter counts: without it the logits are others.
        for (const auto& [name, tensor] : layers[0]) {
            SessionPlan less = plan;
            less.overrides[{0}].parameters.erase(name);
            Recorder nothing;
            const auto other = makeSession(model, less, {}, nullptr, nullptr, 41, job)->feed(tokens, nothing, job);
            QVERIFY2(!std::ranges::equal(logits, other), name.c_str());
        }
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        plan.backend = Backend::OpenCl;
        const auto uploaded = std::make_shared<const DeviceModel>(model, m_machine->queue, job);
        auto session = makeSession(model, plan, {}, &m_machine->context, uploaded, 41, job);
        Recorder onDevice(TraceFilter::everything());
        for (const auto& [first, count] : {std::pair(0, 30), std::pair(30, 1), std::pair(31, 10)})
            session->feed(std::span(tokens).subspan(std::size_t(first), std::size_t(count)), onDevice, job);
        const Where last{{1}, allHeads, {}};
        QVERIFY(distance(trace->grid(probes::output, last), onDevice.take()->grid(probes::output, last)) < 1e-4);
    }

    void weightsOfZeroGiveNothing()
    {
        Layers layers{parametersOf(0), parametersOf(1)};
        std::ranges::fill(layers[1]["weight"].numbers, 0.0F);
        for (const char* name : {"norm_weight", "norm_bias", "gate"})
            layers[1].erase(name);
        const auto model = written(layers, "{}");
        Job job;
        Recorder recorder(TraceFilter::everything());
        const SessionPlan plan = nativePlan(model->checkpoint());
        makeSession(model, plan, {}, nullptr, nullptr, 9, job)->feed(ids(9), recorder, job);
        QVERIFY(matrixOf(recorder.take()->grid(probes::mixed, {{1}, allHeads, {}})).isZero());
    }

    void badParametersAreASentence_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("count"); // numbers
        QTest::addColumn<float>("first");
        QTest::addColumn<QString>("knobs");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, int count, float first, const char* knobs, const char* words) {
            QTest::addRow("%s %d %g %s", name, count, double(first), knobs) << name << count << first << knobs << words;
        };
        row("radius", 5, 1, "{}", "parameter radius of layer 1 has 5 numbers; 4, or 4 for each of 4 heads");
        row("weight", 17, 1, "{}", "parameter weight of layer 1 has 17 numbers");
        row("decay", 3, 0.5F, "{}", "parameter decay of layer 1 has 3 numbers; 1, or 1 for each of 4 heads");
        row("decay", 4, 1.5F, "{}", "parameter decay of layer 1 lies outside (0, 1]");
        row("decay", 4, 0, "{}", "parameter decay of layer 1 lies outside (0, 1]");
        row("norm_weight", 15, 1, "{}", "parameter norm_weight of layer 1 has 15 numbers; 16 were expected");
        row("norm_bias", 4, 1, "{}", "parameter norm_bias of layer 1 has 4 numbers; 16 were expected");
        row("gate", 100, 1, "{}", "parameter gate of layer 1 has 100 numbers; 256 were expected");
        row("decay", 4, 1, R"({"m":5})", "knob m: 5 was given");
    }

    void badParametersAreASentence()
    {
        QFETCH(QString, name);
        QFETCH(int, count);
        QFETCH(float, first);
        QFETCH(QString, knobs);
        QFETCH(QString, words);
        Layers layers{parametersOf(0), parametersOf(1)};
        if (knobs != "{}") { // radii and D are as many as features
            for (auto& layer : layers) {
                layer.erase("radius");
                layer.erase("weight");
            }
        }
        samples::Tensor& tensor = layers[1][name.toStdString()];
        tensor.shape = {count};
        tensor.numbers.assign(std::size_t(count), 1.0F);
        tensor.numbers.front() = first;
        const auto model = written(layers, knobs.toStdString());
        expectError(Fault::Request, {words.toStdString()}, [&] {
            Job job;
            makeSession(model, nativePlan(model->checkpoint()), {}, nullptr, nullptr, 4, job);
        });
    }

private:
    // A folder as another program would write it, read again.
    std::shared_ptr<const Model> written(const Layers& layers, const std::string& knobs)
    {
        const samples::Shape shape{.layers = int(layers.size())};
        std::vector<samples::Tensor> tensors = samples::llamaTensors(shape);
        std::string block;
        for (const auto& parameters : layers) {
            std::string names;
            for (const auto& [name, tensor] : parameters) {
                names += (names.empty() ? "\"" : ",\"") + name + "\":\"" + tensor.name + "\"";
                tensors.push_back(tensor);
            }
            block += std::string(block.empty() ? "" : ",") + R"({"attention":{"method":"dijiang","knobs":)" + knobs +
                     R"(},"parameters":{)" + names + "}}";
        }
        const std::filesystem::path folder =
            std::filesystem::path(m_folder.path().toStdString()) / std::to_string(m_written++);
        samples::writeLlamaFolder(folder, shape, samples::Element::F32, R"(,"subquad":{"layers":[)" + block + "]}");
        samples::writeFile(folder / "model.safetensors", samples::safetensors(tensors));
        Job job;
        return std::make_shared<const Model>(readCheckpoint(folder, job), job);
    }

    QTemporaryDir m_folder;
    int m_written = 0;
    std::unique_ptr<Machine> m_machine; // null where there is no OpenCL
};

QTEST_GUILESS_MAIN(TestDiJiangCheckpoint)
#include "tst_dijiangcheckpoint.moc"
