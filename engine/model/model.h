// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/checkpoint.h"
#include "engine/model/tokenizer.h"
#include "engine/values/modelconfig.h"
#include "engine/values/plan.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace engine {

enum class Weight
{
    Embedding,
    AttentionNorm,
    Query,
    Key,
    Value,
    Output,
    FeedForwardNorm,
    Gate,
    Up,
    InnerNorm, // of FeedForwardKind::Memory
    InnerNormBias,
    Down,
    FinalNorm,
    Classifier
};

std::string_view nameOf(Weight which); // "query", as in the canonical tensor names

// Rows and columns of a weight: [out, in] for a linear layer, [1, n] for a norm.
struct WeightShape
{
    int rows = 0, cols = 0;

    bool operator==(const WeightShape&) const = default;
};

WeightShape shapeOf(const ModelConfig& config, Weight which);

// Whether a weight is a row of numbers, not a matrix.
bool isVector(Weight which);

// Every weight that a model of this configuration stores, with its layer; a tied classifier is none of its own.
std::vector<std::pair<Weight, LayerIndex>> weightsOf(const ModelConfig& config);

// A trained or fitted tensor of a method as float32.
struct Parameter
{
    std::vector<std::size_t> shape;
    std::vector<float> values;
};

// Weights as float32 after every shape and every number was checked. All members are const: any number of threads may
// read it.
class Model
{
public:
    // Throws Error{Shape} naming tensor, shape found and shape expected; Error{Memory} before taking memory beyond the
    // limit; Error{Format} for a weight or parameter that is not finite, and for a tokenizer that does not fit the
    // embedding (an id beyond its rows, or fewer than 90 % of them).
    Model(Checkpoint checkpoint, Job& job);

    const ModelConfig& config() const { return m_checkpoint.config; }

    const Checkpoint& checkpoint() const { return m_checkpoint; }

    const Tokenizer* tokenizer() const { return m_tokenizer.get(); } // nullptr: token ids only

    WeightShape shape(Weight which) const;

    // rows·cols numbers, row after row. The tied classifier is the embedding.
    std::span<const float> weight(Weight which, LayerIndex layer = wholeModel) const;

    // A tensor of a layer that is no weight of the block: a method's own, of a native checkpoint ("query.tables",
    // "temperature"). Null where there is none.
    const Parameter* parameter(std::string_view name, LayerIndex layer) const;

    // Ids at and above this are padding rows of the embedding: reported, never sampled.
    int tokensInUse() const { return m_tokensInUse; }

    std::size_t parameterCount() const;

private:
    Checkpoint m_checkpoint;
    std::unique_ptr<const Tokenizer> m_tokenizer;
    std::map<std::pair<Weight, LayerIndex>, std::vector<float>> m_weights;
    std::map<std::string, Parameter, std::less<>> m_parameters; // by canonical name
    int m_tokensInUse = 0;
};

// What a run on this checkpoint will take, computed before anything is allocated.
struct MemoryNeed
{
    std::size_t weightBytes = 0; // float32 weights on the host
    std::size_t deviceBytes = 0; // the same, packed, on the device
    std::size_t cacheBytes = 0;  // key/value cache at `tokens`
    std::size_t traceBytes = 0;  // what the recorder keeps at `tokens`
};

MemoryNeed memoryNeed(const ModelConfig& config, int tokens);

// The pre-flight report of `info`: what was found, assumed, missing, and what memory a run will take.
struct Preflight
{
    std::vector<std::string> found, assumed, missing, ignored, padding;
    MemoryNeed atContext;
    std::size_t parameters = 0;
};

Preflight preflight(const Checkpoint& checkpoint);

// Limits in one place; SUBQUAD_MEMORY_LIMIT (bytes) overrides the default, 3/4 of the machine's memory.
std::size_t memoryLimit();

} // namespace engine
