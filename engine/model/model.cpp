// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/model.h"

#include "engine/files/sizes.h"
#include "engine/model/tokenizerfit.h"

#include <algorithm>
#include <array>
#include <bit>

namespace engine {
namespace {

std::string canonicalName(Weight which, LayerIndex layer)
{
    const std::string name(nameOf(which));
    return layer == wholeModel ? name : "layer." + std::to_string(layer.value) + "." + name;
}

std::string shapeText(std::span<const std::size_t> shape)
{
    std::string text;
    for (const std::size_t side : shape)
        text += (text.empty() ? "" : ", ") + std::to_string(side);
    return "[" + text + "]";
}

void checkShape(const TensorRef& tensor, Weight which, WeightShape wanted)
{
    std::vector<std::size_t> expected{static_cast<std::size_t>(wanted.rows), static_cast<std::size_t>(wanted.cols)};
    if (isVector(which))
        expected.erase(expected.begin());
    if (tensor.shape != expected)
        throw Error(Fault::Shape, tensor.file->path().filename().string() + ": " + tensor.name + " has shape " +
                                      shapeText(tensor.shape) + "; " + shapeText(expected) +
                                      " was expected from the configuration");
}

// The exponent's bits are tested, not the number: compilers may take every number for finite.
bool isFinite(float number)
{
    constexpr std::uint32_t exponent = 0x7F800000;
    return (std::bit_cast<std::uint32_t>(number) & exponent) != exponent;
}

std::vector<float> readNumbers(const TensorRef& tensor, std::size_t cols, const Job& job)
{
    std::vector<float> numbers(tensor.count());
    constexpr std::size_t betweenChecks = std::size_t(1) << 20;
    for (std::size_t first = 0; first < numbers.size(); first += betweenChecks) {
        job.check();
        const auto part = std::span(numbers).subspan(first, std::min(betweenChecks, numbers.size() - first));
        widen(tensor, first, part);
        const auto bad = std::ranges::find_if_not(part, isFinite);
        if (bad == part.end())
            continue;
        const std::size_t place = first + static_cast<std::size_t>(bad - part.begin());
        throw Error(Fault::Format, tensor.file->path().filename().string() + ": " + tensor.name +
                                       " is not finite at row " + std::to_string(place / cols) + ", column " +
                                       std::to_string(place % cols));
    }
    return numbers;
}

} // namespace

std::string_view nameOf(Weight which)
{
    switch (which) {
    case Weight::Embedding:
        return "embedding";
    case Weight::AttentionNorm:
        return "attention_norm";
    case Weight::Query:
        return "query";
    case Weight::Key:
        return "key";
    case Weight::Value:
        return "value";
    case Weight::Output:
        return "output";
    case Weight::FeedForwardNorm:
        return "feed_forward_norm";
    case Weight::Gate:
        return "gate";
    case Weight::Up:
        return "up";
    case Weight::InnerNorm:
        return "inner_norm";
    case Weight::InnerNormBias:
        return "inner_norm_bias";
    case Weight::Down:
        return "down";
    case Weight::FinalNorm:
        return "final_norm";
    case Weight::Classifier:
        return "classifier";
    }
    return "";
}

WeightShape shapeOf(const ModelConfig& config, Weight which)
{
    switch (which) {
    case Weight::Embedding:
    case Weight::Classifier:
        return {config.vocabulary, config.width};
    case Weight::AttentionNorm:
    case Weight::FeedForwardNorm:
    case Weight::FinalNorm:
        return {1, config.width};
    case Weight::Query:
        return {config.heads * config.headWidth, config.width};
    case Weight::Key:
        return {config.keyHeads * config.headWidth, config.width};
    case Weight::Value:
        return {config.keyHeads * config.valueWidth, config.width};
    case Weight::Output:
        return {config.width, config.heads * config.valueWidth};
    case Weight::Gate:
    case Weight::Up:
        return {config.feedForwardWidth, config.width};
    case Weight::InnerNorm:
    case Weight::InnerNormBias:
        return {1, config.feedForwardWidth};
    case Weight::Down:
        return {config.width, config.feedForwardWidth};
    }
    return {};
}

bool isVector(Weight which)
{
    return which == Weight::AttentionNorm || which == Weight::FeedForwardNorm || which == Weight::FinalNorm ||
           which == Weight::InnerNorm || which == Weight::InnerNormBias;
}

std::vector<std::pair<Weight, LayerIndex>> weightsOf(const ModelConfig& config)
{
    std::vector<Weight> inLayer{Weight::AttentionNorm, Weight::FeedForwardNorm};
    const bool memory = config.feedForward == FeedForwardKind::Memory;
    if (config.denseProjections) {
        inLayer.insert(inLayer.end(), {Weight::Query, Weight::Key, Weight::Value});
        if (config.outputProjection)
            inLayer.push_back(Weight::Output);
        if (!memory)
            inLayer.push_back(Weight::Gate);
        inLayer.insert(inLayer.end(), {Weight::Up, Weight::Down});
    }
    if (memory)
        inLayer.insert(inLayer.end(), {Weight::InnerNorm, Weight::InnerNormBias});
    std::vector<std::pair<Weight, LayerIndex>> all{{Weight::Embedding, wholeModel}, {Weight::FinalNorm, wholeModel}};
    if (!config.tied)
        all.emplace_back(Weight::Classifier, wholeModel);
    for (LayerIndex layer{0}; layer.value < config.layers; ++layer.value) {
        for (const Weight which : inLayer)
            all.emplace_back(which, layer);
    }
    return all;
}

Model::Model(Checkpoint checkpoint, Job& job)
    : m_checkpoint(std::move(checkpoint))
{
    checkHeads(config(), m_checkpoint.name);
    checkTokenizerFit(m_checkpoint);
    const auto all = weightsOf(config());
    for (const auto& [which, layer] : all) {
        const auto found = m_checkpoint.tensors.find(canonicalName(which, layer));
        if (found == m_checkpoint.tensors.end())
            throw Error(Fault::Shape, m_checkpoint.name + ": has no tensor for " + canonicalName(which, layer));
        checkShape(found->second, which, shape(which));
    }
    std::size_t bytes = memoryNeed(config(), 0).weightBytes;
    std::vector<std::string> others;
    for (const auto& [name, tensor] : m_checkpoint.tensors) {
        const bool weight = std::ranges::any_of(
            all, [&name = name](const auto& place) { return canonicalName(place.first, place.second) == name; });
        if (weight || !name.starts_with("layer."))
            continue;
        others.push_back(name);
        bytes += checkedProduct(tensor.count(), sizeof(float), "tensor " + name);
    }
    if (bytes > memoryLimit())
        throw Error(Fault::Memory, m_checkpoint.name + ": its weights need " + std::to_string(bytes) +
                                       " bytes as float32; the limit is " + std::to_string(memoryLimit()) +
                                       " bytes (SUBQUAD_MEMORY_LIMIT)");
    double done = 0;
    for (const auto& [which, layer] : all) {
        job.report(done++ / static_cast<double>(all.size()), "reading " + canonicalName(which, layer));
        const TensorRef& tensor = m_checkpoint.tensors.find(canonicalName(which, layer))->second;
        m_weights.emplace(std::pair(which, layer), readNumbers(tensor, std::size_t(shape(which).cols), job));
    }
    for (const std::string& name : others) {
        job.report(1, "reading " + name);
        const TensorRef& tensor = m_checkpoint.tensors.find(name)->second;
        const std::size_t cols = tensor.shape.empty() ? 1 : std::max<std::size_t>(tensor.shape.back(), 1);
        m_parameters.emplace(name, Parameter{tensor.shape, readNumbers(tensor, cols, job)});
    }
    m_tokensInUse = config().vocabulary;
    if (m_checkpoint.vocabulary) {
        m_tokensInUse = m_checkpoint.vocabulary->size;
        m_tokenizer = makeTokenizer(m_checkpoint);
    }
}

WeightShape Model::shape(Weight which) const
{
    return shapeOf(config(), which);
}

std::span<const float> Model::weight(Weight which, LayerIndex layer) const
{
    if (which == Weight::Classifier && config().tied)
        which = Weight::Embedding;
    const auto found = m_weights.find({which, layer});
    if (found == m_weights.end())
        throw Error(Fault::Internal, "the model has no weight " + canonicalName(which, layer));
    return found->second;
}

const Parameter* Model::parameter(std::string_view name, LayerIndex layer) const
{
    const auto found = m_parameters.find("layer." + std::to_string(layer.value) + "." + std::string(name));
    return found == m_parameters.end() ? nullptr : &found->second;
}

std::size_t Model::parameterCount() const
{
    std::size_t count = 0;
    for (const auto& [name, parameter] : m_parameters)
        count += parameter.values.size();
    for (const auto& [key, numbers] : m_weights)
        count += numbers.size();
    return count;
}

} // namespace engine
