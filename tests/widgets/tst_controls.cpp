// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/support.h"
#include "widgets/chip.h"
#include "widgets/emptypanel.h"
#include "widgets/iconbutton.h"
#include "widgets/jobbar.h"
#include "widgets/livestrip.h"
#include "widgets/messagebar.h"
#include "widgets/numberview.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/stepper.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTabBar>
#include <QTest>

using namespace widgets;

namespace {

engine::Timing timing(std::vector<std::int64_t> samples)
{
    return engine::summarise(std::move(samples), true);
}

LiveValue liveValue()
{
    LiveValue value;
    value.times = {{exactIdentity(), timing({41000, 42000, 40000, 41000, 47000, 41000, 40500, 41000})},
                   {taylorIdentity(), timing({88000, 86000, 90000, 88000, 70000, 88000, 91000, 88000})}};
    value.numbers = {{"state", "145 KB", true},
                     {"KV cache", "32 KB"},
                     {"crossover without mask: predicted", "273", true},
                     {"measured", "239"}};
    value.note = "median of 50 runs · the map is drawn for you only: +0.31 ms, not counted";
    return value;
}

// Pixels that differ from the ground.
int inked(const QImage& picture, const QRect& part)
{
    int count = 0;
    const QRgb ground = picture.pixel(part.topLeft());
    for (int y = part.top(); y <= part.bottom(); ++y)
        for (int x = part.left(); x <= part.right(); ++x)
            count += picture.pixel(x, y) != ground;
    return count;
}

} // namespace

class TestControls : public QObject
{
    Q_OBJECT

private slots:

    void cleanup() { ThemeSource::instance().set(false, 1.0); }

    void everySymbolHasAShapeInsideItsGrid()
    {
        for (int i = 0; i <= int(Symbol::More); ++i) {
            const QRectF bounds = symbolPath(Symbol(i)).boundingRect();
            QVERIFY2(QRectF(0, 0, 16, 16).contains(bounds), qPrintable(QString::number(i)));
            QVERIFY2(bounds.width() > 1, qPrintable(QString::number(i)));
        }
    }

    void segmentChooses()
    {
        Segment segment;
        segment.setOptions({"√", "log", "linear"});
        segment.resize(segment.sizeHint());
        QSignalSpy chosen(&segment, &Segment::chosen);
        QTest::mouseClick(&segment, Qt::LeftButton, {}, QPoint(segment.width() - 10, 12));
        QCOMPARE(chosen.takeFirst().first().toInt(), 2);
        QTest::keyClick(&segment, Qt::Key_Left);
        QCOMPARE(chosen.takeFirst().first().toInt(), 1);
        QTest::keyClick(&segment, Qt::Key_Left);
        QTest::keyClick(&segment, Qt::Key_Left); // at the end: nothing more
        QCOMPARE(chosen.count(), 1);
        segment.setCurrent(2); // by the program: no signal
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(segment.current(), 2);
    }

    void stepperStaysInItsRange()
    {
        Stepper stepper("layer");
        stepper.setRange(1, 4);
        stepper.setValue(9);
        QCOMPARE(stepper.value(), 4);
        stepper.resize(stepper.sizeHint());
        QSignalSpy changed(&stepper, &Stepper::changed);
        QTest::mouseClick(&stepper, Qt::LeftButton, {}, QPoint(stepper.width() - 8, 13));
        QCOMPARE(changed.count(), 0);
        QTest::mouseClick(&stepper, Qt::LeftButton, {}, QPoint(stepper.width() - 50, 13));
        QCOMPARE(changed.takeFirst().first().toInt(), 3);
        QTest::keyClick(&stepper, Qt::Key_Home);
        QCOMPARE(changed.takeFirst().first().toInt(), 1);
    }

    void stepperSaysWhatNoughtStandsFor()
    {
        Stepper stepper("segment");
        stepper.setRange(0, 2);
        stepper.resize(200, 26);
        QCOMPARE(stepper.accessibleDescription(), QString("0"));
        const QImage number = stepper.grab().toImage();
        stepper.setZero("auto");
        QCOMPARE(stepper.accessibleDescription(), QString("auto"));
        QVERIFY(stepper.grab().toImage() != number);
        QTest::keyClick(&stepper, Qt::Key_End);
        QCOMPARE(stepper.accessibleDescription(), QString("2"));
        QCOMPARE(stepper.value(), 2);
    }

    void chipClosesOrIsChosen()
    {
        Chip chip;
        chip.setMethod(taylorIdentity(), "τ 4");
        chip.resize(chip.sizeHint());
        QSignalSpy clicked(&chip, &Chip::clicked);
        QSignalSpy closed(&chip, &Chip::closeRequested);
        QTest::mouseClick(&chip, Qt::LeftButton, {}, QPoint(20, 13));
        QCOMPARE(clicked.count(), 1);
        QTest::mouseClick(&chip, Qt::LeftButton, {}, QPoint(chip.width() - 14, 13));
        QCOMPARE(closed.count(), 1);
        QTest::keyClick(&chip, Qt::Key_Delete);
        QCOMPARE(closed.count(), 2);
        chip.setReference(true); // the reference cannot be closed
        QTest::mouseClick(&chip, Qt::LeftButton, {}, QPoint(chip.width() - 14, 13));
        QTest::keyClick(&chip, Qt::Key_Delete);
        QCOMPARE(closed.count(), 2);
        QCOMPARE(clicked.count(), 2);
        // Its marker has the method's colour.
        const QImage picture = snapshot(chip, chip.sizeHint());
        QCOMPARE(picture.pixelColor(14, 14), taylorIdentity().area());
    }

    void messageActsAndCloses()
    {
        MessageBar bar;
        QVERIFY(bar.isHidden());
        bar.resize(700, 34);
        bar.show({Message::Kind::Error, "blk.3 is Q4_K.", "Supported: F32.", "Load the other layers"});
        QVERIFY(!bar.isHidden());
        QSignalSpy acted(&bar, &MessageBar::acted);
        QSignalSpy closed(&bar, &MessageBar::closed);
        const auto buttons = bar.findChildren<QAbstractButton*>();
        QCOMPARE(buttons.size(), 3);
        QCOMPARE(snapshot(bar, {700, 34}).pixelColor(350, 0), theme().errorLine);
        QVERIFY(!buttons[2]->isHidden());
        buttons[2]->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("blk.3 is Q4_K. Supported: F32."));
        buttons[0]->click();
        QCOMPARE(acted.count(), 1);
        buttons[1]->click();
        QCOMPARE(closed.count(), 1);
        QVERIFY(bar.isHidden());
        bar.show({Message::Kind::Warning, "The gate is 0.50.", "", ""});
        QVERIFY(buttons[0]->isHidden() && buttons[2]->isHidden());
        QCOMPARE(snapshot(bar, {700, 34}).pixelColor(350, 10), theme().warningGround);
    }

    void emptyPanelOffersItsCure()
    {
        EmptyPanel panel;
        panel.setWords("No method with a memory is chosen", "This view follows it segment by segment.");
        const QImage words = snapshot(panel, {400, 140});
        QVERIFY(inked(words, QRect(0, 30, 400, 60)) > 200);
        auto* button = panel.findChild<QAbstractButton*>();
        QVERIFY(button->isHidden());
        panel.setWords("No method with a memory is chosen", "This view follows it.", "Add one");
        QSignalSpy acted(&panel, &EmptyPanel::acted);
        button->click();
        QCOMPARE(acted.count(), 1);
        toGallery(panel, {344, 140}, "empty");
    }

    void jobShowsHowFar()
    {
        JobBar bar;
        bar.setProgress(engine::Progress{0.5, "layer 2 of 4"});
        const QImage half = snapshot(bar, {200, 24});
        QCOMPARE(half.pixelColor(95, 0), theme().focus);
        QCOMPARE(half.pixelColor(105, 0), theme().grid);
        QSignalSpy cancelled(&bar, &JobBar::cancelled);
        bar.findChild<QAbstractButton*>()->click();
        QCOMPARE(cancelled.count(), 1);
        bar.setProgress({});
        QVERIFY(snapshot(bar, {200, 24}).pixelColor(95, 0) != theme().focus);
    }

    void sentenceKeepsItsWords()
    {
        Sentence sentence;
        sentence.setRuns({{"TaylorShift", true}, {" moves ", false}, {"22 %", true}, {" elsewhere.", false}});
        QCOMPARE(sentence.text(), "TaylorShift moves 22 % elsewhere.");
        QCOMPARE(sentence.accessibleName(), sentence.text());
        const QImage wide = snapshot(sentence, {900, 58});
        QVERIFY(inked(wide, QRect(0, 0, 900, 58)) > 200);
        // A line too narrow breaks in two and stays inside.
        const QImage narrow = snapshot(sentence, {160, 58});
        QVERIFY(inked(narrow, QRect(0, 30, 160, 28)) > 50);
    }

    void liveStripElides()
    {
        LiveStrip strip;
        strip.setValue(liveValue());
        const QImage wide = snapshot(strip, {1600, 32});
        // Bars of both methods are there.
        for (const Identity& identity : {exactIdentity(), taylorIdentity()}) {
            int found = 0;
            for (int x = 0; x < 800; ++x)
                found += wide.pixelColor(x, 20) == identity.area();
            QVERIFY(found >= 16);
        }
        for (const int width : {160, 400, 700}) { // the right margin stays free
            const QImage narrow = snapshot(strip, {width, 32});
            QCOMPARE(inked(narrow, QRect(width - 14, 1, 14, 31)) > 0 && width > 400, false);
        }
    }

    void numberSaysWhyNot()
    {
        NumberView view;
        view.setNumber({"Kullback–Leibler", {}, "14 weights are negative", "nats", engine::Provenance::Computed});
        QVERIFY(view.accessibleDescription().contains("n/a"));
        QVERIFY(view.accessibleDescription().contains("14 weights are negative"));
        view.setNumber({"denominator", 3.4872, {}, "", engine::Provenance::Measured});
        QVERIFY(view.accessibleDescription().startsWith("3.49"));
    }

    void gallery()
    {
        QWidget page;
        page.setAutoFillBackground(true);
        auto* column = new QVBoxLayout(&page);
        auto* message = new MessageBar(&page);
        message->show({Message::Kind::Error, "blk.3.ffn_up.weight is Q4_K.", "Supported: F32, F16, BF16, Q8_0.",
                       "Load the other layers"});
        column->addWidget(message);
        message = new MessageBar(&page);
        message->show(
            {Message::Kind::Warning, "The gate is 0.50 in all heads.", "This memory was never trained.", "Set gates…"});
        column->addWidget(message);
        auto* tabs = new QTabBar(&page);
        for (const char* name : {"Attention", "Memory", "Spectrum", "Probes"})
            tabs->addTab(name);
        tabs->setDrawBase(true);
        column->addWidget(tabs);
        auto* sentence = new Sentence(&page);
        sentence->setRuns({{"TaylorShift", true},
                           {" moves ", false},
                           {"22 %", true},
                           {" of the attention elsewhere, keeps the top token in ", false},
                           {"68 %", true},
                           {" of rows, and puts the output off by ", false},
                           {"46 %", true},
                           {".", false}});
        sentence->setSecond("64 tokens · 2 080 weights · drop-in, no training · float32 on PoCL, compared in float64");
        column->addWidget(sentence);
        auto* row = new QHBoxLayout;
        for (const Symbol symbol : {Symbol::Open,    Symbol::First,    Symbol::Back,    Symbol::Play,  Symbol::Pause,
                                    Symbol::Forward, Symbol::Last,     Symbol::Plus,    Symbol::Lock,  Symbol::Unlock,
                                    Symbol::Export,  Symbol::Maximise, Symbol::Moon,    Symbol::Sun,   Symbol::Close,
                                    Symbol::Search,  Symbol::Pin,      Symbol::Left,    Symbol::Right, Symbol::Up,
                                    Symbol::Down,    Symbol::Chip,     Symbol::Warning, Symbol::Check, Symbol::More}) {
            auto* button = new IconButton(symbol, "icon");
            button->setCheckable(true);
            button->setChecked(symbol == Symbol::Lock);
            row->addWidget(button);
        }
        row->addStretch();
        column->addLayout(row);
        row = new QHBoxLayout;
        auto* layer = new Stepper("layer");
        layer->setRange(1, 12);
        auto* head = new Stepper("head");
        head->setRange(1, 8);
        head->setValue(3);
        auto* exact = new Chip;
        exact->setMethod(exactIdentity());
        exact->setReference(true);
        auto* taylor = new Chip;
        taylor->setMethod(taylorIdentity(), "τ 4");
        auto* segment = new Segment;
        segment->setOptions({"√", "log", "linear"});
        for (QWidget* widget : std::initializer_list<QWidget*>{layer, head, exact, taylor, segment})
            row->addWidget(widget);
        row->addStretch();
        column->addLayout(row);
        row = new QHBoxLayout;
        auto* button = new QPushButton("Run again");
        auto* primary = new QPushButton("Run again");
        primary->setDefault(true);
        auto* off = new QPushButton("Run again");
        off->setEnabled(false);
        auto* combo = new QComboBox;
        combo->addItems({"auto", "direct", "efficient"});
        auto* spin = new QDoubleSpinBox;
        auto* slider = new QSlider(Qt::Horizontal);
        slider->setValue(40);
        auto* check = new QCheckBox("normalise");
        check->setChecked(true);
        auto* unchecked = new QCheckBox("causal");
        auto* line = new QLineEdit("128 : 8192 : ×2");
        for (QWidget* widget :
             std::initializer_list<QWidget*>{button, primary, off, combo, spin, slider, check, unchecked, line})
            row->addWidget(widget);
        column->addLayout(row);
        auto* number = new NumberView;
        number->setNumber({"Kullback–Leibler", {}, "14 weights are negative", "nats", engine::Provenance::Computed});
        column->addWidget(number);
        auto* job = new JobBar;
        job->setProgress(engine::Progress{0.6, "layer 2 of 4"});
        column->addWidget(job);
        QTest::qWait(2300);
        auto* strip = new LiveStrip;
        strip->setValue(liveValue());
        column->addWidget(strip);
        toGallery(page, {1280, 520}, "controls");
    }
};

QObject* controlsTest()
{
    return new TestControls;
}

#include "tst_controls.moc"
