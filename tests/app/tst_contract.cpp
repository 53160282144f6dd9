// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/program.h"
#include "tests/support/samples.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <csignal>
#include <functional>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace {

// A schema on one line: "name:s rows[method:s value:n?] timing{backend:s}", with s string, n number, b bool, a array
// and o object of anything; ? allows null. Returns what is wrong, or nothing.
class Schema
{
public:
    static QString check(const QJsonValue& value, const QString& members)
    {
        Schema schema{members, {}, 0};
        schema.object(value.toObject(), QStringLiteral("the object"));
        return schema.m_wrong;
    }

private:
    Schema(QString text, QString wrong, int at)
        : m_text(std::move(text))
        , m_wrong(std::move(wrong))
        , m_at(at)
    {
    }

    QChar next() const { return m_at < m_text.size() ? m_text[m_at] : QChar(u'\0'); }

    QString word()
    {
        const int begin = m_at;
        while (next().isLetterOrNumber() || next() == u'_')
            ++m_at;
        return m_text.mid(begin, m_at - begin);
    }

    void say(const QString& what)
    {
        if (m_wrong.isEmpty())
            m_wrong = what;
    }

    // The members up to the closing bracket; each must be there, and nothing else.
    void object(const QJsonObject& found, const QString& name)
    {
        QStringList known;
        while (next() != u'\0' && next() != u'}' && next() != u']') {
            known << word();
            if (!found.contains(known.last()))
                say(name + " has no " + known.last());
            member(found[known.last()], name + "." + known.last());
            while (next() == u' ')
                ++m_at;
        }
        for (const QString& key : found.keys()) {
            if (!known.contains(key))
                say(name + " has the undescribed " + key);
        }
    }

    void member(const QJsonValue& value, const QString& name)
    {
        const QChar kind = next();
        ++m_at;
        if (kind == u'{') {
            object(value.toObject(), name);
            ++m_at;
        } else if (kind == u'[') {
            const int begin = m_at;
            const QJsonArray rows = value.toArray();
            if (rows.isEmpty())
                say(name + " has no rows");
            for (const QJsonValue row : rows.isEmpty() ? QJsonArray{QJsonObject{}} : rows) {
                m_at = begin;
                object(row.toObject(), name);
            }
            ++m_at;
        } else {
            scalar(value, name);
        }
    }

    void scalar(const QJsonValue& value, const QString& name)
    {
        const QChar type = next();
        ++m_at;
        const bool nullable = next() == u'?';
        m_at += nullable ? 1 : 0;
        const bool right = (type == u's' && value.isString()) || (type == u'n' && value.isDouble()) ||
                           (type == u'b' && value.isBool()) || (type == u'a' && value.isArray()) ||
                           (type == u'o' && value.isObject()) || (nullable && value.isNull());
        if (!right)
            say(name + " is not of type " + type);
    }

    QString m_text, m_wrong;
    int m_at = 0;
};

// Whether the program is so far that Ctrl-C is its own affair: before main it ends anything.
bool holdsInterruptBack(pid_t pid)
{
    QFile status(QString("/proc/%1/status").arg(pid));
    if (!status.open(QIODevice::ReadOnly))
        return false;
    for (const QByteArray& line : status.readAll().split('\n'))
        if (line.startsWith("SigBlk:"))
            return (line.mid(7).trimmed().toULongLong(nullptr, 16) >> (SIGINT - 1) & 1U) != 0;
    return false;
}

} // namespace

// What scripts rely on: data on standard output and nothing else there, one JSON object of a known shape, exit codes,
// and files that are whole or absent, whatever happens.
class TestContract : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void jsonKeepsItsShape_data();
    void jsonKeepsItsShape();
    void interruptLeavesNoFile_data();
    void interruptLeavesNoFile();
    void interruptWhileADriverCompiles();
    void closedOutputIsSaid_data();
    void closedOutputIsSaid();
    void fullDiskLeavesNoFile();
    void faultsOfADeviceAreSaid();

private:
    QStringList filled(const QString& line) const;
    Ran interrupted(const QString& line, const std::function<void()>& wait, const Environment& variables = {}) const;

    QStringList leftIn(const QString& folder) const
    {
        return QDir(m_folder.filePath(folder)).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    }

    QTemporaryDir m_folder;
};

void TestContract::initTestCase()
{
    const std::filesystem::path folder = m_folder.path().toStdString();
    samples::Shape shape;
    shape.layers = 2;
    samples::writeLlamaFolder(folder / "model", shape);
    std::string text;
    for (int i = 0; i < 12; ++i)
        text += "the quick brown fox jumps over the lazy dog, then the fox rests " + std::to_string(i) + ". ";
    samples::writeFile(folder / "text.txt", text);
    const auto tensor = [](const char* name, int heads) {
        return samples::Tensor{name, {heads, 37, 8}, samples::numbersOf({}, name, heads * 37 * 8, 2)};
    };
    samples::writeFile(folder / "qkv.safetensors",
                       samples::safetensors({tensor("query", 4), tensor("key", 2), tensor("value", 2)}));
}

// MODEL, TEXT, IN: good files; OUT: a file or folder of the folder "out", which is made anew.
QStringList TestContract::filled(const QString& line) const
{
    QDir(m_folder.filePath("out")).removeRecursively();
    QDir().mkpath(m_folder.filePath("out"));
    return filledIn(line, {{"MODEL", m_folder.filePath("model")},
                           {"TEXT", m_folder.filePath("text.txt")},
                           {"IN", m_folder.filePath("qkv.safetensors")},
                           {"OUT", m_folder.filePath("out/it")}});
}

// Ctrl-C after a while, as a terminal sends it: to the program and to whatever it has begun.
Ran TestContract::interrupted(const QString& line, const std::function<void()>& wait,
                              const Environment& variables) const
{
    QProcess process;
    process.setProcessEnvironment(environmentWith(variables));
    process.setChildProcessModifier([] { setpgid(0, 0); });
    process.start(QStringLiteral(SUBQUAD_PROGRAM), filled(line));
    process.waitForStarted();
    const auto pid = pid_t(process.processId());
    while (process.state() == QProcess::Running && !holdsInterruptBack(pid))
        process.waitForFinished(5);
    wait();
    if (process.state() == QProcess::Running)
        ::kill(-pid, SIGINT);
    return resultOf(process);
}

void TestContract::jsonKeepsItsShape_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("schema");
    const auto row = [](const char* line, const char* schema) {
        QTest::newRow(line) << QString::fromLatin1(line) << QString::fromLatin1(schema);
    };
    row("info MODEL",
        "name:s format:s sha256:s parameters:n config{architecture:s layers:n width:n heads:n key_heads:n "
        "head_dim:n feed_forward:n vocabulary:n context:n rope:s rope_theta:n tied:b} files:a found:a "
        "assumed:a missing:a ignored:a padding:a memory{weight_bytes:n device_bytes:n cache_bytes:n "
        "trace_bytes:n}");
    row("tokenize MODEL --text the", "ids:a pieces:a ranges:a");
    row("run MODEL --tokens 5,6 --generate 2 --backend reference",
        "tokens:a generated:a text:s timing{backend:s device:s prefill_ns:n step_ns:a step_median_ns:n state_bytes:n "
        "forms:a}");
    row("compare MODEL --text the --methods taylorshift --generate 2",
        "sha256:s tokens:n backend:s device:s reference:s methods[method:s fidelity:s seeds:a] rows:a");
    row("perplexity MODEL --file TEXT", "tokens:n bytes:n nll_nats:n bits_per_byte:n perplexity:n");
    row("perplexity MODEL --file TEXT --method infini:segment=16 --period 16 --knock-out",
        "tokens:n bytes:n nll_nats:n bits_per_byte:n perplexity:n rows[memory:s bits_per_byte:n perplexity:n "
        "nats_by_place:a]");
    row("passkey MODEL --lengths 900 --depths 50 --backend reference",
        "seed:n samples:n rows[memory:s length:n tokens:n depth:n local:b token_accuracy:n found:n samples:n nats:n]");
    row("apply softmax IN OUT",
        "method:s form:s causal:b heads:n key_heads:n head_dim:n value_dim:n tokens:n backend:s "
        "device:s operations:n state_bytes:n reason:s outputs[name:s shape:a]");
    row("convert MODEL --method memoryformer --file TEXT --layers 0 --projections query -o OUT",
        "method:s fidelity:s calibration_sha256:s tokens:n folder:s projections:a held_out_tokens:n "
        "perplexity_before:n perplexity_after:n");
    row("bench --methods softmax --lengths 8 --reps 1",
        "machine:s decode:b peak{fma_flops:n read_bytes_per_s:n} rows[method:s form:s causal:b heads:n head_dim:n "
        "tokens:n "
        "threads:n operations:n bytes:n state_bytes:n median_ns:n p20_ns:n p80_ns:n samples_ns:a]");
    row("bench --linear --heads 1 --lengths 3 --reps 1",
        "width:n read_bytes_per_s:n rows[method:s tokens:n read_bytes:n median_ns:n p20_ns:n p80_ns:n samples_ns:a]");
    row("dropin --tokens 9 --draws 2 --head-dim 8",
        "input:s rows[words:s method:s moved:n? deviation:n draws:a refusal:s]");
    row("dropin MODEL --text the --methods taylorshift",
        "input:s rows[words:s method:s moved:n? deviation:n draws:a refusal:s]");
    row("experiment memoryformer shifted --samples 1000",
        "method:s seed:n experiments[id:s title:s samples:n columns:a rows[label:s values:a]]");
    row("tune MODEL --method infini --values -40,0 --file TEXT --backend reference",
        "method:s knob:s runs:n tokens_fit:n tokens_held_out:n rows[heads:s value:n? bits_per_byte_fit:n "
        "bits_per_byte_held_out:n perplexity_held_out:n] best:a");
    row("selftest", "passed:b device:s rows[check:s method:s cases:n error:n allowed:n passed:b worst_case:s]");
    row("report MODEL --methods taylorshift --lengths 8,16 --reps 1 -o OUT.csv",
        "machine:s time_utc:s command:s complete:b disturbed:b settings{repeats:n seed:n lengths:a heads:n "
        "key_heads:n head_dim:n causal:b backend:s} left_out:a peak{fma_flops:n read_bytes_per_s:n} crossovers:a "
        "rows[method:s spec:s form:s causal:b heads:n key_heads:n head_dim:n tokens:n threads:n operations:n bytes:n "
        "state_bytes:n held_bytes:n disturbed:b median_ns:n p20_ns:n p80_ns:n samples_ns:a] provenance:o");
    row("figure MODEL --text the -o OUT.svg", "checkpoint:s view:s width_mm:n device:s files:a");
    row("devices", "devices:a");
    row("methods", "methods[id:s title:s idea:s paper:s knobs:a probes:a]");
    row("--version", "name:s version:s licence:s");
}

void TestContract::jsonKeepsItsShape()
{
    QFETCH(QString, line);
    QFETCH(QString, schema);
    const Ran ran = runProgram(filled(line + " --json"));
    QVERIFY2(ran.exitCode == 0, ran.err);
    QJsonParseError parsed;
    const QJsonDocument document = QJsonDocument::fromJson(ran.out, &parsed);
    QVERIFY2(document.isObject(), qPrintable(parsed.errorString())); // one object and nothing around it
    const QString wrong = Schema::check(document.object(), schema);
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong + " in " + ran.out.left(600)));
}

void TestContract::interruptLeavesNoFile_data()
{
    QTest::addColumn<QString>("line");
    for (const char* line : {"run MODEL --tokens 5 --generate 1000000 --dump OUT --backend reference",
                             "run MODEL --tokens 5 --generate 1000000 --dump OUT",
                             "convert MODEL --method memoryformer:tau=8 --file TEXT -o OUT",
                             "bench --lengths 4096 --reps 100000 --backend reference",
                             "tune MODEL --method infini --values -40,-20,-10,0 --file TEXT --window 2",
                             "report MODEL --lengths 4096 --reps 100000 -o OUT.html --backend reference",
                             "figure MODEL --file TEXT -o OUT.pdf"})
        QTest::newRow(line) << QString::fromLatin1(line);
}

void TestContract::interruptLeavesNoFile()
{
    QFETCH(QString, line);
    // in the middle of it, or before or after: the promise is the same
    const Ran ran = interrupted(line, [] { QTest::qSleep(400); });
    const bool finished = ran.exitCode == 0; // a conversion or a figure may have been quicker
    QVERIFY2(finished || ran.exitCode == 130, QByteArray::number(ran.exitCode) + ": " + ran.err);
    const QString name = "it" + line.section("OUT", 1).section(' ', 0, 0); // with its suffix
    QCOMPARE(leftIn("out"), finished ? QStringList{name} : QStringList{});
    if (!finished)
        QVERIFY(ran.err.endsWith("subquad: cancelled\n"));
}

// A compiler inside the driver installs a handler of its own, and begins processes.
void TestContract::interruptWhileADriverCompiles()
{
    if (runProgram({"devices", "--json"}).json()["devices"].toArray().isEmpty())
        QSKIP("there is no OpenCL device");
    for (const int afterMs : {0, 20, 60, 120, 180, 240, 320, 440}) {
        const QTemporaryDir cold;
        const auto compiling = [&] { // the compiler writes its first file
            QTRY_VERIFY_WITH_TIMEOUT(!QDir(cold.path()).isEmpty(), 60000);
            QTest::qSleep(afterMs);
        };
        const Ran ran = interrupted("run MODEL --tokens 5 --generate 1000000 --dump OUT --backend opencl", compiling,
                                    {{"POCL_CACHE_DIR", cold.path()}});
        QVERIFY2(ran.exitCode == 130, QByteArray::number(ran.exitCode) + ": " + ran.err);
        QVERIFY2(ran.err.endsWith("subquad: cancelled\n") && !ran.err.contains("error"), ran.err);
        QCOMPARE(leftIn("out"), QStringList{});
    }
}

void TestContract::closedOutputIsSaid_data()
{
    QTest::addColumn<QString>("line");
    for (const char* line : {"info MODEL", "methods", "apply softmax IN OUT --backend reference",
                             "run MODEL --tokens 5 --dump OUT --backend reference"})
        QTest::newRow(line) << QString::fromLatin1(line);
}

// The number of a closed stream must not become that of a file that is then printed into.
void TestContract::closedOutputIsSaid()
{
    QFETCH(QString, line);
    const QStringList arguments = filled(line);
    QProcess process;
    process.start("sh", QStringList{"-c", "exec \"$@\" >&-", "sh", SUBQUAD_PROGRAM} + arguments);
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitCode(), 3);
    QVERIFY(process.readAllStandardError().endsWith("subquad: the output could not be written\n"));
    if (QFile out(m_folder.filePath("out/it")); out.open(QIODevice::ReadOnly)) {
        const QByteArray bytes = out.readAll();
        QVERIFY(bytes.size() > 8 && bytes[8] == '{'); // as a safetensors file begins
    }
}

void TestContract::fullDiskLeavesNoFile()
{
    const QString disk = m_folder.filePath("disk");
    QDir().mkpath(disk);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", disk.toLocal8Bit().constData(), "tmpfs", 0, "size=4k") != 0)
        QSKIP("only root may mount a disk to fill");
    for (const QString& line :
         {QStringLiteral("apply softmax IN DISK"), QStringLiteral("run MODEL --file TEXT --dump DISK"),
          QStringLiteral("convert MODEL --method memoryformer --file TEXT --layers 0 -o DISK")}) {
        QStringList arguments = filled(line + " --backend reference");
        arguments.replaceInStrings("DISK", disk + "/it");
        const Ran ran = runProgram(arguments);
        QCOMPARE(ran.exitCode, 3);
        const QByteArray last = ran.err.trimmed().split('\n').last();
        QVERIFY2(isOneSentence(last) && last.contains("disk/") && last.contains("No space left"), ran.err);
        QCOMPARE(leftIn("disk"), QStringList{});
    }
    // What was there before stays.
    samples::writeFile((disk + "/it").toStdString(), "precious");
    QStringList arguments = filled("apply softmax IN DISK --backend reference");
    arguments.replaceInStrings("DISK", disk + "/it");
    QCOMPARE(runProgram(arguments).exitCode, 3);
    QCOMPARE(samples::readFile((disk + "/it").toStdString()), std::string("precious"));
    umount(disk.toLocal8Bit().constData());
}

// The device fails at the n-th call: the run goes on without it and says so, or ends with a sentence that offers to.
void TestContract::faultsOfADeviceAreSaid()
{
    if (runProgram({"devices", "--json"}).json()["devices"].toArray().isEmpty())
        QSKIP("there is no OpenCL device");
    int wentOn = 0, ended = 0;
    for (const int nth : {1, 2, 3, 5, 8, 20, 60, 150, 400, 900}) {
        const Environment fault{{QStringLiteral("SUBQUAD_FAULT"), QString::number(nth) + ":-5"}};
        const Ran ran = runProgram(filled("run MODEL --tokens 5,6,7 --generate 6"), fault);
        QVERIFY2(ran.exitCode == 0 || ran.exitCode == 4, ran.err);
        ++(ran.exitCode == 0 ? wentOn : ended);
        if (ran.err.isEmpty())
            continue; // the run was over before
        QVERIFY2(ran.err.contains("CL_OUT_OF_RESOURCES"), ran.err);
        QVERIFY2(ran.err.contains("reference"), ran.err);
        const Ran asked = runProgram(filled("run MODEL --tokens 5,6,7 --generate 6 --backend opencl"), fault);
        QVERIFY2(asked.exitCode == 4 && asked.err.contains("--backend reference"), asked.err);
    }
    QVERIFY(wentOn > 0);
    qInfo("device faults: %d runs went on without it, %d ended with a sentence", wentOn, ended);
}

QTEST_GUILESS_MAIN(TestContract)
#include "tst_contract.moc"
