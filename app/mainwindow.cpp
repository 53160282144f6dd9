// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/mainwindow.h"

#include "app/attention/attentiontools.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/explainpanel.h"
#include "app/panels/heading.h"
#include "app/panels/headspanel.h"
#include "app/panels/methodspanel.h"
#include "app/panels/modelpanel.h"
#include "app/panels/probespanel.h"
#include "app/panels/promptpanel.h"
#include "app/panels/sidedock.h"
#include "app/panels/toolpanel.h"
#include "widgets/columnscroll.h"
#include "widgets/emptypanel.h"
#include "widgets/iconbutton.h"
#include "widgets/jobbar.h"
#include "widgets/livestrip.h"
#include "widgets/messagebar.h"
#include "widgets/tokenstrip.h"

#include <QAction>
#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QMimeData>
#include <QPainter>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QTabBar>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

constexpr double foldBelow = 1500; // pixels of the 100 % interface
constexpr double foldRightBelow = 1200;
constexpr double oneDockBelow = 900;   // opening one folds the other
constexpr double dockAloneBelow = 620; // an open dock takes the centre's place
constexpr double toolsNarrowBelow = 720;
constexpr double liveFrom = 600, tokensFrom = 300; // of the height: what goes where it is less

// The row of tabs, on the window's colour with a hairline below.
class TabRow : public widgets::View
{
public:
    using View::View;

    QSize sizeHint() const override { return {theme().px(600), theme().px(36)}; }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().window);
        painter.fillRect(QRect(0, height() - 1, width(), 1), theme().hairline);
    }

    void themeChanged() override { setFixedHeight(theme().px(36)); }
};

} // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent)
    , m_tools(new ToolPanel(this))
    , m_message(new widgets::MessageBar(this))
    , m_tokens(new widgets::TokenStrip(this))
    , m_live(new widgets::LiveStrip(this))
{
    setAcceptDrops(true);
    for (const QString& title :
         {tr("File"), tr("Edit"), tr("View"), tr("Model"), tr("Methods"), tr("Measure"), tr("Help")})
        menuBar()->addMenu(title);
    menuBar()->setNativeMenuBar(false);

    addDock();
    auto* middle = new QHBoxLayout;
    middle->setContentsMargins(0, 0, 0, 0);
    middle->setSpacing(0);
    middle->addWidget(m_dock);
    m_centre = makeCentre();
    middle->addWidget(m_centre, 1);
    m_right = new SideDock(SideDock::Side::Right, this);
    m_explain = new ExplainPanel(m_right);
    m_right->addSection("explain", tr("Explain"), m_explain, 1);
    middle->addWidget(m_right);
    connect(m_right, &SideDock::unfoldAsked, this, [this] { openDock(*m_right); });

    auto* all = new QWidget(this);
    auto* column = new QVBoxLayout(all);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tools);
    column->addWidget(m_message);
    m_back = new Heading(tr("Maximised"), 36, all);
    setBackKeys("Esc");
    auto* back = new widgets::IconButton(widgets::Symbol::Maximise, tr("Back to all panels"), m_back);
    m_back->addTool(back);
    connect(back, &widgets::IconButton::clicked, this, &MainWindow::maximiseAsked);
    column->addWidget(m_back);
    column->addLayout(middle, 1);
    column->addWidget(m_tokens);
    column->addWidget(m_live);
    setCentralWidget(all);
    connect(m_explain, &ExplainPanel::foldAsked, this, [this] { emit rightAsked(false); });
    connect(&widgets::ThemeSource::instance(), &widgets::ThemeSource::changed, this, [this] { fold(); }); // its scale
    fold();
}

void MainWindow::addDock()
{
    m_dock = new SideDock(SideDock::Side::Left, this);
    auto* model = new QWidget(m_dock);
    auto* column = new QVBoxLayout(model);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_model = new ModelPanel(model);
    auto* heading = new Heading(tr("Model"), 36, model);
    auto* fold = new widgets::IconButton(widgets::Symbol::Left, tr("Fold the left dock"), heading);
    heading->addTool(fold);
    column->addWidget(heading);
    column->addWidget(m_model);
    m_prompt = new PromptPanel(m_dock);
    m_methods = new MethodsPanel(m_dock);
    m_dock->addSection("model", tr("Model"), model);
    m_dock->addSection("prompt", tr("Prompt"), m_prompt);
    m_heads = new HeadsPanel(m_dock);
    m_dock->addSection("heads", tr("Heads"), m_heads);
    m_dock->addSection("methods", tr("Methods"), m_methods, 1);
    m_noModelDock = new widgets::EmptyPanel(m_dock);
    m_noModelDock->setWords(tr("No model is open."), tr("Its prompt, heads and tensors."));
    m_dock->addSection({}, {}, m_noModelDock, 1);
    m_dock->setShown(*m_noModelDock, false);
    m_ofModel = {m_prompt, m_heads};
    connect(fold, &widgets::IconButton::clicked, this, [this] { emit leftAsked(false); });
    connect(m_dock, &SideDock::unfoldAsked, this, [this] { openDock(*m_dock); });
}

QWidget* MainWindow::makeCentre()
{
    auto* row = new TabRow(this);
    m_tabs = new QTabBar(row);
    m_tabs->setDocumentMode(true);
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_jobs = new widgets::JobBar(row);
    m_compactTools = new AttentionTools(true, row);
    auto* tabs = new QHBoxLayout(row);
    tabs->setContentsMargins(0, 0, theme().px(Theme::gap3), 0);
    tabs->addWidget(m_tabs, 0, Qt::AlignBottom);
    tabs->addStretch();
    tabs->addWidget(m_jobs);
    tabs->addWidget(m_compactTools);
    m_maximise = new widgets::IconButton(widgets::Symbol::Maximise, tr("Maximise the view"), row);
    tabs->addWidget(m_maximise);
    connect(m_maximise, &widgets::IconButton::clicked, this, &MainWindow::maximiseAsked);
    connect(m_tabs, &QTabBar::tabBarDoubleClicked, this, &MainWindow::maximiseAsked);

    m_pages = new QStackedWidget(this);
    m_noModelPage = new widgets::EmptyPanel(m_pages);
    connect(m_noModelPage, &widgets::EmptyPanel::acted, this, &MainWindow::openAsked);
    m_pages->addWidget(m_noModelPage); // stays last
    m_attention = new AttentionPanel(m_pages);
    m_probes = new ProbesPanel(m_pages);
    addPage(tr("Probes"), QStringLiteral("probes"), m_probes);
    addPage(tr("Attention"), QStringLiteral("attention"), m_attention);
    m_tabs->setCurrentIndex(0);
    m_pages->setCurrentIndex(0);
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int place) {
        showPage();
        fold();
        emit tabChosen(m_tabs->tabData(place).toString());
    });

    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(row);
    column->addWidget(m_pages, 1);
    return centre;
}

void MainWindow::addPage(const QString& title, const QString& id, QWidget* view)
{
    const QSignalBlocker quiet(m_tabs); // the chosen tab stays; only its place moves
    const int place = std::max(0, m_tabs->count() - 1);
    auto* scroll = new widgets::ColumnScroll(m_pages); // on a small screen, or a large scale
    scroll->setColumn(view);
    m_pages->insertWidget(place, scroll);
    m_tabs->insertTab(place, title);
    m_tabs->setTabData(place, id);
    showPage();
}

void MainWindow::addLeftSection(const QString& id, const QString& name, QWidget* section, int stretch)
{
    m_dock->addSection(id, name, section, stretch);
    m_ofModel.push_back(section);
}

void MainWindow::setModelShown(bool shown, const QString& own)
{
    m_modelShown = shown;
    m_withoutModel = own;
    for (QWidget* section : m_ofModel)
        m_dock->setShown(*section, shown);
    m_dock->setShown(*m_noModelDock, !shown);
    m_explain->setModelShown(shown);
    model().setHashShown(shown);
    showPage();
    fold();
}

void MainWindow::showPage()
{
    const int place = m_tabs->currentIndex();
    if (m_modelShown || m_tabs->tabData(place).toString() == m_withoutModel) {
        m_pages->setCurrentIndex(place);
        return;
    }
    m_noModelPage->setWords(tr("%1 needs a model.").arg(m_tabs->tabText(place)),
                            tr("What is open has queries, keys and values alone: its maps stand in the tab %1.")
                                .arg(titleOf(m_withoutModel)),
                            tr("Open a model…"));
    m_pages->setCurrentWidget(m_noModelPage);
}

void MainWindow::setPageVisible(const QString& id, bool isVisible)
{
    if (const int place = placeOf(id); place >= 0) {
        m_tabs->setTabVisible(place, isVisible);
        m_tabs->updateGeometry(); // Qt 6.4 does not
    }
}

void MainWindow::setPageAlone(const QString& id)
{
    if (const int place = placeOf(id); place >= 0)
        m_alone = m_pages->widget(place);
    fold();
}

int MainWindow::placeOf(const QString& id) const
{
    for (int place = 0; place < m_tabs->count(); ++place)
        if (m_tabs->tabData(place).toString() == id)
            return place;
    return -1;
}

void MainWindow::setTab(const QString& id)
{
    if (const int place = placeOf(id); place >= 0)
        m_tabs->setCurrentIndex(place);
}

QStringList MainWindow::tabs() const
{
    QStringList ids;
    for (int place = 0; place < m_tabs->count(); ++place)
        if (m_tabs->isTabVisible(place))
            ids << m_tabs->tabData(place).toString();
    return ids;
}

QString MainWindow::titleOf(const QString& id) const
{
    const int place = placeOf(id);
    return place < 0 ? QString() : m_tabs->tabText(place);
}

QMenu* MainWindow::menu(const QString& title)
{
    for (QAction* action : menuBar()->actions())
        if (action->text() == title) {
            action->setVisible(true); // somebody has something to put there
            return action->menu();
        }
    return menuBar()->addMenu(title);
}

QAction* MainWindow::addEntry(const QString& menuTitle, const QString& text, const QList<QKeySequence>& keys)
{
    QAction* action = menu(menuTitle)->addAction(text);
    action->setShortcuts(keys);
    return action;
}

void MainWindow::openDock(SideDock& dock)
{
    SideDock& other = &dock == m_dock ? *m_right : *m_dock;
    if (width() < theme().px(oneDockBelow) && !other.folded() && other.isVisibleTo(this)) {
        if (&other == m_dock)
            emit leftAsked(false);
        else
            emit rightAsked(false);
    }
    if (&dock == m_dock)
        emit leftAsked(true);
    else
        emit rightAsked(true);
}

void MainWindow::fold()
{
    const Theme& look = theme();
    const bool compact = width() < look.px(foldBelow);
    m_compactTools->setVisible(compact && m_tabs->tabData(m_tabs->currentIndex()) == QStringLiteral("attention"));
    m_compactTools->setNarrow(width() < look.px(toolsNarrowBelow));
    const bool alone = m_alone != nullptr && m_pages->currentWidget() == m_alone;
    const bool whole = m_maximised.isEmpty();
    const bool leftOnly = !m_dock->only().isEmpty(), rightOnly = !m_right->only().isEmpty();
    const bool left = whole || leftOnly, right = (whole && !alone && !m_right->isEmpty()) || rightOnly;
    m_dock->setFolded(!leftOnly && !m_leftWanted.value_or(!compact));
    // Without a model there is nothing to derive: what explains gives its room to the maps.
    m_right->setFolded(!rightOnly && !m_rightWanted.value_or(m_modelShown && width() >= look.px(foldRightBelow)));
    if (width() < look.px(oneDockBelow) && !m_dock->folded() && !rightOnly) // both were open before it became narrow
        m_right->setFolded(true);
    const bool leftOpen = left && !m_dock->folded(), rightOpen = right && !m_right->folded();
    const bool dockAlone =
        leftOnly || rightOnly || (whole && width() < look.px(dockAloneBelow) && (leftOpen || rightOpen));
    // What gives way goes before what takes its room comes: the window would grow to hold both.
    if (dockAlone)
        m_centre->hide();
    m_dock->setBreadth(240, dockAlone && leftOpen);
    m_right->setBreadth(compact ? 252 : 320, dockAlone && rightOpen);
    m_dock->setVisible(left);
    m_right->setVisible(right);
    m_centre->setVisible(!dockAlone);
    m_back->setVisible(leftOnly || rightOnly);
    m_tokens->setVisible(whole && !alone && m_modelShown && height() >= look.px(tokensFrom));
    m_tools->setVisible(whole);
    m_live->setVisible(whole && height() >= look.px(liveFrom));
    if (compact == m_compact)
        return;
    m_compact = compact;
    m_tools->setCompact(compact);
    m_attention->setCompact(compact);
    m_tokens->setOneLine(compact);
    emit compactChanged(compact);
}

void MainWindow::setArrangement(std::optional<bool> left, std::optional<bool> right, const QString& maximised)
{
    m_leftWanted = left;
    m_rightWanted = right;
    if (maximised != m_maximised) {
        m_maximised = maximised;
        m_maximise->setToolTip(maximised.isEmpty() ? tr("Maximise the view") : tr("Back to all panels"));
        maximise();
    }
    fold();
}

bool MainWindow::leftOpen() const
{
    return !m_dock->folded();
}

bool MainWindow::rightOpen() const
{
    return !m_right->isEmpty() && !m_right->folded();
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    fold();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    QStringList paths;
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile())
            paths << url.toLocalFile();
    if (!paths.isEmpty())
        emit dropped(paths);
}

} // namespace app
