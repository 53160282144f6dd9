// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/fidelity.h"

#include "engine/methods/method.h"

namespace engine {

Fidelity attentionFidelity(const Model& model, const SessionPlan& plan, LayerIndex layer)
{
    const LayerPlan& chosen = plan.of(layer);
    if (chosen.attention.method == baseline)
        return Fidelity::Reference;
    const Checkpoint& checkpoint = model.checkpoint();
    if (checkpoint.hasNative && checkpoint.native.of(layer).attention.method == chosen.attention.method)
        return Fidelity::Trained;
    const Method& method = findMethod(chosen.attention.method);
    if (method.needsPrepare != nullptr && method.needsPrepare(chosen))
        return Fidelity::Calibrated;
    return Fidelity::DropIn;
}

} // namespace engine
