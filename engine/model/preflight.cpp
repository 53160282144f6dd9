// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/model.h"
#include "engine/model/tokenizerfit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <set>
#include <unistd.h>

namespace engine {
namespace {

std::size_t countOf(WeightShape shape)
{
    return static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.cols);
}

// Rows of a packed weight come in panels of 32 (DeviceBlocks).
std::size_t packedCountOf(WeightShape shape)
{
    constexpr int panel = 32;
    return countOf({(shape.rows + panel - 1) / panel * panel, shape.cols});
}

std::string typesOf(const Checkpoint& checkpoint)
{
    std::set<std::string> names;
    for (const auto& [name, tensor] : checkpoint.tensors) {
        switch (tensor.type) {
        case ElementType::F32:
            names.insert("F32");
            break;
        case ElementType::F16:
            names.insert("F16");
            break;
        case ElementType::BF16:
            names.insert("BF16");
            break;
        case ElementType::Q8Groups:
            names.insert("Q8_0 in groups of " + std::to_string(tensor.group));
            break;
        }
    }
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string number(std::size_t value)
{
    return std::to_string(value);
}

std::vector<std::string> foundIn(const Checkpoint& checkpoint)
{
    const ModelConfig& config = checkpoint.config;
    std::vector<std::string> found;
    for (const std::string& file : checkpoint.files)
        found.push_back("file " + file);
    found.push_back("format " + checkpoint.format + ", " + number(checkpoint.tensors.size()) + " tensors, " +
                    typesOf(checkpoint));
    found.push_back(config.architecture + ": " + std::to_string(config.layers) + " layers, width " +
                    std::to_string(config.width) + ", " + std::to_string(config.heads) + " heads of " +
                    std::to_string(config.headWidth) + ", " + std::to_string(config.keyHeads) +
                    " key/value heads, feed-forward " + std::to_string(config.feedForwardWidth) + ", vocabulary " +
                    std::to_string(config.vocabulary) + ", context " + std::to_string(config.context) +
                    (config.causal ? "" : ", no causal mask: every token sees all others"));
    found.push_back(std::string("classifier ") + (config.tied ? "tied to the embedding" : "of its own"));
    if (checkpoint.vocabulary)
        found.push_back("tokenizer " + checkpoint.tokenizerFile + ", " + makeTokenizer(checkpoint)->kind() + ", " +
                        std::to_string(presentTokens(*checkpoint.vocabulary)) + " tokens" +
                        (checkpoint.vocabulary->addBos ? ", a prompt begins with bos" : ""));
    if (!checkpoint.calibration.empty())
        found.push_back("CALIBRATED on a text with SHA-256 " + checkpoint.calibration);
    for (const auto& [layer, plan] : checkpoint.native.overrides) {
        if (checkpoint.hasNative)
            found.push_back("layer " + std::to_string(layer.value) +
                            (checkpoint.calibration.empty() ? " was trained with " : " was calibrated for ") +
                            plan.attention.method + " attention and " + plan.linear.method + " linear layers");
    }
    return found;
}

} // namespace

int presentTokens(const Vocabulary& vocabulary)
{
    const auto* bpe = std::get_if<BpeVocabulary>(&vocabulary.model);
    return bpe != nullptr ? static_cast<int>(std::ranges::count(bpe->present, true)) : vocabulary.size;
}

std::unique_ptr<Tokenizer> makeTokenizer(const Checkpoint& checkpoint)
{
    try {
        return std::make_unique<Tokenizer>(*checkpoint.vocabulary);
    } catch (const Error& error) {
        throw Error(error.fault(), checkpoint.tokenizerFile + ": " + error.what());
    }
}

std::optional<std::string> tokenizerMisfit(const Checkpoint& checkpoint)
{
    if (!checkpoint.vocabulary)
        return std::nullopt;
    const int rows = checkpoint.config.vocabulary;
    const int present = presentTokens(*checkpoint.vocabulary);
    const std::string rowsText = checkpoint.name + " has " + std::to_string(rows) + " token rows; ";
    if (checkpoint.vocabulary->size > rows)
        return rowsText + "the tokenizer " + checkpoint.tokenizerFile + " has ids up to " +
               std::to_string(checkpoint.vocabulary->size - 1);
    if (std::int64_t(present) * 10 < std::int64_t(rows) * 9)
        return rowsText + "the tokenizer " + checkpoint.tokenizerFile + " has " + std::to_string(present) +
               " tokens, fewer than 90 % of them";
    return std::nullopt;
}

void checkTokenizerFit(const Checkpoint& checkpoint)
{
    if (const auto misfit = tokenizerMisfit(checkpoint))
        throw Error(Fault::Format, *misfit);
}

MemoryNeed memoryNeed(const ModelConfig& config, int tokens)
{
    const auto count = [&](Weight which) { return countOf(shapeOf(config, which)); };
    const auto layers = static_cast<std::size_t>(config.layers);
    std::size_t stored = 0, packed = 0;
    for (const auto& [which, layer] : weightsOf(config)) {
        if (which == Weight::Classifier)
            continue;
        stored += count(which);
        packed += isVector(which) || which == Weight::Embedding ? count(which) : packedCountOf(shapeOf(config, which));
    }
    // On the device the classifier is packed; the embedding is read by rows and lies beside it.
    const std::size_t classifier = packedCountOf(shapeOf(config, Weight::Classifier));
    const auto keys = static_cast<std::size_t>(config.keyHeads) * static_cast<std::size_t>(config.headWidth);
    const auto values = static_cast<std::size_t>(config.keyHeads) * static_cast<std::size_t>(config.valueWidth);
    const auto queries = static_cast<std::size_t>(config.heads) * static_cast<std::size_t>(config.headWidth);
    const auto mixed = static_cast<std::size_t>(config.heads) * static_cast<std::size_t>(config.valueWidth);
    const auto rows = static_cast<std::size_t>(tokens);
    MemoryNeed need;
    need.weightBytes = sizeof(float) * (stored + (config.tied ? 0 : count(Weight::Classifier)));
    need.deviceBytes = sizeof(float) * (packed + classifier);
    need.cacheBytes = sizeof(float) * layers * rows * (keys + values);
    // Per token and layer: query and key before positions, value, mixed rows, residual stream; and the logits.
    need.traceBytes = sizeof(float) * rows *
                      (layers * (queries + keys + values + mixed + static_cast<std::size_t>(config.width)) +
                       static_cast<std::size_t>(config.vocabulary));
    return need;
}

Preflight preflight(const Checkpoint& checkpoint)
{
    checkTokenizerFit(checkpoint);
    const ModelConfig& config = checkpoint.config;
    Preflight report;
    report.found = foundIn(checkpoint);
    report.assumed = checkpoint.assumed;
    report.missing = checkpoint.missing;
    report.ignored = checkpoint.ignored;
    if (checkpoint.vocabulary) {
        const int size = checkpoint.vocabulary->size;
        if (size < config.vocabulary)
            report.padding.push_back("rows " + std::to_string(size) + " to " + std::to_string(config.vocabulary - 1) +
                                     " of the embedding have no token; they are never sampled");
        const int unused = size - presentTokens(*checkpoint.vocabulary);
        if (unused > 0)
            report.padding.push_back(std::to_string(unused) + " ids below " + std::to_string(size) + " have no token");
    }
    for (const auto& [name, tensor] : checkpoint.tensors)
        report.parameters += tensor.count();
    report.atContext = memoryNeed(config, config.context);
    // What a method brings of its own: tables, gates, temperatures.
    const std::size_t own =
        report.parameters * sizeof(float) - std::min(report.atContext.weightBytes, report.parameters * sizeof(float));
    report.atContext.weightBytes += own;
    report.atContext.deviceBytes += own;
    return report;
}

std::size_t memoryLimit()
{
    if (const char* text = std::getenv("SUBQUAD_MEMORY_LIMIT"); text != nullptr && *text != '\0') {
        std::size_t bytes = 0;
        const std::string_view all(text);
        const auto [end, failed] = std::from_chars(all.data(), all.data() + all.size(), bytes);
        if (failed != std::errc() || end != all.data() + all.size())
            throw Error(Fault::Request,
                        "SUBQUAD_MEMORY_LIMIT is \"" + std::string(all) + "\"; a number of bytes was expected");
        return bytes;
    }
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long pageBytes = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || pageBytes <= 0)
        return std::size_t(4) << 30; // the system does not say
    return static_cast<std::size_t>(pages) * static_cast<std::size_t>(pageBytes) / 4 * 3;
}

} // namespace engine
