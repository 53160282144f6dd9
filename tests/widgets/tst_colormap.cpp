// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/colormap.h"

#include <QTest>

#include <algorithm>

using namespace widgets;

class TestColorMap : public QObject
{
    Q_OBJECT

private slots:

    void publishedColors_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QStringList>("nine");
        QTest::newRow("light") << false
                               << QString("F8FBFB CBE3E3 96CCCF 5CB3C2 1F96BB 0975B0 16549B 1B377D 171F56").split(' ');
        QTest::newRow("dark") << true
                              << QString("21252B 293A58 2B5284 1471A6 0093B6 1DB5AF 7FCF9C CAE19D FAF7BD").split(' ');
    }

    void publishedColors()
    {
        QFETCH(bool, dark);
        QFETCH(QStringList, nine);
        for (int i = 0; i < 9; ++i)
            compare(ColorMap::sequential(dark).at(i / 8.0), nine[i]);
    }

    void publishedEndsOfDiverging()
    {
        compare(ColorMap::diverging(false).at(0), "003C7B");
        compare(ColorMap::diverging(false).at(0.5), "F4F4F3");
        compare(ColorMap::diverging(false).at(1), "7C2800");
        compare(ColorMap::diverging(true).at(0), "99DBFF");
        compare(ColorMap::diverging(true).at(0.5), "2A2A2B");
        compare(ColorMap::diverging(true).at(1), "FBC77C");
    }

    void luminanceIsMonotone()
    {
        for (const bool dark : {false, true}) {
            std::vector<double> light;
            for (const QRgb entry : ColorMap::sequential(dark).entries())
                light.push_back(luminance(entry));
            QCOMPARE(light.size(), std::size_t(256));
            // Neighbours may differ by rounding to bytes; over two steps the way is strict.
            for (std::size_t i = 2; i < light.size(); ++i)
                QVERIFY2(dark ? light[i] > light[i - 2] : light[i] < light[i - 2], qPrintable(QString::number(i)));
            // The diverging halves go one way each from the middle.
            const auto& both = ColorMap::diverging(dark).entries();
            QCOMPARE(both.size(), std::size_t(257));
            for (std::size_t i = 2; i <= 128; ++i) {
                const double sign = dark ? -1 : 1;
                QVERIFY(sign * (luminance(both[i]) - luminance(both[i - 2])) > 0);
                QVERIFY(sign * (luminance(both[256 - i]) - luminance(both[258 - i])) > 0);
            }
        }
    }

    void exactlyOneEntryIsZero()
    {
        for (const Scale scale : {Scale::Root, Scale::Log, Scale::Linear}) {
            const ColorScale signedScale{scale, -0.1, 0.3, true};
            int zeros = 0;
            for (int i = 0; i < 257; ++i)
                zeros += signedScale.value(i / 256.0) == 0;
            QCOMPARE(zeros, 1);
            QCOMPARE(signedScale.value(0.5), 0.0);
            QCOMPARE(signedScale.place(0), 0.5);
        }
    }

    void placesAreMonotoneAndInvert()
    {
        for (const Scale scale : {Scale::Root, Scale::Log, Scale::Linear})
            for (const bool diverging : {false, true}) {
                const ColorScale map{scale, diverging ? -2.0 : 0.0, 2.0, diverging};
                double before = -1;
                for (int i = 0; i <= 100; ++i) {
                    const double place = map.place(map.first() + (map.last() - map.first()) * i / 100);
                    QVERIFY(place >= before && place >= 0 && place <= 1);
                    before = place;
                }
                for (const double value : {0.01, 0.5, 1.9})
                    QVERIFY(std::abs(map.value(map.place(value)) - value) < 1e-12);
                QCOMPARE(map.place(map.last() * 5), 1.0);
            }
    }

    void divergingIsBalanced()
    {
        const ColorScale map{Scale::Linear, -0.1, 0.4, true};
        QCOMPARE(map.first(), -0.4);
        QCOMPARE(map.place(-0.2), 0.25);
        QCOMPARE(map.place(0.2), 0.75);
    }

    void anEmptyRangeIsNoDivision()
    {
        QCOMPARE((ColorScale{Scale::Root, 1, 1, false}).place(1), 0.0);
        QCOMPARE((ColorScale{Scale::Linear, 0, 0, true}).place(3), 0.5);
    }

private:
    static void compare(QRgb color, const QString& hex)
    {
        const QRgb wanted = hex.toUInt(nullptr, 16);
        const int off = std::max({std::abs(qRed(color) - qRed(wanted)), std::abs(qGreen(color) - qGreen(wanted)),
                                  std::abs(qBlue(color) - qBlue(wanted))});
        QVERIFY2(off <= 2, qPrintable(QString("%1 instead of %2").arg(QString::number(color & 0xFFFFFF, 16), hex)));
    }
};

QObject* colormapTest()
{
    return new TestColorMap;
}

#include "tst_colormap.moc"
