// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/longmaps/headfile.h"
#include "app/samplepath.h"
#include "engine/session/attend.h"
#include "engine/session/session.h"
#include "engine/values/deviceinfo.h"
#include "engine/values/plan.h"
#include "engine/values/timing.h"
#include "engine/values/token.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace app {

// What the engine gave, as immutable values: made on a worker, handed to the Document, drawn by the views.

// A checkpoint that was read, and the prompts that came with it; or queries, keys and values from a file.
struct Opened
{
    std::shared_ptr<const HeadFile> heads; // of a file without a model: the rest is empty
    std::shared_ptr<const engine::Model> model;
    std::vector<Prompt> prompts;
    std::optional<engine::SessionPlan> native; // what the checkpoint was trained or calibrated for
    std::string misfit; // why its tokenizer was left out: text would be gibberish; empty: it fits, or there is none
};

// A prompt as tokens; `pieces` are what the chips say.
struct Sequence
{
    std::vector<engine::TokenId> ids;
    std::vector<std::string> pieces;
    std::vector<bool> special; // begin, end…: added by the tokenizer
    int promptCount = 0;       // the rest was generated
};

// One lane's pass over a sequence.
struct LaneRun
{
    std::shared_ptr<const engine::Model> model;
    engine::SessionPlan plan;
    engine::Backend backend = engine::Backend::Reference; // where it really ran
    std::shared_ptr<const Sequence> sequence;
    std::shared_ptr<const engine::Trace> trace;
    engine::PreparedLayers prepared;
    std::vector<float> losses;    // per token, nats; NaN for the first
    std::vector<float> entropies; // of the prediction of each token, likewise
    engine::TokenId next;         // the most likely next token
    std::string nextPiece;        // what its chip says
    bool nextSpecial = false;
    std::size_t stateBytes = 0;
};

// One lane's method over the queries, keys and values of the exact lane in one layer.
struct LayerAttention
{
    std::shared_ptr<const LaneRun> exact; // whose q, k, v they are
    std::shared_ptr<const LaneRun> own;   // whose plan and prepared parameters are used
    engine::LayerIndex layer;
    engine::LayerContext context; // its `prepared` lives as long as `own`
    engine::Attended attended;
    engine::Backend backend = engine::Backend::Reference;
    engine::Fidelity fidelity = engine::Fidelity::Reference;
    bool everyProbe = false;
    double seconds = 0; // of the untimed run, to choose how often to repeat
};

// One head of it, ready to draw.
struct HeadLook
{
    std::shared_ptr<const LayerAttention> layer;
    engine::HeadIndex head;
    engine::MapPicture map;
    double proof = 0;
    // Against the exact lane; empty in the exact lane itself.
    engine::MapPicture difference; // this method − exact
    engine::Metrics metrics;       // over all rows
    // What 99 of 100 cells that can be do not exceed, in magnitude: where the colours end.
    float mapHigh = 0, differenceHigh = 0;
};

// The numbers of the sentence over the rows in view.
struct RowsMetrics
{
    std::shared_ptr<const HeadLook> look;
    int rows = 0;
    engine::Metrics metrics;
};

// One query's weights over the keys.
struct RowWeights
{
    std::shared_ptr<const HeadLook> look;
    engine::TokenPos query;
    engine::Grid weights; // [1, N]
};

// How long the layer takes, measured alone.
struct LayerTiming
{
    std::shared_ptr<const LayerAttention> layer;
    engine::Timing timing;
};

} // namespace app
