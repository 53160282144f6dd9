// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/studypresenter.h"

#include "app/panels/explainpanel.h"
#include "app/panels/heading.h"
#include "app/panels/studypanel.h"
#include "app/studywork.h"
#include "app/wording.h"
#include "widgets/derivationview.h"
#include "widgets/studycontrols.h"
#include "widgets/studypanels.h"
#include "widgets/studyview.h"

#include <algorithm>

namespace app {

namespace {

// The paragraph of a method's text that says where released code differs from the paper; empty where there is none.
QString deviationsIn(std::string_view about)
{
    const QStringList paragraphs = widgets::textOf(about).split(QStringLiteral("\n\n"));
    const auto found = std::find_if(paragraphs.begin(), paragraphs.end(),
                                    [](const QString& each) { return each.startsWith(QStringLiteral("**Deviation")); });
    return found == paragraphs.end() ? QString() : *found;
}

} // namespace

StudyPresenter::StudyPresenter(Document& document, MainWindow& window)
    : m_document(document)
    , m_window(window)
{
    for (const engine::TabSpec* tab : methodTabs()) {
        const std::string id(tab->id);
        auto* page = new StudyPanel(widgets::textOf(tab->title), &window);
        page->setObjectName(QString::fromStdString(id));
        m_pages[id] = page;
        window.addPage(widgets::textOf(tab->title), QString::fromStdString(id), page);
        connect(page, &StudyPanel::exportAsked, this, &StudyPresenter::exportAsked);
        connect(&page->study(), &widgets::StudyView::picked, this,
                [this, id](const std::vector<widgets::StudyPick>& picks) { take(id, picks); });
        connect(&window.explain().tab(), &widgets::StudyPanels::picked, this,
                [this, id](const std::vector<widgets::StudyPick>& picks) {
                    if (m_document.state().layout.tab == id)
                        take(id, picks);
                });
        connect(&page->controls(), &widgets::StudyControls::changed, this,
                [this, id](const engine::KnobValues& values) {
                    ViewLayout layout = m_document.state().layout;
                    layout.controls[id] = values;
                    m_document.setLayout(layout);
                });
    }
    connect(&m_document, &Document::studyChanged, this, &StudyPresenter::showStudy);
    connect(&m_document, &Document::explainedChanged, this, &StudyPresenter::showExplain);
    for (auto signal : {&Document::selectionChanged, &Document::layoutChanged, &Document::modelChanged})
        connect(&m_document, signal, this, &StudyPresenter::showTabs);
    connect(&m_document, &Document::planChanged, this, &StudyPresenter::showTabs);
    connect(&m_document, &Document::lanesChanged, this, &StudyPresenter::showTabs);
    connect(&m_document, &Document::layoutChanged, this, &StudyPresenter::showSide);
    showTabs();
    showExplain();
}

void StudyPresenter::showTabs()
{
    for (const auto& [id, page] : m_pages) {
        const std::optional<TabOwner> owner = ownerOf(m_document.state(), id);
        m_window.setPageVisible(QString::fromStdString(id), owner.has_value());
        if (!owner)
            continue;
        const auto given = m_document.state().layout.controls.find(id);
        page->controls().setTab(*owner->tab, given == m_document.state().layout.controls.end() ? engine::KnobValues()
                                                                                               : given->second);
    }
}

widgets::StudyNames StudyPresenter::namesOf(std::string_view method, const Sequence& sequence) const
{
    widgets::Identity exact = widgets::identityOf(engine::findMethod(engine::baseline).info);
    exact.title = tr("exact");
    return {widgets::identityOf(engine::findMethod(method).info), exact, tokenLabels(sequence)};
}

void StudyPresenter::showStudy(const std::string& tab)
{
    const auto page = m_pages.find(tab);
    const std::shared_ptr<const StudyResult> result = m_document.study(tab);
    if (page == m_pages.end() || !result)
        return;
    page->second->setReady();
    page->second->heading().setWords(widgets::textOf(result->study.words));
    page->second->study().setStudy(result->study,
                                   namesOf(result->request.method, *result->request.cell.exact->sequence));
    showSide();
}

// The side panels of the tab in front stand in the dock.
void StudyPresenter::showSide()
{
    const std::shared_ptr<const StudyResult> result = m_document.study(m_document.state().layout.tab);
    widgets::StudyPanels& side = m_window.explain().tab();
    if (result)
        side.setPanels(result->study.panels, namesOf(result->request.method, *result->request.cell.exact->sequence));
    else
        side.setPanels({}, {});
}

void StudyPresenter::take(const std::string& tab, const std::vector<widgets::StudyPick>& picks)
{
    using Sets = engine::Pick::Sets;
    Selection selection = m_document.state().selection;
    ViewLayout layout = m_document.state().layout;
    const auto sets = [&](Sets what) {
        return std::any_of(picks.begin(), picks.end(), [&](const auto& pick) { return pick.sets == what; });
    };
    for (const widgets::StudyPick& pick : picks) {
        const engine::TokenPos token{std::clamp(pick.value, 0, std::max(0, m_document.tokenCount() - 1))};
        switch (pick.sets) {
        case Sets::Query:
            selection.query = token;
            break;
        case Sets::Key:
            selection.key = token;
            break;
        case Sets::Head:
            selection.head = {pick.value};
            break;
        case Sets::Layer:
            selection.layer = {pick.value};
            break;
        case Sets::Control:
            layout.controls[tab][pick.control] = pick.value;
            break;
        case Sets::Nothing:
            break;
        }
    }
    if (sets(Sets::Key) && !selection.query)
        selection.query = engine::TokenPos{m_document.lastRow()};
    if (sets(Sets::Query) && (!selection.key || (!sets(Sets::Key) && selection.key->value > selection.query->value)))
        selection.key = selection.query;
    // A second click on what is locked lets it go.
    const bool again = selection == m_document.state().selection && layout == m_document.state().layout;
    if (again && (sets(Sets::Query) || sets(Sets::Key)))
        m_document.pin(std::nullopt, std::nullopt);
    else
        m_document.choose(selection, layout);
}

void StudyPresenter::showExplain()
{
    ExplainPanel& panel = m_window.explain();
    const auto& result = m_document.explained();
    panel.setPlaceShown(result != nullptr);
    if (!result)
        return;
    const engine::Explanation& explanation = result->explanation;
    const LayerAttention& layer = *result->layer;
    const engine::Method& method = engine::findMethod(layer.context.plan.shown().method);
    const widgets::StudyNames names = namesOf(method.info.id, *result->request.exact->sequence);
    panel.setPlace(
        tr("‘%1’ looks at ‘%2’")
            .arg(widgets::pieceOf(names, explanation.query.value), widgets::pieceOf(names, explanation.key.value)),
        tr("query %1, key %2 · layer %3, head %4")
            .arg(explanation.query.value + 1)
            .arg(explanation.key.value + 1)
            .arg(result->request.layer.value + 1)
            .arg(result->request.head.value + 1),
        result->request.key.has_value());
    panel.derivation().setDerivations(explanation.exact, explanation.own, names.exact, names.own);
    panel.cell().setPanels(explanation.panels, names);
    panel.setWords({widgets::textOf(method.info.title), widgets::textOf(method.info.idea),
                    widgets::textOf(explanation.own.note), QString::fromStdString(layer.attended.cost.reason),
                    deviationsIn(method.info.about), widgets::textOf(method.info.paper)});
}

} // namespace app
