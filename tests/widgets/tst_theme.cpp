// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/chip.h"
#include "widgets/colorbar.h"
#include "widgets/colormap.h"
#include "widgets/iconbutton.h"
#include "widgets/proxystyle.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/stepper.h"
#include "widgets/theme.h"
#include "widgets/tokenstrip.h"

#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <vector>

using namespace widgets;

class TestTheme : public QObject
{
    Q_OBJECT

private slots:

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void textCanBeRead_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }

    // Text on every ground it stands on, 4.5 : 1 at least.
    void textCanBeRead()
    {
        QFETCH(bool, dark);
        ThemeSource::instance().set(dark, 1.0);
        const Theme& look = theme();
        for (const QColor& ground : {look.window, look.panel, look.field, look.hover, look.chosen})
            for (const QColor& ink : {look.text, look.secondary})
                QVERIFY2(contrast(ink, ground) >= 4.5, qPrintable(ink.name() + " on " + ground.name()));
        QVERIFY(contrast(look.warningText, look.warningGround) >= 4.5);
        QVERIFY(contrast(look.errorText, look.errorGround) >= 4.5);
        QVERIFY(contrast(look.text, look.warningGround) >= 4.5);
        QVERIFY(contrast(look.text, look.errorGround) >= 4.5);
        QVERIFY(contrast(look.ok, look.panel) >= 4.5);
        QVERIFY(contrast(look.focus, look.panel) >= 3);
        for (const Identity& identity : {exactIdentity(), taylorIdentity()}) {
            QVERIFY(contrast(identity.label(), look.panel) >= 4.5);
            QVERIFY(contrast(identity.outline(), look.panel) >= 3);
        }
    }

    // Who is made ill by motion need not ask for less: nothing slides or fades.
    void nothingMovesByItself()
    {
        constexpr Qt::UIEffect effects[] = {Qt::UI_General,       Qt::UI_AnimateMenu,    Qt::UI_FadeMenu,
                                            Qt::UI_AnimateCombo,  Qt::UI_AnimateTooltip, Qt::UI_FadeTooltip,
                                            Qt::UI_AnimateToolBox};
        for (const Qt::UIEffect effect : effects)
            QApplication::setEffectEnabled(effect); // as a desktop would
        QVERIFY(QApplication::isEffectEnabled(Qt::UI_FadeMenu));
        auto* style = new ProxyStyle; // the application's from here on
        QApplication::setStyle(style);
        for (const Qt::UIEffect effect : effects)
            QVERIFY(!QApplication::isEffectEnabled(effect));
        QCOMPARE(style->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, nullptr, nullptr), 0);
    }

    void paletteIsTheTheme()
    {
        for (const bool dark : {false, true}) {
            ThemeSource::instance().set(dark, 1.0);
            QCOMPARE(QApplication::palette().color(QPalette::Window), theme().window);
            QCOMPARE(QApplication::palette().color(QPalette::Text), theme().text);
            QCOMPARE(QApplication::palette().color(QPalette::Disabled, QPalette::Text), theme().disabled);
        }
    }

    void scaleIsHeldAndScales()
    {
        QSignalSpy spy(&ThemeSource::instance(), &ThemeSource::changed);
        ThemeSource::instance().set(false, 9);
        QCOMPARE(theme().scale, 3.0);
        QCOMPARE(theme().px(8), 24);
        QCOMPARE(theme().font().pixelSize(), 39);
        ThemeSource::instance().set(false, 0.1);
        QCOMPARE(theme().scale, 0.8);
        QCOMPARE(theme().px(1), 1); // a hairline never vanishes
        QCOMPARE(theme().px(0), 0);
        QCOMPARE(spy.count(), 2);
    }

    // Every view asks for three times the room at 300 %, and its text and shapes fill it.
    void viewsScaleWithTheTheme()
    {
        Stepper stepper("layer");
        stepper.setRange(1, 12);
        Segment segment;
        segment.setOptions({"√", "log", "linear"});
        Chip chip;
        chip.setMethod(taylorIdentity(), "τ 4");
        TokenStrip strip;
        ColorBar bar;
        Sentence sentence;
        IconButton button(Symbol::Play, "Play");
        const std::vector<QWidget*> views{&stepper, &segment, &chip, &strip, &bar, &sentence, &button};
        std::vector<QSize> before;
        for (const QWidget* view : views)
            before.push_back(view->sizeHint());
        for (const double scale : {0.8, 1.5, 3.0}) {
            ThemeSource::instance().set(false, scale);
            for (std::size_t i = 0; i < views.size(); ++i) {
                const QSize now = views[i]->sizeHint();
                QVERIFY(std::abs(now.width() - before[i].width() * scale) <= 6 + now.width() * 0.06);
                QVERIFY(std::abs(now.height() - before[i].height() * scale) <= 3);
                const QImage picture = snapshot(*views[i], now);
                QCOMPARE(picture.size(), now);
            }
        }
    }

    void tabularDigits()
    {
        const QFont font = theme().font();
        QCOMPARE(numberWidth(font, "1.11"), numberWidth(font, "8.88"));
    }
};

QObject* themeTest()
{
    return new TestTheme;
}

#include "tst_theme.moc"
