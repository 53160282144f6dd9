// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/queue.h"
#include "engine/model/matrix.h"
#include "engine/values/cost.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace engine {

// Sizes that methods/common/tiles.cl works in.
inline constexpr int queryPanel = 32; // QUERIES: queries of a work-group
inline constexpr int keyBlock = 64;   // KEYS: caches hold whole blocks of keys

constexpr int roundUp(int number, int step)
{
    return (number + step - 1) / step * step;
}

constexpr int panelsOf(int rows)
{
    return (rows + queryPanel - 1) / queryPanel;
}

// The kernels of a method with the shared tiles in front; those of `first` between them, where there are any.
KernelSource withTiles(std::string_view path, std::string_view first = {});

// D and DV, the widths that the tiles are built for.
Defines tileDefines(const LayerShape& shape);

// Replaces the buffer where it is too small; what it held is lost. Waits for the queue before it frees anything.
template <typename T>
void ensure(Buffer<T>& buffer, std::size_t count, Queue& queue, const char* what)
{
    if (buffer.count() >= count)
        return;
    queue.finish();
    buffer = {};
    buffer = Buffer<T>(queue.device(), count, what);
}

// Work of one launch, in operations: some 10 ms on two cores, so that a cancel or a second queue waits for no more than
// about 50 ms on a machine of a fifth of their speed.
inline constexpr double launchOperations = 2e9;

// How many of `pieces` equal pieces fit one launch.
inline int piecesOfLaunch(int pieces, double operationsEach)
{
    return std::clamp(int(launchOperations / std::max(operationsEach, 1.0)), 1, std::max(pieces, 1));
}

// `groups` work-groups of one item, in as many launches as their work asks for; the kernel's last argument is the
// first group of the launch.
template <KernelArg... Args>
void launchInPieces(Queue& queue, Kernel& kernel, int groups, double operationsEach, std::string_view label,
                    const Args&... args)
{
    const int most = piecesOfLaunch(groups, operationsEach);
    for (int first = 0; first < groups; first += most)
        queue.launch(kernel, Range::groups(std::size_t(std::min(most, groups - first))), label, args..., first);
}

// Rows in float, as recorded rows go to a device.
std::vector<float> rowsOf(const Matrix& rows);

// Rows transposed in panels of 16, [⌈rows/16⌉][cols][16], the last filled up with zeros: what score_panel reads.
std::vector<float> panelsOf16(const Matrix& rows);

} // namespace engine
