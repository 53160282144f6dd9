// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"
#include "engine/values/metrics.h"
#include "engine/values/timing.h"

#include <memory>
#include <optional>

namespace engine {

// Queries, keys and values without positions: [N, heads·d], [N, keyHeads·d], [N, keyHeads·d_v]; x [N, width] may be
// empty.
struct HeadTensors
{
    Grid query, key, value, x;

    int tokens() const { return query.rows(); }
};

// The q, k, v that a run recorded for a layer.
HeadTensors headTensors(const Trace& trace, LayerIndex layer);

// The same with the projections that the layer's plan replaces made anew from the layer's input, in float64: what its
// attention reads where everything before it is exact. Unchanged where the plan is dense or the input was not recorded.
HeadTensors projected(const HeadTensors& exact, const LayerContext& context);

// One method run over given q, k, v: the same call behind the window's maps, `apply`, `compare` and `bench`.
struct Attended
{
    // query_raw, key_raw, value, mixed and the method's records, in context.layer. May be the trace of a whole session:
    // maps, proof and metrics read the layer of the context they are given.
    std::shared_ptr<const Trace> trace;
    std::string form; // the form that ran
    Cost cost;
    std::size_t stateBytes = 0;
    std::optional<Timing> timing;             // where repeats were asked for
    std::shared_ptr<const Prepared> prepared; // what attend() fitted on its own input, where the context brought none

    Grid output() const; // [N, heads·d_v], of the first layer in the trace
};

struct AttendOptions
{
    int repeats = 0;         // timed runs after one warm-up; 0: run once, untimed
    bool everyProbe = false; // record all of the method's probes
    int feed = 0;            // tokens per append; 0: all at once
};

// `device` null: the float64 reference. A method that needs prepare() and finds nothing in the context is fitted on the
// given heads. Input is checked to be finite (Error{Request} with the first place that is
// not).
Attended attend(const HeadTensors& in, const LayerContext& context, DeviceContext* device, const AttendOptions& options,
                Job& job);

// What a run of a layer under `now` records, told from what one under `before` recorded (Method::retold); null where it
// has to be run.
std::shared_ptr<const Trace> retold(std::shared_ptr<const Trace> trace, const LayerContext& before,
                                    const LayerContext& now);

// A rectangle of the map; by the device where there is one.
Grid mapTile(const Attended& attended, const LayerContext& context, HeadIndex head, TokenRange queries, TokenRange keys,
             DeviceContext* device);

// A map made small enough to draw: cells of reduction × reduction hold their largest value (of largest magnitude, for
// signed maps).
struct MapPicture
{
    Grid cells;
    int tokens = 0;
    int reduction = 1;
    Provenance provenance = Provenance::Reconstructed;
};

MapPicture mapPicture(const Attended& attended, const LayerContext& context, HeadIndex head, int maxSide,
                      DeviceContext* device, Job& job);

// ‖ÂV − Ô‖/‖Ô‖ over one head, Â by tiles in float64 reduction; the reconstruction proof.
double proof(const Attended& attended, const LayerContext& context, HeadIndex head, DeviceContext* device, Job& job);

// The metrics of explorer.md §2.1 and the per-head ones of §2.2 for one head: exact against a method, from row tiles.
Metrics headMetrics(const Attended& exact, const LayerContext& exactContext, const Attended& other,
                    const LayerContext& otherContext, HeadIndex head, DeviceContext* device, Job& job);

} // namespace engine
