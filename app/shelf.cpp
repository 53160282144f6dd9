// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/shelf.h"

#include "app/panels/toolpanel.h"
#include "app/wording.h"
#include "engine/methods/method.h"
#include "engine/model/model.h"

#include <QAction>
#include <QMenu>

#include <algorithm>

namespace app {

using engine::LaneIndex;
using engine::SessionPlan;

namespace {

// Shares of attention are measured against rows that are probabilities.
bool canBeReference(const SessionPlan& plan)
{
    const auto isDistribution = [](const engine::LayerPlan& layer) {
        const engine::MethodInfo& info = engine::findMethod(layer.attention.method).info;
        return info.nonNegative && info.rowsSumToOne;
    };
    return isDistribution(plan.everywhere) &&
           std::all_of(plan.overrides.begin(), plan.overrides.end(),
                       [&](const auto& each) { return isDistribution(each.second); });
}

// A new method starts from nothing; new knobs keep the parameters that a checkpoint brought.
void setShown(engine::LayerPlan& plan, const engine::Part& part)
{
    if (plan.shown().method != part.method)
        plan = {};
    engine::place(plan, part);
}

engine::SessionPlan planOf(const std::string& method, engine::Backend backend)
{
    SessionPlan plan;
    plan.backend = backend;
    engine::place(plan.everywhere, {method, {}});
    return plan;
}

} // namespace

Shelf::Shelf(Document& document, MainWindow& window)
    : QObject(&window)
    , m_document(document)
    , m_window(window)
{
    wireChips();
    fillMenu();
}

void Shelf::wireChips()
{
    ToolPanel& tools = m_window.tools();
    connect(&tools, &ToolPanel::laneChosen, this, &Shelf::choose);
    connect(&tools, &ToolPanel::laneAsked, this, &Shelf::popUp);
    connect(&tools, &ToolPanel::laneClosed, this, [this](int lane) { m_document.removeLane({lane}); });
    connect(&tools, &ToolPanel::laneWanted, this, &Shelf::popUpNew);
}

void Shelf::fillMenu()
{
    const QString methods = tr("Methods");
    for (const engine::Method& method : engine::methods()) {
        const std::string id(method.info.id);
        const engine::Part part{id, {}};
        if (id != engine::baseline)
            connect(m_window.addEntry(methods, tr("Compare with %1").arg(titleOf(part))), &QAction::triggered, this,
                    [this, id] { compareWith(id); });
    }
    m_window.menu(methods)->addSeparator();
    connect(m_window.addEntry(methods, tr("Method of the compared lane…"), {QKeySequence("M")}), &QAction::triggered,
            this, [this] {
                const ToolPanel& tools = m_window.tools();
                const int lane = m_document.comparedLane().value;
                popUp(lane, tools.mapToGlobal(tools.chipCorner(lane)));
            });
    connect(m_window.addEntry(methods, tr("Next lane"), {QKeySequence("N")}), &QAction::triggered, this, [this] {
        const int last = m_document.laneCount() - 1, now = m_document.comparedLane().value;
        choose(now < last ? now + 1 : std::min(1, last));
    });
    connect(m_window.addEntry(methods, tr("Swap with the reference"), {QKeySequence("X")}), &QAction::triggered, this,
            [this] { makeReference(m_document.comparedLane().value); });
    connect(m_window.addEntry(methods, tr("Take the compared lane away")), &QAction::triggered, this,
            [this] { m_document.removeLane(m_document.comparedLane()); });
}

void Shelf::choose(int lane)
{
    Selection selection = m_document.state().selection;
    selection.lane = {lane};
    m_document.select(selection);
}

bool Shelf::mayBeReference(const SessionPlan& plan)
{
    const bool may = canBeReference(plan);
    if (!may)
        m_document.setMessage(
            Message{tr("%1 cannot be the reference.").arg(titleOf(plan.everywhere.shown())),
                    tr("Its rows are no probabilities: shares of attention cannot be measured against them."), true,
                    Message::Cure::None});
    return may;
}

void Shelf::makeReference(int lane)
{
    if (mayBeReference(m_document.state().lanes[std::size_t(lane)]))
        m_document.makeReference({lane});
}

void Shelf::addMethods(QMenu& menu, const std::string& now, const std::function<void(std::string)>& chosen)
{
    for (const engine::Method& method : engine::methods()) {
        const std::string id(method.info.id);
        QAction* action = menu.addAction(titleOf({id, {}}));
        action->setCheckable(!now.empty());
        action->setChecked(id == now);
        connect(action, &QAction::triggered, this, [id, chosen] { chosen(id); });
    }
}

// The reference shows who could take its place, every other lane its methods.
void Shelf::popUp(int lane, QPoint where)
{
    if (lane >= m_document.laneCount())
        return;
    auto* menu = new QMenu(&m_window);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (lane == 0) {
        for (int other = 1; other < m_document.laneCount(); ++other) {
            const engine::Part& part = m_document.state().lanes[std::size_t(other)].everywhere.shown();
            connect(menu->addAction(tr("%1 becomes the reference").arg(titleOf(part))), &QAction::triggered, this,
                    [this, other] { makeReference(other); });
        }
        if (menu->isEmpty())
            menu->addAction(tr("The reference: add a method to compare with it"))->setEnabled(false);
    } else {
        const std::string now = m_document.state().lanes[std::size_t(lane)].everywhere.shown().method;
        addMethods(*menu, now, [this, lane](std::string id) {
            choose(lane);
            setMethod(0, {std::move(id), {}});
        });
        menu->addSeparator();
        connect(menu->addAction(tr("Becomes the reference")), &QAction::triggered, this,
                [this, lane] { makeReference(lane); });
        connect(menu->addAction(tr("Take away")), &QAction::triggered, this,
                [this, lane] { m_document.removeLane({lane}); });
    }
    menu->popup(where);
}

void Shelf::popUpNew(QPoint where)
{
    auto* menu = new QMenu(&m_window);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    addMethods(*menu, {}, [this](const std::string& id) {
        m_document.addLane(planOf(id, m_document.state().lanes.front().backend));
    });
    menu->popup(where);
}

void Shelf::compareWith(const std::string& method)
{
    for (int lane = 1; lane < m_document.laneCount(); ++lane)
        if (m_document.state().lanes[std::size_t(lane)].everywhere.shown().method == method) {
            choose(lane);
            return;
        }
    const SessionPlan plan = planOf(method, m_document.state().lanes.front().backend);
    if (m_document.state().lanes.size() < mostLanes)
        m_document.addLane(plan);
    else
        m_document.setPlan(m_document.comparedLane(), plan);
}

void Shelf::setMethod(int row, const engine::Part& part)
{
    SessionPlan plan = m_document.comparedPlan();
    if (row == 0) {
        setShown(plan.everywhere, part);
    } else {
        const engine::LayerIndex layer{row - 1};
        engine::LayerPlan own = plan.of(layer);
        setShown(own, part);
        plan.overrides.erase(layer);
        if (own != plan.everywhere)
            plan.overrides[layer] = own;
    }
    if (m_document.comparedLane().value > 0 || mayBeReference(plan)) // the reference alone is set too
        m_document.setPlan(m_document.comparedLane(), plan);
}

void Shelf::setHeadKnobs(engine::LayerIndex layer, engine::HeadIndex head, const engine::KnobValues& values)
{
    if (!m_document.model())
        return;
    SessionPlan plan = m_document.comparedPlan();
    engine::LayerPlan own = plan.of(layer);
    const std::vector<engine::Knob>& knobs = engine::findMethod(own.shown().method).info.knobs;
    const auto heads = std::size_t(m_document.model()->config().heads);
    for (const auto& [id, value] : values) {
        std::vector<float> each = *own.parameters[id];
        if (each.size() != heads)
            each.assign(heads, float(engine::realOf(knobs, own.shown().knobs, id)));
        each[std::size_t(head.value)] = float(std::get<double>(value));
        own.parameters[id] = std::move(each);
    }
    plan.overrides[layer] = std::move(own);
    m_document.setPlan(m_document.comparedLane(), plan);
}

} // namespace app
