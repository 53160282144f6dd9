// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/deviceblocks.h"
#include "engine/values/error.h"

#include <QtTest/QTest>

#include <cmath>
#include <cstdlib>
#include <random>

using namespace engine;

namespace {

constexpr double epsilon = 0x1p-24; // half a unit in the last place of a float

// Lengths and widths chosen to hurt: one, two, around a power of two, past a tile.
constexpr int rowCounts[] = {1, 2, 3, 8, 33, 63, 64, 65, 257};
constexpr int widths[] = {1, 7, 8, 12, 16, 31, 32, 33, 64, 80, 129, 200};

std::vector<float> numbers(std::size_t count, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> all(count);
    std::ranges::generate(all, [&] { return normal(random); });
    return all;
}

Matrix matrix(const std::vector<float>& cells, int rows, int cols)
{
    using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const FloatMatrix>(cells.data(), rows, cols).cast<double>();
}

// The first place where `got` is further from `expected` than `bound`; empty when there is none. Poisoned cells that
// nobody wrote are NaN and count as wrong.
QString worse(const std::vector<float>& got, const Matrix& expected, const Matrix& bound)
{
    for (Eigen::Index row = 0; row < expected.rows(); ++row) {
        for (Eigen::Index col = 0; col < expected.cols(); ++col) {
            const double found = got[std::size_t(row * expected.cols() + col)];
            if (!(std::abs(found - expected(row, col)) <= bound(row, col)))
                return QString("row %1 column %2 is %3, %4 was expected within %5")
                    .arg(row)
                    .arg(col)
                    .arg(found)
                    .arg(expected(row, col))
                    .arg(bound(row, col));
        }
    }
    return {};
}

} // namespace

// The device's blocks against the float64 forms of engine/model/blocks.h, in memory poisoned with NaN.
class TestDeviceBlocks : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void embedCopiesRows();
    void rmsNormIsTheReference();
    void denseIsTheReference();
    void denseTogetherIsDenseAlone();
    void denseKeepsLargeShapes();
    void rotateIsTheReference_data();
    void rotateIsTheReference();
    void swiGluIsTheReference();
    void addAdds();
    void rowIsItsSteps();

private:
    Buffer<float> upload(const std::vector<float>& cells);
    std::vector<float> download(const Buffer<float>& buffer);
    void checkDense(int rows, int in, int out);

    std::unique_ptr<Device> m_device;
    std::unique_ptr<Queue> m_queue;
    std::unique_ptr<DeviceBlocks> m_blocks;
};

void TestDeviceBlocks::initTestCase()
{
    setenv("SUBQUAD_POISON", "1", 1);
    m_device = std::make_unique<Device>(Device::choose(""));
    m_queue = std::make_unique<Queue>(*m_device);
    m_blocks = std::make_unique<DeviceBlocks>(*m_device);
}

Buffer<float> TestDeviceBlocks::upload(const std::vector<float>& cells)
{
    Buffer<float> buffer(*m_device, cells.size());
    m_queue->write(buffer, std::span(cells));
    return buffer;
}

std::vector<float> TestDeviceBlocks::download(const Buffer<float>& buffer)
{
    std::vector<float> cells(buffer.count());
    m_queue->read(buffer, std::span(cells));
    return cells;
}

void TestDeviceBlocks::embedCopiesRows()
{
    for (const int width : widths) {
        const std::vector<float> table = numbers(std::size_t(50 * width), 1);
        const Buffer<float> embedding = upload(table);
        const std::vector<int> ids{49, 0, 7, 7, 31};
        Buffer<int> deviceIds(*m_device, ids.size());
        m_queue->write(deviceIds, std::span(ids));
        Buffer<float> x(*m_device, ids.size() * std::size_t(width));
        m_blocks->embed(*m_queue, embedding, deviceIds, x, int(ids.size()), width);
        const std::vector<float> got = download(x);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const auto expected = std::span(table).subspan(std::size_t(ids[i] * width), std::size_t(width));
            QVERIFY(std::ranges::equal(expected, std::span(got).subspan(i * std::size_t(width), std::size_t(width))));
        }
    }
}

void TestDeviceBlocks::rmsNormIsTheReference()
{
    for (const int rows : rowCounts) {
        for (const int width : widths) {
            const std::vector<float> cells = numbers(std::size_t(rows * width), 2);
            const std::vector<float> weight = numbers(std::size_t(width), 3);
            const Buffer<float> x = upload(cells);
            const Buffer<float> gain = upload(weight);
            Buffer<float> out(*m_device, cells.size());
            m_blocks->rmsNorm(*m_queue, x, gain, out, rows, width, 1e-5F);
            const Matrix expected = rmsNorm(matrix(cells, rows, width), weight, double(1e-5F));
            // The sum of squares has no cancellation: width/16 + 5 roundings of lanes and tree, halved by the root;
            // then root, division (3 and 2.5 ulp) and two products.
            const double factor = (width / 16.0 + 5) / 2 + 20;
            const QString found = worse(download(out), expected, factor * epsilon * expected.cwiseAbs());
            QVERIFY2(found.isEmpty(), qPrintable(QString("%1 x %2: %3").arg(rows).arg(width).arg(found)));
        }
    }
}

void TestDeviceBlocks::checkDense(int rows, int in, int out)
{
    const std::vector<float> cells = numbers(std::size_t(rows) * std::size_t(in), 4);
    const std::vector<float> weight = numbers(std::size_t(out) * std::size_t(in), 5);
    const std::vector<float> residual = numbers(std::size_t(rows) * std::size_t(out), 6);
    const Buffer<float> x = upload(cells);
    const PackedWeight packed = packWeight(*m_queue, weight, out, in);
    Buffer<float> fresh(*m_device, residual.size());
    Buffer<float> added = upload(residual);
    m_blocks->dense(*m_queue, x, packed, fresh, rows);
    m_blocks->dense(*m_queue, x, packed, added, rows, true);
    const Matrix expected = dense(matrix(cells, rows, in), weight, out);
    const Matrix wide = matrix(weight, out, in);
    const Matrix start = matrix(residual, rows, out);
    // A sum of n products in any order errs by at most n·ε of the sum of their magnitudes.
    const Matrix magnitude = matrix(cells, rows, in).cwiseAbs() * wide.cwiseAbs().transpose() + start.cwiseAbs();
    const Matrix bound = (in + 2) * epsilon * magnitude;
    QString found = worse(download(fresh), expected, bound);
    QVERIFY2(found.isEmpty(), qPrintable(QString("%1 x %2 x %3: %4").arg(rows).arg(in).arg(out).arg(found)));
    found = worse(download(added), expected + start, bound);
    QVERIFY2(found.isEmpty(), qPrintable(QString("%1 x %2 x %3 added: %4").arg(rows).arg(in).arg(out).arg(found)));
}

void TestDeviceBlocks::denseIsTheReference()
{
    for (const int rows : rowCounts) {
        for (const int in : {1, 3, 8, 17, 129})
            for (const int out : {1, 8, 31, 32, 33, 64, 100})
                checkDense(rows, in, out);
    }
}

// Several weights at once give the numbers that each gives alone.
void TestDeviceBlocks::denseTogetherIsDenseAlone()
{
    constexpr int in = 17;
    const std::vector<int> outs{33, 1, 64, 31, 40};
    for (const int rows : {1, 3}) {
        const Buffer<float> x = upload(numbers(std::size_t(rows * in), 12));
        std::vector<PackedWeight> weights;
        std::vector<Buffer<float>> together;
        std::vector<std::vector<float>> alone;
        for (const int out : outs) {
            weights.push_back(packWeight(*m_queue, numbers(std::size_t(out * in), unsigned(20 + out)), out, in));
            Buffer<float> own = upload(numbers(std::size_t(rows * out), unsigned(out)));
            together.push_back(upload(download(own)));
            m_blocks->dense(*m_queue, x, weights.back(), own, rows, true);
            alone.push_back(download(own));
        }
        std::vector<const PackedWeight*> which;
        std::vector<Buffer<float>*> to;
        for (std::size_t i = 0; i < outs.size(); ++i) {
            which.push_back(&weights[i]);
            to.push_back(&together[i]);
        }
        m_blocks->dense(*m_queue, x, which, to, rows, true);
        for (std::size_t i = 0; i < outs.size(); ++i)
            QCOMPARE(download(together[i]), alone[i]);
    }
}

void TestDeviceBlocks::denseKeepsLargeShapes()
{
    checkDense(70, 1024, 96);
    checkDense(1, 1024, 4099); // more than one slice of packWeight
    checkDense(2, 2048, 1030);
}

void TestDeviceBlocks::rotateIsTheReference_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("headWidth");
    QTest::addColumn<int>("first");
    for (const auto& [kind, name] :
         {std::pair(RopeKind::None, "none"), {RopeKind::Interleaved, "interleaved"}, {RopeKind::RotateHalf, "half"}}) {
        for (const int headWidth : {2, 8, 12, 16, 64, 80}) {
            for (const int first : {0, 1, 255, 4095, 100000, 1000003})
                QTest::addRow("%s d=%d from %d", name, headWidth, first) << int(kind) << 3 << headWidth << first;
        }
    }
}

void TestDeviceBlocks::rotateIsTheReference()
{
    QFETCH(int, kind);
    QFETCH(int, heads);
    QFETCH(int, headWidth);
    QFETCH(int, first);
    const Positions positions{RopeKind(kind), 10000.0};
    for (const int rows : {1, 2, 65, 257}) {
        const std::vector<float> cells = numbers(std::size_t(rows * heads * headWidth), 7);
        Buffer<float> from = upload(cells);
        Buffer<float> to(*m_device, cells.size());
        const std::vector<float> keyCells = numbers(std::size_t(rows * headWidth), 11);
        Buffer<float> key = upload(keyCells), turnedKey(*m_device, keyCells.size());
        m_blocks->rotate(*m_queue, positions, {from, to, heads}, {key, turnedKey, 1}, rows, headWidth, first);
        const std::vector<float> got = download(to), gotKey = download(turnedKey);
        m_blocks->rotate(*m_queue, positions, {from, from, heads}, {key, key, 1}, rows, headWidth, first);
        QVERIFY(std::ranges::equal(download(from), got) && std::ranges::equal(download(key), gotKey)); // in place
        const Matrix turned = rotate(positions, matrix(keyCells, rows, headWidth), first);
        const double keyBound = 10 * epsilon * 2 * turned.cwiseAbs().maxCoeff();
        const QString wrongKey = worse(gotKey, turned, Matrix::Constant(rows, headWidth, keyBound));
        QVERIFY2(wrongKey.isEmpty(), qPrintable(wrongKey));
        const Matrix all = matrix(cells, rows, heads * headWidth);
        Matrix expected(all.rows(), all.cols());
        for (int head = 0; head < heads; ++head)
            expected.middleCols(head * headWidth, headWidth) =
                rotate(positions, all.middleCols(head * headWidth, headWidth), first);
        // Four roundings of the tables' entries, three of their product and two of the turn, on numbers up to the
        // row's largest: whatever the position.
        const double bound = 10 * epsilon * 2 * all.cwiseAbs().maxCoeff();
        const QString found = worse(got, expected, Matrix::Constant(all.rows(), all.cols(), bound));
        QVERIFY2(found.isEmpty(), qPrintable(found));
    }
}

void TestDeviceBlocks::swiGluIsTheReference()
{
    for (const int rows : rowCounts) {
        for (const int width : widths) {
            std::vector<float> gate = numbers(std::size_t(rows * width), 8);
            for (std::size_t i = 0; i < gate.size(); i += 3)
                gate[i] *= 60; // both ends of the exponential
            const std::vector<float> up = numbers(gate.size(), 9);
            Buffer<float> deviceGate = upload(gate);
            const Buffer<float> deviceUp = upload(up);
            m_blocks->swiGlu(*m_queue, deviceGate, deviceUp, deviceGate, rows, width); // in place
            const Matrix expected = swiGlu(matrix(gate, rows, width), matrix(up, rows, width));
            const Matrix bound = (10 * epsilon * expected.cwiseAbs()).array() + 1e-34; // e^88 is where it saturates
            const QString found = worse(download(deviceGate), expected, bound);
            QVERIFY2(found.isEmpty(), qPrintable(QString("%1 x %2: %3").arg(rows).arg(width).arg(found)));
        }
    }
}

void TestDeviceBlocks::addAdds()
{
    for (const int rows : rowCounts) {
        const std::vector<float> a = numbers(std::size_t(rows * 33), 10);
        const std::vector<float> b = numbers(std::size_t(rows * 33), 11);
        const Buffer<float> from = upload(a);
        Buffer<float> to = upload(b);
        m_blocks->add(*m_queue, from, to, rows, 33);
        const std::vector<float> got = download(to);
        for (std::size_t i = 0; i < got.size(); ++i)
            QCOMPARE(got[i], a[i] + b[i]);
    }
}

// The launch of a whole row leaves, bit for bit, what its steps leave one by one: in x, and in every buffer on the way.
void TestDeviceBlocks::rowIsItsSteps()
{
    constexpr float eps = 1e-5F;
    for (const auto& [width, mixedWidth, hidden] : {std::array{8, 12, 7}, {64, 64, 172}, {80, 33, 129}}) {
        const auto weight = [&](int out, int in, unsigned seed) {
            return packWeight(*m_queue, numbers(std::size_t(out) * std::size_t(in), seed), out, in);
        };
        const auto vector = [&](int count, unsigned seed) { return upload(numbers(std::size_t(count), seed)); };
        const auto room = [&](int count) { return Buffer<float>(*m_device, std::size_t(count)); };
        const PackedWeight output = weight(width, mixedWidth, 1), gateWeight = weight(hidden, width, 2),
                           upWeight = weight(hidden, width, 3), down = weight(width, hidden, 4),
                           query = weight(width, width, 5), key = weight(width / 2, width, 6),
                           value = weight(width / 4, width, 7);
        const Buffer<float> innerNorm = vector(width, 8), norm = vector(width, 9), mixed = vector(mixedWidth, 10),
                            embedding = vector(width * 20, 11);
        const auto products = std::array{&query, &key, &value};

        struct Left
        {
            Buffer<float> x, innerNormed, gate, up, normed, query, key, value;
        };

        const auto made = [&] {
            return Left{vector(width, 12), room(width), room(hidden),    room(hidden),
                        room(width),       room(width), room(width / 2), room(width / 4)};
        };
        Left whole = made(), steps = made();
        const auto start = [&](Left& left, std::span<Buffer<float>* const> out) {
            return LayerStart{norm, left.normed, products, out};
        };
        const std::array out{&whole.query, &whole.key, &whole.value}, stepsOut{&steps.query, &steps.key, &steps.value};
        const auto finish = [&] {
            m_blocks->rmsNorm(*m_queue, steps.x, norm, steps.normed, 1, width, eps);
            m_blocks->dense(*m_queue, steps.normed, products, stepsOut, 1);
        };
        const auto compare = [&] {
            for (const auto part : {&Left::x, &Left::normed, &Left::query, &Left::key, &Left::value})
                QVERIFY(std::ranges::equal(download(whole.*part), download(steps.*part)));
        };

        m_blocks->row(*m_queue, embedding, TokenId{17}, whole.x, start(whole, out), eps);
        m_queue->copy(embedding, std::size_t(17 * width), steps.x, 0, std::size_t(width));
        finish();
        compare();

        m_blocks->row(*m_queue,
                      {mixed, output, innerNorm, gateWeight, upWeight, down, whole.innerNormed, whole.gate, whole.up},
                      whole.x, start(whole, out), eps);
        m_blocks->dense(*m_queue, mixed, output, steps.x, 1, true);
        m_blocks->rmsNorm(*m_queue, steps.x, innerNorm, steps.innerNormed, 1, width, eps);
        m_blocks->dense(*m_queue, steps.innerNormed, gateWeight, steps.gate, 1);
        m_blocks->dense(*m_queue, steps.innerNormed, upWeight, steps.up, 1);
        m_blocks->swiGlu(*m_queue, steps.gate, steps.up, steps.up, 1, hidden);
        m_blocks->dense(*m_queue, steps.up, down, steps.x, 1, true);
        finish();
        compare();
        QVERIFY(std::ranges::equal(download(whole.innerNormed), download(steps.innerNormed)));
        QVERIFY(std::ranges::equal(download(whole.up), download(steps.up)));
    }
}

QTEST_APPLESS_MAIN(TestDeviceBlocks)
#include "tst_deviceblocks.moc"
