// SPDX-License-Identifier: GPL-3.0-or-later
// The window goes at once whatever it is doing; and it works where there is no OpenCL at all.
#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "app/panels/timingpanel.h"
#include "tests/app/windowrig.h"
#include "widgets/heatmapview.h"
#include "widgets/messagebar.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QTemporaryDir>

#include <cstdio>
#include <memory>

using namespace app;

namespace {

// A second, and what a loaded machine or a sanitizer makes of it.
#ifdef __SANITIZE_ADDRESS__
constexpr int longestMs = 15000;
#else
constexpr int longestMs = 3000;
#endif

std::string longText()
{
    std::string text;
    while (text.size() < 2500)
        text += "the cat and the dog ";
    return text;
}

using Rig = std::unique_ptr<WindowRig>;

bool works(WindowRig& rig)
{
    return QTest::qWaitFor([&] { return !rig.lanes.idle(); }, 20000);
}

// What the window is doing when it is closed.
struct State
{
    const char* name;
    std::function<bool(WindowRig&)> reach;
};

const State states[] = {
    {"opening a model", [](WindowRig&) { return true; }},
    {"idle", [](WindowRig& rig) { return rig.rest(); }},
    {"computing maps",
     [](WindowRig& rig) {
         if (!rig.rest())
             return false;
         rig.document.setPrompt(longText());
         return works(rig);
     }},
    {"a sweep",
     [](WindowRig& rig) {
         ViewLayout layout = rig.document.state().layout;
         layout.tab = "timing";
         rig.document.setLayout(layout);
         if (!rig.rest())
             return false;
         auto* panel = rig.window.findChild<TimingPanel*>();
         panel->side().setForm({QStringLiteral("64:512:x2"), QStringLiteral("10000"), false, false});
         emit panel->side().formChanged();
         emit panel->side().runAsked();
         return works(rig);
     }},
    {"exporting a figure",
     [](WindowRig& rig) {
         if (!rig.rest())
             return false;
         QTest::keyClick(&rig.window, Qt::Key_E, Qt::ControlModifier);
         auto* dialog = rig.window.findChild<QFileDialog*>();
         if (dialog == nullptr)
             return false;
         emit dialog->fileSelected(QDir::tempPath() + QStringLiteral("/subquad-tst-closing.pdf"));
         dialog->close();
         return true;
     }},
    {"generating",
     [](WindowRig& rig) {
         if (!rig.rest())
             return false;
         rig.document.setPlaying(true);
         rig.document.setGenerated(200);
         return works(rig);
     }},
};

} // namespace

class TestClosing : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void itGoesAtOnce_data();
    void itGoesAtOnce();
    void withoutOpenClTheReferenceRuns();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestClosing::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    QApplication::setQuitOnLastWindowClosed(false);
    m_path = tinyCheckpoint(m_folder);
}

void TestClosing::itGoesAtOnce_data()
{
    QTest::addColumn<int>("state");
    for (int state = 0; state < int(std::size(states)); ++state)
        QTest::newRow(states[state].name) << state;
}

void TestClosing::itGoesAtOnce()
{
    QFETCH(const int, state);
    auto rig = std::make_unique<WindowRig>(m_path);
    QVERIFY(states[state].reach(*rig));
    QElapsedTimer clock;
    clock.start();
    rig->window.close();
    QVERIFY(!rig->window.isVisible());
    const qint64 hidden = clock.elapsed();
    rig.reset();
    std::fprintf(stderr, "closing while %s: hidden after %lld ms, gone after %lld ms\n", states[state].name,
                 static_cast<long long>(hidden), static_cast<long long>(clock.elapsed()));
    QVERIFY2(clock.elapsed() < longestMs, qPrintable(QString::number(clock.elapsed())));
}

// The loader of OpenCL looks for drivers once in a process: this one begins without any.
void TestClosing::withoutOpenClTheReferenceRuns()
{
    WindowRig rig(m_path);
    QVERIFY(QTest::qWaitFor([&] { return rig.document.message().has_value(); }, 20000));
    QVERIFY(rig.rest());
    QVERIFY(rig.document.devices().empty());
    QVERIFY(!rig.document.device());
    const Message& message = *rig.document.message();
    QVERIFY2(message.what.contains("No OpenCL device") && message.why.contains("reference"), qPrintable(message.what));
    QVERIFY(message.warning);
    QVERIFY(rig.window.message().isVisible());
    // It works: both lanes have run and are drawn.
    for (const engine::LaneIndex lane : {engine::LaneIndex{0}, engine::LaneIndex{1}}) {
        QVERIFY(rig.document.lane(lane).look);
        QVERIFY(rig.document.lane(lane).run->backend == engine::Backend::Reference);
    }
    QVERIFY(rig.window.attention().maps().map(1).accessibleDescription().contains("rows"));
}

int main(int argc, char** argv)
{
    QTemporaryDir none; // no drivers in it
    qputenv("OCL_ICD_VENDORS", none.path().toUtf8());
    qputenv("OPENCL_VENDOR_PATH", none.path().toUtf8());
    QApplication application(argc, argv);
    TestClosing test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_closing.moc"
