// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/safetensors.h"
#include "engine/files/safetensors.h"
#include "tests/app/program.h"

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <cmath>
#include <cstring>
#include <fstream>

using namespace engine;

// `convert` and what it writes, and `apply` on named tensors, through the program.
class ConvertTest : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        QByteArray text;
        for (int line = 0; line < 60; ++line)
            text += "Once upon a time there was a little girl named Lily. She saw a big dog in the park, and she "
                    "wanted to play. Tom had " +
                    QByteArray::number(line) + " red balls.\n";
        write("text.txt", text);
        write("short.txt", "Lily.");
    }

    // Saved, reported, and the same model when it is opened again.
    void convertsAndOpensAgain()
    {
        const QString out = path("converted");
        const Ran ran =
            runProgram({"convert", sample, "--method", "memoryformer:tau=4,t=4,thresholds=mean", "--file",
                        path("text.txt"), "--layers", "1", "--projections", "query,value", "-o", out, "--json"});
        QVERIFY2(ran.exitCode == 0, ran.err);
        QVERIFY(ran.err.contains("of recorded inputs")); // the memory, before it is taken
        const QJsonObject told = ran.json();
        QCOMPARE(told["fidelity"].toString(), QStringLiteral("CALIBRATED"));
        QCOMPARE(told["calibration_sha256"].toString().size(), 64);
        QCOMPARE(told["projections"].toArray().size(), 2);
        for (const QJsonValue one : told["projections"].toArray()) {
            QCOMPARE(one["layer"].toInt(), 1);
            QVERIFY(one["R² held out"].toDouble() > 0.2 && one["R² held out"].toDouble() < 1);
            QVERIFY(one["off by, held out"].toDouble() > 0 && one["cosine held out"].toDouble() > 0.4);
        }
        QVERIFY(told["perplexity_after"].toDouble() > 1 && told["perplexity_before"].toDouble() > 1);

        QFile config(out + "/config.json");
        QVERIFY(config.open(QIODevice::ReadOnly));
        const QJsonObject native = QJsonDocument::fromJson(config.readAll())["subquad"].toObject();
        QCOMPARE(native["calibration"]["sha256"].toString(), told["calibration_sha256"].toString());
        QVERIFY(native["layers"][0].toObject().isEmpty());
        QCOMPARE(native["layers"][1]["linear"]["method"].toString(), QStringLiteral("memoryformer"));
        const Ran info = runProgram({"info", out});
        QVERIFY2(info.exitCode == 0, info.err);
        QVERIFY(info.out.contains("CALIBRATED on a text with SHA-256"));

        // The native plan runs without being asked for, and differs from the dense model.
        const QStringList line{"run", out, "--text", "Lily saw a cat.", "--generate", "4", "--json"};
        const Ran own = runProgram(line), dense = runProgram(line + QStringList{"--method", "softmax"});
        QVERIFY2(own.exitCode == 0, own.err);
        QVERIFY2(dense.exitCode == 0, dense.err);
        const Ran again =
            runProgram({"convert", sample, "--method", "memoryformer:tau=4", "--file", path("text.txt"), "-o", out});
        QCOMPARE(again.exitCode, 3); // never over something
        QVERIFY(isOneSentence(again.err));
    }

    void refuses_data()
    {
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QString>("word");
        const QString text = path("text.txt");
        QTest::newRow("nothing to fit") << QStringList{"--method", "softmax", "--file", text} << 2
                                        << QStringLiteral("fits nothing");
        QTest::newRow("layer") << QStringList{"--method", "memoryformer", "--file", text, "--layers", "99"} << 2
                               << QStringLiteral("layer '99'");
        QTest::newRow("projection") << QStringList{"--method", "memoryformer", "--file", text, "--projections", "knee"}
                                    << 2 << QStringLiteral("projection 'knee'");
        QTest::newRow("short") << QStringList{"--method", "memoryformer", "--file", path("short.txt")} << 2
                               << QStringLiteral("would stay empty");
        QTest::newRow("bits") << QStringList{"--method", "memoryformer:tau=17", "--file", text} << 2
                              << QStringLiteral("131072 rows");
        QTest::newRow("no text") << QStringList{"--method", "memoryformer", "--file", path("none.txt")} << 3
                                 << QStringLiteral("none.txt");
    }

    void refuses()
    {
        QFETCH(QStringList, more);
        QFETCH(int, exitCode);
        QFETCH(QString, word);
        const Ran ran = runProgram(QStringList{"convert", sample, "-o", path("refused")} + more);
        QCOMPARE(ran.exitCode, exitCode);
        QVERIFY2(ran.err.contains(word.toUtf8()), ran.err);
    }

    // Named tensors in and out: codes as whole numbers, equal on both back ends; the numbers to 1e-5.
    void appliesToNamedTensors()
    {
        const std::vector<float> x{0.7F, -0.1F, -0.5F, 0.2F, 0.4F, -0.6F, -0.0F, 0.0F, -1e-40F, 1e-40F, 3.0F, -0.0F};
        std::vector<float> cells;
        for (int i = 0; i < 48; ++i)
            cells.push_back(float((7 * (i / 16) + 3 * (i / 4 % 4) + 5 * (i % 4)) % 11 - 5) / 10.0F);
        std::ofstream file(path("layer.safetensors").toStdString(), std::ios::binary);
        writeSafetensors(file, {{"input", {2, 6}, std::vector<Grid>{Grid(x, 2, 6)}},
                                {"tables", {3, 4, 4}, std::vector<Grid>{Grid(cells, 12, 4)}}});
        file.close();
        for (const char* backend : {"reference", "opencl"}) {
            const Ran ran = runProgram(
                {"apply", "memoryformer", path("layer.safetensors"), path("out.safetensors"), "--backend", backend});
            if (ran.exitCode == 4)
                continue; // no OpenCL here
            QVERIFY2(ran.exitCode == 0, ran.err);
            const SafetensorsFile out = readSafetensors(path("out.safetensors").toStdString());
            QFile written(path("out.safetensors"));
            QVERIFY(written.open(QIODevice::ReadOnly));
            QVERIFY(written.readAll().contains("\"I32\""));
            std::vector<float> y(4);
            widen(out.tensor("output"), 0, y);
            for (const auto& [place, wanted] : {std::pair(0, 0.475049668), std::pair(3, -0.026079910)})
                QVERIFY(std::abs(double(y[std::size_t(place)]) - wanted) < 1e-6);
        }
        const Ran causal = runProgram(
            {"apply", "memoryformer", path("layer.safetensors"), path("out.safetensors"), "--set", "causal=true"});
        QCOMPARE(causal.exitCode, 2);
        QVERIFY(isOneSentence(causal.err));
    }

private:
    QString path(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }

    void write(const char* name, const QByteArray& text) const
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(text), text.size());
    }

    const QString sample = QStringLiteral(SUBQUAD_SOURCE_DIR "/samples/stories-1m");
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(ConvertTest)
#include "tst_convert.moc"
