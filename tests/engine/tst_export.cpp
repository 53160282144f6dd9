// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/csv.h"
#include "engine/export/json.h"
#include "engine/export/npy.h"
#include "engine/export/safetensors.h"
#include "engine/values/error.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtEndian>
#include <QtTest/QTest>

#include <cmath>
#include <cstring>
#include <limits>
#include <locale>
#include <sstream>

using namespace engine;

namespace {

QJsonDocument parsed(const std::string& text)
{
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(text), &error);
    return error.error == QJsonParseError::NoError ? document : QJsonDocument();
}

std::vector<float> floatsAt(const std::string& bytes, std::size_t begin, std::size_t end)
{
    std::vector<float> numbers((end - begin) / 4);
    std::memcpy(numbers.data(), bytes.data() + begin, end - begin);
    return numbers;
}

// Fields of one CSV line, quotes undone.
QStringList fieldsOf(const QString& line)
{
    QStringList fields{QString()};
    bool quoted = false;
    for (qsizetype i = 0; i < line.size(); ++i) {
        if (line[i] == u'"' && quoted && i + 1 < line.size() && line[i + 1] == u'"')
            fields.back() += line[i++];
        else if (line[i] == u'"')
            quoted = !quoted;
        else if (line[i] == u',' && !quoted)
            fields += QString();
        else
            fields.back() += line[i];
    }
    return fields;
}

} // namespace

class ExportTest : public QObject
{
    Q_OBJECT

private slots:
    void jsonReadsBack();
    void jsonSurvivesAnyBytes();
    void jsonIgnoresTheLocale();
    void safetensorsReadsBack();
    void npyReadsBack();
    void metricsCsv();
    void timingsCsv();
    void failingStreamIsAnError();
};

void ExportTest::jsonReadsBack()
{
    std::ostringstream text;
    JsonWriter json(text);
    json.object().field("text", "a \"quoted\"\\\n\ttab \x01 ü").field("flag", true).field("count", -7);
    json.field("big", std::int64_t(1) << 52).field("real", 0.1).field("bad", std::numeric_limits<double>::infinity());
    json.key("empty").array().end();
    json.key("list").list(std::vector<int>{1, 2, 3});
    json.key("nested").object().key("none").null().end();
    json.end();
    const QJsonObject object = parsed(text.str()).object();
    QCOMPARE(object["text"].toString(), QStringLiteral("a \"quoted\"\\\n\ttab \x01 ü"));
    QCOMPARE(object["flag"].toBool(), true);
    QCOMPARE(object["count"].toInt(), -7);
    QCOMPARE(object["big"].toInteger(), qint64(1) << 52);
    QCOMPARE(object["real"].toDouble(), 0.1);
    QVERIFY(object["bad"].isNull());
    QVERIFY(object["empty"].isArray() && object["empty"].toArray().isEmpty());
    QCOMPARE(object["list"].toArray(), (QJsonArray{1, 2, 3}));
    QVERIFY(object["nested"].toObject()["none"].isNull());
    QCOMPARE(text.str().back(), '\n');
}

void ExportTest::jsonSurvivesAnyBytes()
{
    // Every pair of bytes, and characters cut short: always JSON that a strict reader accepts.
    for (int first = 0; first < 256; ++first) {
        std::string bytes;
        for (int second = 0; second < 256; ++second)
            bytes += {char(first), char(second), 'x'};
        QVERIFY2(parsed("[" + jsonString(bytes) + "]").isArray(), qPrintable(QString::number(first)));
    }
    for (const char* bad : {"\xF0\x9F\x98", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC0\x80"})
        QVERIFY(parsed("[" + jsonString(bad) + "]").array()[0].toString().startsWith(QChar(0xFFFD)));
    QCOMPARE(parsed("[" + jsonString("😀é") + "]").array()[0].toString(), QStringLiteral("😀é"));
}

void ExportTest::jsonIgnoresTheLocale()
{
    struct Comma : std::numpunct<char>
    {
        char do_decimal_point() const override { return ','; }

        char do_thousands_sep() const override { return '.'; }

        std::string do_grouping() const override { return "\3"; }
    };

    std::ostringstream text;
    text.imbue(std::locale(text.getloc(), new Comma)); // the locale owns it
    JsonWriter(text).array().value(1234567).value(1234.5).value(0.1F).end();
    QCOMPARE(text.str(), std::string("[1234567, 1234.5, 0.1]\n"));
}

void ExportTest::safetensorsReadsBack()
{
    // A record of 3 tokens with two heads of width 2, and ids.
    const Grid record({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 3, 4);
    std::ostringstream out;
    writeSafetensors(out,
                     {bySlots("layer.0.query", record, 2),
                      asTensor("logits", record),
                      {"tokens", {3}, std::vector<std::int32_t>{-1, 2, 70000}}},
                     {{"format", "subquad"}});
    const std::string bytes = out.str();
    const auto length = std::size_t(qFromLittleEndian<quint64>(bytes.data()));
    QCOMPARE(length % 8, std::size_t(0));
    const QJsonObject header = parsed(bytes.substr(8, length)).object();
    QCOMPARE(header["__metadata__"].toObject()["format"].toString(), QStringLiteral("subquad"));
    const auto tensor = [&](const char* name) {
        const QJsonArray offsets = header[QLatin1String(name)].toObject()["data_offsets"].toArray();
        return std::pair(8 + length + std::size_t(offsets[0].toInt()), 8 + length + std::size_t(offsets[1].toInt()));
    };
    const auto [queryBegin, queryEnd] = tensor("layer.0.query");
    QCOMPARE(header["layer.0.query"].toObject()["shape"].toArray(), (QJsonArray{2, 3, 2}));
    QCOMPARE(floatsAt(bytes, queryBegin, queryEnd), (std::vector<float>{1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12}));
    const auto [logitsBegin, logitsEnd] = tensor("logits");
    QCOMPARE(floatsAt(bytes, logitsBegin, logitsEnd), (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
    const auto [idsBegin, idsEnd] = tensor("tokens");
    QCOMPARE(header["tokens"].toObject()["dtype"].toString(), QStringLiteral("I32"));
    std::vector<std::int32_t> ids(3);
    std::memcpy(ids.data(), bytes.data() + idsBegin, 12);
    QCOMPARE(ids, (std::vector<std::int32_t>{-1, 2, 70000}));
    QCOMPARE(idsEnd, bytes.size()); // nothing before, between or after
    QCOMPARE(queryBegin, 8 + length);
    QCOMPARE(logitsBegin, queryEnd);
}

void ExportTest::npyReadsBack()
{
    const Grid whole({1, 2, 3, 4, 5, 6}, 2, 3);
    std::ostringstream out;
    writeNpy(out, whole.columns(1, 2)); // rows that lie apart
    const std::string bytes = out.str();
    QVERIFY(bytes.starts_with(std::string("\x93NUMPY\x01\x00", 8)));
    const std::size_t start = 10 + std::size_t(qFromLittleEndian<quint16>(bytes.data() + 8));
    QCOMPARE(start % 64, std::size_t(0));
    QCOMPARE(bytes[start - 1], '\n');
    QVERIFY(bytes.substr(10, start - 10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"));
    QCOMPARE(floatsAt(bytes, start, bytes.size()), (std::vector<float>{2, 3, 5, 6}));
}

void ExportTest::metricsCsv()
{
    MetricRow row;
    row.source = {"run 1", "a,\"b\".bin", "method", "temperature=2,form=efficient", Fidelity::DropIn, 7, 12};
    row.layer = 3;
    row.metric.id = "tv";
    row.metric.value = 0.125;
    MetricRow none = row;
    none.metric.reason = "the map has cells below 0";
    std::ostringstream out;
    writeMetricsCsv(out, {row, none});
    const QStringList lines = QString::fromStdString(out.str()).split(u'\n');
    const auto header = std::ranges::find_if(lines, [](const QString& line) { return !line.startsWith(u'#'); });
    const QStringList names = fieldsOf(*header), first = fieldsOf(header[1]), second = fieldsOf(header[2]);
    QCOMPARE(
        names.join(u','),
        QStringLiteral("run_id,checkpoint,method,params,fidelity,seed,layer,head,n,query,key,metric,value,unit,prov"));
    QCOMPARE(first.size(), names.size());
    QCOMPARE(first[1], QStringLiteral("a,\"b\".bin"));
    QCOMPARE(first[3], QStringLiteral("temperature=2,form=efficient"));
    QCOMPARE(first[4], QStringLiteral("DROP-IN"));
    QCOMPARE(first[6], QStringLiteral("3"));
    QCOMPARE(first[7], QString());
    QCOMPARE(first[12], QStringLiteral("0.125"));
    QCOMPARE(second[12], QString()); // n/a is never a number
    QVERIFY(second[13].startsWith(QStringLiteral("n/a")));
    // The dictionary explains every column.
    const QString dictionary = lines.mid(0, header - lines.begin()).join(u'\n');
    for (const QString& name : names)
        QVERIFY2(dictionary.contains(name), qPrintable(name));
}

void ExportTest::timingsCsv()
{
    TimingRow row;
    row.method = "softmax";
    row.tokens = 64;
    row.dtype = "f32";
    row.timing = summarise({30, 10, 20}, false);
    std::ostringstream out;
    writeTimingsCsv(out, {row});
    const QStringList lines = QString::fromStdString(out.str()).split(u'\n', Qt::SkipEmptyParts);
    QCOMPARE(fieldsOf(lines[lines.size() - 3])[8], QStringLiteral("30")); // raw, in the order they were taken
    QCOMPARE(fieldsOf(lines[lines.size() - 1])[8], QStringLiteral("20"));
    QCOMPARE(fieldsOf(lines.back()).size(), fieldsOf(lines[lines.size() - 4]).size());
}

void ExportTest::failingStreamIsAnError()
{
    std::ostringstream broken;
    broken.setstate(std::ios::badbit);
    QVERIFY_EXCEPTION_THROWN(writeNpy(broken, Grid({1}, 1, 1)), Error);
    QVERIFY_EXCEPTION_THROWN(writeSafetensors(broken, {asTensor("a", Grid({1}, 1, 1))}), Error);
}

QTEST_APPLESS_MAIN(ExportTest)
#include "tst_export.moc"
