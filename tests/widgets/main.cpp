// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/proxystyle.h"
#include "widgets/snapshot.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QDir>
#include <QTest>

#include <cmath>
#include <memory>

widgets::Identity exactIdentity()
{
    return {"exact", 0x0072B2, 0x0072B2, 0x56B0EA, engine::Dash::Solid, engine::Marker::Circle};
}

widgets::Identity taylorIdentity()
{
    return {"TaylorShift", 0xD55E00, 0xC45500, 0xF58A4B, engine::Dash::Dashed, engine::Marker::Triangle};
}

engine::Grid causalMap(int n, double sharpness)
{
    std::vector<float> cells(std::size_t(n) * std::size_t(n), 0.0F);
    for (int row = 0; row < n; ++row) {
        double sum = 0;
        for (int col = 0; col <= row; ++col) {
            const double score = sharpness * (std::cos(row * 0.37 * col) + (col == 0 ? 1.5 : 0) - 0.02 * (row - col));
            cells[std::size_t(row * n + col)] = float(std::exp(score));
            sum += cells[std::size_t(row * n + col)];
        }
        for (int col = 0; col <= row; ++col)
            cells[std::size_t(row * n + col)] /= float(sum);
    }
    return {std::move(cells), n, n};
}

QStringList words(int n)
{
    static const QStringList text =
        QStringLiteral(
            "(start) Once upon a tim e , a little girl named Lily lived in a small house with her mom , dad , and her "
            "dog "
            "Spot . One day , Lily saw a small bird on the ground . She picked it up and tried to reach the bird and "
            "see what it was . Lily had an idea . She asked her mom if she could help the bird")
            .split(' ');
    QStringList list;
    for (int i = 0; i < n; ++i)
        list << text[i % text.size()];
    return list;
}

void toGallery(QWidget& view, QSize size, const QString& name)
{
    const QString folder = qEnvironmentVariable("SUBQUAD_GALLERY");
    if (folder.isEmpty())
        return;
    QDir().mkpath(folder);
    for (const bool dark : {false, true}) {
        widgets::ThemeSource::instance().set(dark, 1.0);
        QVERIFY(widgets::snapshot(view, size).save(folder + '/' + name + (dark ? "-dark.png" : "-light.png")));
    }
    widgets::ThemeSource::instance().set(false, 1.5);
    QVERIFY(widgets::snapshot(view, size * 1.5).save(folder + '/' + name + "-150.png"));
    widgets::ThemeSource::instance().set(false, 1.0);
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setStyle(new widgets::ProxyStyle);
    widgets::ThemeSource::instance().set(false, 1.0);
    int failed = 0;
    for (QObject* (*make)() :
         {colormapTest, controlsTest, heatmapViewTest, numbersTest, probesTest, studyTest, themeTest, viewsTest}) {
        const std::unique_ptr<QObject> test(make());
        failed += QTest::qExec(test.get(), argc, argv);
    }
    return failed;
}
