// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/peaks.h"
#include "engine/methods/method.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

// What every row computes with.
struct Bench
{
    engine::Device device{engine::Device::choose("")};
    engine::Queue queue{device};
    engine::DeviceBlocks blocks{device};
    engine::DeviceContext context{device, queue, blocks};
    engine::Job job;
};

// A peer or a file that is not on this machine.
struct Missing
{
    std::string why;
};

// One line of the table: a number that is measured anew in every round.
struct SpeedRow
{
    std::string work;
    std::optional<double> aim;
    std::string unit; // "of the peak", "x OpenBLAS", "us a token"
    bool atMost = false;
    std::function<double(Bench&)> measure; // throws Missing
};

std::vector<SpeedRow> speedRows();

} // namespace bench
