// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/document.h"

#include "app/results.h"

#include <algorithm>
#include <utility>

namespace app {

namespace {

using engine::LaneIndex;
using engine::TokenPos;

// What a checkpoint without prompts of its own is started with.
constexpr const char* firstPrompt = "Once upon a time, a little girl named Lily lived in a small house with her mom, "
                                    "dad, and her dog Spot.";

// The pinned places of a selection moved into a model and a sequence of these sizes.
Selection clamped(Selection selection, const engine::Model* model, int tokens)
{
    if (model != nullptr) {
        selection.layer.value = std::clamp(selection.layer.value, 0, std::max(0, model->config().layers - 1));
        selection.head.value = std::clamp(selection.head.value, 0, std::max(0, model->config().heads - 1));
    }
    if (tokens > 0) {
        const auto inside = [tokens](std::optional<TokenPos>& place) {
            if (place && place->value >= tokens)
                place.reset();
        };
        inside(selection.query);
        inside(selection.key);
        if (selection.step && selection.step->value >= tokens - 1)
            selection.step.reset();
    }
    if (!selection.query)
        selection.key.reset();
    return selection;
}

Message messageOf(const engine::Error& error)
{
    Message message{QString::fromStdString(error.what()), {}, false, Message::Cure::None};
    switch (error.fault()) {
    case engine::Fault::File:
    case engine::Fault::Format:
    case engine::Fault::Shape:
        message.cure = Message::Cure::OpenOther;
        break;
    case engine::Fault::Device:
        message.cure = Message::Cure::UseReference;
        break;
    case engine::Fault::Internal:
        message.why = Document::tr("This is a defect of Subquad, not of your file.");
        break;
    case engine::Fault::Memory:
    case engine::Fault::Request:
        break;
    }
    return message;
}

} // namespace

Document::Document(DocumentState state, QObject* parent)
    : QObject(parent)
    , m_state(std::move(state))
{
}

template <typename T>
bool Document::assign(T& place, T value)
{
    if (place == value)
        return false;
    place = std::move(value);
    return true;
}

const LaneResults& Document::lane(LaneIndex lane) const
{
    static const LaneResults nothing;
    const auto found = m_lanes.find(lane);
    return found == m_lanes.end() ? nothing : found->second;
}

int Document::tokenCount() const
{
    return m_sequence ? int(m_sequence->ids.size()) : 0;
}

int Document::lastRow() const
{
    const int newest = tokenCount() - 1;
    return m_state.selection.step ? std::min(m_state.selection.step->value, newest) : newest;
}

void Document::open(const std::filesystem::path& checkpoint, const std::filesystem::path& tokenizer)
{
    // Opening the same path again reads the file again: it may have changed.
    m_state.checkpoint = checkpoint;
    m_state.tokenizer = tokenizer;
    m_state.generated = 0;
    setPlaying(false);
    emit checkpointChanged();
}

void Document::setPrompt(const std::string& prompt)
{
    if (m_state.prompt == prompt)
        return;
    m_state.prompt = prompt;
    m_state.generated = 0;
    setPlaying(false);
    Selection selection = m_state.selection;
    selection.step.reset();
    selection.query.reset();
    selection.key.reset();
    select(selection);
    emit promptChanged();
}

void Document::setGenerated(int count)
{
    if (assign(m_state.generated, std::max(0, count)))
        emit generatedChanged();
}

void Document::setPlan(LaneIndex lane, const engine::SessionPlan& plan)
{
    if (lane.value < 0 || lane.value >= laneCount())
        return;
    if (assign(m_state.lanes[std::size_t(lane.value)], plan))
        emit planChanged(lane);
}

void Document::setDeviceName(const std::string& name)
{
    if (assign(m_state.device, name))
        emit deviceNameChanged();
}

void Document::useReference(bool reference)
{
    for (int lane = 0; lane < laneCount(); ++lane) {
        engine::SessionPlan plan = m_state.lanes[std::size_t(lane)];
        plan.backend = reference ? engine::Backend::Reference : engine::Backend::OpenCl;
        setPlan({lane}, plan);
    }
}

void Document::select(const Selection& selection)
{
    if (assign(m_state.selection, clamped(selection, m_model.get(), tokenCount())))
        emit selectionChanged();
}

void Document::setLayout(const ViewLayout& layout)
{
    ViewLayout allowed = layout;
    allowed.scale = std::clamp(allowed.scale, 0.8, 3.0);
    if (assign(m_state.layout, allowed))
        emit layoutChanged();
}

void Document::setPlaying(bool playing)
{
    if (assign(m_playing, playing))
        emit playingChanged();
}

void Document::hover(std::optional<TokenPos> query, std::optional<TokenPos> key)
{
    const bool queryChanged = assign(m_hoveredQuery, query), keyChanged = assign(m_hoveredKey, key);
    if (queryChanged || keyChanged)
        emit hoverChanged();
}

void Document::pin(std::optional<TokenPos> query, std::optional<TokenPos> key)
{
    Selection selection = m_state.selection;
    selection.query = query;
    selection.key = key;
    if (query && selection.step && query->value > selection.step->value)
        selection.step = query;
    select(selection);
}

void Document::stepTo(int row)
{
    Selection selection = m_state.selection;
    if (row >= tokenCount() - 1)
        selection.step.reset();
    else
        selection.step = TokenPos{std::max(0, row)};
    select(selection);
}

void Document::stepForward()
{
    if (tokenCount() == 0)
        return;
    if (m_state.selection.step) {
        stepTo(lastRow() + 1);
        return;
    }
    // The next token is asked for once the one before it is there.
    if (m_sequence->promptCount + m_state.generated == tokenCount())
        setGenerated(m_state.generated + 1);
}

void Document::stepBack()
{
    if (lastRow() > 0)
        stepTo(lastRow() - 1);
}

void Document::stepFirst()
{
    stepTo(0);
}

void Document::stepLast()
{
    stepTo(tokenCount() - 1);
}

void Document::setModel(std::shared_ptr<const engine::Model> model, std::vector<Prompt> prompts)
{
    if (!assign(m_model, std::move(model)))
        return;
    m_prompts = std::move(prompts);
    if (m_state.prompt.empty() && m_model && m_model->tokenizer() != nullptr)
        m_state.prompt = m_prompts.empty() ? firstPrompt : m_prompts.front().text;
    // What was found belongs to the model before this one; the views keep drawing it until they are given something.
    m_lanes.clear();
    m_studies.clear();
    m_explained.reset();
    m_sequence.reset();
    emit modelChanged();
    select(m_state.selection);
}

void Document::setSequence(std::shared_ptr<const Sequence> sequence)
{
    if (!assign(m_sequence, std::move(sequence)))
        return;
    emit sequenceChanged();
    select(m_state.selection);
}

void Document::setRun(LaneIndex lane, std::shared_ptr<const LaneRun> run)
{
    if (assign(m_lanes[lane].run, std::move(run)))
        emit runChanged(lane);
}

void Document::setLook(LaneIndex lane, std::shared_ptr<const HeadLook> look)
{
    if (assign(m_lanes[lane].look, std::move(look)))
        emit lookChanged(lane);
}

void Document::setRows(LaneIndex lane, std::shared_ptr<const RowsMetrics> rows)
{
    if (assign(m_lanes[lane].rows, std::move(rows)))
        emit rowsChanged(lane);
}

void Document::setRow(LaneIndex lane, std::shared_ptr<const RowWeights> row)
{
    if (assign(m_lanes[lane].row, std::move(row)))
        emit rowChanged(lane);
}

void Document::setTiming(LaneIndex lane, std::shared_ptr<const LayerTiming> timing)
{
    if (assign(m_lanes[lane].timing, std::move(timing)))
        emit timingChanged(lane);
}

void Document::setProbes(LaneIndex lane, std::shared_ptr<const LayerAttention> probes)
{
    if (assign(m_lanes[lane].probes, std::move(probes)))
        emit probesChanged(lane);
}

void Document::setSweep(std::shared_ptr<const SweepResult> sweep)
{
    if (assign(m_sweep, std::move(sweep)))
        emit sweepChanged();
}

void Document::setPasses(std::shared_ptr<const PassSet> passes)
{
    if (assign(m_passes, std::move(passes)))
        emit passesChanged();
}

std::shared_ptr<const StudyResult> Document::study(std::string_view tab) const
{
    const auto found = m_studies.find(tab);
    return found == m_studies.end() ? nullptr : found->second;
}

void Document::setStudy(const std::string& tab, std::shared_ptr<const StudyResult> study)
{
    if (assign(m_studies[tab], std::move(study)))
        emit studyChanged(tab);
}

void Document::setExplained(std::shared_ptr<const ExplainResult> explained)
{
    if (assign(m_explained, std::move(explained)))
        emit explainedChanged();
}

void Document::setDevices(std::vector<engine::DeviceInfo> devices)
{
    if (assign(m_devices, std::move(devices)))
        emit devicesChanged();
}

void Document::setDevice(std::optional<engine::DeviceInfo> device)
{
    if (assign(m_device, std::move(device)))
        emit deviceChanged();
}

void Document::setJob(const JobStatus& job)
{
    const auto found =
        std::find_if(m_jobs.begin(), m_jobs.end(), [&](const JobStatus& each) { return each.id == job.id; });
    if (found == m_jobs.end())
        m_jobs.push_back(job);
    else if (!assign(*found, job))
        return;
    emit jobsChanged();
}

void Document::endJob(int id)
{
    if (std::erase_if(m_jobs, [id](const JobStatus& each) { return each.id == id; }) > 0)
        emit jobsChanged();
}

void Document::report(const engine::Error& error)
{
    setPlaying(false);
    setMessage(messageOf(error));
}

void Document::setMessage(std::optional<Message> message)
{
    if (assign(m_message, std::move(message)))
        emit messageChanged();
}

} // namespace app
