// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/model.h"
#include "tests/support/memoryfile.h"

#include <cmath>
#include <memory>
#include <random>
#include <utility>
#include <vector>

// A transformer of random weights that lives in memory, for tests of sessions.
namespace tests {

inline engine::ModelConfig tinyConfig()
{
    engine::ModelConfig config;
    config.architecture = "llama";
    config.layers = 3;
    config.width = 16;
    config.heads = 4;
    config.keyHeads = 2;
    config.headWidth = 6;
    config.valueWidth = 6;
    config.feedForwardWidth = 20;
    config.vocabulary = 23;
    config.context = 256;
    return config;
}

// Tensors of a method, by canonical name, with their shapes.
using MoreTensors = std::vector<std::pair<std::string, std::vector<std::size_t>>>;

inline std::shared_ptr<const engine::Model> tinyModel(const engine::ModelConfig& config = tinyConfig(),
                                                      unsigned seed = 1, const MoreTensors& more = {},
                                                      const engine::SessionPlan& native = {})
{
    using engine::Weight;
    const auto n = [](int size) { return std::size_t(size); };
    engine::Checkpoint checkpoint;
    checkpoint.name = "tiny";
    checkpoint.config = config;
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::string bytes;
    const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
        const bool norm = shape.size() == 1;
        engine::TensorRef tensor;
        tensor.name = name;
        tensor.shape = std::move(shape);
        std::vector<float> numbers(tensor.count());
        for (float& number : numbers)
            number = norm ? 1.0F + 0.1F * normal(random) : 1.5F * normal(random) / std::sqrt(float(tensor.shape[1]));
        tensor.bytes = {bytes.size(), numbers.size() * sizeof(float)};
        bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
        checkpoint.tensors[name] = tensor;
    };
    add("embedding", {n(config.vocabulary), n(config.width)});
    add("final_norm", {n(config.width)});
    if (!config.tied)
        add("classifier", {n(config.vocabulary), n(config.width)});
    for (int layer = 0; layer < config.layers; ++layer) {
        const std::string prefix = "layer." + std::to_string(layer) + ".";
        add(prefix + "attention_norm", {n(config.width)});
        add(prefix + "feed_forward_norm", {n(config.width)});
        add(prefix + "query", {n(config.heads * config.headWidth), n(config.width)});
        add(prefix + "key", {n(config.keyHeads * config.headWidth), n(config.width)});
        add(prefix + "value", {n(config.keyHeads * config.valueWidth), n(config.width)});
        add(prefix + "output", {n(config.width), n(config.heads * config.valueWidth)});
        add(prefix + "gate", {n(config.feedForwardWidth), n(config.width)});
        add(prefix + "up", {n(config.feedForwardWidth), n(config.width)});
        add(prefix + "down", {n(config.width), n(config.feedForwardWidth)});
    }
    for (const auto& [name, shape] : more)
        add(name, shape);
    const auto file = memoryFile(bytes);
    for (auto& [name, tensor] : checkpoint.tensors)
        tensor.file = file;
    checkpoint.native = native;
    checkpoint.hasNative = !more.empty();
    engine::Job job;
    return std::make_shared<const engine::Model>(std::move(checkpoint), job); // copies the numbers
}

inline std::vector<engine::TokenId> tokenIds(int count, int vocabulary = 23)
{
    std::vector<engine::TokenId> ids;
    for (int place = 0; place < count; ++place)
        ids.push_back({(7 * place * place + 3 * place + 1) % vocabulary});
    return ids;
}

} // namespace tests
