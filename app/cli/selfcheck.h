// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/machine.h"

#include <string>
#include <vector>

namespace app::cli {

// Several cases of one kind for one method. Errors are relative to the largest output; of all cases the one nearest to
// (or furthest beyond) its limit is kept.
struct Check
{
    std::string what, spec;
    int cases = 0;
    double error = 0, allowed = 0;
    std::string worst;

    Check(std::string whatIsChecked, std::string ofWhich)
        : what(std::move(whatIsChecked))
        , spec(std::move(ofWhich))
    {
    }

    bool passed() const { return cases > 0 && error <= allowed; }

    void add(double caseError, double caseAllowed, const std::string& name);
};

// Golden vectors on the reference and on the machine's device, then the device against the reference on shapes and
// inputs chosen to hurt, in every form of every method, and the map against the output (‖ÂV − Ô‖/‖Ô‖).
std::vector<Check> selfChecks(Machine& machine, engine::Job& job);

} // namespace app::cli
