// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/numbers.h"

#include <QTest>

#include <limits>

using namespace widgets;

class TestNumbers : public QObject
{
    Q_OBJECT

private slots:

    void text_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("wanted");
        const double none = std::numeric_limits<double>::quiet_NaN();
        const QString t(QChar(0x202F)); // between thousands
        const QString u(QChar(0x00A0)); // before the unit
        QTest::newRow("digits") << fixed(0.2471, 3) << "0.247";
        QTest::newRow("minus is U+2212") << fixed(-0.15, 3) << QString(QChar(0x2212)) + "0.150";
        QTest::newRow("no minus before zero") << fixed(-0.0001, 3) << "0.000";
        QTest::newRow("thousands") << fixed(2080, 0) << "2" + t + "080";
        QTest::newRow("thousands before a point") << fixed(1234567.891, 2) << "1" + t + "234" + t + "567.89";
        QTest::newRow("three digits stay") << fixed(123.4, 1) << "123.4";
        QTest::newRow("sign") << signedFixed(0.007, 3) << "+0.007";
        QTest::newRow("sign below") << signedFixed(-0.007, 3) << QString(QChar(0x2212)) + "0.007";
        QTest::newRow("no sign at zero") << signedFixed(0, 3) << "0.000";
        QTest::newRow("no sign when it rounds to zero") << signedFixed(0.0001, 3) << "0.000";
        QTest::newRow("whole") << whole(-1234567) << QString(QChar(0x2212)) + "1" + t + "234" + t + "567";
        QTest::newRow("whole beyond 2^53")
            << whole(9007199254740993) << QStringList{"9", "007", "199", "254", "740", "993"}.join(t);
        QTest::newRow("power") << power(3.2e-7) << "3·10⁻⁷";
        QTest::newRow("power rounds up") << power(9.7e-7) << "1·10⁻⁶";
        QTest::newRow("power of two digits") << power(-4e12) << QString(QChar(0x2212)) + "4·10¹²";
        QTest::newRow("power of 0") << power(0) << "0";
        QTest::newRow("compact") << compact(3.4872) << "3.49";
        QTest::newRow("compact large") << compact(72.31) << "72.3";
        QTest::newRow("compact small") << compact(2.5e-5) << "3·10⁻⁵";
        QTest::newRow("percent") << percent(0.22) << "22" + u + "%";
        QTest::newRow("bytes") << bytes(512) << "512" + u + "B";
        QTest::newRow("kilobytes") << bytes(8704) << "8.5" + u + "KB";
        QTest::newRow("large kilobytes") << bytes(145 * 1024) << "145" + u + "KB";
        QTest::newRow("megabytes") << bytes(4 << 20) << "4.0" + u + "MB";
        QTest::newRow("ms") << duration(3.46e6) << "3.46" + u + "ms";
        QTest::newRow("small ms") << duration(41e3) << "0.041" + u + "ms";
        QTest::newRow("us") << duration(8200) << "8.20" + u + "µs";
        QTest::newRow("s") << duration(2.1e9) << "2.10" + u + "s";
        QTest::newRow("nan") << fixed(none, 2) << "n/a";
        QTest::newRow("infinity") << compact(std::numeric_limits<double>::infinity()) << "n/a";
        QTest::newRow("no sign before n/a") << signedFixed(std::numeric_limits<double>::infinity(), 1) << "n/a";
        QTest::newRow("percent, nearly all") << percent(0.996) << "99.6" + u + "%"; // 100 % would be a claim
        QTest::newRow("percent, nearly none") << percent(0.002) << "0.2" + u + "%";
        QTest::newRow("percent, all") << percent(0.99999) << "100" + u + "%";
        QTest::newRow("percent of nan") << percent(none) << "n/a";
    }

    void text()
    {
        QFETCH(QString, text);
        QFETCH(QString, wanted);
        QCOMPARE(text, wanted);
    }
};

QObject* numbersTest()
{
    return new TestNumbers;
}

#include "tst_numbers.moc"
