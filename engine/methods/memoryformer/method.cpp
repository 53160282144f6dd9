// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/embedded.h"
#include "engine/methods/memoryformer/apply.h"
#include "engine/methods/memoryformer/cost.h"
#include "engine/methods/memoryformer/device.h"
#include "engine/methods/memoryformer/prepare.h"
#include "engine/methods/memoryformer/reference.h"
#include "engine/methods/memoryformer/study.h"

namespace engine::memoryformer {
namespace {

std::vector<ProbeSpec> probeSpecs()
{
    std::vector<ProbeSpec> all;
    const auto add = [&](Weight first, std::string_view codes, std::string_view scales) {
        all.push_back({codesProbe(first), codes,
                       "The row that every table gives to a token, by the signs of the token's chunk, the first sign "
                       "as the highest bit.",
                       "buckets", Look::Heatmap, Axis::Token, Axis::Bucket, Provenance::Computed, false});
        all.push_back({scalesProbe(first), scales, "The factor w(z) on the picked row of every table.", "buckets",
                       Look::Heatmap, Axis::Token, Axis::Bucket, Provenance::Computed, false});
    };
    add(Weight::Query, "Rows picked for query, key, value", "Weights for query, key, value");
    add(Weight::Output, "Rows picked for output", "Weights for output");
    add(Weight::Up, "Rows picked for the feed-forward's first layer", "Weights for the feed-forward's first layer");
    add(Weight::Down, "Rows picked for the feed-forward's second layer", "Weights for the feed-forward's second layer");
    return all;
}

Method makeRow()
{
    Method method;
    method.info = {"memoryformer",
                   "MemoryFormer",
                   "Signs of the input pick rows of tables; their sum stands in for a matrix product.",
                   "Ding et al.: MemoryFormer, NeurIPS 2024, arXiv 2411.12992",
                   knobs(),
                   probeSpecs(),
                   embedded("methods/memoryformer/about.md"),
                   0xE69F00,
                   0x946200,
                   0xF2BC4B,
                   Dash::LongDash,
                   Marker::Star,
                   true,
                   true,
                   tabs()};
    method.study = study;
    method.check = check;
    method.linear = reference;
    method.deviceLinear = makeDevice;
    method.prepare = prepare;
    method.prepareRecords = {probes::mixed, probes::feedForwardInput, probes::feedForwardHidden};
    method.needsPrepare = needsPrepare;
    method.fittedParts = fittedParts;
    method.apply = apply;
    method.linearCost = blockCost;
    method.randomLinear = makeRandom;
    return method;
}

} // namespace

const Method& row()
{
    static const Method method = makeRow();
    return method;
}

} // namespace engine::memoryformer
