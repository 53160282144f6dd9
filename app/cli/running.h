// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/machine.h"
#include "engine/session/session.h"
#include "engine/values/filter.h"

#include <memory>
#include <span>
#include <vector>

namespace app::cli {

// A model on a machine, ready to make sessions.
class Runner
{
public:
    Runner(std::shared_ptr<const engine::Model> model, Machine& machine, engine::Job& job);

    const engine::Model& model() const { return *m_model; }

    Machine& machine() { return m_machine; }

    // What the plan's methods compute ahead of a run, fitted to `calibration` where they ask for it.
    engine::PreparedLayers prepare(const engine::SessionPlan& plan, std::span<const engine::TokenId> calibration);

    std::unique_ptr<engine::Session> session(const engine::SessionPlan& plan, const engine::PreparedLayers& prepared,
                                             std::size_t tokens);

    // Runs a whole sequence once and returns what the filter lets through. Throws Error{Memory} if that does not fit.
    std::shared_ptr<const engine::Trace> trace(const engine::SessionPlan& plan, const engine::PreparedLayers& prepared,
                                               std::span<const engine::TokenId> tokens, engine::TraceFilter filter);

private:
    std::shared_ptr<const engine::Model> m_model;
    Machine& m_machine;
    engine::Job& m_job;
    std::shared_ptr<const engine::DeviceModel> m_deviceModel;
};

// Throws Error{Memory} if the recorder had to leave something out.
void checkWhole(const engine::Trace& trace);

} // namespace app::cli
