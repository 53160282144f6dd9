// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/claims.h"

#include "engine/methods/memoryformer/experiments.h"
#include "engine/methods/memoryformer/knobs.h"
#include "engine/methods/memoryformer/layer.h"
#include "engine/methods/memoryformer/source.h"

namespace engine::memoryformer {
namespace {

// A row of every table for every token and probe.
double projectionReads(int width, int outputs, const KnobValues& given, int tokens)
{
    const Chunks chunks{width, intOf(knobs(), given, "tau")};
    return double(sizeof(float)) * tokens * chunks.count() * intOf(knobs(), given, "probes") * outputs;
}

// Rows scaled and summed where there are, or will be, tables; dense products elsewhere.
double linearOperations(const LayerContext& context)
{
    const ModelConfig& config = context.model->config();
    const bool native = hasNative(context.plan);
    const KnobValues& given = context.plan.linear.knobs;
    double operations = 0;
    for (const Weight projection : projections()) {
        if ((projection == Weight::Output && !config.outputProjection) ||
            (projection == Weight::Gate && config.feedForward == FeedForwardKind::Memory))
            continue;
        const WeightShape shape = context.model->shape(projection);
        std::optional<Chunks> chunks;
        if (!native && asksFor(projection, given))
            chunks = Chunks{shape.cols, intOf(knobs(), given, "tau")};
        if (const auto tables = native ? tablesOf(context, projection) : std::nullopt)
            chunks = tables->chunks;
        operations += 2.0 * shape.rows * (chunks ? chunks->count() * ruleOf(given).probes : shape.cols);
    }
    return operations;
}

} // namespace

const Claims& claims()
{
    static const Claims claims{"memoryformer", nullptr, experiments(), projectionReads, linearOperations, fittedBytes};
    return claims;
}

} // namespace engine::memoryformer
