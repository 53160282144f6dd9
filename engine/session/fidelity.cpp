// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/fidelity.h"

#include "engine/methods/method.h"

namespace engine {

Fidelity attentionFidelity(const Model& model, const SessionPlan& plan, LayerIndex layer)
{
    const LayerPlan& chosen = plan.of(layer);
    const Checkpoint& checkpoint = model.checkpoint();
    const LayerPlan native = checkpoint.hasNative ? checkpoint.native.of(layer) : LayerPlan{};
    const auto labelOf = [&](const Part& part, const Part& trained) {
        if (part.method == baseline)
            return Fidelity::Reference;
        const Method& method = findMethod(part.method);
        const bool fitted = method.needsPrepare != nullptr && method.needsPrepare(chosen);
        if (trained.method == part.method && !fitted)
            return checkpoint.calibration.empty() ? Fidelity::Trained : Fidelity::Calibrated;
        return fitted ? Fidelity::Calibrated : Fidelity::DropIn;
    };
    const Fidelity attention = labelOf(chosen.attention, native.attention);
    return attention != Fidelity::Reference ? attention : labelOf(chosen.linear, native.linear);
}

} // namespace engine
