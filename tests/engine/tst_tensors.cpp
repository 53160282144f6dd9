// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/safetensors.h"
#include "engine/files/tensors.h"
#include "tests/support/memoryfile.h"

#include <QTemporaryDir>
#include <QtTest/QTest>

#include <cmath>
#include <fstream>
#include <limits>
#include <stop_token>

using namespace engine;

namespace {

// A tensor of these numbers.
TensorRef tensorOf(const std::vector<float>& numbers, std::vector<std::size_t> shape)
{
    TensorRef tensor;
    tensor.name = "numbers";
    tensor.shape = std::move(shape);
    const std::size_t count = numbers.size() * sizeof(float);
    tensor.file = memoryFile("x" + std::string(reinterpret_cast<const char*>(numbers.data()), count));
    tensor.bytes = {1, count};
    return tensor;
}

} // namespace

class TestTensors : public QObject
{
    Q_OBJECT

private slots:
    void statisticsByHand();
    void statisticsOfManyPieces();
    void nothingFinite();
    void pictureHoldsTheLargest();
    void picturesOfVectorsAndHigherRanks();
    void entriesInTheOrderOfLayers();
    void bigTensorsTakeNoMemory();
    void readingCanBeStopped();
    void studySaysWhatWasFound();
};

void TestTensors::statisticsByHand()
{
    const float infinite = std::numeric_limits<float>::infinity();
    const std::vector<float> numbers{1, -1, 0, 3, -0.0F, std::nanf(""), infinite, 5};
    Job job;
    const TensorStats stats = tensorStats(tensorOf(numbers, {2, 4}), 4, job);
    QCOMPARE(stats.count, std::size_t(8));
    QCOMPARE(stats.nonFinite, std::size_t(2));
    QCOMPARE(stats.zeros, std::size_t(2));
    QCOMPARE(stats.zeroShare(), 0.25);
    QVERIFY(std::abs(stats.mean - 8.0 / 6) < 1e-12);
    // 1, −1, 0, 3, 0, 5: mean of squares 36/6, minus (8/6)².
    QVERIFY(std::abs(stats.deviation - std::sqrt(6.0 - 64.0 / 36)) < 1e-12);
    QCOMPARE(stats.low, -1.0);
    QCOMPARE(stats.high, 5.0);
    QCOMPARE(stats.histogram, (std::vector<std::int64_t>{3, 1, 1, 1})); // bins of 1.5 from −1
}

void TestTensors::statisticsOfManyPieces()
{
    // Far from 0, where a sum of squares would lose its digits.
    constexpr int count = 200'001;
    std::vector<float> numbers;
    for (int i = 0; i < count; ++i)
        numbers.push_back(10000.0F + float(i % 2));
    Job job;
    const TensorStats stats = tensorStats(tensorOf(numbers, {std::size_t(count)}), 2, job);
    QVERIFY(std::abs(stats.mean - (10000.0 + 100000.0 / count)) < 1e-9);
    QVERIFY(std::abs(stats.deviation - 0.5) < 1e-9);
    QCOMPARE(stats.histogram, (std::vector<std::int64_t>{100'001, 100'000}));
}

void TestTensors::nothingFinite()
{
    const std::vector<float> numbers{std::nanf(""), std::nanf("")};
    Job job;
    const TensorStats stats = tensorStats(tensorOf(numbers, {2}), 3, job);
    QCOMPARE(stats.nonFinite, std::size_t(2));
    QCOMPARE(stats.histogram, (std::vector<std::int64_t>{0, 0, 0}));
    const std::vector<float> same{4, 4};
    QCOMPARE(tensorStats(tensorOf(same, {2}), 3, job).histogram, (std::vector<std::int64_t>{2, 0, 0}));
}

void TestTensors::pictureHoldsTheLargest()
{
    std::vector<float> numbers(5 * 7, 0.25F);
    numbers[3 * 7 + 5] = -9; // row 3, column 5
    numbers[4 * 7 + 6] = std::nanf("");
    Job job;
    const TensorPicture picture = tensorPicture(tensorOf(numbers, {5, 7}), 4, job);
    QCOMPARE(picture.reduction, 2);
    QCOMPARE(picture.cells.rows(), 3);
    QCOMPARE(picture.cells.cols(), 4);
    QCOMPARE(picture.cells.at(1, 2), -9.0F);
    QCOMPARE(picture.cells.at(0, 0), 0.25F);
    QVERIFY(std::isnan(picture.cells.at(2, 3)));
}

void TestTensors::picturesOfVectorsAndHigherRanks()
{
    const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
    Job job;
    const TensorPicture vector = tensorPicture(tensorOf(numbers, {6}), 100, job);
    QCOMPARE(vector.rows, std::size_t(1));
    QCOMPARE(vector.cols, std::size_t(6));
    QCOMPARE(vector.cells.at(0, 5), 6.0F);
    const TensorPicture cube = tensorPicture(tensorOf(numbers, {3, 1, 2}), 100, job);
    QCOMPARE(cube.rows, std::size_t(3));
    QCOMPARE(cube.cells.at(2, 1), 6.0F);
}

void TestTensors::entriesInTheOrderOfLayers()
{
    const std::vector<float> numbers{1};
    Checkpoint checkpoint;
    for (const char* name : {"layer.10.query", "layer.2.query", "embedding", "layer.2.key", "final_norm"})
        checkpoint.tensors[name] = tensorOf(numbers, {1});
    QStringList names;
    for (const TensorEntry& entry : tensorEntries(checkpoint))
        names << QString::fromStdString(entry.name);
    QCOMPARE(names, (QStringList{"embedding", "final_norm", "layer.2.key", "layer.2.query", "layer.10.query"}));
}

void TestTensors::bigTensorsTakeNoMemory()
{
    // A sparse file of 64 MiB: its statistics read every number and hold one piece.
    QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "big.safetensors";
    constexpr std::size_t side = 4096;
    std::string header = R"({"big":{"dtype":"F32","shape":[4096,4096],"data_offsets":[0,67108864]}})";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    {
        std::ofstream file(path, std::ios::binary);
        const std::uint64_t length = header.size();
        file.write(reinterpret_cast<const char*>(&length), 8);
        file << header;
    }
    std::filesystem::resize_file(path, 8 + header.size() + side * side * 4);
    std::size_t most = 0, calls = 0;
    Job job;
    eachPiece(readSafetensors(path).tensor("big"), job, [&](std::size_t, std::span<const float> numbers) {
        most = std::max(most, numbers.size());
        ++calls;
    });
    QCOMPARE(most, std::size_t(65536));
    QCOMPARE(calls, side * side / 65536);
    QCOMPARE(tensorStats(readSafetensors(path).tensor("big"), 8, job).zeros, side * side);
}

void TestTensors::readingCanBeStopped()
{
    const std::vector<float> numbers(300'000, 1.0F);
    std::stop_source stop;
    Job job(stop.get_token());
    int pieces = 0;
    QVERIFY_EXCEPTION_THROWN(eachPiece(tensorOf(numbers, {300'000}), job,
                                       [&](std::size_t, std::span<const float>) {
                                           ++pieces;
                                           stop.request_stop();
                                       }),
                             Cancelled);
    QCOMPARE(pieces, 1);
}

void TestTensors::studySaysWhatWasFound()
{
    const std::vector<float> numbers{1, 2, 3, 4, std::nanf(""), 0};
    Job job;
    const TensorRef tensor = tensorOf(numbers, {2, 3});
    const Study study = tensorStudy({"layer.0.query", "q_proj", "F32", {2, 3}}, tensorStats(tensor, 5, job),
                                    tensorPicture(tensor, 512, job));
    QCOMPARE(study.panels.size(), std::size_t(3));
    const auto& heat = std::get<HeatBody>(study.panels[0].body);
    QCOMPARE(heat.maps[0].cells.at(1, 0), 4.0F);
    const auto& table = std::get<TableBody>(study.panels[2].body);
    QCOMPARE(*table.rows[1].cells[0].number, 2.0); // the mean of 1, 2, 3, 4, 0
    QCOMPARE(table.rows.back().cells[0].number, std::optional<double>(1));
    std::string sentence;
    for (const Phrase& phrase : study.sentence)
        sentence += phrase.text;
    QCOMPARE(sentence, std::string("layer.0.query holds 2 × 3 numbers, 1 of them not finite."));
}

QTEST_APPLESS_MAIN(TestTensors)
#include "tst_tensors.moc"
