// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/presenter.h"

#include "app/panels/methodspanel.h"
#include "app/panels/modelpanel.h"
#include "app/panels/probespanel.h"
#include "app/panels/promptpanel.h"
#include "app/panels/toolpanel.h"
#include "app/results.h"
#include "app/wording.h"
#include "engine/model/model.h"
#include "engine/session/fidelity.h"
#include "widgets/jobbar.h"
#include "widgets/livestrip.h"
#include "widgets/messagebar.h"
#include "widgets/numbers.h"
#include "widgets/studytext.h"
#include "widgets/tokenstrip.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <limits>

namespace app {

using engine::LaneIndex;
using engine::TokenPos;

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("presenter", text);
}

QString text(std::string_view from)
{
    return widgets::textOf(from);
}

// What may differ from head to head stands once more, for the picked head of the picked layer.
void addHeadKnobs(MethodForm& form, const Document& document, const engine::MethodInfo& info)
{
    const engine::LayerIndex layer = document.state().selection.layer;
    const engine::HeadIndex head = document.state().selection.head;
    const engine::LayerPlan& plan = document.comparedPlan().of(layer);
    if (!document.model() || plan.shown().method != info.id)
        return;
    for (const engine::Knob& knob : info.knobs) {
        if (!knob.perHead || !std::holds_alternative<engine::RealRange>(knob.domain))
            continue;
        form.headKnobs.push_back(knob);
        const auto own = plan.parameters.find(knob.id);
        form.headValues[std::string(knob.id)] = own != plan.parameters.end() && head.value < int(own->second->size())
                                                    ? double((*own->second)[std::size_t(head.value)])
                                                    : engine::realOf(info.knobs, plan.shown().knobs, knob.id);
    }
    form.head = tr("Layer %1, head %2 alone").arg(layer.value + 1).arg(head.value + 1);
}

} // namespace

const HeadLook* Presenter::look(int lane) const
{
    return m_document.lane({lane}).look.get();
}

const HeadLook* Presenter::comparedLook() const
{
    const LaneIndex lane = m_document.comparedLane();
    return lane == exactLane ? nullptr : look(lane.value);
}

void Presenter::showModel()
{
    const auto& model = m_document.model();
    if (!model)
        return;
    const QString name = QString::fromStdString(model->checkpoint().name);
    m_window.model().setModel(name, QString::fromStdString(model->checkpoint().format), modelLines(*model));
    m_window.setWindowTitle(name + " — Subquad");
    m_window.tools().setShape(model->config().layers, model->config().heads);
    m_window.prompt().setExamples(m_document.prompts());
    m_window.prompt().setTakesIds(model->tokenizer() == nullptr);
}

void Presenter::showDevice()
{
    const bool reference = m_document.state().lanes.front().backend == engine::Backend::Reference;
    const auto& device = m_document.device();
    if (reference || !device)
        m_window.tools().setDevice(tr("Reference"), tr("The built-in double-precision reference computes"));
    else
        m_window.tools().setDevice(deviceText(device), QString::fromStdString(device->name + "\n" + device->platform +
                                                                              ", " + device->version));
}

void Presenter::showLanes()
{
    std::vector<LaneLabel> labels;
    for (const engine::SessionPlan& plan : m_document.state().lanes) {
        const engine::Part& part = plan.everywhere.shown();
        LaneLabel label{identityOf(part), knobsInForce(part), text(engine::findMethod(part.method).info.idea),
                        labels.empty(), m_document.comparedLane().value == int(labels.size())};
        labels.push_back(std::move(label));
    }
    m_window.tools().setLanes(labels);
}

void Presenter::showSelection()
{
    const Selection& selection = m_document.state().selection;
    m_window.tools().setSelected(selection.layer.value, selection.head.value);
    m_window.tools().setPosition(m_document.lastRow() + 1, m_document.tokenCount());
    m_window.tools().setPlaying(m_document.playing());
    m_window.tokens().setCursor(m_document.lastRow() + 1);
}

void Presenter::showPrompt()
{
    m_window.prompt().setPrompt(QString::fromStdString(m_document.state().prompt));
    m_window.prompt().setTokens(m_document.sequence() ? m_document.sequence()->promptCount : 0);
}

void Presenter::showTokens()
{
    const auto& sequence = m_document.sequence();
    if (!sequence)
        return;
    const auto& exact = m_document.lane(exactLane).run;
    const auto& other = m_document.lane(m_document.comparedLane()).run;
    // A run over a beginning of this text keeps its numbers until the next one is there.
    const auto lossAt = [&](const std::shared_ptr<const LaneRun>& run, std::size_t place) {
        const bool same = run && place < run->losses.size() && place < run->sequence->ids.size() &&
                          run->sequence->ids[place] == sequence->ids[place];
        return same ? run->losses[place] : std::numeric_limits<float>::quiet_NaN();
    };
    const std::vector<int>& stops = m_document.state().breakpoints;
    std::vector<widgets::TokenChip> chips;
    for (std::size_t place = 0; place < sequence->ids.size(); ++place) {
        widgets::TokenChip chip;
        chip.text = tokenLabel(sequence->pieces[place]);
        chip.special = sequence->special[place];
        chip.tint = lossAt(exact, place);
        chip.change = lossAt(other, place) - chip.tint;
        chip.stop = std::binary_search(stops.begin(), stops.end(), int(place));
        if (!std::isnan(chip.tint) && place < exact->entropies.size()) {
            chip.numbers = tr("‘%1’: loss %2 nats, entropy %3")
                               .arg(chip.text, widgets::fixed(double(chip.tint), 2),
                                    widgets::fixed(double(exact->entropies[place]), 2));
            if (!std::isnan(chip.change))
                chip.numbers += tr(", %1 %2").arg(titleOf(other->plan.everywhere.attention),
                                                  widgets::signedFixed(double(chip.change), 2));
        }
        chips.push_back(std::move(chip));
    }
    m_window.tokens().setTokens(std::move(chips));
    const QString method = titleOf(m_document.comparedPlan().everywhere.shown());
    m_window.tokens().setLegend(
        {tr("tint: loss of %1").arg(titleOf(m_document.state().lanes.front().everywhere.shown())),
         tr("%1 predicts worse").arg(method), tr("better"), tr("0 – 6 nats"), 6, 2});
    m_window.tokens().setCursor(m_document.lastRow() + 1);
}

void Presenter::showMarks()
{
    const Selection& selection = m_document.state().selection;
    const auto valueOf = [](std::optional<TokenPos> place) {
        return place ? std::optional<int>(place->value) : std::nullopt;
    };
    m_window.tokens().setMarked(valueOf(selection.query), valueOf(selection.key), valueOf(m_document.hoveredQuery()));
}

void Presenter::showLive()
{
    // The last times stay while new ones are on their way.
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const LaneResults& results = m_document.lane({lane});
        if (results.timing && results.look && results.timing->layer != results.look->layer)
            return;
    }
    m_window.live().setValue(liveValueOf(m_document));
}

void Presenter::showMethods()
{
    const engine::SessionPlan& plan = m_document.comparedPlan();
    const auto& model = m_document.model();
    const auto row = [&](const QString& name, const engine::LayerPlan& layer, bool own) {
        const QString knobs = knobsInForce(layer.shown());
        return LayerRow{name,
                        identityOf(layer.shown()),
                        titleOf(layer.shown()) + (knobs.isEmpty() ? QString() : "  " + knobs),
                        {},
                        own};
    };
    std::vector<LayerRow> rows{row(tr("all"), plan.everywhere, true)};
    for (int layer = 0; model && layer < model->config().layers; ++layer) {
        rows.push_back(row(QString::number(layer + 1), plan.of({layer}), plan.overrides.contains({layer})));
        rows.back().fidelity = fidelityText(engine::attentionFidelity(*model, plan, {layer}));
    }
    MethodsPanel& panel = m_window.methods();
    panel.setRows(rows);
    const int chosen = panel.current();
    const engine::Part& part = (chosen == 0 ? plan.everywhere : plan.of({chosen - 1})).shown();
    MethodForm form;
    const auto methods = engine::methods();
    for (std::size_t place = 0; place < methods.size(); ++place)
        if (methods[place].info.id == part.method)
            form.method = int(place);
    const engine::MethodInfo& info = methods[std::size_t(form.method)].info;
    form.knobs = info.knobs;
    form.values = part.knobs;
    addHeadKnobs(form, m_document, info);
    form.idea = text(info.idea);
    if (const HeadLook* other = comparedLook();
        other != nullptr && other->layer->context.plan.shown().method == part.method)
        form.why = QString::fromStdString(other->layer->attended.cost.reason);
    panel.setForm(form);
}

void Presenter::showProbeList()
{
    std::vector<ProbeEntry> entries;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const engine::LayerIndex layer = m_document.state().selection.layer;
        const engine::Part& part = m_document.state().lanes[std::size_t(lane)].of(layer).shown();
        const engine::MethodInfo& info = engine::findMethod(part.method).info;
        for (const engine::ProbeSpec& spec : info.probes) {
            const bool known = std::any_of(entries.begin(), entries.end(),
                                           [&](const ProbeEntry& entry) { return entry.id == text(spec.id); });
            if (!known)
                entries.push_back({lane, text(spec.id), text(spec.title), text(spec.help), identityOf(part)});
        }
    }
    m_window.probes().setEntries(entries);
    m_window.probes().setCurrent(QString::fromStdString(m_document.state().layout.probe));
}

void Presenter::showMessage()
{
    const auto& message = m_document.message();
    if (!message) {
        m_window.message().clear();
        return;
    }
    const auto action = [&]() -> QString {
        switch (message->cure) {
        case Message::Cure::UseReference:
            return tr("Use the reference");
        case Message::Cure::OpenOther:
            return tr("Open another…");
        case Message::Cure::ChooseTokenizer:
            return tr("Choose a tokenizer…");
        case Message::Cure::Restore:
            return tr("Restore");
        case Message::Cure::Compare:
            return tr("Compare with now");
        case Message::Cure::None:
            break;
        }
        return {};
    };
    m_window.message().show({message->warning ? widgets::Message::Kind::Warning : widgets::Message::Kind::Error,
                             message->what, message->why, action()});
}

void Presenter::showJobs()
{
    const auto& jobs = m_document.jobs();
    if (jobs.empty()) {
        m_window.jobs().setProgress(std::nullopt);
        return;
    }
    const JobStatus& oldest = jobs.front();
    const QString what = oldest.what.isEmpty() ? oldest.title : oldest.title + ": " + oldest.what;
    m_window.jobs().setProgress(engine::Progress{oldest.fraction, what.toStdString()});
}

void Presenter::showTheme()
{
    const ViewLayout& layout = m_document.state().layout;
    const std::pair wanted{layout.dark, layout.scale};
    if (m_theme != wanted) // every widget lays itself out anew
        widgets::ThemeSource::instance().set(layout.dark, layout.scale);
    m_theme = wanted;
    m_window.setArrangement(layout.leftDock, layout.rightDock, QString::fromStdString(layout.maximised));
}

void Presenter::showTab()
{
    m_window.setTab(QString::fromStdString(m_document.state().layout.tab));
}

} // namespace app
