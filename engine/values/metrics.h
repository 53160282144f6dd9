// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace engine {

// One number of a comparison. Where it does not apply, `reason` says why and `value` means nothing: it is shown as n/a.
struct Metric
{
    std::string id; // of explorer.md §2: "tv", "kl", "topk@1", "out_rel", …
    double value = 0;
    std::string unit;   // "", "nats", "%"
    std::string reason; // not empty: n/a, and why
    double error = 0;   // standard error where one is defined, else 0
    std::string note;   // a caveat that is shown with the number: "of the row-normalised map"

    bool applies() const { return reason.empty(); }
};

using Metrics = std::vector<Metric>;

// The metric of an id; one that does not apply if it is missing.
Metric metricOf(const Metrics& metrics, const std::string& id);

} // namespace engine
