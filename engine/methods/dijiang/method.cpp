// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/embedded.h"
#include "engine/methods/dijiang/device.h"
#include "engine/methods/dijiang/featuremap.h"
#include "engine/methods/dijiang/knobs.h"
#include "engine/methods/dijiang/reference.h"
#include "engine/methods/dijiang/subject.h"

namespace engine::dijiang {
namespace {

std::vector<ProbeSpec> probeSpecs()
{
    return {
        {"dijiang.lse", "Log of the row's sum", "ln Σ over the keys of γ^(i−j) φ(q)·φ(k): what a row is divided by.",
         "", Look::Curve, Axis::Token, Axis::Head, Provenance::Computed, true},
        {"dijiang.query_spectrum", "Spectrum of queries",
         "The DCT of every rotated query: one signed number a frequency.", "spectrum", Look::Heatmap, Axis::Token,
         Axis::Feature, Provenance::Computed, true},
        {"dijiang.key_spectrum", "Spectrum of keys",
         "The DCT of every rotated key, of the key head that a query head reads.", "spectrum", Look::Heatmap,
         Axis::Token, Axis::Feature, Provenance::Computed, true},
        {"dijiang.query_logs", "Exponents of queries",
         "ln φ(q): the features before the exponential, weights included.", "spectrum", Look::Heatmap, Axis::Token,
         Axis::Feature, Provenance::Computed, true},
        {"dijiang.key_logs", "Exponents of keys", "ln φ(k): the features before the exponential, weights included.",
         "spectrum", Look::Heatmap, Axis::Token, Axis::Feature, Provenance::Computed, true},
        {"dijiang.radii", "Radii t", "Each row of the map is multiplied by one; a line per key head.", "spectrum",
         Look::Bars, Axis::Head, Axis::Feature, Provenance::Computed, false},
        {"dijiang.decay", "Decay γ", "What a key keeps of its weight per token, one per key head.", "spectrum",
         Look::Bars, Axis::Unit, Axis::Head, Provenance::Computed, false},
        {"dijiang.state", "State",
         "z and S after the last token: the sums of φ(k) and of φ(k)vᵀ, a row per feature, the first column z where "
         "rows "
         "are divided.",
         "spectrum", Look::Heatmap, Axis::Feature, Axis::Unit, Provenance::Computed, false},
        {"dijiang.sums", "Sums before the norm",
         "The mixed rows before GroupNorm and gate: weights × values. Recorded where either follows.", "",
         Look::Heatmap, Axis::Token, Axis::Feature, Provenance::Computed, true},
    };
}

Method makeRow()
{
    Method method;
    method.info = {
        "dijiang",
        "DiJiang",
        "Queries and keys go through a cosine transform and an exponential, so that keys can be summed before "
        "queries come.",
        "Chen et al.: DiJiang, ICML 2024, arXiv 2403.19928",
        knobs(),
        probeSpecs(),
        embedded("methods/dijiang/about.md"),
        0x009E73,
        0x008560,
        0x3CC79C,
        Dash::Dotted,
        Marker::Square,
        true,
        true};
    method.info.tabs = {tab()};
    method.mapRecords = {"dijiang.lse"};
    method.check = check;
    method.attention = reference;
    method.weights = weights;
    method.deviceAttention = makeDevice;
    method.deviceWeights = deviceWeights;
    method.study = study;
    method.derive = derive;
    method.cost = cost;
    return method;
}

} // namespace

const Method& row()
{
    static const Method method = makeRow();
    return method;
}

} // namespace engine::dijiang
