// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/opened.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

using namespace engine;

namespace app::cli {
namespace {

const char* nameOf(RopeKind kind)
{
    return kind == RopeKind::None ? "none" : kind == RopeKind::Interleaved ? "interleaved" : "rotate-half";
}

void writeConfig(JsonWriter& json, const ModelConfig& config)
{
    json.key("config").object().field("architecture", config.architecture);
    json.field("layers", config.layers).field("width", config.width).field("heads", config.heads);
    json.field("key_heads", config.keyHeads).field("head_dim", config.headWidth);
    json.field("feed_forward", config.feedForwardWidth).field("vocabulary", config.vocabulary);
    json.field("context", config.context).field("rope", nameOf(config.rope)).field("rope_theta", config.ropeTheta);
    json.field("tied", config.tied).end();
}

void writeJson(const Checkpoint& checkpoint, const Preflight& report, const std::string& hash, Context& context)
{
    JsonWriter json(context.out);
    json.object().field("name", checkpoint.name).field("format", checkpoint.format).field("sha256", hash);
    json.field("parameters", report.parameters);
    writeConfig(json, checkpoint.config);
    json.key("files").list(checkpoint.files);
    json.key("found").list(report.found).key("assumed").list(report.assumed);
    json.key("missing").list(report.missing).key("ignored").list(report.ignored);
    json.key("padding").list(report.padding);
    json.key("memory").object().field("weight_bytes", report.atContext.weightBytes);
    json.field("device_bytes", report.atContext.deviceBytes).field("cache_bytes", report.atContext.cacheBytes);
    json.field("trace_bytes", report.atContext.traceBytes).end().end();
}

void writeText(const Checkpoint& checkpoint, const Preflight& report, const std::string& hash, Context& context)
{
    context.out << checkpoint.name << " · " << checkpoint.format << " · " << report.parameters << " parameters\n"
                << "sha256 " << hash << '\n';
    const auto section = [&](const char* title, const std::vector<std::string>& sentences) {
        if (!sentences.empty())
            context.out << '\n' << title << '\n';
        for (const std::string& sentence : sentences)
            context.out << "  " << sentence << '\n';
    };
    section("Found", report.found);
    section("Assumed", report.assumed);
    section("Missing", report.missing);
    section("Ignored", report.ignored);
    section("Padding", report.padding);
    const MemoryNeed& need = report.atContext;
    context.out << "\nMemory at " << checkpoint.config.context << " tokens\n";
    Table table({"  weights", bytesText(double(need.weightBytes))});
    table.add({"  the same on the device", bytesText(double(need.deviceBytes))});
    table.add({"  key/value cache", bytesText(double(need.cacheBytes))});
    table.add({"  recorded for the window", bytesText(double(need.traceBytes))});
    table.print(context.out);
}

} // namespace

int info(const Source& source, Context& context)
{
    const Checkpoint checkpoint = readCheckpoint(source.path, context.job, source.tokenizer);
    const Preflight report = preflight(checkpoint);
    const std::string hash = weightsHash(checkpoint, context.job);
    (context.json ? writeJson : writeText)(checkpoint, report, hash, context);
    return exitOk;
}

} // namespace app::cli
