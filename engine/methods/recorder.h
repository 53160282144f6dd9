// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/queue.h"
#include "engine/model/matrix.h"
#include "engine/values/filter.h"
#include "engine/values/ownthread.h"
#include "engine/values/trace.h"

#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace engine {

// Collects what a run was asked to show. Two steps, wants() then keep(), so that what nobody looks at stays fused and
// unmaterialised. Used by one thread; take() and snapshot() give an immutable Trace.
class Recorder
{
public:
    explicit Recorder(TraceFilter filter = TraceFilter::nothing());

    bool wants(std::string_view probe, LayerIndex layer) const;
    bool wantsAny(std::initializer_list<std::string_view> probes, LayerIndex layer) const;

    // A series with one row per token: rows are appended to what the probe already holds for this layer and head
    // (`where.token` is ignored). Feeding token by token or whole gives the same series.
    void append(std::string_view probe, LayerIndex layer, const Matrix& rows,
                Provenance provenance = Provenance::Computed);
    void append(std::string_view probe, LayerIndex layer, const float* rows, int count, int cols,
                Provenance provenance = Provenance::Computed);
    // The same from a device: the read is enqueued at once on the in-order queue (scratch is reused by the next layer).
    void append(std::string_view probe, LayerIndex layer, const Buffer<float>& rows, int count, int cols, Queue& queue,
                Provenance provenance = Provenance::Computed);

    // A snapshot: a matrix of its own at a place.
    void keep(std::string_view probe, Where where, const Matrix& values, Provenance provenance = Provenance::Computed);
    void keep(std::string_view probe, Where where, const Buffer<float>& values, int rows, int cols, Queue& queue,
              Provenance provenance = Provenance::Computed);

    // What another run recorded, as it is.
    void put(const Trace::Record& record);

    // Finishes pending device reads (the queue must have been finished) and copies everything so far.
    std::shared_ptr<const Trace> snapshot() const;
    std::shared_ptr<const Trace> take(); // the same, and forgets it
    void clear();
    // Forgets what layers from `first` on and the whole model gave. The queue must have been finished.
    void forgetFrom(LayerIndex first);

private:
    struct Key
    {
        std::string probe;
        Where where;

        friend auto operator<=>(const Key&, const Key&) = default;
    };

    struct Chunk
    {
        std::vector<float> cells; // filled by a device read until the queue is finished
        int rows = 0;
    };

    struct Series
    {
        std::deque<Chunk> chunks; // a deque: pending reads point into its elements
        int cols = 0;
        bool closed = false; // the byte limit was reached: no later rows, or they would stand at the wrong token
        Provenance provenance = Provenance::Computed;
    };

    float* room(std::string_view probe, Where where, int rows, int cols, Provenance provenance);
    float* freshRoom(std::string_view probe, Where where, int rows, int cols, Provenance provenance);

    OwnThread m_thread;
    TraceFilter m_filter;
    std::map<Key, Series> m_series;
    std::size_t m_bytes = 0;
    bool m_truncated = false;
};

} // namespace engine
