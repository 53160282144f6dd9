// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lane.h"

#include <algorithm>

namespace app {

using engine::Job;
using engine::LaneIndex;

namespace {

constexpr std::size_t rememberedLayers = 16; // a lane's; each holds q, k, v and the method's states

bool sameQueries(const LayerAttention& a, const LayerAttention& b)
{
    return a.exact == b.exact && a.layer == b.layer;
}

} // namespace

// What this lane found before for the document's layer, if nothing that it depends on has changed.
std::shared_ptr<const LayerAttention> Lanes::remembered(LaneIndex lane, bool everyProbe) const
{
    const std::shared_ptr<const LaneRun>& exact = m_document.lane(exactLane).run;
    const std::shared_ptr<const LaneRun>& own = m_document.lane(lane).run;
    const engine::LayerIndex layer = m_document.state().selection.layer;
    for (const std::shared_ptr<const LayerAttention>& each : m_lanes[std::size_t(lane.value)]->layers)
        if (each->exact == exact && each->own == own && each->layer == layer && each->everyProbe == everyProbe)
            return each;
    return nullptr;
}

// The last that the lane found for the document's layer under another plan; null: nothing.
std::shared_ptr<const LayerAttention> Lanes::earlier(const Lane& lane, bool everyProbe) const
{
    const auto kin = [&](const std::shared_ptr<const LayerAttention>& each) {
        return each->everyProbe == everyProbe && each->layer == m_document.state().selection.layer;
    };
    const auto found = std::ranges::find_if(lane.layers, kin);
    return found == lane.layers.end() ? nullptr : *found;
}

void Lanes::attend(LaneIndex lane, bool everyProbe)
{
    const std::shared_ptr<const LaneRun>& exact = m_document.lane(exactLane).run;
    const std::shared_ptr<const LaneRun>& run = m_document.lane(lane).run;
    if (!current(exact.get()) || !current(run.get()))
        return;
    if (std::shared_ptr<const LayerAttention> known = remembered(lane, everyProbe)) {
        attended(lane, std::move(known));
        return;
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, everyProbe ? "probes" : "attend", tr("Attention of one layer"),
        [exact, run, layer = m_document.state().selection.layer, everyProbe, before = earlier(*own, everyProbe),
         accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return attendLayer(exact, run, layer, everyProbe, before, accelerator.get(), job);
        },
        [this, own](std::shared_ptr<const LayerAttention> layer) {
            const auto place = placeOf(own);
            if (!place)
                return;
            auto& layers = own->layers;
            std::erase_if(layers, [&](const auto& each) { return !current(each->exact.get()); });
            layers.push_front(layer);
            if (layers.size() > rememberedLayers)
                layers.pop_back();
            attended(*place, std::move(layer));
        });
}

void Lanes::attended(LaneIndex lane, std::shared_ptr<const LayerAttention> layer)
{
    if (!current(layer->exact.get()) || layer->layer != m_document.state().selection.layer)
        return;
    if (layer->everyProbe)
        m_document.setProbes(lane, std::move(layer));
    else
        look(lane);
}

void Lanes::look(LaneIndex lane)
{
    const std::shared_ptr<const LayerAttention> layer = remembered(lane, false);
    if (!layer)
        return;
    const engine::HeadIndex head = m_document.state().selection.head;
    std::shared_ptr<const HeadLook> exact;
    if (lane != exactLane) {
        exact = m_document.lane(exactLane).look;
        if (!exact || exact->head != head || !sameQueries(*exact->layer, *layer))
            return; // follows when the exact lane has looked
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "look", tr("Reconstructing the map"),
        [layer, head, exact, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return lookAtHead(layer, head, exact, accelerator.get(), job);
        },
        [this, own](std::shared_ptr<const HeadLook> found) {
            const Selection& selection = m_document.state().selection;
            const auto place = placeOf(own);
            if (!place || !current(found->layer->exact.get()) || found->head != selection.head ||
                found->layer->layer != selection.layer)
                return;
            if ((*place == exactLane) != found->difference.cells.empty()) { // the lanes changed places meanwhile
                look(*place);
                return;
            }
            m_document.setLook(*place, std::move(found));
            rows(*place);
            row(*place);
            if (*place == exactLane)
                for (int other = 1; other < int(m_lanes.size()); ++other)
                    look({other});
            time(*place);
        });
}

void Lanes::lookAtSelection()
{
    const Selection& selection = m_document.state().selection;
    for (int each = 0; each < int(m_lanes.size()); ++each) {
        const LaneIndex lane{each};
        const std::shared_ptr<const HeadLook>& look = m_document.lane(lane).look;
        if (look && look->layer->exact == m_document.lane(exactLane).run && current(look->layer->exact.get()) &&
            look->head == selection.head && look->layer->layer == selection.layer) {
            rows(lane);
            row(lane);
        } else {
            attend(lane, false);
        }
    }
    showProbes();
}

void Lanes::rows(LaneIndex lane)
{
    const std::shared_ptr<const HeadLook>& exact = m_document.lane(exactLane).look;
    const std::shared_ptr<const HeadLook>& other = m_document.lane(lane).look;
    if (lane == exactLane || !exact || !other || !sameQueries(*exact->layer, *other->layer))
        return;
    const int count = std::min(m_document.lastRow() + 1, other->map.tokens);
    if (count == other->map.tokens) {
        m_document.setRows(lane, std::make_shared<const RowsMetrics>(RowsMetrics{other, count, other->metrics}));
        return;
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "rows", tr("Comparing rows"),
        [exact, other, count, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return metricsOfRows(exact, other, count, accelerator.get(), job);
        },
        [this, own](std::shared_ptr<const RowsMetrics> found) {
            if (const auto place = placeOf(own))
                m_document.setRows(*place, std::move(found));
        });
}

// The picked query's row, or the one of the step.
void Lanes::row(LaneIndex lane)
{
    const std::shared_ptr<const HeadLook>& look = m_document.lane(lane).look;
    if (!look)
        return;
    const engine::TokenPos query = m_document.state().selection.query.value_or(engine::TokenPos{m_document.lastRow()});
    if (query.value < 0 || query.value >= look->map.tokens)
        return;
    const std::shared_ptr<const RowWeights>& known = m_document.lane(lane).row;
    if (known && known->look == look && known->query == query)
        return;
    if (look->map.reduction == 1) {
        m_document.setRow(lane, std::make_shared<const RowWeights>(
                                    RowWeights{look, query, look->map.cells.rowRange(query.value, 1)}));
        return;
    }
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "row", tr("One row of the map"),
        [look, query, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            return weightsOfRow(look, query, accelerator.get());
        },
        [this, own](std::shared_ptr<const RowWeights> found) {
            if (const auto place = placeOf(own))
                m_document.setRow(*place, std::move(found));
        });
}

// Times are taken when everything is drawn, and only of runs that take less than a third of a second.
void Lanes::time(LaneIndex lane)
{
    constexpr double longest = 0.3;
    const std::shared_ptr<const HeadLook>& look = m_document.lane(lane).look;
    if (!look || m_preparing || m_document.playing())
        return;
    if (look->layer->seconds > longest) {
        m_document.setTiming(lane, nullptr); // nothing that takes long starts by itself
        return;
    }
    const std::shared_ptr<const LayerTiming>& known = m_document.lane(lane).timing;
    if (known && known->layer == look->layer)
        return;
    Lane* own = m_lanes[std::size_t(lane.value)].get();
    submit(
        own->worker, "time", tr("Measuring"),
        [layer = look->layer, accelerator = acceleratorOf(lane), turns = m_turns](Job& job) {
            const Turns::Turn turn = turns->take(job);
            const std::int64_t mark = turns->mark();
            const std::shared_ptr<const LayerTiming> taken = timeLayer(layer, accelerator.get(), job);
            auto judged = std::make_shared<LayerTiming>(*taken);
            judged->timing.disturbed = judged->timing.disturbed || turns->disturbedSince(mark);
            return std::shared_ptr<const LayerTiming>(std::move(judged));
        },
        [this, own](std::shared_ptr<const LayerTiming> timing) {
            if (const auto place = placeOf(own))
                m_document.setTiming(*place, std::move(timing));
        });
}

void Lanes::showProbes()
{
    if (m_document.state().layout.tab != "probes")
        return;
    for (int lane = 0; lane < int(m_lanes.size()); ++lane)
        attend({lane}, true);
}

} // namespace app
