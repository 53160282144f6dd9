// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/document.h"

#include "app/results.h"

#include <algorithm>
#include <utility>

namespace app {

namespace {

using engine::LaneIndex;

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
    if (m_state.lanes.empty())
        m_state.lanes.resize(1);
    note();
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

LaneIndex Document::comparedLane() const
{
    const int wanted = m_state.selection.lane.value;
    return {wanted > 0 && wanted < laneCount() ? wanted : std::min(1, laneCount() - 1)};
}

int Document::lastRow() const
{
    const int newest = tokenCount() - 1;
    return m_state.selection.step ? std::min(m_state.selection.step->value, newest) : newest;
}

void Document::setModel(std::shared_ptr<const engine::Model> model, std::vector<Prompt> prompts)
{
    if (!assign(m_model, std::move(model)))
        return;
    m_prompts = std::move(prompts);
    if (m_state.prompt.empty() && m_model && m_model->tokenizer() != nullptr)
        m_state.prompt = startPrompt(m_prompts);
    // What was found belongs to the model before this one; the views keep drawing it until they are given something.
    m_lanes.clear();
    m_studies.clear();
    m_explained.reset();
    m_sequence.reset();
    m_opened = {m_state.checkpoint, m_state.tokenizer};
    emit modelChanged();
    keepInside();
}

void Document::setSequence(std::shared_ptr<const Sequence> sequence)
{
    if (!assign(m_sequence, std::move(sequence)))
        return;
    emit sequenceChanged();
    keepInside();
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
