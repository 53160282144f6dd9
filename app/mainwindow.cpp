// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/mainwindow.h"

#include "app/panels/attentionpanel.h"
#include "app/panels/explainpanel.h"
#include "app/panels/heading.h"
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
#include "widgets/segment.h"
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
    for (const QString& title : {tr("File"), tr("View"), tr("Model"), tr("Methods"), tr("Help")})
        menuBar()->addMenu(title);
    menuBar()->setNativeMenuBar(false);

    addDock();
    auto* middle = new QHBoxLayout;
    middle->setContentsMargins(0, 0, 0, 0);
    middle->setSpacing(0);
    middle->addWidget(m_dock);
    middle->addWidget(makeCentre(), 1);
    m_explain = new ExplainPanel(this);
    middle->addWidget(m_explain);

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
    m_dock = new SideDock(this);
    auto* model = new QWidget(m_dock);
    auto* column = new QVBoxLayout(model);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_model = new ModelPanel(model);
    auto* heading = new Heading(tr("Model"), 36, model);
    m_foldDock = new widgets::IconButton(widgets::Symbol::Left, tr("Fold"), heading);
    heading->addTool(m_foldDock);
    column->addWidget(heading);
    column->addWidget(m_model);
    m_prompt = new PromptPanel(m_dock);
    m_methods = new MethodsPanel(m_dock);
    m_dock->addSection(tr("Model"), model);
    m_dock->addSection(tr("Prompt"), m_prompt);
    m_dock->addSection(tr("Methods"), m_methods, 1);
    m_dock->finish();
    connect(m_foldDock, &widgets::IconButton::clicked, this, [this] { m_dock->setFolded(true); });
    connect(m_dock, &SideDock::unfoldAsked, this, [this] { m_dock->setFolded(false); });
}

QWidget* MainWindow::makeCentre()
{
    auto* row = new TabRow(this);
    m_tabs = new QTabBar(row);
    m_tabs->setDocumentMode(true);
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_jobs = new widgets::JobBar(row);
    m_compactScale = new widgets::Segment(row);
    m_compactScale->setOptions({QStringLiteral("√"), tr("log"), tr("linear")});
    m_compactScale->setToolTip(tr("How weights become colours"));
    auto* tabs = new QHBoxLayout(row);
    tabs->setContentsMargins(0, 0, theme().px(Theme::gap3), 0);
    tabs->addWidget(m_tabs, 0, Qt::AlignBottom);
    tabs->addStretch();
    tabs->addWidget(m_jobs);
    tabs->addWidget(m_compactScale);

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

QMenu* MainWindow::menu(const QString& title)
{
    for (QAction* action : menuBar()->actions())
        if (action->text() == title)
            return action->menu();
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
    m_compactScale->setVisible(compact && m_pages->currentWidget() == m_attention);
    m_explain->setFixedWidth(theme().px(compact ? 252 : 320));
    if (compact == m_compact)
        return;
    m_compact = compact;
    m_dock->setFolded(compact);
    m_foldDock->setVisible(compact);
    m_tools->setCompact(compact);
    m_attention->setCompact(compact);
    m_tokens->setOneLine(compact);
    emit compactChanged(compact);
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
    const QList<QUrl> urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile())
        emit dropped(urls.first().toLocalFile());
}

} // namespace app
