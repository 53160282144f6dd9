// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timingdesk.h"

#include "app/cli/grammar.h"
#include "app/panels/timingpanel.h"
#include "app/passviews.h"
#include "app/timingplots.h"
#include "app/timingviews.h"
#include "app/wording.h"
#include "widgets/numbers.h"
#include "widgets/plotview.h"
#include "widgets/segment.h"

#include <QClipboard>
#include <QDateTime>
#include <QFileDialog>
#include <QGuiApplication>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace app {

using engine::LaneIndex;

namespace {

constexpr int passRepeats = 15;
constexpr double quick = 1; // seconds that may start by themselves

QString sweepTitle()
{
    return TimingDesk::tr("Sweep");
}

QString secondsText(double seconds)
{
    if (seconds < 90)
        return TimingDesk::tr("about %1 s").arg(widgets::whole(std::max(1LL, std::llround(seconds))));
    return TimingDesk::tr("about %1 min").arg(widgets::whole(std::llround(seconds / 60)));
}

// The heads of a model's first layer, as they are swept: without mask until the form says otherwise.
engine::LayerShape shapeOf(const engine::Model& model, const engine::SessionPlan& plan)
{
    engine::LayerShape shape = engine::layerContext(model, plan, {0}, {}).shape;
    shape.causal = false;
    return shape;
}

// The ends of x; of a view that shows a part.
std::optional<std::pair<double, double>> zoomOf(const std::optional<Sight>& sight)
{
    return sight ? std::optional(std::pair(sight->x, sight->x + sight->width)) : std::nullopt;
}

void showTimeline(TimingPanel& panel, const std::optional<Sight>& sight)
{
    widgets::TimelineView& timeline = panel.timeline();
    if (sight)
        timeline.setWindow(std::int64_t(sight->x), std::int64_t(sight->x + sight->width));
    else
        timeline.setWindow(0, timeline.endNs());
}

// Marks the rows of a length during which other work of this window ran.
void markDisturbed(engine::Sweep& sweep, std::vector<int>& lengths, bool disturbedNow)
{
    if (disturbedNow && !sweep.rows.empty())
        lengths.push_back(sweep.rows.back().tokens);
    for (engine::SweepRow& row : sweep.rows)
        if (std::find(lengths.begin(), lengths.end(), row.tokens) != lengths.end())
            row.timing.disturbed = true;
}

} // namespace

TimingDesk::TimingDesk(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_lanes(lanes)
    , m_panel(new TimingPanel(&window))
    , m_timeline(document, "timeline", [this](const auto& sight) { showTimeline(*m_panel, sight); })
    , m_plot(document, "against-length", [this](const auto& sight) { m_panel->plot().setZoom(zoomOf(sight)); })
    , m_roofline(document, "roofline", [this](const auto& sight) { m_panel->roofline().setZoom(zoomOf(sight)); })
{
    window.addPage(tr("Timing"), QStringLiteral("timing"), m_panel);
    window.setPageAlone(QStringLiteral("timing"));
    m_panel->setCompact(window.isCompact());
    connect(&window, &MainWindow::compactChanged, m_panel, &TimingPanel::setCompact);
    connect(&document, &Document::sweepChanged, this, &TimingDesk::showSweep);
    connect(&document, &Document::passesChanged, this, &TimingDesk::showPasses);
    connect(&document, &Document::lookChanged, this, &TimingDesk::measureIfQuick);
    connect(&document, &Document::layoutChanged, this, &TimingDesk::measureIfQuick);
    connect(&document, &Document::timingChanged, this, &TimingDesk::showPrice);
    connect(&document, &Document::planChanged, this, &TimingDesk::showPrice);
    connect(&document, &Document::deviceChanged, this, &TimingDesk::showPrice);
    connect(&document, &Document::modelChanged, this, [this] {
        showView(); // a form that nobody edited is another model's
        showPrice();
    });
    connect(&document, &Document::jobsChanged, this, [this] {
        QString progress;
        for (const JobStatus& job : m_document.jobs())
            if (job.title == sweepTitle())
                progress = tr("%1, %2 done")
                               .arg(job.what.isEmpty() ? tr("waiting") : job.what, widgets::percent(job.fraction));
        m_panel->side().setRunning(progress);
        if (progress.isEmpty())
            showPrice();
    });
    const auto change = [this](const std::function<void(TimingView&)>& what) {
        ViewLayout layout = m_document.state().layout;
        what(layout.timing);
        m_document.setLayout(layout);
    };
    connect(&document, &Document::layoutChanged, this, &TimingDesk::showView);
    connect(&m_panel->quantity(), &widgets::Segment::chosen, this,
            [change](int chosen) { change([chosen](TimingView& view) { view.quantity = chosen; }); });
    connect(&m_panel->taken(), &widgets::Segment::chosen, this,
            [change](int chosen) { change([chosen](TimingView& view) { view.taken = chosen; }); });
    connect(m_panel, &TimingPanel::sweepAsked, this, &TimingDesk::runSweep);
    connect(m_panel, &TimingPanel::measureAsked, this, &TimingDesk::measurePasses);
    TimingSide& side = m_panel->side();
    connect(&side, &TimingSide::formChanged, this,
            [this, change] { change([this](TimingView& view) { view.form = m_panel->side().form(); }); });
    connect(&side, &TimingSide::runAsked, this, &TimingDesk::runSweep);
    connect(&side, &TimingSide::cancelAsked, this, [this] { m_lanes.stopMeasuring("sweep"); });
    connect(&side, &TimingSide::copyAsked, this, &TimingDesk::copyCommand);
    connect(&side, &TimingSide::reportAsked, this, &TimingDesk::reportAsked);
    connect(m_panel, &TimingPanel::exportAsked, this, &TimingDesk::figureAsked);
    keepSights();
    showView();
    showSweep();
}

void TimingDesk::keepSights()
{
    const auto keep = [](SightKeeper& keeper, const widgets::PlotView& plot) {
        keeper.moved(plot.zoom()
                         ? std::optional(Sight{plot.zoom()->first, 0, plot.zoom()->second - plot.zoom()->first, 0})
                         : std::nullopt);
    };
    connect(&m_panel->plot(), &widgets::PlotView::zoomed, this, [this, keep] { keep(m_plot, m_panel->plot()); });
    connect(&m_panel->roofline(), &widgets::PlotView::zoomed, this,
            [this, keep] { keep(m_roofline, m_panel->roofline()); });
    connect(&m_panel->timeline(), &widgets::TimelineView::moved, this, [this] {
        const widgets::TimelineView& timeline = m_panel->timeline();
        const auto [from, to] = timeline.window();
        m_timeline.moved(timeline.zoomed() ? std::optional(Sight{double(from), 0, double(to - from), 0})
                                           : std::nullopt);
    });
}

void TimingDesk::showView()
{
    const TimingView& view = m_document.state().layout.timing;
    const TimingView before = std::exchange(m_view, view);
    m_panel->setShown(view.quantity, view.taken);
    m_panel->side().setForm(view.form.value_or(startForm()));
    if (view.quantity != before.quantity)
        showSweep();
    if (view.form != before.form)
        showPrice();
}

bool TimingDesk::shown() const
{
    return m_document.state().layout.tab == "timing";
}

bool TimingDesk::onDevice() const
{
    return m_document.device() && m_document.state().lanes.front().backend == engine::Backend::OpenCl;
}

// From 64 tokens to twice what the longest of context and predicted crossovers asks for, at most 8,192.
SweepForm TimingDesk::startForm() const
{
    SweepForm form{QStringLiteral("64:1024:x2"), QStringLiteral("15"), false, false};
    const auto& model = m_document.model();
    if (!model)
        return form;
    const engine::LayerShape shape = shapeOf(*model, m_document.state().lanes.front());
    double longest = model->config().context;
    for (const engine::Method& method : engine::methods())
        if (method.cost != nullptr)
            longest = std::max(longest, 2 * method.cost(shape, {}, 64).crossover);
    int last = 256;
    while (last < longest && last < 8192)
        last *= 2;
    form.lengths = QStringLiteral("64:%1:x2").arg(last);
    return form;
}

SweepResult TimingDesk::asked() const
{
    const SweepForm form = m_panel->side().form();
    SweepResult asked;
    asked.backend = onDevice() ? engine::Backend::OpenCl : engine::Backend::Reference;
    asked.device = m_document.state().device;
    asked.complete = false;
    engine::SweepRequest& request = asked.request;
    const std::vector<engine::SessionPlan>& lanes = m_document.state().lanes;
    std::vector<engine::Part> methods;
    for (const engine::SessionPlan& plan : lanes) {
        const engine::Part& part = plan.of(m_document.state().selection.layer).attention;
        if (!form.everyMethod && std::find(methods.begin(), methods.end(), part) == methods.end())
            methods.push_back(part);
    }
    if (m_document.model())
        request.shape = shapeOf(*m_document.model(), lanes.front());
    else
        request.shape = {8, 8, 16, 16, false};
    request.shape.causal = form.causal;
    Timeable found = timeable(form.everyMethod ? everyMethod() : methods, request.shape);
    request.methods = std::move(found.methods);
    asked.leftOut = std::move(found.leftOut);
    request.lengths = cli::parseLengths(form.lengths.toStdString());
    bool isNumber = false;
    request.repeats = form.repeats.toInt(&isNumber);
    if (!isNumber || request.repeats < 1)
        throw engine::Error(engine::Fault::Request,
                            "'" + form.repeats.toStdString() + "' repetitions; a number of at least 1 was expected");
    return asked;
}

double operationsPerSecond(const Document& document)
{
    double slowest = 0;
    for (int lane = 0; lane < document.laneCount(); ++lane) {
        const auto& timing = document.lane({lane}).timing;
        if (!timing || timing->timing.medianNs <= 0)
            continue;
        const double rate = double(timing->layer->attended.cost.operations) / double(timing->timing.medianNs) * 1e9;
        slowest = slowest == 0 ? rate : std::min(slowest, rate);
    }
    return slowest > 0 ? slowest : 1e9;
}

void TimingDesk::showPrice()
{
    try {
        const SweepResult now = asked();
        m_panel->side().setPrice(secondsText(engine::estimatedSeconds(now.request, operationsPerSecond(m_document))),
                                 false);
        QStringList left;
        for (const std::string& reason : now.leftOut)
            left << QString::fromStdString(reason) + QStringLiteral(".");
        m_panel->side().setLeftOut(left.join(QStringLiteral(" ")));
        if (!m_document.sweep()) {
            m_panel->side().setCommand(QString::fromStdString(commandOf(now.request, now.backend, now.device)));
            showSweep();
        }
    } catch (const engine::Error& error) {
        m_panel->side().setPrice(QString::fromStdString(error.what()), true);
    }
}

void TimingDesk::runSweep()
{
    std::shared_ptr<const SweepResult> blank;
    try {
        blank = std::make_shared<SweepResult>(asked());
    } catch (const engine::Error& error) {
        m_document.report(error);
        return;
    }
    Document* document = &m_document;
    m_lanes.measureOn(
        "sweep", sweepTitle(),
        [blank, document](engine::Job& job, Bench& bench) {
            const auto begin = std::chrono::steady_clock::now();
            Turns::Turn turn = bench.turns.take(job);
            std::int64_t mark = bench.turns.mark();
            std::vector<int> disturbedLengths;
            const auto post = [&](const engine::Sweep& sweep, bool complete) {
                auto now = std::make_shared<SweepResult>(*blank);
                now->sweep = sweep;
                now->complete = complete;
                now->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
                now->timeUtc = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
                markDisturbed(now->sweep, disturbedLengths, bench.turns.disturbedSince(mark));
                bench.post([document, now] { document->setSweep(now); });
            };
            const engine::Sweep whole =
                engine::sweep(blank->request, bench.device, job, [&](const engine::Sweep& sweep) {
                    post(sweep, false);
                    turn.yield(job); // the window's own lanes come between two lengths
                    mark = bench.turns.mark();
                });
            post(whole, true);
        },
        [] {});
}

void TimingDesk::measureIfQuick()
{
    if (!shown())
        return;
    double seconds = 0;
    std::vector<std::shared_ptr<const LayerAttention>> layers;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& look = m_document.lane({lane}).look;
        if (!look)
            return;
        seconds += look->layer->seconds * (passRepeats + 1) * 2; // a map takes about as long again
        layers.push_back(look->layer);
    }
    const auto& known = m_document.passes();
    const bool current = known && known->lanes.size() == layers.size() &&
                         std::equal(layers.begin(), layers.end(), known->lanes.begin(),
                                    [](const auto& layer, const PassSet::Lane& lane) { return lane.layer == layer; });
    if (!current && seconds < quick)
        measurePasses();
}

void TimingDesk::measurePasses()
{
    auto blank = std::make_shared<PassSet>();
    blank->head = m_document.state().selection.head;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& look = m_document.lane({lane}).look;
        if (!look)
            return;
        blank->lanes.push_back({look->layer, {}});
    }
    Document* document = &m_document;
    m_lanes.measureOn(
        "passes", tr("Measuring passes"),
        [blank, document](engine::Job& job, Bench& bench) {
            const Turns::Turn turn = bench.turns.take(job);
            const std::int64_t mark = bench.turns.mark();
            for (PassSet::Lane& lane : blank->lanes)
                lane.times = engine::measurePass(engine::headTensors(*lane.layer->exact->trace, lane.layer->layer),
                                                 lane.layer->attended, lane.layer->context, blank->head, bench.device,
                                                 passRepeats, job);
            if (bench.turns.disturbedSince(mark))
                for (PassSet::Lane& lane : blank->lanes)
                    lane.times.attention.disturbed = true;
            bench.post([document, blank] { document->setPasses(blank); });
        },
        [] {});
}

void TimingDesk::showSweep()
{
    const auto& result = m_document.sweep();
    if (!result || result->sweep.rows.empty()) {
        m_panel->setEmpty(tr("From which length does it pay off on this machine?"),
                          tr("A sweep times every method on random queries, keys and values of this layer's shape; "
                             "methods take turns. It can be stopped, and leaves what it has."),
                          tr("Run the sweep"));
        return;
    }
    const auto quantity = SweepQuantity(m_document.state().layout.timing.quantity);
    SweepView view;
    view.words = timingWords(*result);
    view.sentence = timingSentence(*result);
    view.second = timingSecond(*result);
    view.plot = sweepPlot(*result, quantity);
    view.plotWords = sweepWords(quantity);
    view.readout = [quantity](double value) { return sweepNumber(value, quantity); };
    view.roofline = rooflinePlot(*result);
    m_panel->setSweep(view);
    m_panel->setDisturbed(result->complete && disturbed(result->sweep));
    m_panel->side().setFacts({machineFacts(*result), timesFacts(*result), countFacts(*result), memoryFacts(*result)});
    m_panel->side().setCommand(QString::fromStdString(commandOf(result->request, result->backend, result->device)));
}

void TimingDesk::showPasses()
{
    const auto& passes = m_document.passes();
    if (!passes || passes->lanes.empty())
        return;
    const PassSet::Lane& first = passes->lanes.front();
    bool isDisturbed = false;
    for (const PassSet::Lane& lane : passes->lanes)
        isDisturbed = isDisturbed || lane.times.attention.disturbed;
    const QString words = tr("one pass of layer %1 at %2 tokens, %3, pauses left out")
                              .arg(first.layer->layer.value + 1)
                              .arg(widgets::whole(first.times.tokens), first.times.launches.empty()
                                                                           ? tr("float64 reference, the host's clock")
                                                                           : tr("times from the device's own clock"));
    m_panel->setPasses(timelineOf(*passes), kernelTotals(*passes), stageFacts(*passes), words,
                       isDisturbed ? tr("disturbed: something else ran") : QString());
    m_timeline.again();
}

void TimingDesk::copyCommand()
{
    try {
        const SweepResult shown = m_document.sweep() ? *m_document.sweep() : asked();
        const std::string line = commandOf(shown.request, shown.backend, shown.device);
        QGuiApplication::clipboard()->setText(QString::fromStdString(line));
    } catch (const engine::Error& error) {
        m_document.report(error);
    }
}

} // namespace app
