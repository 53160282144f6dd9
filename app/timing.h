// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/results.h"
#include "engine/measure/pass.h"
#include "engine/measure/sweep.h"

#include <string>
#include <vector>

namespace app {

// A sweep over lengths as far as it has come: immutable once handed to the Document.
struct SweepResult
{
    engine::SweepRequest request;
    std::vector<std::string> leftOut; // methods that were not timed, and why
    engine::Sweep sweep;
    engine::Backend backend = engine::Backend::Reference;
    std::string device;   // as it was asked for with --device; empty: the default one
    bool complete = true; // false: it runs, or was cancelled
    double seconds = 0;   // that it took
    std::string timeUtc;  // when it ended, ISO 8601
};

// Of some methods those that can be timed on a layer of a shape; of the others, why not, one sentence each.
struct Timeable
{
    std::vector<engine::Part> methods;
    std::vector<std::string> leftOut;
};

Timeable timeable(const std::vector<engine::Part>& asked, const engine::LayerShape& shape);

// Every method with its knobs as they are at first.
std::vector<engine::Part> everyMethod();

// One pass of every lane through the layer in view, taken apart.
struct PassSet
{
    struct Lane
    {
        std::shared_ptr<const LayerAttention> layer;
        engine::PassTimes times;
    };

    std::vector<Lane> lanes;
    engine::HeadIndex head;
};

// The row of a method's place at a length; null if it was not measured.
const engine::SweepRow* rowOf(const engine::Sweep& sweep, int place, int tokens);

// The lengths that were measured, ascending.
std::vector<int> lengthsOf(const engine::Sweep& sweep);

bool disturbed(const engine::Sweep& sweep);

// The `subquad bench` line that repeats a sweep.
std::string commandOf(const engine::SweepRequest& request, engine::Backend backend, const std::string& device);

// Lengths as the command line writes them: 64:4096:x2 where they are so, else 64,100,257.
std::string lengthsText(const std::vector<int>& lengths);

} // namespace app
