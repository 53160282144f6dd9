// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/plan.h"

#include "app/cli/grammar.h"
#include "engine/methods/method.h"

#include <set>

using namespace engine;

namespace app::cli {
namespace {

// Puts the part into the plan, once for each place it takes.
void putOnce(LayerPlan& plan, const Part& part, std::set<std::string>& taken, const std::string& where)
{
    const Method& method = findMethod(part.method);
    for (const bool attention : {true, false}) {
        if (attention ? !replacesAttention(method) : !replacesLinear(method))
            continue;
        const std::string what = (attention ? "the attention of " : "the linear layers of ") + where;
        if (!taken.insert(what).second)
            throw Error(Fault::Request, what + " was given twice, the second time as '" + printSpec(part) + "'");
    }
    place(plan, part);
}

} // namespace

SessionPlan planFrom(const PlanText& text, const Model& model, Backend backend)
{
    SessionPlan plan;
    if (text.methods.empty() && model.checkpoint().hasNative)
        plan = nativePlan(model.checkpoint());
    plan.backend = backend;
    std::set<std::string> taken;
    for (const std::string& spec : text.methods)
        putOnce(plan.everywhere, parseSpec(spec), taken, "every layer");
    for (const std::string& item : text.layers) {
        const auto [layer, part] = parseLayer(item);
        if (layer.value >= model.config().layers)
            throw Error(Fault::Request, "layer " + std::to_string(layer.value) + ": " + model.checkpoint().name +
                                            " has layers 0 to " + std::to_string(model.config().layers - 1));
        LayerPlan& override = plan.overrides.try_emplace(layer, plan.everywhere).first->second;
        putOnce(override, part, taken, "layer " + std::to_string(layer.value));
    }
    return plan;
}

SessionPlan planWith(const Part& part, Backend backend)
{
    SessionPlan plan;
    plan.backend = backend;
    place(plan.everywhere, part);
    return plan;
}

} // namespace app::cli
