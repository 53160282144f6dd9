// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/keeper.h"
#include "app/keymap.h"
#include "app/mainwindow.h"
#include "widgets/commandsearch.h"
#include "widgets/shortcutsheet.h"

#include <QObject>

#include <functional>
#include <optional>
#include <span>
#include <vector>

class QAction;

namespace app {

// How the window can be arranged at one stroke.
struct NamedLayout
{
    const char* name; // to be translated
    const char* tab;
    bool left, right;
    double scale; // of the interface
};

std::span<const NamedLayout> namedLayouts();
ViewLayout arranged(const NamedLayout& named, ViewLayout layout);

// The frame around the views: undo and redo, back and forward, bookmarks, sessions and recent files, layouts, the
// search over every command, the sheet of shortcuts. Menus → Document and Keeper.
class Frame : public QObject
{
    Q_OBJECT

public:
    Frame(Document& document, Keeper& keeper, MainWindow& window);

    void fillMenus(); // after what each menu is for
    void chooseTokenizer();

    void applyKeys() { m_keys.apply(); } // commands were added

    // Everything the search offers now: every entry of every menu, tabs, layers and heads, devices, tokens.
    std::vector<widgets::Command> commands();

private:
    struct Entry
    {
        widgets::Command command;
        std::function<void()> run;
    };

    QAction* add(const QString& menu, const QString& text, const QList<QKeySequence>& keys, std::function<void()> what);
    void fillFile();
    void fillEdit();
    void fillView();
    void fillModel();
    void fillHelp();
    void showHistory(); // what can be undone, gone back to
    void showRecent();
    void showBookmarks();

    std::vector<Entry> entries();
    void addActions(std::vector<Entry>& entries) const;
    void addPlaces(std::vector<Entry>& entries);
    std::vector<Entry> tokens();
    void search(std::vector<Entry> entries, const QString& hint);
    std::vector<widgets::ShortcutGroup> keysByMenu(std::vector<QAction*>& commands);
    void showShortcuts();

    void saveSession(bool as);
    void changeLayout(const std::function<void(ViewLayout&)>& change);
    void turnTab(int by);
    void stepOverLayer();
    void stepInto();
    void stepOut();
    void explainHovered();
    void present();
    void fullScreen();

    Document& m_document;
    Keeper& m_keeper;
    MainWindow& m_window;
    KeyMap m_keys;
    widgets::CommandSearch* m_search;
    std::vector<Entry> m_offered; // by the open search
    QAction* m_undo = nullptr;
    QAction* m_redo = nullptr;
    QAction* m_back = nullptr;
    QAction* m_forward = nullptr;
    QAction* m_restore = nullptr;
    std::vector<QAction*> m_recent, m_bookmarks;
    std::optional<ViewLayout> m_beforeTalk; // where presenting returns to
};

} // namespace app
