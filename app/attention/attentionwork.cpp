// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentionwork.h"

namespace app {

namespace {

constexpr double longestUnasked = 0.8;    // seconds
constexpr double secondsPerCell = 100e-9; // assumed before the first was measured; slower than any device seen

} // namespace

AttentionWork::AttentionWork(Document& document, Lanes& lanes)
    : m_document(document)
    , m_lanes(lanes)
    , m_drawer(lanes.tasks(), "maps")
    , m_navigator(lanes.tasks(), "navigator")
{
}

AttentionWork::~AttentionWork()
{
    // Both are asked to stop before the first is waited for.
    m_navigator.stop();
    m_drawer.stop();
}

std::optional<MapsRequest> AttentionWork::mapsRequest() const
{
    std::vector<LaneResults> lanes;
    std::vector<std::shared_ptr<const Accelerator>> accelerators;
    lanes.reserve(std::size_t(m_document.laneCount()));
    accelerators.reserve(std::size_t(m_document.laneCount()));
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        lanes.push_back(m_document.lane({lane}));
        accelerators.push_back(m_lanes.acceleratorOf({lane}));
    }
    std::optional<MapsRequest> request =
        mapsRequestOf(m_document.state(), lanes, std::move(accelerators), compared(), m_document.lastRow());
    if (request) { // what is only navigated by or drawn over the maps does not make them anew
        request->view.metric.clear();
        request->view.order.clear();
        request->view.hatch = request->view.magnifier = true;
        request->view.swipe = 0.5;
        request->view.dimension = 0;
    }
    return request;
}

void AttentionWork::updateMaps()
{
    const std::optional<MapsRequest> request = mapsRequest();
    if (!request || request == m_asked)
        return;
    m_asked = request;
    m_lanes.tasks().submit(
        *m_drawer, "maps", tr("Drawing the maps"),
        [request = *request, before = m_maps, turns = m_lanes.turns()](engine::Job& job) {
            const bool reduced = request.looks.front()->map.reduction > 1;
            if (request.view.heads == AttentionView::Heads::One && !(request.view.meanRow && reduced))
                return makeMaps(request, job, before.get());
            const Turns::Turn turn = turns->take(job); // joining heads and tiles compute on the lanes' device
            return makeMaps(request, job, before.get());
        },
        [this](std::shared_ptr<const AttentionMaps> maps) {
            m_maps = std::move(maps);
            emit mapsChanged();
        });
}

std::optional<NavigationRequest> AttentionWork::navigationRequest() const
{
    const auto& exact = m_document.lane(exactLane).run;
    const auto& own = m_document.lane({compared()}).run;
    if (!exact || !own || compared() == 0 || exact->sequence != own->sequence || exact->model != own->model ||
        exact->sequence != m_document.sequence())
        return std::nullopt;
    return NavigationRequest{exact, own, m_lanes.acceleratorOf(exactLane), m_lanes.acceleratorOf({compared()})};
}

bool AttentionWork::navigationIsCurrent() const
{
    const auto request = navigationRequest();
    return m_navigation && request && m_navigation->request.exact == request->exact &&
           m_navigation->request.own == request->own;
}

bool AttentionWork::navigating() const
{
    return m_navigatingFrom.has_value();
}

double AttentionWork::navigationSizeNow() const
{
    const auto& model = m_document.model();
    return model ? navigationSize(*model, m_document.tokenCount()) : 0;
}

std::optional<double> AttentionWork::expectedSeconds() const
{
    if (!m_secondsPerCell)
        return std::nullopt;
    return *m_secondsPerCell * navigationSizeNow();
}

void AttentionWork::updateNavigation()
{
    if (m_document.playing())
        return; // every step is another text
    const auto request = navigationRequest();
    if (!request || navigationIsCurrent() ||
        (m_navigatingFrom && m_navigatingFrom->exact == request->exact && m_navigatingFrom->own == request->own)) {
        emit navigationChanged();
        return;
    }
    stopNavigating();
    if (m_secondsPerCell.value_or(secondsPerCell) * navigationSizeNow() <= longestUnasked)
        navigate();
    else
        emit navigationChanged();
}

void AttentionWork::navigate()
{
    const auto request = navigationRequest();
    if (!request)
        return;
    m_navigatingFrom = request;
    m_lanes.tasks().submit(
        *m_navigator, "navigate", tr("Comparing every head"),
        [request = *request, turns = m_lanes.turns()](engine::Job& job) { return app::navigate(request, *turns, job); },
        [this](std::shared_ptr<const Navigation> found) {
            if (m_navigatingFrom == found->request)
                m_navigatingFrom.reset();
            const int tokens = int(found->request.exact->sequence->ids.size());
            m_secondsPerCell = found->seconds / navigationSize(*found->request.own->model, tokens);
            m_navigation = std::move(found);
            emit navigationChanged();
        },
        [this, request = *request] {
            if (m_navigatingFrom == request)
                m_navigatingFrom.reset();
            emit navigationChanged();
        });
    emit navigationChanged();
}

void AttentionWork::stopNavigating()
{
    if (!m_navigatingFrom)
        return;
    m_navigatingFrom.reset();
    m_navigator->cancel("navigate");
}

} // namespace app
