// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/passkeygrid.h"
#include "engine/model/model.h"
#include "engine/values/study.h"

#include <memory>
#include <string>
#include <vector>

namespace app {

// What a lane's plan answered to the passkeys it was asked for.
struct PasskeyResult
{
    std::shared_ptr<const engine::Model> model;
    engine::SessionPlan plan;
    engine::LayerIndex layer; // whose method names it
    engine::PasskeyRequest request;
    std::vector<engine::PasskeyCell> cells;
};

inline constexpr std::string_view passkeyPanelId = "passkey";

// Lengths down, depths across, a map for each state of the memory; cells that need no memory have a cut corner. `now`:
// the plan that runs, said where it is another one.
engine::Panel passkeyPanel(const PasskeyResult& result, const engine::SessionPlan& now, int row);

// Multiplications and additions that asking takes, at most, from the shapes and the methods' own formulas: linear
// layers as the plan runs them, attention, and the classifier where a token is foretold. The model has a tokenizer.
double passkeyOperations(const engine::Model& model, const engine::SessionPlan& plan,
                         const engine::PasskeyRequest& request);

} // namespace app
