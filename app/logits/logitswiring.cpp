// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/logits/logitswiring.h"

#include "app/pagestudy.h"
#include "app/panels/heading.h"
#include "app/wording.h"
#include "widgets/iconbutton.h"
#include "widgets/numbers.h"
#include "widgets/studyview.h"

#include <QToolButton>
#include <QVBoxLayout>

namespace app {

namespace {

// What a click on a panel asks for, as far as the document has it.
void apply(const std::vector<widgets::StudyPick>& picks, Document& document)
{
    Selection selection = document.state().selection;
    for (const widgets::StudyPick& pick : picks)
        if (pick.sets == engine::Pick::Sets::Layer) {
            selection.layer = {pick.value};
        } else if (pick.sets == engine::Pick::Sets::Query) {
            const engine::TokenPos token{pick.value};
            const bool again = selection.query == token; // a second click lets go
            selection.query = again ? std::nullopt : std::optional(token);
            selection.key = again ? std::nullopt : std::optional(std::min(selection.key.value_or(token), token));
        }
    document.select(selection);
}

} // namespace

LogitsWiring::LogitsWiring(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_work(document, lanes)
{
    auto* page = new QWidget(&window);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_heading = new Heading(tr("Logits"), 40, page);
    m_writeOn = new QToolButton(m_heading);
    m_writeOn->setVisible(false);
    m_heading->addTool(m_writeOn);
    auto* save = new widgets::IconButton(widgets::Symbol::Export, tr("Export a figure"), m_heading);
    m_heading->addTool(save);
    connect(save, &widgets::IconButton::clicked, this, &LogitsWiring::exportAsked);
    m_view = new widgets::StudyView(page);
    column->addWidget(m_heading);
    column->addWidget(m_view, 1);
    m_view->setCompact(window.isCompact());
    connect(&window, &MainWindow::compactChanged, m_view, &widgets::StudyView::setCompact);
    window.addPage(tr("Logits"), QStringLiteral("logits"), page);

    connect(&document, &Document::runChanged, &m_work, &LogitsWork::update);
    connect(&document, &Document::planChanged, &m_work, &LogitsWork::update);
    connect(&document, &Document::sequenceChanged, &m_work, &LogitsWork::update);
    connect(&document, &Document::selectionChanged, &m_work, &LogitsWork::update);
    connect(&document, &Document::layoutChanged, &m_work, &LogitsWork::update);
    connect(&m_work, &LogitsWork::changed, this, &LogitsWiring::show);
    connect(m_writeOn, &QToolButton::clicked, &m_work, &LogitsWork::writeOn);
    connect(m_view, &widgets::StudyView::picked, this,
            [this](const std::vector<widgets::StudyPick>& picks) { apply(picks, m_document); });
}

void LogitsWiring::show()
{
    const LogitsLook& look = *m_work.look();
    m_heading->setWords(QString::fromStdString(look.study.words));
    m_view->setStudy(look.study, logitsPage(look)->names);
    const std::optional<double> seconds = m_work.waits();
    m_writeOn->setVisible(seconds.has_value());
    if (seconds)
        m_writeOn->setText(tr("Write on (about %1)").arg(widgets::duration(*seconds * 1e9)));
}

} // namespace app
