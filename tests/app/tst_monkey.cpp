// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"

#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QMenu>
#include <QMouseEvent>
#include <QPointer>
#include <QTest>
#include <QTimer>
#include <QWheelEvent>

#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <mutex>
#include <random>

#ifdef __SANITIZE_ADDRESS__
extern "C" std::size_t __sanitizer_get_current_allocated_bytes(); // GCC ships no header that has it
#endif

using namespace app;

namespace {

std::mutex warningsMutex;
QStringList warnings; // guarded by warningsMutex
QtMessageHandler before = nullptr;

void collect(QtMsgType type, const QMessageLogContext& context, const QString& text)
{
    // The offscreen platform says this of itself, not of us.
    const bool ours = !text.contains("This plugin does not support") && !text.contains("propagateSizeHints");
    if (type != QtDebugMsg && type != QtInfoMsg && ours) {
        const std::scoped_lock lock(warningsMutex);
        warnings << text;
    }
    before(type, context, text);
}

// What the program holds. The address sanitizer's own tables (a record for every new stack, freed blocks kept back)
// grow for as long as anything happens; it knows what of its heap the program has.
#ifdef __SANITIZE_ADDRESS__
constexpr const char* held = "allocated";

long heldKilobytes()
{
    return long(__sanitizer_get_current_allocated_bytes() / 1024);
}
#else
constexpr const char* held = "resident";

long heldKilobytes()
{
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word)
        if (word == "VmRSS:") {
            long size = 0;
            status >> size;
            return size;
        }
    return 0;
}
#endif

// Clicks, keys, wheels and drags on whatever there is, and every entry of every menu; seeded, so that what it found can
// be found again.
class Monkey
{
public:
    Monkey(WindowRig& rig, unsigned seed)
        : m_rig(rig)
        , m_random(seed)
    {
        // A tool button's menu waits in a loop of its own until somebody closes it.
        QObject::connect(&m_popups, &QTimer::timeout, [] {
            if (QWidget* popup = QApplication::activePopupWidget())
                popup->close();
        });
        m_popups.start(100);
    }

    void act()
    {
        closeStrays();
        switch (below(10)) {
        case 0:
        case 1:
            triggerSomething();
            break;
        case 2:
        case 3:
            key();
            break;
        case 4:
            wheel();
            break;
        case 5:
            drag();
            break;
        case 6:
            m_rig.window.resize(700 + below(1300), 500 + below(700));
            break;
        default:
            click();
            break;
        }
        QTest::qWait(below(8));
        holdBack();
    }

    const QString& last() const { return m_last; }

private:
    int below(int bound) { return std::uniform_int_distribution<int>(0, std::max(0, bound - 1))(m_random); }

    QWidget* widget()
    {
        QList<QWidget*> visible;
        QWidget* top = QApplication::activePopupWidget();
        if (top == nullptr)
            top = QApplication::activeModalWidget() != nullptr ? QApplication::activeModalWidget() : &m_rig.window;
        for (QWidget* each : top->findChildren<QWidget*>())
            if (each->isVisible() && each->isEnabled() && !each->size().isEmpty())
                visible << each;
        return visible.isEmpty() ? top : visible[below(int(visible.size()))];
    }

    QPoint place(const QWidget& on) { return {below(on.width()), below(on.height())}; }

    void note(const char* what, const QObject* on)
    {
        m_last = QString("%1 %2 %3").arg(what, on->metaObject()->className(), on->objectName());
    }

    void click()
    {
        static constexpr Qt::MouseButton buttons[] = {Qt::LeftButton, Qt::LeftButton, Qt::LeftButton, Qt::RightButton};
        QWidget* on = widget();
        note("click", on);
        const QPoint at = place(*on);
        if (below(8) == 0)
            QTest::mouseDClick(on, Qt::LeftButton, {}, at);
        else
            QTest::mouseClick(on, buttons[below(4)], below(6) == 0 ? Qt::ShiftModifier : Qt::NoModifier, at);
    }

    void drag()
    {
        const QPointer<QWidget> on = widget();
        // Dragging chosen text waits for its drop in a loop of Qt's own.
        if (on->inherits("QLineEdit") || (on->parentWidget() != nullptr && on->parentWidget()->inherits("QTextEdit")) ||
            (on->parentWidget() != nullptr && on->parentWidget()->inherits("QPlainTextEdit")))
            return;
        note("drag", on);
        QTest::mousePress(on, Qt::LeftButton, {}, place(*on));
        for (int step = 0; step < 4 && on; ++step)
            QTest::mouseMove(on, place(*on));
        if (on)
            QTest::mouseRelease(on, Qt::LeftButton, {}, place(*on));
    }

    void wheel()
    {
        QWidget* on = widget();
        note("wheel", on);
        const QPointF at = place(*on);
        QWheelEvent event(at, on->mapToGlobal(at), {}, {0, below(2) == 0 ? 120 : -120}, Qt::NoButton,
                          below(4) == 0 ? Qt::ControlModifier : Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(on, &event);
    }

    void key()
    {
        static constexpr int keys[] = {Qt::Key_Tab,    Qt::Key_Left,   Qt::Key_Right, Qt::Key_Up,     Qt::Key_Down,
                                       Qt::Key_Return, Qt::Key_Escape, Qt::Key_Space, Qt::Key_Delete, Qt::Key_Home,
                                       Qt::Key_End,    Qt::Key_PageUp, Qt::Key_A,     Qt::Key_F,      Qt::Key_D,
                                       Qt::Key_R,      Qt::Key_0,      Qt::Key_M,     Qt::Key_N};
        QWidget* on = QApplication::focusWidget() != nullptr ? QApplication::focusWidget() : widget();
        note("key", on);
        QTest::keyClick(on, Qt::Key(keys[below(int(std::size(keys)))]),
                        below(5) == 0 ? Qt::ShiftModifier : Qt::NoModifier);
    }

    void triggerSomething()
    {
        QList<QAction*> entries;
        for (QAction* action : m_rig.window.findChildren<QAction*>())
            if (action->isEnabled() && action->isVisible() && action->menu() == nullptr && !action->isSeparator())
                entries << action;
        QAction* action = entries[below(int(entries.size()))];
        m_last = "entry " + action->text();
        action->trigger();
    }

    // Dialogs are looked at and left again; the system's own are not ours to test.
    void closeStrays()
    {
        for (QWidget* top : QApplication::topLevelWidgets())
            if (auto* dialog = qobject_cast<QDialog*>(top); dialog != nullptr && dialog->isVisible())
                if (qobject_cast<QFileDialog*>(top) != nullptr || below(3) == 0)
                    dialog->reject();
        if (m_rig.window.isHidden())
            m_rig.window.show(); // "Quit" was found
    }

    // What would only make the walk slow: huge type, endless text.
    void holdBack()
    {
        if (m_rig.document.state().layout.scale > 2) {
            ViewLayout layout = m_rig.document.state().layout;
            layout.scale = 1;
            m_rig.document.setLayout(layout);
        }
        if (m_rig.document.tokenCount() > 40 || m_rig.document.state().prompt.size() > 80)
            m_rig.document.setPrompt("the cat and the dog");
        if (m_rig.document.state().checkpoint != m_checkpoint)
            m_rig.document.open(m_checkpoint);
    }

    QTimer m_popups;
    WindowRig& m_rig;
    std::mt19937 m_random;
    QString m_last;
    std::filesystem::path m_checkpoint = m_rig.document.state().checkpoint;
};

// Each method once, on its own tab: OpenCL keeps what it compiled, some hundred megabytes for the lot, and that is no
// growth.
void everyMethodOnce(WindowRig& rig)
{
    const DocumentState start = rig.document.state();
    for (const engine::Method& method : engine::methods()) {
        DocumentState state = start;
        engine::place(state.lanes[1].everywhere, {std::string(method.info.id), {}});
        if (!method.info.tabs.empty())
            state.layout.tab = method.info.tabs.front().id;
        rig.document.become(state);
        QVERIFY(rig.rest());
    }
    rig.document.become(start);
    QVERIFY(rig.rest());
}

// What the window takes when everything is as it was at the start: a walk that ends with six lanes of a large model is
// no leak, nor is what malloc keeps for later. 0 where it does not come to rest.
long kilobytesAtRest(WindowRig& rig, const DocumentState& start)
{
    rig.document.setPlaying(false);
    for (QWidget* top : QApplication::topLevelWidgets())
        if (top != &rig.window && top->isVisible())
            top->close();
    rig.document.become(start);
    if (!rig.rest())
        return 0;
    malloc_trim(0);
    return heldKilobytes();
}

} // namespace

class TestMonkey : public QObject
{
    Q_OBJECT

public:
    // QtTest stops a function after five minutes: a walk of as many by hand, and what comes before and after it, is
    // none that hangs. Called by QTEST_MAIN.
    static void initMain()
    {
        const int seconds = qEnvironmentVariableIntValue("SUBQUAD_MONKEY_SECONDS");
        if (!qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT"))
            qputenv("QTEST_FUNCTION_TIMEOUT", QByteArray::number((2 * seconds + 300) * 1000));
    }

private slots:
    void nothingItDoesBreaksTheWindow();
};

// SUBQUAD_MONKEY_SECONDS sets how long (6 where it is not set), SUBQUAD_MONKEY_SEED where it begins.
void TestMonkey::nothingItDoesBreaksTheWindow()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    QApplication::setQuitOnLastWindowClosed(false);
    QCoreApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    bool given = false;
    const int set = qEnvironmentVariableIntValue("SUBQUAD_MONKEY_SECONDS", &given);
    const int seconds = given ? set : 6;
    const int seed = qEnvironmentVariableIntValue("SUBQUAD_MONKEY_SEED");
    QTemporaryDir folder;
    before = qInstallMessageHandler(collect);
    {
        WindowRig rig(tinyCheckpoint(folder), {std::filesystem::path(folder.path().toStdString()) / "home", 1000});
        QVERIFY(rig.rest());
        everyMethodOnce(rig);
        EngineWatch watch;
        Monkey monkey(rig, unsigned(seed));
        QElapsedTimer clock;
        clock.start();
        int acts = 0;
        long settled = 0; // kilobytes, once every tab and cache has been seen
        const DocumentState start = rig.document.state();
        while (!clock.hasExpired(seconds * 1000)) {
            monkey.act();
            ++acts;
            if (settled == 0 && clock.hasExpired(seconds * 500))
                QVERIFY((settled = kilobytesAtRest(rig, start)) > 0);
            const std::scoped_lock lock(warningsMutex);
            QVERIFY2(warnings.isEmpty(), qPrintable(QString("seed %1, act %2, %3: ").arg(seed).arg(acts) +
                                                    monkey.last() + ": " + warnings.join("; ")));
            QCOMPARE(watch.here(), 0);
        }
        const long last = kilobytesAtRest(rig, start), grown = last - settled;
        QVERIFY(last > 0);
        QVERIFY(watch.elsewhere() > 0);
        std::fprintf(stderr, "monkey: seed %d, %d acts in %d s, %s %+ld KB in the second half\n", seed, acts, seconds,
                     held, grown);
        if (seconds >= 60) // shorter walks are still filling their caches
            QVERIFY2(grown < 64 * 1024, qPrintable(QString::number(grown) + " KB"));
    }
    qInstallMessageHandler(before);
    QVERIFY2(warnings.isEmpty(), qPrintable(warnings.join("; ")));
}

QTEST_MAIN(TestMonkey)
#include "tst_monkey.moc"
