// SPDX-License-Identifier: GPL-3.0-or-later
// `subquad report` and the command that repeats a sweep.
#include "app/timing.h"
#include "tests/app/program.h"

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest/QTest>

using namespace app;

namespace {

const QString sample = QStringLiteral(SUBQUAD_SOURCE_DIR "/samples/stories-1m");

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class ReportTest : public QObject
{
    Q_OBJECT

private slots:
    void writesThreeFiles();
    void refusesWhatItCannotWrite();
    void theCommandRepeatsTheSweep();
    void lengthsAreWrittenAsTheyAreRead();
};

void ReportTest::writesThreeFiles()
{
    const QTemporaryDir folder;
    const QString html = folder.filePath("r.html"), csv = folder.filePath("r.csv"), json = folder.filePath("r.json");
    const Ran ran = runProgram({"report", sample, "--backend", "reference", "--lengths", "8,16,32", "--reps", "3", "-o",
                                html, "-o", csv, "-o", json});
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
    const QJsonObject report = QJsonDocument::fromJson(contentOf(json)).object();
    const QJsonArray rows = report["rows"].toArray();
    const qsizetype methods = rows.size() / 3;
    QVERIFY(methods >= 2 && rows.size() == methods * 3);
    for (const QJsonValue row : rows) {
        QCOMPARE(row["samples_ns"].toArray().size(), 3);
        QVERIFY(row["median_ns"].toDouble() > 0 && row["p20_ns"].toDouble() <= row["p80_ns"].toDouble());
        QVERIFY(row["disturbed"].isBool());
    }
    QCOMPARE(report["crossovers"].toArray().size(), methods - 1);
    QVERIFY(report["command"].toString().startsWith("subquad bench --methods "));
    QVERIFY(report["machine"].toString().contains("float64 reference"));
    QCOMPARE(report["settings"]["heads"].toInt(), rows.first()["heads"].toInt());
    QCOMPARE(report["settings"]["backend"].toString(), QStringLiteral("reference"));
    const QJsonValue provenance = report["provenance"];
    QCOMPARE(provenance["checkpoint"]["sha256"].toString().size(), 64);
    QCOMPARE(provenance["methods"].toArray().size(), methods);
    QCOMPARE(provenance["precision"].toString(), QStringLiteral("float64"));
    QCOMPARE(provenance["sweep"], report["command"]);

    // One file: charts inside, nothing fetched from elsewhere.
    const QByteArray page = contentOf(html);
    QCOMPARE(page.count("<svg"), 3);
    QVERIFY(!page.contains("<script") && !page.contains("<link") && !page.contains(" src=\"http"));
    QVERIFY(page.contains("subquad bench --methods"));
    QCOMPARE(page.count("3 samples, ns"), rows.size());
    const QByteArray mark = "<pre id=\"provenance\">";
    const qsizetype from = page.indexOf(mark) + mark.size();
    QByteArray inPage = page.mid(from, page.indexOf("</pre>", from) - from);
    inPage.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    QCOMPARE(QJsonDocument::fromJson(inPage).object(), provenance.toObject());

    // One line per raw sample under one header, a dictionary above it.
    const QList<QByteArray> lines = contentOf(csv).trimmed().split('\n');
    qsizetype data = 0;
    bool header = false;
    for (const QByteArray& line : lines) {
        if (line.startsWith("# "))
            QVERIFY(!header);
        else if (!header)
            header = line.startsWith("run_id,method,");
        else
            ++data;
    }
    QVERIFY(header);
    QCOMPARE(data, rows.size() * 3);
    // And above them what they come to.
    QVERIFY(lines.first().startsWith("# provenance: {"));
    const QByteArray text = contentOf(csv);
    QCOMPARE(text.count("# crossover of "), methods - 1);
    for (const QJsonValue row : rows)
        QVERIFY(text.contains("#   " + row["spec"].toString().toUtf8() + ", " +
                              QByteArray::number(row["tokens"].toInt()) + ", " +
                              QByteArray::number(qint64(row["median_ns"].toDouble())) + ", "));
}

void ReportTest::refusesWhatItCannotWrite()
{
    const QTemporaryDir folder;
    const Ran suffix = runProgram({"report", sample, "-o", folder.filePath("r.txt")});
    QCOMPARE(suffix.exitCode, 2);
    QVERIFY2(isOneSentence(suffix.err), suffix.err.constData());
    const Ran missing = runProgram({"report", folder.filePath("nowhere"), "-o", folder.filePath("r.json")});
    QCOMPARE(missing.exitCode, 3);
    const Ran closed = runProgram({"report", sample, "--backend", "reference", "--lengths", "8", "--reps", "1", "-o",
                                   folder.filePath("no/such/folder/r.json")});
    QCOMPARE(closed.exitCode, 3);
    QVERIFY2(isOneSentence(closed.err.trimmed().split('\n').last()), closed.err.constData());
    QCOMPARE(runProgram({"report", sample}).exitCode, 2);
}

void ReportTest::theCommandRepeatsTheSweep()
{
    engine::SweepRequest request;
    request.shape = {4, 2, 8, 8, false};
    const Timeable found = timeable(everyMethod(), request.shape);
    QCOMPARE(found.methods.size() + found.leftOut.size(), engine::methods().size());
    request.methods = found.methods;
    request.lengths = {4, 8, 16};
    request.repeats = 2;
    request.seed = 5;
    const QString line = QString::fromStdString(commandOf(request, engine::Backend::Reference, {}));
    QStringList words = QProcess::splitCommand(line);
    QCOMPARE(words.takeFirst(), QStringLiteral("subquad"));
    const Ran ran = runProgram(words << "--json");
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
    const QJsonArray rows = ran.json()["rows"].toArray();
    QCOMPARE(rows.size(), qsizetype(request.methods.size() * 3));
    for (const QJsonValue row : rows) {
        QCOMPARE(row["heads"].toInt(), 4);
        QCOMPARE(row["head_dim"].toInt(), 8);
        QCOMPARE(row["causal"].toBool(), false);
        QCOMPARE(row["samples_ns"].toArray().size(), 2);
    }
    QCOMPARE(rows.last()["tokens"].toInt(), 16);
}

void ReportTest::lengthsAreWrittenAsTheyAreRead()
{
    QCOMPARE(lengthsText({64, 128, 256}), std::string("64:256:x2"));
    QCOMPARE(lengthsText({64, 128, 257}), std::string("64,128,257"));
    QCOMPARE(lengthsText({64}), std::string("64"));
    QCOMPARE(lengthsText({10, 30, 90}), std::string("10:90:x3"));
}

QTEST_GUILESS_MAIN(ReportTest)
#include "tst_report.moc"
