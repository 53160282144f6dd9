// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/claims.h"

#include "engine/methods/memoryformer/experiments.h"
#include "engine/methods/memoryformer/knobs.h"
#include "engine/methods/memoryformer/layer.h"

namespace engine::memoryformer {
namespace {

// A row of every table for every token and probe.
double projectionReads(int width, int outputs, const KnobValues& given, int tokens)
{
    const Chunks chunks{width, intOf(knobs(), given, "tau")};
    return double(sizeof(float)) * tokens * chunks.count() * intOf(knobs(), given, "probes") * outputs;
}

} // namespace

const Claims& claims()
{
    static const Claims claims{"memoryformer", nullptr, experiments(), projectionReads};
    return claims;
}

} // namespace engine::memoryformer
