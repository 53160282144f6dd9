// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/running.h"

using namespace engine;

namespace app::cli {

Runner::Runner(std::shared_ptr<const Model> model, Machine& machine, Job& job)
    : m_model(std::move(model))
    , m_machine(machine)
    , m_job(job)
{
    if (machine.device() != nullptr)
        m_deviceModel = std::make_shared<const DeviceModel>(m_model, machine.device()->queue, job);
}

PreparedLayers Runner::prepare(const SessionPlan& plan, std::span<const TokenId> calibration)
{
    return prepareLayers(m_model, plan, calibration, m_machine.device(), m_deviceModel, m_job);
}

std::unique_ptr<Session> Runner::session(const SessionPlan& plan, const PreparedLayers& prepared, std::size_t tokens)
{
    return makeSession(m_model, plan, prepared, m_machine.device(), m_deviceModel, int(tokens), m_job);
}

std::shared_ptr<const Trace> Runner::trace(const SessionPlan& plan, const PreparedLayers& prepared,
                                           std::span<const TokenId> tokens, TraceFilter filter)
{
    filter.byteLimit = memoryLimit() / 4; // several traces are alive at a time
    Recorder recorder(std::move(filter));
    session(plan, prepared, tokens.size())->feed(tokens, recorder, m_job);
    auto trace = recorder.take();
    checkWhole(*trace);
    return trace;
}

void checkWhole(const Trace& trace)
{
    if (trace.truncated())
        throw Error(Fault::Memory, "what was asked to be recorded of this run is more than " +
                                       std::to_string(memoryLimit() / 4) + " bytes, a quarter of the memory limit");
}

} // namespace app::cli
