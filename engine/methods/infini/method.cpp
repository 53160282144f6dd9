// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/embedded.h"
#include "engine/methods/infini/cost.h"
#include "engine/methods/infini/device.h"
#include "engine/methods/infini/knobs.h"
#include "engine/methods/infini/records.h"
#include "engine/methods/infini/reference.h"
#include "engine/methods/infini/study.h"

namespace engine::infini {
namespace {

Method makeRow()
{
    Method method;
    method.info = {"infini",
                   "Infini-attention",
                   "Exact attention inside a segment; everything before it is read from one matrix per head.",
                   "Munkhdalai, Faruqui, Gopal: Leave No Context Behind, 2024, arXiv 2404.07143",
                   knobs(),
                   probeSpecs(),
                   embedded("methods/infini/about.md"),
                   0xCC79A7,
                   0xB0528C,
                   0xE39AC4,
                   Dash::DashDot,
                   Marker::Diamond,
                   true,
                   true,
                   tabs()};
    // The branches too: another gate mixes them again.
    method.mapRecords = {"infini.denominator", "infini.lse", "infini.read", "infini.local"};
    method.check = check;
    method.attention = reference;
    method.weights = weights;
    method.deviceAttention = makeDevice;
    method.retold = retold;
    method.study = study;
    method.derive = derive;
    method.cost = cost;
    method.info.place = 3;
    return method;
}

} // namespace

const Method& row()
{
    static const Method method = makeRow();
    return method;
}

} // namespace engine::infini
