// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/frame.h"

#include "app/panels/modelpanel.h"
#include "app/panels/toolpanel.h"
#include "app/results.h"

#include <QAction>
#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMenuBar>

#include <algorithm>
#include <utility>

namespace app {

using engine::TokenPos;

namespace {

constexpr double talkScale = 1.5; // of the interface, in front of a class
constexpr int digits = 10;

constexpr NamedLayout layouts[] = {
    {QT_TRANSLATE_NOOP("frame", "Teach"), "attention", false, true, 1.25},
    {QT_TRANSLATE_NOOP("frame", "Compare"), "attention", true, true, 1},
    {QT_TRANSLATE_NOOP("frame", "Memory"), "memory", false, true, 1},
    {QT_TRANSLATE_NOOP("frame", "Bench"), "timing", false, false, 1},
};

// What a step changes, by its first topic.
QString topicText(Topics topics)
{
    static constexpr std::pair<Topic, const char*> names[] = {
        {Topic::Checkpoint, QT_TRANSLATE_NOOP("frame", "opening")},
        {Topic::LaneList, QT_TRANSLATE_NOOP("frame", "lanes")},
        {Topic::Methods, QT_TRANSLATE_NOOP("frame", "method")},
        {Topic::Prompt, QT_TRANSLATE_NOOP("frame", "prompt")},
        {Topic::Generated, QT_TRANSLATE_NOOP("frame", "generated token")},
        {Topic::Device, QT_TRANSLATE_NOOP("frame", "device")},
        {Topic::Layer, QT_TRANSLATE_NOOP("frame", "layer")},
        {Topic::Head, QT_TRANSLATE_NOOP("frame", "head")},
        {Topic::Pin, QT_TRANSLATE_NOOP("frame", "pinned cell")},
        {Topic::Lane, QT_TRANSLATE_NOOP("frame", "chosen lane")},
        {Topic::Step, QT_TRANSLATE_NOOP("frame", "step")},
        {Topic::Tab, QT_TRANSLATE_NOOP("frame", "tab")},
        {Topic::Theme, QT_TRANSLATE_NOOP("frame", "theme")},
        {Topic::Scale, QT_TRANSLATE_NOOP("frame", "size")},
        {Topic::Colours, QT_TRANSLATE_NOOP("frame", "colours")},
        {Topic::Panels, QT_TRANSLATE_NOOP("frame", "panels")},
        {Topic::Marks, QT_TRANSLATE_NOOP("frame", "marks")},
        {Topic::Sight, QT_TRANSLATE_NOOP("frame", "zoom")},
        {Topic::Other, QT_TRANSLATE_NOOP("frame", "view")},
    };
    for (const auto& [topic, name] : names)
        if ((topics & Topics(topic)) != 0)
            return QCoreApplication::translate("frame", name);
    return {};
}

QString said(const QString& what, Topics topics)
{
    const QString topic = topicText(topics);
    return topic.isEmpty() ? what : what + ": " + topic;
}

} // namespace

std::span<const NamedLayout> namedLayouts()
{
    return layouts;
}

ViewLayout arranged(const NamedLayout& named, ViewLayout layout)
{
    layout.tab = named.tab;
    layout.leftDock = named.left;
    layout.rightDock = named.right;
    layout.maximised.clear();
    layout.scale = named.scale;
    return layout;
}

Frame::Frame(Document& document, Keeper& keeper, MainWindow& window)
    : m_document(document)
    , m_keeper(keeper)
    , m_window(window)
    , m_keys(keeper, window)
    , m_search(new widgets::CommandSearch(&window))
{
    connect(m_search, &widgets::CommandSearch::chosen, this, [this](int place) {
        const std::function<void()> run = m_offered[std::size_t(place)].run; // it may open another search
        run();
    });
}

void Frame::fillMenus()
{
    fillFile();
    fillEdit();
    fillView();
    fillModel();
    fillHelp();
    for (QAction* top : m_window.menuBar()->actions())
        top->setVisible(top->menu() == nullptr || !top->menu()->isEmpty());
    connect(&m_document, &Document::historyChanged, this, &Frame::showHistory);
    connect(&m_document, &Document::marksChanged, this, &Frame::showBookmarks);
    connect(&m_keeper, &Keeper::recentChanged, this, &Frame::showRecent);
    connect(&m_keeper, &Keeper::keysChanged, this, [this] {
        m_window.tools().setKeys(m_keeper.keys());
        m_window.setBackKeys(QKeySequence::fromString(m_keeper.keys().value("Esc", "Esc"), QKeySequence::PortableText)
                                 .toString(QKeySequence::NativeText));
    });
    connect(&m_keeper, &Keeper::hashChanged, &m_window.model(), &ModelPanel::setHash);
    connect(&m_keeper, &Keeper::offerChanged, this, [this] { m_restore->setVisible(m_keeper.hasOffer()); });
    showHistory();
    showRecent();
    showBookmarks();
}

QAction* Frame::add(const QString& menu, const QString& text, const QList<QKeySequence>& keys,
                    std::function<void()> what)
{
    QAction* action = m_window.addEntry(menu, text, keys);
    connect(action, &QAction::triggered, this, std::move(what));
    return action;
}

void Frame::fillFile()
{
    const QString file = tr("File");
    QAction* tokenizer = add(file, tr("Choose a tokenizer…"), {}, [this] { chooseTokenizer(); });
    tokenizer->setEnabled(m_document.model() != nullptr);
    connect(&m_document, &Document::modelChanged, tokenizer,
            [this, tokenizer] { tokenizer->setEnabled(m_document.model() != nullptr); });
    m_window.menu(file)->addSeparator();
    add(file, tr("Save the session"), {QKeySequence::Save}, [this] { saveSession(false); });
    add(file, tr("Save the session as…"), {QKeySequence("Ctrl+Shift+S")}, [this] { saveSession(true); });
    m_restore = add(file, tr("Restore what was open before"), {}, [this] { m_keeper.restore(); });
    m_restore->setVisible(false);
    QMenu* recent = m_window.menu(file)->addMenu(tr("Recent"));
    for (int place = 0; place < int(mostRecent); ++place) {
        QAction* action = recent->addAction(QString());
        action->setShortcut(QKeySequence(QString("Ctrl+%1").arg(place + 1)));
        connect(action, &QAction::triggered, this, [this, place] {
            if (place < int(m_keeper.recent().size()))
                m_keeper.open(m_keeper.recent()[place].toStdString());
        });
        m_recent.push_back(action);
    }
    m_window.menu(file)->addSeparator();
    connect(m_window.addEntry(file, tr("Quit"), {QKeySequence::Quit}), &QAction::triggered, &m_window, &QWidget::close);
}

void Frame::fillEdit()
{
    const QString edit = tr("Edit");
    m_undo = add(edit, tr("Undo"), {QKeySequence("Ctrl+Z")}, [this] { m_document.undo(); });
    m_redo =
        add(edit, tr("Redo"), {QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")}, [this] { m_document.redo(); });
    m_window.menu(edit)->addSeparator();
    m_back =
        add(edit, tr("Back to where you looked before"), {QKeySequence("Alt+Left")}, [this] { m_document.goBack(); });
    m_forward = add(edit, tr("Forward again"), {QKeySequence("Alt+Right")}, [this] { m_document.goForward(); });
    m_window.menu(edit)->addSeparator();
    const auto find = [this] { search(entries(), tr("Find a command, tab, head, device or token")); };
    add(edit, tr("Find a command…"), {QKeySequence("Ctrl+Shift+P")}, find);
    connect(&m_window.tools(), &ToolPanel::searchAsked, this, find);
    add(edit, tr("Find a token…"), {QKeySequence::Find}, [this] { search(tokens(), tr("Find a token")); });
    m_window.menu(edit)->addSeparator();
    add(edit, tr("Bookmark this place"), {QKeySequence("Ctrl+B")}, [this] {
        const Selection& selection = m_document.state().selection;
        m_document.addBookmark(
            tr("layer %1, head %2").arg(selection.layer.value + 1).arg(selection.head.value + 1).toStdString());
    });
    QMenu* marks = m_window.menu(edit)->addMenu(tr("Bookmarks"));
    for (int place = 0; place < digits; ++place) {
        QAction* action = marks->addAction(QString());
        action->setShortcut(QKeySequence(QString("Ctrl+Alt+%1").arg((place + 1) % digits)));
        connect(action, &QAction::triggered, this, [this, place] {
            if (place < int(m_document.state().bookmarks.size()))
                m_document.goTo(Bookmark(m_document.state().bookmarks[std::size_t(place)]));
        });
        m_bookmarks.push_back(action);
    }
}

void Frame::fillView()
{
    const QString view = tr("View");
    m_window.menu(view)->addSeparator();
    add(view, tr("Next tab"), {QKeySequence("Ctrl+PgDown"), QKeySequence("Ctrl+Tab")}, [this] { turnTab(1); });
    add(view, tr("Previous tab"), {QKeySequence("Ctrl+PgUp"), QKeySequence("Ctrl+Shift+Tab")}, [this] { turnTab(-1); });
    QMenu* arrange = m_window.menu(view)->addMenu(tr("Layout"));
    for (const NamedLayout& named : namedLayouts()) {
        QAction* action = arrange->addAction(QCoreApplication::translate("frame", named.name));
        connect(action, &QAction::triggered, this, [this, &named] {
            changeLayout([&](ViewLayout& layout) {
                ViewLayout wanted = arranged(named, layout);
                if (!m_window.tabs().contains(QString::fromStdString(wanted.tab)))
                    wanted.tab = layout.tab; // no method in the lanes has that tab
                layout = wanted;
            });
        });
    }
    m_window.menu(view)->addSeparator();
    add(view, tr("Left dock"), {QKeySequence("Ctrl+Shift+L")},
        [this] { changeLayout([this](ViewLayout& layout) { layout.leftDock = !m_window.leftOpen(); }); });
    add(view, tr("Right dock"), {QKeySequence("Ctrl+Shift+R")},
        [this] { changeLayout([this](ViewLayout& layout) { layout.rightDock = !m_window.rightOpen(); }); });
    add(view, tr("Maximise what the pointer is on, or back"), {QKeySequence("Ctrl+Shift+M")}, [this] {
        changeLayout([this](ViewLayout& layout) {
            layout.maximised = layout.maximised.empty() ? m_window.pointedView().toStdString() : std::string();
        });
    });
    add(view, tr("Present to a class"), {QKeySequence("Ctrl+F5")}, [this] { present(); });
    add(view, tr("Full screen"), {QKeySequence("Alt+Return"), QKeySequence("Alt+Enter")}, [this] { fullScreen(); });
}

void Frame::fillModel()
{
    const QString model = tr("Model");
    m_window.menu(model)->addSeparator();
    add(model, tr("Step over a layer"), {QKeySequence("F10")}, [this] { stepOverLayer(); });
    add(model, tr("Step into the strongest cell"), {QKeySequence("F11")}, [this] { stepInto(); });
    add(model, tr("Step out"), {QKeySequence("Shift+F11")}, [this] { stepOut(); });
    add(model, tr("Continue to the next breakpoint"), {QKeySequence("F5")},
        [this] { m_document.setPlaying(!m_document.playing()); });
    add(model, tr("Breakpoint at this token"), {QKeySequence("F9")}, [this] {
        const Selection& selection = m_document.state().selection;
        m_document.toggleBreakpoint(selection.query ? selection.query->value : m_document.lastRow());
    });
}

void Frame::fillHelp()
{
    const QString help = tr("Help");
    m_window.menu(help)->addSeparator();
    add(help, tr("Explain what is under the pointer"), {QKeySequence("F1")}, [this] { explainHovered(); });
    add(help, tr("Shortcuts…"), {QKeySequence("?")}, [this] { showShortcuts(); });
}

void Frame::showHistory()
{
    m_undo->setText(said(tr("Undo"), m_document.undoTopics()));
    m_redo->setText(said(tr("Redo"), m_document.redoTopics()));
    m_undo->setEnabled(m_document.canUndo());
    m_redo->setEnabled(m_document.canRedo());
    m_back->setEnabled(m_document.canGoBack());
    m_forward->setEnabled(m_document.canGoForward());
}

void Frame::showRecent()
{
    const QStringList& recent = m_keeper.recent();
    for (int place = 0; place < int(m_recent.size()); ++place) {
        QAction& action = *m_recent[std::size_t(place)];
        action.setVisible(place < recent.size());
        if (place < recent.size())
            action.setText(QFileInfo(recent[place]).fileName() + "  (" + QFileInfo(recent[place]).path() + ")");
    }
}

void Frame::showBookmarks()
{
    const auto& bookmarks = m_document.state().bookmarks;
    for (std::size_t place = 0; place < m_bookmarks.size(); ++place) {
        m_bookmarks[place]->setVisible(place < bookmarks.size());
        if (place < bookmarks.size())
            m_bookmarks[place]->setText(QString::fromStdString(bookmarks[place].name + ", " + bookmarks[place].tab));
    }
}

// For the model that is open: its own is not beside it, or another is wanted.
void Frame::chooseTokenizer()
{
    auto* dialog =
        new QFileDialog(&m_window, tr("Choose a tokenizer"), {}, tr("Tokenizers (*.json *.bin);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& path) { m_document.open(m_document.state().checkpoint, path.toStdString()); });
    dialog->open();
}

void Frame::saveSession(bool as)
{
    if (!as && !m_keeper.session().empty()) {
        m_keeper.save(m_keeper.session());
        return;
    }
    auto* dialog = new QFileDialog(&m_window, tr("Save the session"), {}, tr("Subquad sessions (*.subquad)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix("subquad");
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& path) { m_keeper.save(path.toStdString()); });
    dialog->open();
}

void Frame::changeLayout(const std::function<void(ViewLayout&)>& change)
{
    ViewLayout layout = m_document.state().layout;
    change(layout);
    m_document.setLayout(layout);
}

void Frame::turnTab(int by)
{
    const QStringList tabs = m_window.tabs();
    const int now = int(tabs.indexOf(QString::fromStdString(m_document.state().layout.tab)));
    if (!tabs.isEmpty())
        changeLayout([&](ViewLayout& layout) {
            layout.tab = tabs[(std::max(0, now) + by + int(tabs.size())) % int(tabs.size())].toStdString();
        });
}

// Through the layers of this token, then on to the next token's first.
void Frame::stepOverLayer()
{
    const auto& model = m_document.model();
    if (!model)
        return;
    Selection selection = m_document.state().selection;
    const bool last = selection.layer.value + 1 >= model->config().layers;
    selection.layer.value = last ? 0 : selection.layer.value + 1;
    m_document.select(selection);
    if (last)
        m_document.stepForward();
}

// From a head to the key that the row in view looks at most.
void Frame::stepInto()
{
    const auto& row = m_document.lane({0}).row;
    if (!row || m_document.state().selection.query)
        return;
    const auto weights = row->weights.row(0);
    const auto strongest = std::max_element(weights.begin(), weights.end());
    m_document.pin(row->query, TokenPos{int(strongest - weights.begin())});
}

void Frame::stepOut()
{
    if (m_document.state().selection.query)
        m_document.pin(std::nullopt, std::nullopt);
    else
        changeLayout([](ViewLayout& layout) { layout.maximised.clear(); });
}

void Frame::explainHovered()
{
    if (m_document.hoveredQuery() && m_document.hoveredKey())
        m_document.pin(m_document.hoveredQuery(), m_document.hoveredKey());
    changeLayout([](ViewLayout& layout) {
        layout.rightDock = true;
        layout.maximised.clear();
    });
}

void Frame::present()
{
    if (m_beforeTalk) {
        const ViewLayout before = *std::exchange(m_beforeTalk, std::nullopt);
        changeLayout([&](ViewLayout& layout) {
            layout.scale = before.scale;
            layout.leftDock = before.leftDock;
        });
        m_window.showNormal();
        return;
    }
    m_beforeTalk = m_document.state().layout;
    changeLayout([](ViewLayout& layout) {
        layout.scale = std::max(layout.scale, talkScale);
        layout.leftDock = false;
    });
    m_window.showFullScreen();
}

void Frame::fullScreen()
{
    if (m_window.isFullScreen())
        m_window.showNormal();
    else
        m_window.showFullScreen();
}

} // namespace app
