// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/presenter.h"

#include "app/panels/attentionpanel.h"
#include "app/panels/heading.h"
#include "app/panels/mapsrow.h"
#include "app/panels/methodspanel.h"
#include "app/panels/modelpanel.h"
#include "app/panels/probespanel.h"
#include "app/panels/promptpanel.h"
#include "app/panels/toolpanel.h"
#include "app/results.h"
#include "app/wording.h"
#include "engine/session/fidelity.h"
#include "widgets/colorbar.h"
#include "widgets/heatmapview.h"
#include "widgets/jobbar.h"
#include "widgets/livestrip.h"
#include "widgets/messagebar.h"
#include "widgets/numbers.h"
#include "widgets/probepanel.h"
#include "widgets/rowplot.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/tokenstrip.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <limits>

namespace app {

using engine::Grid;
using engine::LaneIndex;
using engine::TokenPos;

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("presenter", text);
}

QString text(std::string_view from)
{
    return QString::fromUtf8(from.data(), qsizetype(from.size()));
}

// A number of one digit (or 1.5, 2.5) at or above a value, so that ranges of neighbouring heads look alike.
double roundedUp(double value)
{
    if (!(value > 0))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double digit : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (digit * power >= value * (1 - 1e-9))
            return digit * power;
    return 10 * power;
}

widgets::Scale scaleNamed(const std::string& name)
{
    return name == "log" ? widgets::Scale::Log : name == "linear" ? widgets::Scale::Linear : widgets::Scale::Root;
}

// Rows after the step have not been reached: not a number, so that they are hatched and the map keeps its place.
Grid upTo(const Grid& grid, int rows)
{
    if (rows >= grid.rows())
        return grid;
    std::vector<float> cells(std::size_t(grid.rows()) * std::size_t(grid.cols()),
                             std::numeric_limits<float>::quiet_NaN());
    for (int row = 0; row < rows; ++row)
        std::copy_n(grid.row(row).begin(), grid.cols(), cells.begin() + std::ptrdiff_t(row) * grid.cols());
    return {std::move(cells), grid.rows(), grid.cols()};
}

widgets::GridShape shapeOf(const HeadLook& look)
{
    return look.layer->context.shape.causal ? widgets::GridShape::LowerTriangle : widgets::GridShape::Full;
}

// One label per cell of a picture: that of its first token.
QStringList axisLabels(const HeadLook& look)
{
    const QStringList all = tokenLabels(*look.layer->exact->sequence);
    QStringList labels;
    for (int token = 0; token < look.map.tokens; token += std::max(1, look.map.reduction))
        labels << all.value(token);
    return labels;
}

// float32 sums of up to thousands of weights agree to about 1e-5; the reference to the last digits.
bool proved(const HeadLook& look)
{
    return look.proof <= (look.layer->backend == engine::Backend::OpenCl ? 1e-4 : 1e-5);
}

widgets::MapHeading headingOf(const HeadLook& look)
{
    const LayerAttention& layer = *look.layer;
    widgets::MapHeading heading;
    heading.method = identityOf(layer.context.plan.shown());
    heading.name = heading.method->title;
    if (layer.fidelity != engine::Fidelity::Reference)
        heading.label = fidelityText(layer.fidelity);
    heading.proof = look.proof;
    heading.proved = proved(look);
    return heading;
}

} // namespace

const HeadLook* Presenter::look(int lane) const
{
    return m_document.lane({lane}).look.get();
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
                        labels.empty()};
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
    m_window.attention().heading().setWords(
        tr("layer %1, head %2").arg(selection.layer.value + 1).arg(selection.head.value + 1));
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
    const auto& other = m_document.lane(comparedLane).run;
    // A run over a beginning of this text keeps its numbers until the next one is there.
    const auto lossAt = [&](const std::shared_ptr<const LaneRun>& run, std::size_t place) {
        const bool same = run && place < run->losses.size() && place < run->sequence->ids.size() &&
                          run->sequence->ids[place] == sequence->ids[place];
        return same ? run->losses[place] : std::numeric_limits<float>::quiet_NaN();
    };
    std::vector<widgets::TokenChip> chips;
    for (std::size_t place = 0; place < sequence->ids.size(); ++place) {
        widgets::TokenChip chip;
        chip.text = tokenLabel(sequence->pieces[place]);
        chip.special = sequence->special[place];
        chip.tint = lossAt(exact, place);
        chip.change = lossAt(other, place) - chip.tint;
        chips.push_back(std::move(chip));
    }
    m_window.tokens().setTokens(std::move(chips));
    const QString method = titleOf(m_document.state().lanes[1].everywhere.shown());
    m_window.tokens().setLegend({tr("tint: loss of the exact model"), tr("%1 predicts worse").arg(method), tr("better"),
                                 tr("0 – 6 nats"), 6, 2});
    m_window.tokens().setCursor(m_document.lastRow() + 1);
}

void Presenter::showMap(int place, const HeadLook& look, const engine::MapPicture& picture)
{
    widgets::HeatmapView& map = m_window.attention().maps().map(place);
    const QStringList labels = axisLabels(look);
    map.setAxes({tr("query"), tr("key"), labels, labels, place == 0});
    map.setPairShown(place == 0);
    map.setGrid(upTo(picture.cells, m_document.lastRow() / std::max(1, picture.reduction) + 1), shapeOf(look));
}

std::optional<std::pair<double, double>> Presenter::rangesShown() const
{
    const HeadLook* exact = look(exactLane.value);
    const HeadLook* other = look(comparedLane.value);
    if (exact == nullptr)
        return std::nullopt;
    const ViewLayout& layout = m_document.state().layout;
    const float high = std::max(exact->mapHigh, other != nullptr ? other->mapHigh : 0.0F);
    const float difference = other != nullptr ? other->differenceHigh : 0.0F;
    return std::pair{layout.mapHigh.value_or(roundedUp(high)), layout.differenceHigh.value_or(roundedUp(difference))};
}

void Presenter::showMaps()
{
    MapsRow& maps = m_window.attention().maps();
    const ViewLayout& layout = m_document.state().layout;
    const HeadLook* exact = look(exactLane.value);
    const HeadLook* other = look(comparedLane.value);
    if (exact == nullptr)
        return;
    const bool together = other != nullptr && other->layer->exact == exact->layer->exact &&
                          other->layer->layer == exact->layer->layer && other->head == exact->head;
    if (other != nullptr && !together)
        return; // the old pictures stay until all the new ones are there
    const widgets::Scale scale = scaleNamed(layout.mapScale);
    const auto [high, differenceHigh] = rangesShown().value();
    const widgets::ColorScale shared{scale, 0, high, false};
    showMap(0, *exact, exact->map);
    maps.map(0).setHeading(headingOf(*exact));
    maps.map(0).setScale(shared);
    std::vector<Grid> grids{exact->map.cells};
    constexpr int bins = 64;
    if (other != nullptr) {
        showMap(1, *other, other->map);
        maps.map(1).setHeading(headingOf(*other));
        maps.map(1).setScale(shared);
        grids.push_back(other->map.cells);
        const widgets::ColorScale signedScale{scale, 0, differenceHigh, true};
        showMap(2, *other, other->difference);
        widgets::MapHeading minus = headingOf(*other);
        minus.minus = headingOf(*exact).method;
        minus.name = tr("difference");
        minus.label = tr("signed");
        minus.proof.reset();
        maps.map(2).setHeading(minus);
        maps.map(2).setScale(signedScale);
        maps.differenceBar().setScale(signedScale);
        const std::vector<Grid> differences{other->difference.cells};
        maps.differenceBar().setHistogram(histogramOf(differences, shapeOf(*other), signedScale, bins));
        maps.differenceBar().setEnds(tr("← exact gives more"), tr("%1 gives more →").arg(headingOf(*other).name));
    }
    maps.sharedBar().setScale(shared);
    maps.sharedBar().setTitle(tr("attention weight, one range for both maps"));
    maps.sharedBar().setHistogram(histogramOf(grids, shapeOf(*exact), shared, bins));
    maps.arrange();
    const int chosen = int(scale);
    m_window.attention().scale().setCurrent(chosen);
    m_window.compactScale().setCurrent(chosen);
}

void Presenter::showMarks()
{
    const Selection& selection = m_document.state().selection;
    const HeadLook* exact = look(exactLane.value);
    const int reduction = exact != nullptr ? std::max(1, exact->map.reduction) : 1;
    const auto cellOf = [&](std::optional<TokenPos> query,
                            std::optional<TokenPos> key) -> std::optional<widgets::Cell> {
        if (!query || !key)
            return std::nullopt;
        return widgets::Cell{query->value / reduction, key->value / reduction};
    };
    const auto valueOf = [](std::optional<TokenPos> place) {
        return place ? std::optional<int>(place->value) : std::nullopt;
    };
    const auto pinned = cellOf(selection.query, selection.key);
    const auto hovered = cellOf(m_document.hoveredQuery(), m_document.hoveredKey());
    for (int place = 0; place < 3; ++place)
        m_window.attention().maps().map(place).setMarked(pinned, hovered);
    m_window.attention().row().setMarked(valueOf(selection.key), valueOf(m_document.hoveredKey()));
    m_window.tokens().setMarked(valueOf(selection.query), valueOf(selection.key), valueOf(m_document.hoveredQuery()));
}

void Presenter::showSentence()
{
    const auto& rows = m_document.lane(comparedLane).rows;
    if (!rows)
        return;
    m_window.attention().sentence().setRuns(sentenceOf(*rows));
    m_window.attention().sentence().setSecond(conditionsOf(*rows, deviceText(m_document.device())));
}

void Presenter::showRow()
{
    const auto& exact = m_document.lane(exactLane).row;
    if (!exact)
        return;
    widgets::RowValue value;
    const Sequence& sequence = *exact->look->layer->exact->sequence;
    const int query = exact->query.value;
    value.keys = tokenLabels(sequence);
    value.subtitle = tr("where ‘%1’ looks, query %2").arg(value.keys.value(query)).arg(query + 1);
    const bool causal = exact->look->layer->context.shape.causal;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& row = m_document.lane({lane}).row;
        if (!row || row->query != exact->query || row->look->layer->exact != exact->look->layer->exact ||
            row->look->head != exact->look->head || row->look->layer->layer != exact->look->layer->layer)
            continue;
        const auto weights = row->weights.row(0);
        const std::size_t count = causal ? std::size_t(query) + 1 : weights.size();
        value.series.push_back({identityOf(row->look->layer->context.plan.shown()),
                                std::vector<float>(weights.begin(), weights.begin() + std::ptrdiff_t(count))});
    }
    m_window.attention().row().setRow(std::move(value));
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
    const engine::SessionPlan& plan = m_document.state().lanes[std::size_t(comparedLane.value)];
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
    form.idea = text(info.idea);
    if (const HeadLook* other = look(comparedLane.value);
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

void Presenter::showProbe()
{
    const std::string& id = m_document.state().layout.probe;
    const Selection& selection = m_document.state().selection;
    for (int lane = 0; lane < m_document.laneCount(); ++lane) {
        const auto& layer = m_document.lane({lane}).probes;
        if (!layer)
            continue;
        const engine::MethodInfo& info = engine::findMethod(layer->context.plan.shown().method).info;
        const auto spec = std::find_if(info.probes.begin(), info.probes.end(),
                                       [&](const engine::ProbeSpec& each) { return each.id == id; });
        if (spec == info.probes.end())
            continue;
        widgets::ProbeValue value;
        value.spec = *spec;
        value.method = widgets::identityOf(info);
        value.grid = probeGrid(*layer, *spec, selection.head, {m_document.lastRow()});
        const QStringList tokens = tokenLabels(*layer->exact->sequence);
        if (spec->rows == engine::Axis::Token)
            value.rows = tokens;
        if (spec->cols == engine::Axis::Token)
            value.cols = tokens;
        if (spec->perHead && value.grid.cols() == 1)
            value.cols = QStringList{tr("head %1").arg(selection.head.value + 1)};
        m_window.probes().probe().setProbe(value);
        m_window.probes().probe().setRow(selection.query ? selection.query->value : m_document.lastRow());
        return;
    }
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
    widgets::ThemeSource::instance().set(layout.dark, layout.scale);
}

void Presenter::showTab()
{
    m_window.setTab(QString::fromStdString(m_document.state().layout.tab));
}

} // namespace app
