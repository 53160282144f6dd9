// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/toolpanel.h"
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"
#include "widgets/commandsearch.h"
#include "widgets/heatmapview.h"
#include "widgets/shortcutsheet.h"

#include <QAbstractButton>
#include <QAction>
#include <QDialog>
#include <QDialogButtonBox>
#include <QKeyEvent>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QListWidget>
#include <QMap>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTest>

using namespace app;

class TestShortcuts : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void cleanupTestCase() { m_rig.reset(); }

    void noTwoActionsShareAKey();
    void everyKeyOfTheListIsThere_data();
    void everyKeyOfTheListIsThere();
    void everyEntryIsFoundBySearch();
    void searchOffersEverything();
    void betterFitsComeFirst();
    void theSearchRunsWhatIsChosen();
    void plainLettersStayWithTheText();
    void theSheetNamesEveryKey();
    void keysCanBeGiven();
    void commandsWithoutKeysCanBeGivenSome();
    void keysDoWhatTheySay();
    void whoHasTheFocusHasItsKeys();
    void namedLayoutsArrange();

private:
    QList<QAction*> actions() const;
    QAction* withKey(const QString& key) const;

    QTemporaryDir m_folder;
    std::unique_ptr<WindowRig> m_rig;
};

void TestShortcuts::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_rig = std::make_unique<WindowRig>(tinyCheckpoint(m_folder));
    QVERIFY(m_rig->rest());
}

QList<QAction*> TestShortcuts::actions() const
{
    return m_rig->window.findChildren<QAction*>();
}

QAction* TestShortcuts::withKey(const QString& key) const
{
    for (QAction* action : actions())
        if (action->shortcuts().contains(QKeySequence(key)))
            return action;
    return nullptr;
}

void TestShortcuts::noTwoActionsShareAKey()
{
    QMap<QString, QString> owner;
    for (const QAction* action : actions())
        for (const QKeySequence& key : action->shortcuts()) {
            QVERIFY2(!owner.contains(key.toString()),
                     qPrintable(key.toString() + ": " + owner[key.toString()] + " and " + action->text()));
            owner[key.toString()] = action->text();
        }
    QVERIFY(owner.size() > 30);
}

void TestShortcuts::everyKeyOfTheListIsThere_data()
{
    QTest::addColumn<QString>("key");
    for (const char* key : {"Ctrl+O",
                            "Ctrl+1",
                            "Ctrl+9",
                            "Ctrl+Shift+P",
                            "?",
                            "Space",
                            "Right",
                            "Left",
                            "Home",
                            "End",
                            "F10",
                            "F11",
                            "Shift+F11",
                            "F5",
                            "F9",
                            "[",
                            "]",
                            ",",
                            ".",
                            "F",
                            "R",
                            "L",
                            "0",
                            "M",
                            "D",
                            "X",
                            "Ctrl+G",
                            "Ctrl+E",
                            "Ctrl+Shift+E",
                            "Ctrl+C",
                            "Ctrl+Shift+C",
                            "Ctrl+F",
                            "Ctrl+B",
                            "Ctrl+Alt+1",
                            "Ctrl+Alt+9",
                            "Ctrl+Alt+0",
                            "Ctrl+Z",
                            "Ctrl+Shift+Z",
                            "Ctrl+=",
                            "Ctrl+-",
                            "Ctrl+0",
                            "F1",
                            "Ctrl+F5",
                            "Alt+Return"})
        QTest::newRow(key) << QString(key);
}

void TestShortcuts::everyKeyOfTheListIsThere()
{
    QFETCH(QString, key);
    const QAction* action = withKey(key);
    QVERIFY(action != nullptr);
    QVERIFY(action->text().size() > 2 || !action->isVisible()); // recent files and bookmarks that are not there yet
}

// Nothing is reachable by a key alone.
void TestShortcuts::everyEntryIsFoundBySearch()
{
    const std::vector<widgets::Command> commands = m_rig->wiring.frame().commands();
    for (const QAction* action : actions()) {
        if (action->shortcuts().isEmpty() || !action->isVisible())
            continue;
        const bool found = std::any_of(commands.begin(), commands.end(), [&](const widgets::Command& command) {
            return command.title == QString(action->text()).remove('&');
        });
        QVERIFY2(found, qPrintable(action->text()));
    }
}

void TestShortcuts::searchOffersEverything()
{
    const std::vector<widgets::Command> commands = m_rig->wiring.frame().commands();
    const auto count = [&](const QString& group) {
        return std::count_if(commands.begin(), commands.end(),
                             [&](const widgets::Command& command) { return command.group.startsWith(group); });
    };
    const engine::ModelConfig& config = m_rig->document.model()->config();
    QCOMPARE(int(count("Head")), config.layers * config.heads);
    QCOMPARE(int(count("Token ")), m_rig->document.tokenCount());
    QCOMPARE(int(count("Tab")), int(m_rig->window.tabs().size()));
    QCOMPARE(int(count("Device")), int(m_rig->document.devices().size()) + 1);
    for (const engine::Method& method : engine::methods()) {
        const QString title = QString::fromUtf8(method.info.title.data(), qsizetype(method.info.title.size()));
        QVERIFY(std::any_of(commands.begin(), commands.end(),
                            [&](const widgets::Command& command) { return command.title.contains(title); }));
    }
}

void TestShortcuts::betterFitsComeFirst()
{
    using widgets::fitOf;
    const widgets::Command dark{"Light or dark theme", "View", {}};
    QVERIFY(fitOf(dark, "light") < fitOf(dark, "dark"));
    QVERIFY(fitOf(dark, "dark") < fitOf(dark, "ark"));
    QCOMPARE(fitOf(dark, "teapot"), -1);
    QVERIFY(fitOf(dark, "view dark") >= 0);
    QCOMPARE(fitOf(dark, ""), 0);
}

void TestShortcuts::theSearchRunsWhatIsChosen()
{
    auto* search = m_rig->window.findChild<widgets::CommandSearch*>();
    withKey("Ctrl+Shift+P")->trigger();
    QVERIFY(search->isVisible());
    const bool dark = m_rig->document.state().layout.dark;
    search->setText("dark theme");
    auto* field = search->findChild<QLineEdit*>();
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(!search->isVisible());
    QCOMPARE(m_rig->document.state().layout.dark, !dark);
    m_rig->document.undo();
    withKey("Ctrl+Shift+P")->trigger();
    search->setText("no such thing at all");
    QVERIFY(search->shown().empty());
    QTest::keyClick(field, Qt::Key_Return); // nothing to take
    QVERIFY(search->isVisible());
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(!search->isVisible());
    withKey("Ctrl+Shift+P")->trigger();
    search->setText("layer 2, head 2");
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(m_rig->document.state().selection.layer.value, 1);
    QCOMPARE(m_rig->document.state().selection.head.value, 1);
}

void TestShortcuts::plainLettersStayWithTheText()
{
    auto* text = m_rig->window.findChild<QPlainTextEdit*>();
    QVERIFY(text != nullptr);
    const Selection before = m_rig->document.state().selection;
    const int lanes = m_rig->document.laneCount();
    const QString prompt = text->toPlainText();
    text->setFocus();
    QTest::keyClicks(text, "mx[].,?dl");
    QVERIFY(m_rig->document.state().selection == before);
    QCOMPARE(m_rig->document.laneCount(), lanes);
    QCOMPARE(text->toPlainText().size(), prompt.size() + 9);
    text->setPlainText(prompt);
    text->clearFocus();
}

void TestShortcuts::theSheetNamesEveryKey()
{
    withKey("?")->trigger();
    auto* sheet = m_rig->window.findChild<widgets::ShortcutSheet*>();
    QVERIFY(sheet != nullptr);
    const QString words = sheet->accessibleDescription();
    for (const QAction* action : actions())
        if (!action->shortcuts().isEmpty() && action->isVisible())
            QVERIFY2(words.contains(action->shortcuts().first().toString(QKeySequence::NativeText)),
                     qPrintable(action->text()));
    for (const widgets::Command& command : m_rig->wiring.frame().commands())
        if (command.group.startsWith("File") || command.group.startsWith("View › "))
            QVERIFY2(words.contains(command.title), qPrintable(command.title));
    sheet->window()->close();
}

// A map walks with the arrows and a button is pressed with the space bar, though the window has both as shortcuts.
void TestShortcuts::whoHasTheFocusHasItsKeys()
{
    const auto owned = [](QWidget& view, int key, Qt::KeyboardModifiers modifiers = {}) {
        QKeyEvent event(QEvent::ShortcutOverride, key, modifiers);
        event.ignore();
        QCoreApplication::sendEvent(&view, &event);
        return event.isAccepted();
    };
    int maps = 0, buttons = 0;
    for (auto* map : m_rig->window.findChildren<widgets::HeatmapView*>()) {
        ++maps;
        QVERIFY(owned(*map, Qt::Key_Left));
        QVERIFY(!owned(*map, Qt::Key_Left, Qt::AltModifier)); // back to where one looked before
        QVERIFY(!owned(*map, Qt::Key_Space));
    }
    for (auto* button : m_rig->window.findChildren<QAbstractButton*>())
        if (button->isVisible()) {
            ++buttons;
            QVERIFY2(owned(*button, Qt::Key_Space), qPrintable(button->accessibleName()));
            QVERIFY(!owned(*button, Qt::Key_Left));
        }
    QVERIFY(maps > 0 && buttons > 0);
}

// A line of the sheet gives its command other keys; those of another command it does not get.
void TestShortcuts::keysCanBeGiven()
{
    QAction* after = withKey("]");
    withKey("?")->trigger();
    auto* sheet = m_rig->window.findChild<widgets::ShortcutSheet*>();
    QVERIFY(sheet != nullptr);
    const QStringList lines = sheet->accessibleDescription().split("; ");
    const int line = int(lines.indexOf("]: " + after->text()));
    QVERIFY(line >= 0);
    const auto press = [&](const QKeySequence& keys) {
        QTest::mouseClick(sheet, Qt::LeftButton, {}, sheet->rectOf(line).center().toPoint());
        auto* edit = m_rig->window.findChild<QKeySequenceEdit*>();
        edit->setKeySequence(keys);
        edit->window()->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok)->click();
        const bool refused = edit->window()->isVisible();
        edit->window()->close();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        return !refused;
    };
    QVERIFY(!press(QKeySequence("["))); // another's
    QCOMPARE(withKey("]"), after);
    QVERIFY(press(QKeySequence("Ctrl+Alt+J")));
    QCOMPARE(withKey("Ctrl+Alt+J"), after);
    QVERIFY(withKey("]") == nullptr);
    QVERIFY(sheet->accessibleDescription().contains("Ctrl+Alt+J: " + after->text()));
    QCOMPARE(m_rig->wiring.keeper().keys().value("]"), QString("Ctrl+Alt+J"));
    const auto named = [&](const QString& keys) { // by a tool tip
        return std::ranges::any_of(m_rig->window.tools().findChildren<QWidget*>(),
                                   [&](const QWidget* each) { return each->toolTip().contains(keys); });
    };
    QVERIFY(named("[ and Ctrl+Alt+J"));
    const Memory memory{{}, false, 1, m_rig->wiring.keeper().keys()};
    QVERIFY(memoryOf(memoryBytes(memory)) == memory);
    sheet->window()->close();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    Selection first = m_rig->document.state().selection;
    first.layer = {0};
    m_rig->document.select(first);
    QTest::keyClick(&m_rig->window, Qt::Key_J, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(m_rig->document.state().selection.layer.value, 1);
    withKey("?")->trigger();
    sheet = m_rig->window.findChild<widgets::ShortcutSheet*>();
    QVERIFY(press(QKeySequence("]")));
    QCOMPARE(withKey("]"), after);
    QVERIFY(m_rig->wiring.keeper().keys().isEmpty());
    sheet->window()->close();
}

void TestShortcuts::commandsWithoutKeysCanBeGivenSome()
{
    Keeper& keeper = m_rig->wiring.keeper();
    const QString name = "Light or dark theme";
    withKey("?")->trigger();
    auto* sheet = m_rig->window.findChild<widgets::ShortcutSheet*>();
    QVERIFY(sheet != nullptr);
    const auto dialogWith = [&](const QString& line) {
        const auto at = sheet->accessibleDescription().split("; ").indexOf(line);
        if (at < 0)
            return static_cast<QKeySequenceEdit*>(nullptr);
        QTest::mouseClick(sheet, Qt::LeftButton, {}, sheet->rectOf(int(at)).center().toPoint());
        return m_rig->window.findChild<QKeySequenceEdit*>();
    };
    const auto accept = [](QKeySequenceEdit& edit, const QKeySequence& keys) {
        edit.setKeySequence(keys);
        QWidget* dialog = edit.window();
        dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok)->click();
        const bool taken = !dialog->isVisible();
        dialog->close();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        return taken;
    };
    QKeySequenceEdit* edit = dialogWith("no keys: " + name);
    QVERIFY(edit != nullptr);
    QVERIFY(!accept(*edit, QKeySequence("]"))); // another's
    edit = dialogWith("no keys: " + name);
    QVERIFY(accept(*edit, QKeySequence("Ctrl+Alt+T")));
    QCOMPARE(keeper.keys().value("View › " + name), QString("Ctrl+Alt+T"));
    edit = dialogWith("Ctrl+Alt+T: " + name); // the line says so at once
    QVERIFY(edit != nullptr);
    edit->window()->close();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    sheet->window()->close();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    const bool dark = m_rig->document.state().layout.dark;
    QTest::keyClick(&m_rig->window, Qt::Key_T, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(m_rig->document.state().layout.dark, !dark);
    m_rig->document.undo();
    // A command that comes later, as the samples do, has the keys that it was given in an earlier session.
    auto keys = keeper.keys();
    keys["File › Open a sample › late"] = "Ctrl+Alt+L";
    keeper.setKeys(keys);
    QMenu* samples = nullptr;
    for (QMenu* menu : m_rig->window.menuBar()->findChildren<QMenu*>())
        if (menu->title() == "Open a sample")
            samples = menu;
    QVERIFY(samples != nullptr);
    const QAction* late = samples->addAction("late");
    m_rig->wiring.frame().applyKeys();
    QCOMPARE(late->shortcut(), QKeySequence("Ctrl+Alt+L"));
    delete late;
    // No keys: as it came.
    withKey("?")->trigger();
    sheet = m_rig->window.findChild<widgets::ShortcutSheet*>();
    edit = dialogWith("Ctrl+Alt+T: " + name);
    QVERIFY(edit != nullptr);
    QVERIFY(accept(*edit, QKeySequence()));
    QVERIFY(withKey("Ctrl+Alt+T") == nullptr);
    QVERIFY(!keeper.keys().contains("View › " + name));
    keeper.setKeys({});
    sheet->window()->close();
}

void TestShortcuts::keysDoWhatTheySay()
{
    Document& document = m_rig->document;
    const auto press = [this](const char* key) { withKey(key)->trigger(); };
    press("Home");
    QCOMPARE(document.lastRow(), 0);
    Selection start = document.state().selection;
    start.layer = {0};
    start.head = {0};
    document.select(start);
    press("F10");
    QCOMPARE(document.state().selection.layer.value, 1);
    press("F10"); // past the last layer: the next token
    QCOMPARE(document.state().selection.layer.value, 0);
    QCOMPARE(document.lastRow(), 1);
    QVERIFY(m_rig->rest());
    press("F11");
    QCOMPARE(document.state().selection.query->value, 1);
    const auto weights = document.lane({0}).row->weights.row(0);
    const int key = document.state().selection.key->value;
    for (const float weight : weights)
        QVERIFY(weight <= weights[std::size_t(key)]);
    press("Shift+F11");
    QVERIFY(!document.state().selection.query);
    document.stepTo(3);
    press("F9");
    QCOMPARE(document.state().breakpoints, std::vector<int>{3});
    press("Home");
    press("F5");
    QVERIFY(document.playing());
    QVERIFY(QTest::qWaitFor([&] { return !document.playing(); }, 10000));
    QCOMPARE(document.lastRow(), 3); // and no further
    document.sealStep();
    press("Ctrl+B");
    document.select({});
    press("Ctrl+Alt+1");
    QVERIFY(document.state().selection.layer == document.state().bookmarks.front().selection.layer);
    const int before = document.laneCount();
    engine::SessionPlan exact = document.state().lanes[0]; // any method whose rows are probabilities may lead
    exact.backend = engine::Backend::Reference;
    document.setPlan({1}, exact);
    document.sealStep();
    const auto first = document.state().lanes;
    QVERIFY(first[0] != first[1]);
    press("X");
    QCOMPARE(document.state().lanes[0], first[1]);
    QCOMPARE(document.state().lanes[1], first[0]);
    press("Ctrl+Z");
    QCOMPARE(document.state().lanes, first);
    QCOMPARE(document.laneCount(), before);
    document.sealStep();
    press("Ctrl+=");
    QVERIFY(document.state().layout.scale > 1.05);
    press("Ctrl+0");
    QCOMPARE(document.state().layout.scale, 1.0);
    QVERIFY(m_rig->rest());
}

void TestShortcuts::namedLayoutsArrange()
{
    for (const NamedLayout& named : namedLayouts()) {
        const ViewLayout layout = arranged(named, ViewLayout());
        QCOMPARE(layout.tab, std::string(named.tab));
        QCOMPARE(layout.leftDock, std::optional<bool>(named.left));
        QVERIFY(layout.scale >= 0.8 && layout.scale <= 3);
    }
    ViewLayout layout = m_rig->document.state().layout;
    layout.leftDock = false;
    m_rig->document.setLayout(layout);
    QVERIFY(!m_rig->window.leftOpen());
    layout.leftDock = true;
    layout.maximised = "tab";
    m_rig->document.setLayout(layout);
    QVERIFY(!m_rig->window.tools().isVisible());
    m_rig->document.undo();
    QVERIFY(m_rig->window.tools().isVisible());
}

QTEST_MAIN(TestShortcuts)
#include "tst_shortcuts.moc"
