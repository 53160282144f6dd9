// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace engine {

enum class Axis
{
    Token,
    Layer,
    Head,
    Feature,
    Bucket,
    Segment,
    Unit
}; // views that share an axis are linked
enum class Look
{
    Heatmap,
    Bars,
    Curve,
    Number
};

// Where a number comes from; kept with every number and said on screen.
enum class Provenance
{
    Measured,
    Computed,
    Reconstructed,
    Predicted,
    Illustrative
};

std::string_view nameOf(Provenance provenance);

// Something a method (or the model itself) can show: a fixed place in the run, e.g. "method.denominator".
struct ProbeSpec
{
    std::string_view id, title, help;
    std::string_view tab; // probes of one tab are laid out together; empty: the Probes tab only
    Look look = Look::Heatmap;
    Axis rows = Axis::Token, cols = Axis::Feature;
    Provenance provenance = Provenance::Computed;
    bool perHead = false; // the record's columns are heads side by side: columns / heads belong to one head
};

} // namespace engine
