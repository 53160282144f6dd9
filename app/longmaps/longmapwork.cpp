// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/longmapwork.h"

#include "app/attention/mapshapes.h"
#include "app/presenter.h"
#include "app/wording.h"
#include "engine/session/fidelity.h"
#include "engine/session/mapregion.h"

#include <QPointer>

#include <algorithm>
#include <cmath>
#include <utility>

namespace app {

namespace {

constexpr int feedTokens = 4096; // of an append: a cancel waits for no more than these

// A device without a model's weights, for heads from a file. Null where there is none.
std::shared_ptr<const Accelerator> deviceNamed(const std::string& name)
{
    if (engine::Device::list().empty())
        return nullptr;
    auto accelerator = std::make_shared<Accelerator>();
    accelerator->device = std::make_shared<engine::Device>(engine::Device::choose(name));
    return accelerator;
}

double highOf(const std::vector<engine::RegionPicture>& pictures)
{
    std::vector<const engine::Grid*> grids(pictures.size());
    std::ranges::transform(pictures, grids.begin(),
                           [](const engine::RegionPicture& picture) { return &picture.cells; });
    return fittedHigh(grids, widgets::GridShape::Full);
}

// What a region looks like before it is refined.
engine::RegionPicture sampleOf(const LongRun& run, engine::HeadIndex head, const engine::MapRegion& region,
                               engine::Job& job)
{
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(run.accelerator.get());
    const int exact = region.reduction == 1 ? region.rows() : 0;
    return {region, engine::sampleRegion(*run.attended, run.context, head, region, device, job), exact};
}

// A picture with some of its rows exact.
void setRows(engine::RegionPicture& picture, int row, const engine::Grid& rows)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(picture.cells.rows()) * std::size_t(picture.cells.cols()));
    for (int each = 0; each < picture.cells.rows(); ++each) {
        const bool fresh = each >= row && each < row + rows.rows();
        const auto from = fresh ? rows.row(each - row) : picture.cells.row(each);
        cells.insert(cells.end(), from.begin(), from.end());
    }
    picture.cells = engine::Grid(std::move(cells), picture.cells.rows(), picture.cells.cols());
    picture.exactRows = row + rows.rows();
}

struct Sampled
{
    std::vector<engine::RegionPicture> pictures;
    double high = 0;
};

} // namespace

LongRun longRunOf(const HeadFile& file, const engine::SessionPlan& plan,
                  const std::shared_ptr<const Accelerator>& device, engine::Job& job)
{
    LongRun run;
    run.context.shape = file.shape;
    run.context.plan.attention = plan.everywhere.attention;
    const auto& knobs = engine::findMethod(run.context.plan.attention.method).info.knobs;
    for (const auto& [name, cells] : file.parameters)
        if (std::ranges::find(knobs, name, &engine::Knob::id) != knobs.end())
            run.context.plan.parameters.emplace(name, cells);
    run.accelerator = plan.backend == engine::Backend::OpenCl ? device : nullptr;
    engine::AttendOptions options;
    options.feed = feedTokens;
    auto attended = std::make_shared<engine::Attended>(engine::attend(
        file.tensors, run.context, LaneEngine::ofThisThread().context(run.accelerator.get()), options, job));
    run.context.prepared = attended->prepared.get();
    run.attended = std::move(attended);
    run.fidelity =
        plan.everywhere.attention.method == engine::baseline ? engine::Fidelity::Reference : engine::Fidelity::DropIn;
    return run;
}

LongRun longRunOf(const std::shared_ptr<const HeadLook>& look, std::shared_ptr<const Accelerator> accelerator)
{
    const std::shared_ptr<const engine::Attended> attended(look->layer, &look->layer->attended);
    return {look->layer->context, attended, look->layer, std::move(accelerator), look->layer->fidelity};
}

void LongMap::setRuns(std::vector<LongRun> all)
{
    runs = std::move(all);
    pictures.clear();
    high = 0;
    tokens = runs.empty()
                 ? 0
                 : runs.front()
                       .attended->trace->grid(engine::probes::mixed, {runs.front().context.layer, engine::allHeads, {}})
                       .rows();
    heads = runs.empty() ? 0 : runs.front().context.shape.heads;
    causal = runs.empty() || runs.front().context.shape.causal;
}

void drawWhole(LongMap& map, int elements, engine::Job& job)
{
    const engine::TokenRange all{0, map.tokens};
    const engine::MapRegion region = engine::fittingRegion(all, all, elements, elements);
    map.pictures.clear();
    for (const LongRun& run : map.runs) {
        engine::RegionPicture picture = sampleOf(run, map.head, region, job);
        if (region.reduction > 1)
            engine::refineRegion(*run.attended, run.context, map.head, region,
                                 LaneEngine::ofThisThread().context(run.accelerator.get()), job,
                                 [&](int row, const engine::Grid& rows) { setRows(picture, row, rows); });
        map.pictures.push_back(std::move(picture));
    }
    map.high = highOf(map.pictures);
}

LongMapWork::LongMapWork(Document& document, Lanes& lanes)
    : m_document(document)
    , m_lanes(lanes)
    , m_worker(lanes.tasks(), "long map")
{
}

LongMapWork::~LongMapWork() = default;

void LongMapWork::update()
{
    if (m_document.heads()) {
        const engine::HeadIndex head{
            std::clamp(m_document.state().selection.head.value, 0, m_document.heads()->shape.heads - 1)};
        const bool turned = std::exchange(m_map.head, head) != head;
        if (turned)
            m_map.high = 0;
        if (m_file != m_document.heads() || m_plans != m_document.state().lanes)
            attendFile();
        else if (turned)
            sample();
        return;
    }
    // Of a model: what its lanes found of the layer and head in view.
    std::vector<std::shared_ptr<const HeadLook>> looks;
    for (int lane = 0; lane < m_document.laneCount(); ++lane)
        if (const auto& look = m_document.lane({lane}).look)
            looks.push_back(look);
    if (looks == m_looks && !m_file)
        return;
    m_looks = looks;
    m_file.reset();
    m_plans.clear();
    const bool isLong = !looks.empty() && looks.front()->map.reduction > 1;
    std::vector<LongRun> runs;
    for (int lane = 0; isLong && lane < int(looks.size()); ++lane) {
        const HeadLook& look = *looks[std::size_t(lane)];
        if (look.head != looks.front()->head || look.layer->layer != looks.front()->layer->layer ||
            look.layer->exact != looks.front()->layer->exact)
            continue;
        runs.push_back(longRunOf(looks[std::size_t(lane)], m_lanes.acceleratorOf({lane})));
    }
    m_map.name.clear();
    m_map.pieces = isLong ? tokenLabels(*looks.front()->layer->exact->sequence) : QStringList();
    if (isLong)
        m_map.head = looks.front()->head;
    takeRuns(std::move(runs));
}

void LongMapWork::attendFile()
{
    const std::shared_ptr<const HeadFile> file = m_document.heads();
    const std::vector<engine::SessionPlan> plans = m_document.state().lanes;
    m_file = file;
    m_plans = plans;
    m_looks.clear();
    m_worker->cancel("sample");
    m_worker->cancel("refine");
    m_lanes.tasks().submit(
        *m_worker, "attend", tr("Attention over %1").arg(QString::fromStdString(file->name)),
        [file, plans, name = m_document.state().device, turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("attend");
            const Turns::Disturbance disturbance(*turns);
            const auto device = deviceNamed(name);
            std::vector<LongRun> runs;
            runs.reserve(plans.size());
            for (const engine::SessionPlan& plan : plans)
                runs.push_back(longRunOf(*file, plan, device, job));
            return runs;
        },
        [this, file, plans](std::vector<LongRun> runs) {
            if (file != m_document.heads() || plans != m_plans)
                return;
            m_map.name = QString::fromStdString(file->name);
            m_map.pieces.clear();
            takeRuns(std::move(runs));
        });
}

void LongMapWork::takeRuns(std::vector<LongRun> runs)
{
    m_map.setRuns(std::move(runs));
    m_region = {{0, 0}, {0, 0}, 1};
    emit runsChanged(); // whoever shows it asks for a region of it
}

void LongMapWork::look(const engine::MapRegion& region)
{
    if (region == m_region || m_map.runs.empty())
        return;
    m_region = region;
    sample();
}

void LongMapWork::sample()
{
    if (m_region.queries.count == 0 || m_map.runs.empty())
        return;
    const int wish = ++m_wish;
    m_worker->cancel("refine");
    const bool first = m_map.high == 0;
    m_lanes.tasks().submit(
        *m_worker, "sample", tr("Sampling the map"),
        [runs = m_map.runs, head = m_map.head, region = m_region, tokens = m_map.tokens, first,
         turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("sample");
            const Turns::Disturbance disturbance(*turns);
            Sampled sampled;
            for (const LongRun& run : runs)
                sampled.pictures.push_back(sampleOf(run, head, region, job));
            if (first)
                sampled.high = highOf(sampled.pictures);
            return sampled;
        },
        [this, wish](Sampled sampled) {
            if (wish != m_wish)
                return;
            m_map.pictures = std::move(sampled.pictures);
            if (sampled.high > 0)
                m_map.high = sampled.high;
            emit picturesChanged();
            if (m_region.reduction > 1)
                refine();
        });
}

void LongMapWork::refine()
{
    const int wish = m_wish;
    m_lanes.tasks().submit(
        *m_worker, "refine", tr("Refining the map"),
        [deliver = m_lanes.tasks().deliver(), self = QPointer<LongMapWork>(this), wish, runs = m_map.runs,
         head = m_map.head, region = m_region, turns = m_lanes.turns()](engine::Job& job) {
            noteEngineWork("refine");
            const Turns::Disturbance disturbance(*turns);
            for (std::size_t place = 0; place < runs.size(); ++place) {
                const LongRun& run = runs[place];
                engine::DeviceContext* device = LaneEngine::ofThisThread().context(run.accelerator.get());
                engine::refineRegion(*run.attended, run.context, head, region, device, job,
                                     [&](int row, const engine::Grid& rows) {
                                         deliver([self, wish, place, row, rows] {
                                             if (self)
                                                 self->band(wish, place, row, rows);
                                         });
                                     });
            }
        },
        [](std::monostate) {});
}

void LongMapWork::band(int wish, std::size_t run, int row, const engine::Grid& rows)
{
    if (wish != m_wish || run >= m_map.pictures.size())
        return;
    setRows(m_map.pictures[run], row, rows);
    emit picturesChanged();
}

} // namespace app
