// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>

#include <optional>
#include <utility>
#include <vector>

class QTabBar;
class QStackedWidget;
class QAction;

namespace widgets {
class EmptyPanel;
class IconButton;
class JobBar;
class LiveStrip;
class MessageBar;
class Parted;
class TokenStrip;
} // namespace widgets

namespace app {

class AttentionPanel;
class AttentionTools;
class ExplainPanel;
class Heading;
class HeadsPanel;
class MethodsPanel;
class ModelPanel;
class ProbesPanel;
class PromptPanel;
class SideDock;
class ToolPanel;

// The window: menus, tool panel, left dock, tabs, token strip, live strip. It makes the views and lays them out; what
// they show and what they do is app/wiring.cpp.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(QWidget* parent = nullptr);

    ToolPanel& tools() { return *m_tools; }

    widgets::MessageBar& message() { return *m_message; }

    widgets::JobBar& jobs() { return *m_jobs; }

    ModelPanel& model() { return *m_model; }

    PromptPanel& prompt() { return *m_prompt; }

    MethodsPanel& methods() { return *m_methods; }

    AttentionPanel& attention() { return *m_attention; }

    AttentionTools& compactTools() { return *m_compactTools; } // stand in the tab row where the view has no header

    HeadsPanel& heads() { return *m_heads; }

    ProbesPanel& probes() { return *m_probes; }

    ExplainPanel& explain() { return *m_explain; }

    widgets::TokenStrip& tokens() { return *m_tokens; }

    widgets::LiveStrip& live() { return *m_live; }

    // Adds a tab before the Probes tab, which stays last. The window owns the view from then on.
    void addPage(const QString& title, const QString& id, QWidget* view);
    void setPageVisible(const QString& id, bool isVisible);
    // Without a model (a file of heads is open) tabs, docks and strip say what they would show; `own` is the tab that
    // has something to show all the same.
    void setModelShown(bool shown, const QString& own);
    // The page brings its own right side, and tokens are not its subject: while it is in front, right dock and token
    // strip give it their room.
    void setPageAlone(const QString& id);

    bool isCompact() const { return m_compact.value_or(false); }

    // By id: "attention", "probes" and those of addPage.
    void setTab(const QString& id);
    QStringList tabs() const; // the visible ones
    QString titleOf(const QString& id) const;

    // Docks open or folded (none: as the width allows); maximised: nothing but menu, tabs and the tab's view ("tab"), a
    // part of it ("TAB/PART"), or a section of a dock ("dock/SECTION").
    void setArrangement(std::optional<bool> left, std::optional<bool> right, const QString& maximised);
    std::vector<std::pair<QString, QString>> views(); // what can be maximised now: as above, and its name
    QString pointedView();                 // the one under the pointer, else the one with the focus, else the tab's
    void setBackKeys(const QString& keys); // that bring the other views back
    bool leftOpen() const;
    bool rightOpen() const;

    // Adds a section to the left dock. The window owns it from then on.
    void addLeftSection(const QString& id, const QString& name, QWidget* section, int stretch = 0);

    // Adds an entry with its shortcuts to a menu, by the menu's title.
    QAction* addEntry(const QString& menu, const QString& text, const QList<QKeySequence>& keys = {});
    QMenu* menu(const QString& title);

signals:
    void tabChosen(QString id);
    void dropped(QStringList paths);
    void leftAsked(bool open);
    void rightAsked(bool open);
    void maximiseAsked();
    void openAsked();                  // a model, where there is none
    void compactChanged(bool compact); // below 1500 px of the 100 % interface

protected:
    void resizeEvent(QResizeEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void addDock();
    QWidget* makeCentre();
    int placeOf(const QString& id) const; // among the tabs; -1: none
    void openDock(SideDock& dock);
    void showPage(); // of the tab in front
    void fold();     // by the window's width
    QString tabInFront() const;
    widgets::Parted* partsOf(QWidget* page) const; // of a page; null: it has none
    void maximise();                               // what is asked for

    ToolPanel* m_tools;
    widgets::MessageBar* m_message;
    widgets::JobBar* m_jobs;
    SideDock* m_dock;
    SideDock* m_right;
    QWidget* m_centre;
    widgets::IconButton* m_maximise;
    ModelPanel* m_model;
    PromptPanel* m_prompt;
    HeadsPanel* m_heads;
    MethodsPanel* m_methods;
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    AttentionPanel* m_attention;
    AttentionTools* m_compactTools;
    ProbesPanel* m_probes;
    ExplainPanel* m_explain;
    widgets::TokenStrip* m_tokens;
    widgets::LiveStrip* m_live;
    std::optional<bool> m_compact; // none before the first layout
    std::optional<bool> m_leftWanted, m_rightWanted;
    QString m_maximised;
    Heading* m_back;            // above a dock's section that fills the window
    QWidget* m_alone = nullptr; // the page of setPageAlone
    widgets::EmptyPanel* m_noModelPage;
    widgets::EmptyPanel* m_noModelDock;
    std::vector<QWidget*> m_ofModel; // sections of the left dock
    bool m_modelShown = true;
    QString m_withoutModel; // the tab that needs none
};

} // namespace app
