// SPDX-License-Identifier: GPL-3.0-or-later
// The searching half of Frame: what can be found, and the sheet of shortcuts.
#include "app/frame.h"
#include "app/results.h"
#include "app/wording.h"

#include <QAction>
#include <QDialog>
#include <QMenu>
#include <QMenuBar>
#include <QPointer>
#include <QScrollArea>
#include <QVBoxLayout>

namespace app {

using engine::TokenPos;

namespace {

QString withoutMnemonic(QString text)
{
    return text.remove('&');
}

QString keysOf(const QAction& action)
{
    QStringList keys;
    for (const QKeySequence& key : action.shortcuts())
        keys << key.toString(QKeySequence::NativeText);
    return keys.join(", ");
}

// Every entry of a menu and of the menus in it, with where it was found.
void eachEntry(QMenu& menu, const QString& path, const std::function<void(QAction&, const QString&)>& visit)
{
    for (QAction* action : menu.actions()) {
        if (action->isSeparator())
            continue;
        if (action->menu() != nullptr)
            eachEntry(*action->menu(), path + " › " + withoutMnemonic(action->text()), visit);
        else
            visit(*action, path);
    }
}

void eachMenu(MainWindow& window, const std::function<void(QAction&, const QString&)>& visit)
{
    for (QAction* top : window.menuBar()->actions())
        if (top->menu() != nullptr)
            eachEntry(*top->menu(), withoutMnemonic(top->text()), visit);
}

} // namespace

std::vector<widgets::Command> Frame::commands()
{
    std::vector<widgets::Command> commands;
    for (const Entry& entry : entries())
        commands.push_back(entry.command);
    return commands;
}

std::vector<Frame::Entry> Frame::entries()
{
    std::vector<Entry> found;
    addActions(found);
    addPlaces(found);
    for (Entry& token : tokens())
        found.push_back(std::move(token));
    return found;
}

void Frame::addActions(std::vector<Entry>& entries) const
{
    eachMenu(m_window, [&](QAction& action, const QString& path) {
        if (action.isVisible())
            entries.push_back({{withoutMnemonic(action.text()), path, keysOf(action), action.isEnabled()},
                               [what = QPointer<QAction>(&action)] {
                                   if (what)
                                       what->trigger();
                               }});
    });
}

void Frame::addPlaces(std::vector<Entry>& entries)
{
    for (const QString& tab : m_window.tabs())
        entries.push_back({{m_window.titleOf(tab), tr("Tab"), {}},
                           [this, tab] { changeLayout([&](ViewLayout& layout) { layout.tab = tab.toStdString(); }); }});
    for (const auto& [view, name] : m_window.views())
        entries.push_back({{tr("Maximise %1").arg(name), tr("View"), {}}, [this, id = view.toStdString()] {
                               changeLayout([&](ViewLayout& layout) { layout.maximised = id; });
                           }});
    if (const auto& model = m_document.model())
        for (int layer = 0; layer < model->config().layers; ++layer)
            for (int head = 0; head < model->config().heads; ++head)
                entries.push_back(
                    {{tr("Layer %1, head %2").arg(layer + 1).arg(head + 1), tr("Head"), {}}, [this, layer, head] {
                         Selection selection = m_document.state().selection;
                         selection.layer = {layer};
                         selection.head = {head};
                         m_document.select(selection);
                     }});
    for (const engine::DeviceInfo& device : m_document.devices())
        entries.push_back({{QString::fromStdString(device.name), tr("Device"), {}}, [this, name = device.name] {
                               m_document.setDeviceName(name);
                               m_document.useReference(false);
                           }});
    entries.push_back({{tr("Reference, float64"), tr("Device"), {}}, [this] { m_document.useReference(true); }});
}

std::vector<Frame::Entry> Frame::tokens()
{
    std::vector<Entry> found;
    const auto& sequence = m_document.sequence();
    for (std::size_t place = 0; sequence && place < sequence->pieces.size(); ++place) {
        const TokenPos at{int(place)};
        found.push_back({{tokenLabel(sequence->pieces[place]), tr("Token %1").arg(place + 1), {}}, [this, at] {
                             const auto& key = m_document.state().selection.key;
                             m_document.pin(at, key && *key <= at ? key : at);
                         }});
    }
    return found;
}

void Frame::search(std::vector<Entry> entries, const QString& hint)
{
    m_offered = std::move(entries);
    std::vector<widgets::Command> commands;
    for (const Entry& entry : m_offered)
        commands.push_back(entry.command);
    m_search->open(std::move(commands), hint, m_window);
}

// Every visible command by menu: first those that have keys, then those that could be given some.
std::vector<widgets::ShortcutGroup> Frame::keysByMenu(std::vector<QAction*>& commands)
{
    std::vector<widgets::ShortcutGroup> groups;
    commands.clear();
    for (QAction* top : m_window.menuBar()->actions()) {
        if (top->menu() == nullptr)
            continue;
        widgets::ShortcutGroup group{withoutMnemonic(top->text()), {}};
        for (const bool wanted : {true, false})
            eachEntry(*top->menu(), QString(), [&](QAction& action, const QString& path) {
                if (!action.isVisible() || action.shortcut().isEmpty() == wanted)
                    return;
                const QString below = path.mid(QStringLiteral(" › ").size()); // a menu in the menu
                group.lines.emplace_back((below.isEmpty() ? below : below + QStringLiteral(" › ")) +
                                             withoutMnemonic(action.text()),
                                         keysOf(action));
                commands.push_back(&action);
            });
        if (!group.lines.empty())
            groups.push_back(std::move(group));
    }
    return groups;
}

void Frame::showShortcuts()
{
    std::vector<QAction*> commands;
    auto* dialog = new QDialog(&m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Shortcuts"));
    auto* area = new QScrollArea(dialog);
    auto* sheet = new widgets::ShortcutSheet(keysByMenu(commands), area);
    connect(sheet, &widgets::ShortcutSheet::asked, this, [this, sheet = QPointer(sheet)](int line) {
        std::vector<QAction*> now;
        keysByMenu(now);
        if (line < int(now.size()))
            m_keys.ask(*now[std::size_t(line)], [this, sheet] {
                std::vector<QAction*> after;
                if (sheet)
                    sheet->setGroups(keysByMenu(after));
            });
    });
    area->setWidget(sheet);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(area);
    dialog->resize(sheet->sizeHint().boundedTo(m_window.size() * 0.9));
    dialog->open();
}

} // namespace app
