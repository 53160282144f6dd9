// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/studies.h"

#include <QDateTime>
#include <QMetaObject>

#include <algorithm>
#include <span>
#include <utility>

namespace app {

Studies::Studies(Document& document, std::shared_ptr<Turns> turns, AcceleratorOf acceleratorOf)
    : m_document(document)
    , m_turns(std::move(turns))
    , m_acceleratorOf(std::move(acceleratorOf))
    , m_worker(std::make_unique<engine::Worker>("studies", [this](std::function<void()> call) {
        QMetaObject::invokeMethod(this, std::move(call), Qt::QueuedConnection);
    }))
{
    for (auto signal : {&Document::selectionChanged, &Document::layoutChanged, &Document::playingChanged})
        connect(&m_document, signal, this, &Studies::refresh);
    connect(&m_document, &Document::lanesChanged, this, &Studies::refresh);
    for (auto signal : {&Document::lookChanged, &Document::planChanged, &Document::runChanged})
        connect(&m_document, signal, this, &Studies::refresh);
}

Studies::~Studies()
{
    stop();
}

void Studies::stop()
{
    for (const auto& [job, tag] : m_running)
        m_worker->cancel(tag);
}

void Studies::cancel(int job)
{
    if (const auto found = m_running.find(job); found != m_running.end())
        m_worker->cancel(found->second);
}

template <typename Work, typename Done>
void Studies::submit(const char* tag, const QString& title, Work work, Done done, std::function<void()> failed)
{
    const int id = --m_jobs;
    m_running[id] = tag;
    JobStatus status{id, title, {}, 0, QDateTime::currentMSecsSinceEpoch()};
    m_document.setJob(status);
    m_worker->submit(
        tag, std::move(work),
        [this, id, done = std::move(done), failed = std::move(failed)](auto outcome) {
            m_running.erase(id);
            if (std::holds_alternative<engine::Error>(outcome))
                m_document.report(std::get<engine::Error>(outcome));
            if (outcome.index() == 0)
                done(std::get<0>(std::move(outcome)));
            else
                failed();
            m_document.endJob(id);
        },
        [this, status](const engine::Progress& progress) mutable {
            status.fraction = progress.fraction;
            status.what = QString::fromStdString(progress.what);
            if (m_running.contains(status.id))
                m_document.setJob(status);
        });
}

// At most one run more than the lanes' own is kept.
void Studies::remember()
{
    const std::shared_ptr<const LaneRun>& run = m_document.lane(m_document.comparedLane()).run;
    if (!run || run == m_now)
        return;
    const auto prompt = [](const LaneRun& of) {
        return std::span(of.sequence->ids).first(std::size_t(of.sequence->promptCount));
    };
    if (!m_now || m_now->model != run->model || m_now->plan != run->plan)
        m_before.reset();
    else if (!std::ranges::equal(prompt(*m_now), prompt(*run)))
        m_before = m_now; // else the same text was run again, or written on
    m_now = run;
}

void Studies::refresh()
{
    remember();
    study();
    explain();
}

// The selected cell of a lane, once both lanes have run over what is open now.
std::optional<CellRequest> Studies::cellOf(engine::LaneIndex lane) const
{
    const Selection& selection = m_document.state().selection;
    const auto& exact = m_document.lane(exactLane).run;
    const auto& own = m_document.lane(lane).run;
    const auto& look = m_document.lane(exactLane).look;
    const bool ran = exact && own && look && exact->sequence == m_document.sequence() &&
                     own->sequence == exact->sequence && own->plan == m_document.state().lanes[std::size_t(lane.value)];
    if (!ran || look->layer->exact != exact || look->layer->layer != selection.layer)
        return std::nullopt;
    CellRequest request{exact, own, selection.layer, selection.head, {m_document.lastRow()}, std::nullopt};
    if (selection.query && selection.query->value < m_document.tokenCount()) {
        request.query = *selection.query;
        request.key = selection.key;
    }
    return request;
}

// The lane's layer with every probe, or one from an earlier plan of it, from which studyOf() may tell it.
std::shared_ptr<const LayerAttention> Studies::withProbes(const StudyRequest& request) const
{
    const auto usable = [&](const std::shared_ptr<const LayerAttention>& layer) {
        return layer && layer->everyProbe && layer->exact == request.cell.exact && layer->own == request.cell.own &&
               layer->layer == request.cell.layer;
    };
    const auto last = m_document.study(request.tab);
    if (last && usable(last->layer))
        return last->layer;
    const auto& probes = m_document.lane(request.lane).probes;
    if (usable(probes))
        return probes;
    return last && last->layer && last->layer->everyProbe ? last->layer : nullptr;
}

void Studies::study()
{
    const std::string& tab = m_document.state().layout.tab;
    const std::optional<TabOwner> owner = ownerOf(m_document.state(), tab);
    const std::optional<CellRequest> cell = owner ? cellOf(owner->lane) : std::nullopt;
    if (!cell)
        return;
    StudyRequest request{*cell, owner->lane, std::string(owner->method->info.id), tab, {}};
    const auto& controls = m_document.state().layout.controls;
    if (const auto given = controls.find(tab); given != controls.end())
        request.controls = given->second;
    if (request.cell.own == m_now)
        request.before = m_before;
    if (const auto last = m_document.study(tab); m_studyAsked == request || (last && last->request == request))
        return;
    m_studyAsked = request;
    submit(
        "study",
        tr("Computing %1").arg(QString::fromUtf8(owner->tab->title.data(), qsizetype(owner->tab->title.size()))),
        [request, exact = m_document.lane(exactLane).look->layer, own = withProbes(request),
         accelerator = m_acceleratorOf(owner->lane), turns = m_turns](engine::Job& job) {
            const Turns::Turn turn = turns->take(job);
            return studyOf(request, exact, own, accelerator.get(), job);
        },
        [this](const std::shared_ptr<const StudyResult>& result) {
            if (result->request.cell.exact->sequence == m_document.sequence())
                m_document.setStudy(result->request.tab, result);
        },
        [this, request] {
            if (m_studyAsked == request) // else a newer one is on its way
                m_studyAsked.reset();
        });
}

void Studies::explain()
{
    const int lane = std::clamp(m_document.state().selection.lane.value, 1, std::max(1, m_document.laneCount() - 1));
    if (m_document.playing() || lane >= m_document.laneCount())
        return;
    const std::optional<CellRequest> cell = cellOf({lane});
    const auto& look = m_document.lane({lane}).look;
    const bool looked = cell && look && look->layer->own == cell->own && look->layer->exact == cell->exact &&
                        look->layer->layer == cell->layer;
    if (!looked || m_explainAsked == cell)
        return;
    m_explainAsked = cell;
    submit(
        "explain", tr("Explaining a weight"),
        [request = *cell, exact = m_document.lane(exactLane).look->layer, own = look->layer,
         turns = m_turns](engine::Job& job) {
            const Turns::Turn turn = turns->take(job);
            return explainCell(request, exact, own, job);
        },
        [this](std::shared_ptr<const ExplainResult> result) {
            if (result->request.exact->sequence == m_document.sequence())
                m_document.setExplained(std::move(result));
        },
        [this, request = *cell] {
            if (m_explainAsked == request)
                m_explainAsked.reset();
        });
}

} // namespace app
