// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/apply.h"
#include "engine/methods/memoryformer/device.h"
#include "engine/methods/memoryformer/fit.h"
#include "engine/methods/memoryformer/layer.h"
#include "tests/engine/support/heads.h"
#include "tests/support/expect.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace engine;
using namespace engine::memoryformer;
using namespace tests;

namespace {

// T_k[i][j] = (((7k + 3i + 5j) mod 11) − 5)/10.
Tables goldenTables(int tables, int rows, int outputs, int bits, int width)
{
    Tables made{{width, bits}, outputs, {}, {}, {}};
    for (int k = 0; k < tables; ++k) {
        for (int i = 0; i < rows; ++i) {
            for (int j = 0; j < outputs; ++j)
                made.cells.push_back(float((7 * k + 3 * i + 5 * j) % 11 - 5) / 10.0F);
        }
    }
    return made;
}

Matrix rowOf(std::initializer_list<double> numbers)
{
    Matrix row(1, Eigen::Index(numbers.size()));
    std::ranges::copy(numbers, row.data());
    return row;
}

Matrix normal(int rows, int cols, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> one;
    Matrix matrix(rows, cols);
    for (Eigen::Index i = 0; i < matrix.size(); ++i)
        matrix.data()[i] = one(random);
    return matrix;
}

// Numbers that floats hold, as every input of a device is.
Matrix floats(const Matrix& matrix)
{
    return matrix.cast<float>().cast<double>();
}

std::vector<float> cellsOf(const Matrix& matrix)
{
    const Matrix rows = matrix;
    std::vector<float> cells;
    for (Eigen::Index i = 0; i < rows.size(); ++i)
        cells.push_back(float(rows.data()[i]));
    return cells;
}

Tables randomTables(int width, int bits, int outputs, unsigned seed)
{
    const Chunks chunks{width, bits};
    Tables tables{chunks, outputs, {}, {}, {}};
    tables.cells = cellsOf(normal(chunks.count() * chunks.stride(), outputs, seed));
    tables.bias = cellsOf(normal(1, outputs, seed + 1));
    return tables;
}

PlainTensors tensorsOf(const Matrix& x, const Tables& tables)
{
    const auto n = [](auto number) { return std::size_t(number); };
    PlainTensors all{
        {"input", {{n(x.rows()), n(x.cols())}, cellsOf(x), {}}},
        {"tables", {{n(tables.chunks.count()), n(tables.chunks.stride()), n(tables.outputs)}, tables.cells, {}}}};
    if (!tables.bias.empty())
        all["bias"] = {{n(tables.outputs)}, tables.bias, {}};
    if (!tables.thresholds.empty())
        all["thresholds"] = {{n(x.cols())}, tables.thresholds, {}};
    return all;
}

double largest(const std::vector<float>& a, const std::vector<float>& b)
{
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference = std::max(difference, std::abs(double(a[i]) - double(b[i])));
        size = std::max(size, std::abs(double(a[i])));
    }
    return size > 0 ? difference / size : difference;
}

// The eight calibration rows and the weight of the reference's §12.3.
Matrix calibration()
{
    Matrix x(8, 4);
    x << 0.6, 0.2, -0.4, 1.0, 1.2, -0.8, 0.3, 0.5, -0.5, 0.9, -1.1, -0.2, -1.4, -0.3, 0.8, -0.6, 0.3, 1.1, 0.7, 0.9,
        -0.2, 0.4, -0.9, 0.1, 0.8, 0.5, 0.2, -1.3, -0.7, -1.2, -0.1, 0.4;
    return x;
}

const std::vector<float> calibrationWeight{0.5F, 1.5F, -0.75F, 1.0F, -1.0F, 0.25F, 2.0F, 0.5F}; // [out 2, in 4]

double near(const Tables& tables, int table, int row, std::initializer_list<double> wanted)
{
    double worst = 0;
    int col = 0;
    for (const double number : wanted)
        worst = std::max(worst, std::abs(double(tables.view().row(table, row)[std::size_t(col++)]) - number));
    return worst;
}

} // namespace

class TestMemoryFormer : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { m_machine = machine(); }

    // Reference §12.1, forward, in float64: nine decimals are given.
    void goldenLayer()
    {
        const Tables tables = goldenTables(3, 4, 4, 2, 6);
        const Matrix x = rowOf({0.7, -0.1, -0.5, 0.2, 0.4, -0.6});
        const auto y = [&](HashRule rule) { return lookUp(hash(x, tables.chunks, {}, rule), tables.view()); };
        // The tables are floats: 0.1 is off by 1e-9 of itself.
        const auto close = [](const Matrix& found, std::initializer_list<double> wanted) {
            return (found - rowOf(wanted)).cwiseAbs().maxCoeff() < 3e-8;
        };
        QVERIFY(close(y({Weighting::P, 1, 1}), {0.475049668, -0.370354060, 0.334149047, -0.026079910}));
        QVERIFY(close(y({Weighting::P, 0.5, 1}), {0.665427461, -0.495520377, 0.471936154, -0.068206461}));
        QVERIFY(close(y({Weighting::P, 2, 1}), {0.360821704, -0.286926560, 0.252863660, -0.009021463}));
        QVERIFY(close(y({Weighting::L1p, 1, 1}), {0.400576946, -0.313116990, 0.281627957, -0.043926162}));
        QVERIFY(close(y({Weighting::One, 1, 1}), {1.0, -0.8, 0.7, 0.0}));
        const Hashed hashed = hash(x, tables.chunks, {}, {Weighting::P, 1, 1});
        QCOMPARE(hashed.codes, (std::vector<std::int32_t>{2, 1, 2}));
        QVERIFY((hashed.scales - rowOf({0.441067974, 0.437675750, 0.530262489})).cwiseAbs().maxCoeff() < 1e-9);
    }

    // §10: zero and −0 are positive; an all-zero chunk has p = 2^−τ exactly and adds nothing under l1p.
    void zerosArePositive()
    {
        const Tables tables = goldenTables(3, 4, 4, 2, 6);
        for (const double zero : {0.0, -0.0}) {
            const Matrix x = Matrix::Constant(1, 6, zero);
            const Hashed p = hash(x, tables.chunks, {}, {Weighting::P, 1, 1});
            QCOMPARE(p.codes, (std::vector<std::int32_t>{3, 3, 3}));
            QCOMPARE(p.scales(0, 1), 0.25);
            QVERIFY((lookUp(p, tables.view()) - rowOf({0, 0.1, -0.075, 0.025})).cwiseAbs().maxCoeff() < 1e-8);
            QCOMPARE(hash(x, tables.chunks, {}, {Weighting::L1p, 1, 1}).scales.cwiseAbs().maxCoeff(), 0.0);
            QCOMPARE(hash(x, tables.chunks, {}, {Weighting::Cos, 1, 1}).scales.cwiseAbs().maxCoeff(), 0.0);
        }
    }

    void figureThree()
    {
        const Hashed hashed =
            hash(rowOf({-1.1, -2.7, 0.6, 3.4, -1.9, -2.3, 3.1, 0.6, 0.1}), {9, 3}, {}, {Weighting::P, 1, 1});
        QCOMPARE(hashed.codes, (std::vector<std::int32_t>{1, 4, 7}));
        QVERIFY((hashed.scales - rowOf({0.688753251, 0.967307322, 0.421705232})).cwiseAbs().maxCoeff() < 1e-9);
    }

    // §12.4, 1 and 2: p is the softmax weight of the chosen address; even, and blind to the order of the entries.
    void probabilityIsTheSoftmaxWeight()
    {
        for (const int bits : {1, 3, 8, 12}) {
            for (const double t : {0.3, 1.0, 5.0}) {
                const Matrix z = normal(1, bits, unsigned(bits));
                const std::span<const double> entries(z.data(), std::size_t(bits));
                const int chosen = codeOf(entries);
                double all = 0, own = 0;
                for (int code = 0; code < 1 << bits; ++code) {
                    double product = 0;
                    for (int i = 0; i < bits; ++i)
                        product += z(0, i) * ((code >> (bits - 1 - i) & 1) != 0 ? 1 : -1);
                    all += std::exp(product / t);
                    own = code == chosen ? std::exp(product / t) : own;
                }
                const double p = probability(entries, t);
                QVERIFY(std::abs(p - own / all) < 1e-12);
                QVERIFY(p >= std::exp2(-bits) && p <= 1);
                Matrix turned = -z.rowwise().reverse();
                QVERIFY(std::abs(probability({turned.data(), std::size_t(bits)}, t) - p) < 1e-14);
            }
        }
        const std::array large{1e30, -1e30};
        QCOMPARE(probability(large, 0.001), 1.0);
    }

    // §12.4, 3 to 6 and 10.
    void laws()
    {
        const Tables tables = randomTables(19, 4, 5, 3); // a ragged last chunk of three entries
        const Matrix x = normal(65, 19, 4);
        const HashRule rule{Weighting::P, 1, 1};
        const Hashed whole = hash(x, tables.chunks, {}, rule);
        const Matrix y = lookUp(whole, tables.view());
        Tables doubled = tables;
        for (auto* numbers : {&doubled.cells, &doubled.bias})
            std::ranges::for_each(*numbers, [](float& number) { number *= 2; });
        QVERIFY((lookUp(whole, doubled.view()) - 2 * y).cwiseAbs().maxCoeff() < 1e-12);
        QCOMPARE(hash(7.5 * x, tables.chunks, {}, rule).codes, whole.codes);
        for (int token = 0; token < 65; ++token) {
            const Hashed alone = hash(x.row(token), tables.chunks, {}, rule);
            QVERIFY((lookUp(alone, tables.view()) - y.row(token)).cwiseAbs().maxCoeff() == 0);
        }
        for (int entry = 0; entry < 19; ++entry) {
            Matrix flipped = x.topRows(1);
            flipped(0, entry) = -flipped(0, entry);
            const Hashed other = hash(flipped, tables.chunks, {}, rule);
            int bits = 0;
            for (int table = 0; table < 5; ++table)
                bits += std::popcount(unsigned(other.code(0, table) ^ whole.code(0, table)));
            QCOMPARE(bits, 1);
        }
        for (int token = 0; token < 65; ++token)
            QVERIFY(whole.code(token, 4) < 8); // the ragged table's own rows
    }

    // §12.4, 7: all rows with T[c] = t s(c) W are t tanh(z/t) W.
    void allRowsAreTheExactLimit()
    {
        for (const double t : {0.7, 2.0, 50.0}) {
            const int bits = 5, outputs = 3;
            const Matrix w = normal(bits, outputs, 8), x = normal(4, bits, 9);
            Tables tables{{bits, bits}, outputs, {}, {}, {}};
            for (int code = 0; code < 32; ++code) {
                Matrix s(1, bits);
                for (int i = 0; i < bits; ++i)
                    s(0, i) = (code >> (bits - 1 - i) & 1) != 0 ? t : -t;
                const std::vector<float> row = cellsOf(s * w);
                tables.cells.insert(tables.cells.end(), row.begin(), row.end());
            }
            const Matrix y = lookUp(hash(x, tables.chunks, {}, {Weighting::P, t, 32}), tables.view());
            const Matrix expected = t * (x.array() / t).tanh().matrix() * w;
            QVERIFY((y - expected).cwiseAbs().maxCoeff() < 1e-5 * std::max(1.0, t));
        }
    }

    // Probes come in the order of their softmax weight, against brute force.
    void probesAreTheLikeliest()
    {
        const Matrix z = normal(1, 7, 12);
        const std::span<const double> entries(z.data(), 7);
        std::vector<std::pair<double, int>> all;
        for (int code = 0; code < 128; ++code) {
            double score = 0;
            for (int i = 0; i < 7; ++i)
                score += z(0, i) * ((code >> (6 - i) & 1) != 0 ? 1 : -1);
            all.emplace_back(-score, code);
        }
        std::ranges::sort(all);
        const std::vector<Probe> found = likeliest(entries, 1, 128);
        QCOMPARE(found.size(), std::size_t(128));
        double sum = 0;
        for (std::size_t i = 0; i < 128; ++i) {
            QCOMPARE(found[i].code, all[i].second);
            sum += found[i].weight;
        }
        QVERIFY(std::abs(sum - 1) < 1e-12);
    }

    // Reference §12.3: closed forms on eight tokens.
    void goldenConversion()
    {
        const Matrix x = calibration(),
                     w = Eigen::Map<const Eigen::Matrix<float, 2, 4, Eigen::RowMajor>>(calibrationWeight.data())
                             .cast<double>();
        const Matrix y = x * w.transpose();
        FitOptions options;
        options.bits = 2;
        options.rare = 0;
        Job job;
        const auto fitted = [&](Weighting weighting) {
            options.rule.weighting = weighting;
            return fit(count(x, options), calibrationWeight, 2, Matrix(0, 4), options, job);
        };
        const auto error = [&](const Tables& tables) {
            const Matrix found = lookUp(hash(x, tables.chunks, {}, options.rule), tables.view());
            return (y - found).squaredNorm() / y.squaredNorm();
        };
        const Counted counted = count(x, options);
        QCOMPARE(counted.hits[0], (std::vector<int>{2, 2, 1, 3}));
        QCOMPARE(counted.hits[1], (std::vector<int>{1, 3, 2, 2}));

        Tables one = fitted(Weighting::One);
        QVERIFY(near(one, 0, 3, {1.183333, -0.416667}) < 1e-6 && near(one, 1, 1, {0.85, -0.683333}) < 1e-6);
        QVERIFY(near(one, 0, 0, {-1.65, 0.8625}) < 1e-6 && near(one, 1, 3, {0.325, 1.35}) < 1e-6);
        QVERIFY(std::abs(error(one) - 0.190903) < 1e-6);
        Tables p = fitted(Weighting::P);
        QVERIFY(near(p, 0, 0, {-2.503072, 1.207695}) < 1e-6 && near(p, 0, 3, {2.198755, -0.737513}) < 1e-6);
        QVERIFY(near(p, 1, 0, {1.159623, -4.267413}) < 1e-6 && near(p, 1, 2, {-2.189731, 0.961757}) < 1e-6);
        QVERIFY(std::abs(error(p) - 0.153002) < 1e-6);

        // Sweeps converge to the joint ridge.
        options.sweeps = 400;
        options.ridge = 0.1;
        const Tables joint = fitted(Weighting::One);
        const std::vector<std::pair<double, double>> wanted{
            {-1.393499, 1.980308}, {1.078936, -0.443676}, {-0.895677, -1.958579}, {1.359164, -0.135739},
            {0.587331, -1.028477}, {0.146903, -1.064804}, {-1.245554, -0.068842}, {0.660244, 1.604437}};
        for (int row = 0; row < 8; ++row)
            QVERIFY(near(joint, row / 4, row % 4, {wanted[std::size_t(row)].first, wanted[std::size_t(row)].second}) <
                    2e-6);
        QVERIFY(std::abs(error(joint) - 0.058143) < 1e-6);
    }

    // §12.4, 8, and §9.2: with weight one the signs of Gaussian entries explain 2/π, whatever τ.
    void gaussianEntriesExplainTwoOverPi()
    {
        for (const int bits : {2, 4, 8}) {
            const int width = 16, tokens = bits == 8 ? 12000 : 4000;
            const Matrix x = normal(tokens, width, 31), unseen = normal(2000, width, 32), w = normal(4, width, 33);
            FitOptions options;
            options.bits = bits;
            options.rule.weighting = Weighting::One;
            options.rare = 0;
            Job job;
            const Tables tables = fit(count(x, options), cellsOf(w), 4, Matrix(0, width), options, job);
            const Matrix found = lookUp(hash(unseen, tables.chunks, {}, options.rule), tables.view());
            const Quality quality = qualityOf(unseen * w.transpose(), found);
            QVERIFY2(std::abs(quality.explained - 2 / std::numbers::pi) < (bits == 8 ? 0.03 : 0.015),
                     std::to_string(quality.explained).c_str());
        }
    }

    // Codes are the same bits on both back ends, at zeros of both signs, denormal numbers and thresholds that are met.
    void deviceCodesAreTheReferences()
    {
        if (!m_machine)
            QSKIP("no OpenCL device on this machine");
        for (const auto& [tokens, width, bits] :
             {std::tuple(1, 1, 1), std::tuple(2, 6, 2), std::tuple(63, 12, 8), std::tuple(64, 80, 8),
              std::tuple(65, 64, 16), std::tuple(257, 23, 5), std::tuple(5, 40, 20)}) {
            Matrix x = floats(normal(tokens, width, unsigned(width)));
            for (Eigen::Index i = 0; i < x.size(); i += 3)
                x.data()[i] = std::array{0.0, -0.0, 1e-40, -1e-40, 1e-44, -3e38}[std::size_t(i / 3) % 6];
            Tables tables = randomTables(width, bits, bits == 20 ? 1 : 7, 5);
            if (width == 23) {
                tables.thresholds = cellsOf(0.3 * normal(1, width, 6));
                for (Eigen::Index token = 0; token < tokens; token += 2)
                    x(token, token % width) = double(tables.thresholds[std::size_t(token % width)]);
            }
            for (const char* kernel : {"p", "one", "cos"})
                compare(x, tables, {{"kernel", parsed("kernel", kernel)}, {"t", 1.5}});
            x = x.cwiseMax(-1e3);
            compare(x, tables, {{"kernel", parsed("kernel", "l1p")}});
            if (bits <= 8)
                compare(floats(normal(tokens, width, 7)), tables, {{"probes", 5}});
        }
    }

    // §10, row by row.
    void badInputIsRefused()
    {
        const Tables tables = randomTables(6, 2, 3, 1);
        const Matrix x = normal(4, 6, 2);
        Job job;
        const auto refusal = [&](const auto& change, const KnobValues& knobs = {}) {
            PlainTensors in = tensorsOf(x, tables);
            change(in);
            return messageOf([&] { memoryformer::apply(in, knobs, nullptr, job); });
        };
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
            QVERIFY(refusal([&](PlainTensors& in) {
                        in["input"].numbers[8] = bad;
                    }).starts_with("input: the number at row 1, column 2 is not finite"));
        QVERIFY(refusal([](PlainTensors& in) {
                    in["tables"].shape = {3, 3, 4};
                }).starts_with("tables is [3, 3, 4]; [K, 2^tau, h], a power of two of rows, was expected"));
        QVERIFY(refusal([](PlainTensors& in) {
                    in["tables"].shape = {2, 4, 3};
                    in["tables"].numbers.resize(24);
                }).starts_with("tables is [2, 4, 3]; 3 tables, one for every 2 of the 6 entries of input"));
        QVERIFY(refusal([](PlainTensors& in) { in.erase("tables"); }).starts_with("there is no tensor 'tables'"));
        QVERIFY(refusal([](PlainTensors& in) { in["bias"] = {{2}, {1, 2}, {}}; }).starts_with("bias is [2]; [3]"));
        QVERIFY(refusal([](PlainTensors&) {}, {{"tau", 3}}).starts_with("knob tau: 3 was given; the tables have 2^2"));
        const auto t = std::ranges::find(knobs(), std::string_view("t"), &Knob::id);
        QVERIFY(!messageOf([&] { parseKnob(*t, "0"); }).empty() && !messageOf([&] { parseKnob(*t, "-1"); }).empty());

        LayerContext context;
        context.plan.linear = {"memoryformer", {{"tau", 17}}};
        const std::string many = messageOf([&] { checkPlan(context); });
        QVERIFY2(many.starts_with("knob tau: 17 bits make tables of 131072 rows, 524288 bytes"), many.c_str());
        context.plan.linear.knobs = {{"probes", 4}, {"kernel", parsed("kernel", "one")}};
        QVERIFY(messageOf([&] { checkPlan(context); }).starts_with("knob probes: 4 rows are mixed"));
        const std::string vast = messageOf([] { tableCells({1 << 20, 16}, 1 << 20, "tables of a projection"); });
        QVERIFY2(vast.starts_with("tables of a projection: 65536 tables of 2^16 rows"), vast.c_str());

        FitOptions options;
        const std::string few = messageOf([&] { count(normal(20, 16, 3), options); });
        QVERIFY2(
            few.starts_with("a calibration text of 20 tokens is too short for tables of 256 rows: about 237 of 256 "
                            "would stay empty"),
            few.c_str());
        // No tokens at all are no mistake.
        PlainTensors nothing = tensorsOf(Matrix(0, 6), tables);
        const PlainTensors empty = memoryformer::apply(nothing, {}, nullptr, job);
        QCOMPARE(empty.at("output").shape, (std::vector<std::size_t>{0, 3}));
    }

private:
    std::unique_ptr<Machine> m_machine;

    static KnobValue parsed(std::string_view id, std::string_view text)
    {
        return parseKnob(*std::ranges::find(knobs(), id, &Knob::id), text);
    }

    template <typename Call>
    static std::string messageOf(const Call& call)
    {
        try {
            call();
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    }

    void compare(const Matrix& x, const Tables& tables, const KnobValues& knobs)
    {
        Job job;
        const PlainTensors in = tensorsOf(x, tables);
        const PlainTensors exact = memoryformer::apply(in, knobs, nullptr, job);
        const PlainTensors found = memoryformer::apply(in, knobs, &m_machine->context, job);
        QCOMPARE(found.at("codes").whole, exact.at("codes").whole);
        QVERIFY(largest(exact.at("scales").numbers, found.at("scales").numbers) < 1e-5);
        QVERIFY(largest(exact.at("output").numbers, found.at("output").numbers) < 1e-5);
    }
};

QTEST_GUILESS_MAIN(TestMemoryFormer)
#include "tst_memoryformer.moc"
