// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/passkey/passkeydesk.h"

#include "app/cli/grammar.h"
#include "app/panels/studypanel.h"
#include "app/studywork.h"
#include "app/timingdesk.h"
#include "app/wording.h"
#include "widgets/numbers.h"

#include <QPointer>
#include <QPushButton>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

// Throws engine::Error{Request} in a sentence.
engine::PasskeyRequest requestOf(const PasskeyForm& form)
{
    return {cli::parseDepths(form.depths.toStdString()), cli::parseLengths(form.lengths.toStdString()), form.samples,
            std::uint64_t(form.seed)};
}

QString secondsText(double seconds)
{
    if (seconds < 90)
        return PasskeyDesk::tr("about %1 s").arg(widgets::whole(std::max(1LL, std::llround(seconds))));
    return PasskeyDesk::tr("about %1 min").arg(widgets::whole(std::llround(seconds / 60)));
}

std::vector<engine::PasskeyCell> answered(const PasskeyResult& asked, const Accelerator* accelerator, Turns::Turn& turn,
                                          engine::Job& job)
{
    engine::checkPasskey(*asked.model->tokenizer(), asked.request);
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(accelerator);
    const auto weights = accelerator != nullptr ? accelerator->model : nullptr;
    return engine::passkeyGrid(
        *asked.model, asked.plan, asked.request,
        [&](const engine::SessionPlan& plan, const engine::PasskeyQuestion& question) {
            turn.yield(job); // the window's own lanes come between two cells
            const engine::PreparedLayers prepared =
                engine::prepareLayers(asked.model, plan, question.prompt, device, weights, job);
            return engine::makeSession(asked.model, plan, prepared, device, weights,
                                       int(question.prompt.size() + question.answer.size()), job);
        },
        job);
}

} // namespace

PasskeyDesk::PasskeyDesk(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_lanes(lanes)
    , m_window(window)
{
    for (const engine::TabSpec* tab : methodTabs()) {
        const std::string id(tab->id);
        auto* page = tab->passkey ? window.findChild<StudyPanel*>(QString::fromStdString(id)) : nullptr;
        if (page == nullptr)
            continue;
        auto* button = new QPushButton(tr("Passkey…"), page);
        button->setObjectName(QStringLiteral("passkey"));
        button->setToolTip(tr("Hides a number in a long text and asks for it"));
        page->addTool(button);
        connect(button, &QPushButton::clicked, this, [this, id] { ask(id); });
    }
    connect(&document, &Document::studyChanged, this, &PasskeyDesk::show);
}

// A prompt of the trained context and one of half of it.
PasskeyForm PasskeyDesk::startForm(const std::string& tab) const
{
    if (m_last)
        return *m_last;
    const std::optional<TabOwner> owner = ownerOf(m_document.state(), tab);
    const auto& model = m_document.model();
    int longest = model ? model->config().context : 512;
    if (owner && model) // beyond a segment, where the memory is needed
        longest = std::max(
            {longest, 256,
             2 * engine::exactSegment(m_document.state().lanes[std::size_t(owner->lane.value)], model->config())});
    longest = std::min(longest, 4096);
    return {QStringLiteral("%1,%2").arg(std::max(192, longest / 2)).arg(longest), QStringLiteral("0,25,50,75,100"), 1,
            1};
}

void PasskeyDesk::showPrice(const std::string& tab, PasskeyDialog& dialog) const
{
    const std::optional<TabOwner> owner = ownerOf(m_document.state(), tab);
    const auto& model = m_document.model();
    if (!owner || !model || model->tokenizer() == nullptr) {
        dialog.setPrice(tr("A model with a tokenizer was expected."), true);
        return;
    }
    try {
        const engine::PasskeyRequest request = requestOf(dialog.form());
        const engine::SessionPlan& plan = m_document.state().lanes[std::size_t(owner->lane.value)];
        const double prompts =
            double(engine::knockOuts(plan).size() * request.lengths.size() * request.depths.size()) * request.samples;
        const int longest = *std::ranges::max_element(request.lengths);
        QString price =
            tr("%1 prompts, %2 tokens to read: %3.")
                .arg(widgets::whole(std::llround(prompts)),
                     widgets::whole(std::llround(engine::passkeyTokens(plan, request))),
                     secondsText(passkeyOperations(*model, plan, request) / operationsPerSecond(m_document)));
        if (longest > model->config().context)
            price += tr(" %1 tokens are beyond the trained context of %2.")
                         .arg(widgets::whole(longest), widgets::whole(model->config().context));
        dialog.setPrice(price, false);
    } catch (const engine::Error& error) {
        dialog.setPrice(QString::fromStdString(error.what()), true);
    }
}

void PasskeyDesk::ask(const std::string& tab)
{
    auto* dialog = new PasskeyDialog(&m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setForm(startForm(tab));
    showPrice(tab, *dialog);
    connect(dialog, &PasskeyDialog::formChanged, this, [this, tab, dialog] { showPrice(tab, *dialog); });
    connect(dialog, &QDialog::accepted, this, [this, tab, dialog] { run(tab, dialog->form()); });
    dialog->open();
}

void PasskeyDesk::run(const std::string& tab, const PasskeyForm& form)
{
    const std::optional<TabOwner> owner = ownerOf(m_document.state(), tab);
    if (!owner || !m_document.model() || m_document.model()->tokenizer() == nullptr)
        return;
    m_last = form;
    auto result = std::make_shared<PasskeyResult>();
    result->model = m_document.model();
    result->plan = m_document.state().lanes[std::size_t(owner->lane.value)];
    result->layer = m_document.state().selection.layer;
    try {
        result->request = requestOf(form);
    } catch (const engine::Error& error) {
        m_document.report(error);
        return;
    }
    m_lanes.measureOn(
        "passkey", tr("Passkey"),
        [desk = QPointer(this), tab, result, accelerator = m_lanes.acceleratorOf(owner->lane)](engine::Job& job,
                                                                                               Bench& bench) {
            Turns::Turn turn = bench.turns.take(job);
            result->cells = answered(*result, accelerator.get(), turn, job);
            bench.post([desk, tab, result] {
                if (!desk)
                    return;
                desk->m_results[tab] = result;
                desk->show(tab);
            });
        },
        [] {});
}

// The grid as the last panel of the tab's study, in place of an older one.
void PasskeyDesk::show(const std::string& tab)
{
    const auto found = m_results.find(tab);
    const std::shared_ptr<const StudyResult> study = m_document.study(tab);
    if (m_showing || found == m_results.end() || !study || study->request.cell.own->model != found->second->model)
        return;
    auto with = std::make_shared<StudyResult>(*study);
    std::vector<engine::Panel>& panels = with->study.panels;
    std::erase_if(panels, [](const engine::Panel& panel) { return panel.id == passkeyPanelId; });
    int row = 0;
    for (const engine::Panel& panel : panels)
        row = panel.side ? row : std::max(row, panel.row + 1);
    panels.push_back(passkeyPanel(*found->second, study->request.cell.own->plan, row));
    m_showing = true; // what is set comes back here
    m_document.setStudy(tab, std::move(with));
    m_showing = false;
}

} // namespace app
