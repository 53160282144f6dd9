// SPDX-License-Identifier: GPL-3.0-or-later
// The window at every scale of the interface on the two screens it is made for: it fits, nothing is cut, nothing stands
// over another thing.
#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "app/panels/toolpanel.h"
#include "app/studywork.h"
#include "tests/app/windowrig.h"
#include "widgets/chip.h"
#include "widgets/heatmapview.h"
#include "widgets/iconbutton.h"
#include "widgets/messagebar.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/stepper.h"

#include <QTemporaryDir>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

QString nameOf(const QWidget& widget)
{
    return QString::fromLatin1(widget.metaObject()->className()) + u' ' + widget.accessibleName() + u' ' +
           widget.objectName();
}

// Controls that say what they need get it; a message bar has a smaller button of its own.
template <typename Control>
void addCut(const QWidget& window, QStringList& wrong)
{
    for (const Control* control : window.findChildren<Control*>())
        if (control->isVisible() && qobject_cast<const widgets::MessageBar*>(control->parentWidget()) == nullptr &&
            (control->width() < control->sizeHint().width() - 1 ||
             control->height() < control->sizeHint().height() - 1))
            wrong << nameOf(*control) + QStringLiteral(" is %1 × %2, needs %3 × %4")
                                            .arg(control->width())
                                            .arg(control->height())
                                            .arg(control->sizeHint().width())
                                            .arg(control->sizeHint().height());
}

// Children of a row that stand over one another.
void addOver(const QWidget& row, QStringList& wrong)
{
    QList<QWidget*> shown;
    for (QWidget* child : row.findChildren<QWidget*>(Qt::FindDirectChildrenOnly))
        if (child->isVisible() && !child->isWindow())
            shown << child;
    for (qsizetype i = 0; i < shown.size(); ++i) {
        if (!row.rect().contains(shown[i]->geometry()))
            wrong << nameOf(*shown[i]) + QStringLiteral(" stands out of ") + nameOf(row);
        for (qsizetype j = i + 1; j < shown.size(); ++j)
            if (shown[i]->geometry().intersects(shown[j]->geometry()))
                wrong << nameOf(*shown[i]) + QStringLiteral(" over ") + nameOf(*shown[j]);
    }
}

// The window's picture once everything that folds has folded.
QImage settled(WindowRig& rig, QSize screen)
{
    widgets::snapshot(rig.window, screen);
    rig.rest();
    return widgets::snapshot(rig.window, screen);
}

} // namespace

class TestScales : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void everythingHasItsRoom_data();
    void everythingHasItsRoom();
    void sixMethodsFoldToTheTwoCompared();
    void docksGiveWay();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestScales::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = tinyCheckpoint(m_folder);
}

void TestScales::everythingHasItsRoom_data()
{
    QTest::addColumn<double>("scale");
    QTest::addColumn<QSize>("screen");
    for (const double scale : {0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0})
        for (const QSize screen : {QSize(1366, 768), QSize(1920, 1080)})
            QTest::addRow("%d %% at %d", int(scale * 100), screen.width()) << scale << screen;
}

void TestScales::everythingHasItsRoom()
{
    QFETCH(const double, scale);
    QFETCH(const QSize, screen);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    ViewLayout layout = rig.document.state().layout;
    layout.scale = scale;
    rig.document.setLayout(layout);
    QStringList tabs = rig.window.tabs();
    for (const engine::TabSpec* tab : methodTabs())
        if (const QString id = QString::fromUtf8(tab->id.data(), qsizetype(tab->id.size())); !tabs.contains(id))
            tabs << id;
    for (const QString& tab : tabs) {
        if (!rig.window.tabs().contains(tab))
            rig.document.setPlan(compared, planWithTab(rig.document.state().lanes[1], tab.toStdString()));
        layout = rig.document.state().layout;
        layout.tab = tab.toStdString();
        rig.document.setLayout(layout);
        QVERIFY(rig.rest());
        const QImage picture = settled(rig, screen);
        QCOMPARE(picture.deviceIndependentSize(), QSizeF(screen)); // nothing forces the window to be larger
        QStringList wrong;
        addCut<widgets::Chip>(rig.window, wrong);
        addCut<widgets::Stepper>(rig.window, wrong);
        addCut<widgets::Segment>(rig.window, wrong);
        addCut<widgets::IconButton>(rig.window, wrong);
        addOver(rig.window.tools(), wrong);
        for (const widgets::Sentence* sentence : rig.window.findChildren<widgets::Sentence*>())
            if (sentence->isVisible() && sentence->height() < sentence->heightForWidth(sentence->width()))
                wrong << QStringLiteral("the sentence has %1 of %2 pixels: ")
                                 .arg(sentence->height())
                                 .arg(sentence->heightForWidth(sentence->width())) +
                             sentence->text();
        QVERIFY2(wrong.isEmpty(), qPrintable(tab + ": " + wrong.join("; ")));
        if (tab != QStringLiteral("attention"))
            continue;
        MapsRow& row = rig.window.attention().maps();
        for (int place = 1; place < row.count(); ++place)
            QCOMPARE(row.map(place).layout().map.size(), row.map(0).layout().map.size());
    }
}

void TestScales::sixMethodsFoldToTheTwoCompared()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    for (int more = 2; more < 6; ++more)
        rig.document.addLane(rig.document.state().lanes[1]);
    QVERIFY(rig.rest());
    for (const double scale : {1.0, 2.0, 3.0}) {
        ViewLayout layout = rig.document.state().layout;
        layout.scale = scale;
        rig.document.setLayout(layout);
        settled(rig, {1366, 768});
        QStringList wrong;
        addCut<widgets::Chip>(rig.window, wrong);
        addOver(rig.window.tools(), wrong);
        QVERIFY2(wrong.isEmpty(), qPrintable(QString::number(scale) + ": " + wrong.join("; ")));
    }
}

// At three times the size a dock takes the place of the views, one at a time, and gives it back.
void TestScales::docksGiveWay()
{
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    ViewLayout layout = rig.document.state().layout;
    layout.scale = 3;
    rig.document.setLayout(layout);
    settled(rig, {1366, 768});
    QVERIFY(!rig.window.leftOpen() && !rig.window.rightOpen());
    QVERIFY(rig.window.attention().isVisible());
    emit rig.window.leftAsked(true);
    settled(rig, {1366, 768});
    QVERIFY(rig.window.leftOpen());
    QVERIFY(!rig.window.attention().isVisible());
    QCOMPARE(rig.window.width(), 1366);
    emit rig.window.leftAsked(false);
    QVERIFY(rig.window.attention().isVisible());
}

QTEST_MAIN(TestScales)
#include "tst_scales.moc"
