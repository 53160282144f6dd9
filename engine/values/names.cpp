// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/plan.h"
#include "engine/values/probe.h"

namespace engine {

std::string_view nameOf(Provenance provenance)
{
    switch (provenance) {
    case Provenance::Measured:
        return "measured";
    case Provenance::Computed:
        return "computed";
    case Provenance::Reconstructed:
        return "reconstructed";
    case Provenance::Predicted:
        return "predicted";
    case Provenance::Illustrative:
        return "illustrative";
    }
    return "";
}

std::string_view nameOf(Fidelity fidelity)
{
    switch (fidelity) {
    case Fidelity::Reference:
        return "reference";
    case Fidelity::DropIn:
        return "DROP-IN";
    case Fidelity::Calibrated:
        return "CALIBRATED";
    case Fidelity::Trained:
        return "TRAINED";
    }
    return "";
}

} // namespace engine
