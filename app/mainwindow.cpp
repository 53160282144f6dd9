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
    middle->addWidget(makeCentre(), 1);
    m_right = new SideDock(SideDock::Side::Right, this);
    m_explain = new ExplainPanel(m_right);
    m_right->addSection(tr("Explain"), m_explain, 1);
    middle->addWidget(m_right);
    connect(m_right, &SideDock::unfoldAsked, this, [this] { emit rightAsked(true); });

    auto* all = new QWidget(this);
    auto* column = new QVBoxLayout(all);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tools);
    column->addWidget(m_message);
    column->addLayout(middle, 1);
    column->addWidget(m_tokens);
    column->addWidget(m_live);
    setCentralWidget(all);
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
    m_dock->addSection(tr("Model"), model);
    m_dock->addSection(tr("Prompt"), m_prompt);
    m_heads = new HeadsPanel(m_dock);
    m_dock->addSection(tr("Heads"), m_heads);
    m_dock->addSection(tr("Methods"), m_methods, 1);
    connect(fold, &widgets::IconButton::clicked, this, [this] { emit leftAsked(false); });
    connect(m_dock, &SideDock::unfoldAsked, this, [this] { emit leftAsked(true); });
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
    m_attention = new AttentionPanel(m_pages);
    m_probes = new ProbesPanel(m_pages);
    addPage(tr("Probes"), QStringLiteral("probes"), m_probes);
    addPage(tr("Attention"), QStringLiteral("attention"), m_attention);
    m_tabs->setCurrentIndex(0);
    m_pages->setCurrentIndex(0);
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int place) {
        m_pages->setCurrentIndex(place);
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
    m_pages->insertWidget(place, view);
    m_tabs->insertTab(place, title);
    m_tabs->setTabData(place, id);
    m_pages->setCurrentIndex(m_tabs->currentIndex());
}

void MainWindow::setPageVisible(const QString& id, bool isVisible)
{
    if (const int place = placeOf(id); place >= 0)
        m_tabs->setTabVisible(place, isVisible);
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

void MainWindow::fold()
{
    const bool compact = width() < theme().px(foldBelow);
    m_compactTools->setVisible(compact && m_pages->currentWidget() == m_attention);
    m_dock->setFolded(!m_leftWanted.value_or(!compact));
    m_right->setFolded(!m_rightWanted.value_or(width() >= theme().px(foldRightBelow)));
    m_right->setBreadth(compact ? 252 : 320);
    m_dock->setVisible(!m_maximised);
    const bool alone = m_alone != nullptr && m_pages->currentWidget() == m_alone;
    m_right->setVisible(!m_maximised && !alone && !m_right->isEmpty());
    m_tokens->setVisible(!m_maximised && !alone);
    for (QWidget* strip : {static_cast<QWidget*>(m_tools), static_cast<QWidget*>(m_live)})
        strip->setVisible(!m_maximised);
    if (compact == m_compact)
        return;
    m_compact = compact;
    m_tools->setCompact(compact);
    m_attention->setCompact(compact);
    m_tokens->setOneLine(compact);
    emit compactChanged(compact);
}

void MainWindow::addRightSection(const QString& name, QWidget* section, int stretch)
{
    m_right->addSection(name, section, stretch);
    fold();
}

void MainWindow::setArrangement(std::optional<bool> left, std::optional<bool> right, bool maximised)
{
    m_leftWanted = left;
    m_rightWanted = right;
    m_maximised = maximised;
    m_maximise->setToolTip(maximised ? tr("Back to all panels") : tr("Maximise the view"));
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
