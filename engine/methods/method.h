// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/compute/queue.h"
#include "engine/jobs/job.h"
#include "engine/methods/recorder.h"
#include "engine/model/blocks.h"
#include "engine/model/deviceblocks.h"
#include "engine/model/devicemodel.h"
#include "engine/values/cost.h"
#include "engine/values/methodinfo.h"
#include "engine/values/plan.h"
#include "engine/values/study.h"
#include "engine/values/trace.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// What a layer's token mixing reads, in float64: q, k, v WITHOUT positions, per head [N, d], and the layer's normed
// input x [N, width] (empty where there is no model, as in `apply`).
struct LayerInput
{
    Matrix x;
    std::vector<Matrix> queries; // one per query head
    std::vector<Matrix> keys;    // one per key/value head
    std::vector<Matrix> values;  // one per key/value head
};

// What a method computes once per layer before a run: fitted temperatures, tables, a DCT. Immutable.
struct Prepared
{
    virtual ~Prepared() = default;
};

// Where a method runs and how it is set. References are borrowed for the call, or for the life of the DeviceAttention
// made with it.
struct LayerContext
{
    LayerShape shape;
    LayerIndex layer;
    Positions positions;                      // the method applies them where its paper does
    LayerPlan plan;                           // knobs and parameters, validated by check()
    const Prepared* prepared = nullptr;       // of the attention's method
    const Prepared* preparedLinear = nullptr; // of the linear layers' method, where it is another one
    const Model* model = nullptr;             // null in `apply` and `bench`
};

// A layer's recorded tensors and the method's own records, for map reconstruction, metrics and explanations.
class LayerTrace
{
public:
    LayerTrace(std::shared_ptr<const Trace> trace, LayerIndex layer, LayerShape shape, Positions positions);

    int tokens() const;

    const LayerShape& shape() const { return m_shape; }

    // Rows of one head in float64: before positions, and after them.
    Matrix queriesRaw(HeadIndex head, TokenRange rows) const;
    Matrix keysRaw(HeadIndex head, TokenRange rows) const;
    Matrix queries(HeadIndex head, TokenRange rows) const;
    Matrix keys(HeadIndex head, TokenRange rows) const; // of the key/value head that the query head reads
    Matrix values(HeadIndex head, TokenRange rows) const;
    Matrix mixed(HeadIndex head, TokenRange rows) const; // the fast path's output Ô

    // A method's own per-token record: columns belonging to `head` (cols / heads each). Throws Error{Internal} if it
    // was not recorded.
    Matrix record(std::string_view probe, HeadIndex head, TokenRange rows) const;

    const Trace& trace() const { return *m_trace; }

private:
    Matrix slice(std::string_view probe, int slot, int slots, TokenRange rows) const;

    std::shared_ptr<const Trace> m_trace;
    LayerIndex m_layer;
    LayerShape m_shape;
    Positions m_positions;
};

// What a worker thread computes with: one each.
struct DeviceContext
{
    Device& device;
    Queue& queue;
    DeviceBlocks& blocks;
};

// q, k, v of `count` new tokens on the device, before positions, [count, heads·d], [count, keyHeads·d], [count,
// keyHeads·d_v]; the first of them is token `first` of the sequence. `x` is the normed input [count, width], null where
// there is no model.
struct LayerRows
{
    const Buffer<float>& query;
    const Buffer<float>& key;
    const Buffer<float>& value;
    const Buffer<float>* x = nullptr;
    int first = 0;
    int count = 0;
};

// One layer's token mixing on a device; keeps what must survive from token to token. Used by one thread.
class DeviceAttention
{
public:
    virtual ~DeviceAttention() = default;
    // Appends tokens and writes their mixed rows [count, heads·d_v] to the front of `out`. Enqueues, does not wait. A
    // bidirectional layer (shape.causal false) is fed whole, once. Long work is split into launches of at most about 50
    // ms.
    virtual void append(const LayerRows& rows, Buffer<float>& out, DeviceContext& context, Recorder& recorder) = 0;
    virtual void reset(Queue& queue) = 0;

    // Takes another plan of its layer under which what it holds stays as it is (Method::retold gave a trace); false: it
    // cannot.
    virtual bool retake(const LayerContext&) { return false; }

    virtual std::size_t stateBytes() const = 0; // device memory held as state (caches, memories), scratch not counted

    virtual std::string form() const { return {}; } // the form that ran last: "direct", "recurrent", …
};

// A group of projections that read the same input (query, key, value share one hash in MemoryFormer).
class DeviceLinear
{
public:
    virtual ~DeviceLinear() = default;
    // One output per weight of the group, [rows, out]. With `accumulate` results are added (residual).
    virtual void apply(const Buffer<float>& x, int rows, std::span<Buffer<float>* const> out, bool accumulate,
                       DeviceContext& context, Recorder& recorder) = 0;

    // The group's weights where it is nothing but their products, so that a session may take them into a launch with
    // what stands around them; empty: it is more.
    virtual std::span<const PackedWeight* const> products() const { return {}; }

    virtual std::size_t stateBytes() const = 0;
};

// What prepare() may read: the exact model's trace over a calibration text (its own prompt, or a file).
struct PrepareInput
{
    const LayerContext& context;
    std::shared_ptr<const Trace> exact; // has query_raw, key_raw, value, input of this layer, and prepareRecords
    int tokens = 0;
    std::string textHash = {}; // SHA-256 of the text's token ids, hex; empty where the input is no text
};

// What study() may read. References are borrowed for the call.
struct StudyInput
{
    const LayerTrace& trace; // this method over the exact run's q, k, v of the layer, every probe recorded
    const LayerContext& context;
    HeadIndex head;
    TokenPos query, key; // the picked cell
    KnobValues controls; // of the tab; presets where none is given
    // The exact method's weights of the same head, any rectangle.
    std::function<Matrix(TokenRange queries, TokenRange keys)> exactWeights;
    const SessionPlan& plan; // of the whole lane
    const Trace& exactRun;   // the exact model's run over the sequence: mapFilter's records of every layer
    const Trace& ownRun;     // the same of the lane under its plan
    std::span<const float> exactLosses, ownLosses; // nats per token of the two runs; NaN for the first
    std::span<const TokenId> tokens = {};          // of the sequence; empty where there is no text
    // The lane's run under the same plan over the prompt as it was before its last edit; null where there was none.
    const Trace* before = nullptr;
    std::span<const TokenId> tokensBefore = {};
};

// A tensor that `apply` reads or writes, row after row: numbers, or whole numbers.
struct PlainTensor
{
    std::vector<std::size_t> shape;
    std::vector<float> numbers;
    std::vector<std::int32_t> whole; // instead of `numbers`
};

using PlainTensors = std::map<std::string, PlainTensor, std::less<>>;

// What prepare() fitted, to be saved and to be told: tensors as a native checkpoint names them ("query.tables"), a
// table of how well they fit, and how many tokens at the end of the text were held out.
struct FittedParts
{
    PlainTensors parameters;
    TableBody report;
    int heldOut = 0;
};

// A method is a row of functions. A row without an attention of its own takes the baseline's (with its map, kernels and
// map records), a row without a linear part the baseline's. A null that stays is honest: this method has no device
// kernels, no map or no kernel function, and whoever calls it says so.
struct Method
{
    MethodInfo info;

    // Probes that map reconstruction needs in the trace, besides query_raw, key_raw, value and mixed.
    std::vector<std::string_view> mapRecords;

    // Refuses knobs, parameters and shapes that do not go together: throws Error{Request}. Null: nothing to check.
    void (*check)(const LayerContext&) = nullptr;

    // The method as the paper writes it: double precision, the whole sequence, no state. Mixed rows [N, heads·d_v].
    Matrix (*attention)(const LayerInput&, const LayerContext&, Recorder&) = nullptr;
    // The projections of one group, [N, out] each.
    std::vector<Matrix> (*linear)(const Matrix& x, std::span<const Weight> which, const LayerContext&,
                                  Recorder&) = nullptr;

    // Any rectangle of the map this method implies, [queries.count, keys.count], from what the trace kept; cells after
    // the query are 0 in a causal layer.
    Matrix (*weights)(const LayerTrace&, HeadIndex, TokenRange queries, TokenRange keys, const LayerContext&) = nullptr;
    // The same on a device, into `tile` (row after row, at least queries.count·keys.count). Enqueues, does not wait.
    void (*deviceWeights)(const LayerTrace&, HeadIndex, TokenRange queries, TokenRange keys, const LayerContext&,
                          Buffer<float>& tile, DeviceContext&) = nullptr;

    // Whether a weight depends on nothing but its query's and its key's rows (with their positions) and the query's own
    // map records: then single cells of a long map can be had without the tokens between them. Null: it does not.
    bool (*pairwise)(const LayerContext&) = nullptr;

    // The method as it is meant to run; `expectedTokens` is how long the sequence will become (0: unknown).
    std::unique_ptr<DeviceAttention> (*deviceAttention)(const LayerContext&, DeviceContext&,
                                                        int expectedTokens) = nullptr;
    std::unique_ptr<DeviceLinear> (*deviceLinear)(std::span<const Weight> which, const LayerContext&,
                                                  const DeviceModel&, DeviceContext&) = nullptr;

    // One projection of random numbers, to be timed. Null: the method replaces none, or has no kernels.
    std::unique_ptr<DeviceLinear> (*randomLinear)(int width, int outputs, const KnobValues&, std::uint64_t seed,
                                                  DeviceContext&) = nullptr;

    // Long work before a run; returns null when the plan asks for none. Null function: never any.
    std::unique_ptr<const Prepared> (*prepare)(const PrepareInput&, Job&) = nullptr;
    // What prepare() reads of the exact run besides query_raw, key_raw, value and input.
    std::vector<std::string_view> prepareRecords;
    // Whether this plan needs prepare() (and so is CALIBRATED).
    bool (*needsPrepare)(const LayerPlan&) = nullptr;

    // What a run of the layer under `now` records, from what the run under `before` recorded, where that is enough: a
    // gate weighs branches that stay. Null: the layer has to be run again.
    std::shared_ptr<const Trace> (*retold)(const LayerTrace&, const LayerContext& before,
                                           const LayerContext& now) = nullptr;

    // Weight of a key by its score before the row's sum (exp for softmax).
    double (*kernel)(double score, const KnobValues&) = nullptr;

    // What a tab of info.tabs shows at a selection. Long work reports progress and can be cancelled.
    Study (*study)(std::string_view tab, const StudyInput&, Job&) = nullptr;

    // How the weight of one cell comes about, line by line with live numbers; the last line is the weight itself.
    Derivation (*derive)(const LayerTrace&, HeadIndex, TokenPos query, TokenPos key, const LayerContext&) = nullptr;

    // The method on named tensors from anywhere, where its input is not q, k and v (explorer.md §5.5); null: it is.
    // Throws Error{Request|Shape|Memory} that names the tensor. `device` null: the float64 reference.
    PlainTensors (*apply)(const PlainTensors& in, const KnobValues&, DeviceContext* device, Job&) = nullptr;

    FittedParts (*fittedParts)(const Prepared&) = nullptr;

    // Predicted cost of a block's linear layers. Null: the method replaces none.
    LinearCost (*linearCost)(const BlockShape&, const KnobValues&, int tokens) = nullptr;

    // Predicted cost of one pass over `tokens` tokens, and the form that would run.
    Cost (*cost)(const LayerShape&, const KnobValues&, int tokens) = nullptr;
};

// All rows by their place, then by folder name, completed from the baseline's.
std::span<const Method> methods();

// Throws Error{Request} that lists the known ids.
const Method& findMethod(std::string_view id);

// Which part of a layer a row names: the baseline's is attention, which it leaves to no other.
bool replacesAttention(const Method& method);
bool replacesLinear(const Method& method);

// Puts a part into the places of a layer's plan that its method replaces.
void place(LayerPlan& plan, const Part& part);

// What a native checkpoint asks for, its knobs read with the methods' descriptions. Throws Error{Request} for a method
// or knob that is not known.
SessionPlan nativePlan(const Checkpoint& checkpoint);

// Checks a part's knobs against the method's description (unknown knob, wrong type or range: Error{Request}), then
// method.check.
void checkPlan(const LayerContext& context);

} // namespace engine
