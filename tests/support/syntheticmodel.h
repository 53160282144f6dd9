// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/model.h"
#include "tests/support/memoryfile.h"

#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

// Small models of random weights, so that a test needs no file.

inline engine::ModelConfig smallConfig()
{
    engine::ModelConfig config;
    config.architecture = "llama";
    config.layers = 3;
    config.heads = 4;
    config.keyHeads = 2;
    config.headWidth = config.valueWidth = 12;
    config.width = 48;
    config.feedForwardWidth = 72;
    config.vocabulary = 101;
    config.context = 256;
    return config;
}

// Weights with the variance that keeps the residual stream's size from layer to layer.
inline engine::Checkpoint syntheticCheckpoint(const engine::ModelConfig& config, unsigned seed)
{
    std::string bytes;
    std::mt19937 random(seed);
    engine::Checkpoint checkpoint;
    checkpoint.name = "synthetic";
    checkpoint.format = "random numbers";
    checkpoint.config = config;
    const auto add = [&](const std::string& name, int rows, int cols) {
        const bool vector = rows == 1;
        std::normal_distribution<float> normal(vector ? 1.0F : 0.0F, vector ? 0.1F : 1.0F / std::sqrt(float(cols)));
        std::vector<float> cells(std::size_t(rows) * std::size_t(cols));
        for (float& cell : cells)
            cell = normal(random);
        engine::TensorRef tensor;
        tensor.shape = vector ? std::vector{std::size_t(cols)} : std::vector{std::size_t(rows), std::size_t(cols)};
        tensor.bytes = {bytes.size(), cells.size() * sizeof(float)};
        bytes.append(reinterpret_cast<const char*>(cells.data()), cells.size() * sizeof(float));
        tensor.name = name;
        checkpoint.tensors.emplace(name, tensor);
    };
    add("embedding", config.vocabulary, config.width);
    for (int layer = 0; layer < config.layers; ++layer) {
        const std::string of = "layer." + std::to_string(layer) + ".";
        add(of + "attention_norm", 1, config.width);
        add(of + "query", config.heads * config.headWidth, config.width);
        add(of + "key", config.keyHeads * config.headWidth, config.width);
        add(of + "value", config.keyHeads * config.valueWidth, config.width);
        if (config.outputProjection)
            add(of + "output", config.width, config.heads * config.valueWidth);
        add(of + "feed_forward_norm", 1, config.width);
        add(of + "gate", config.feedForwardWidth, config.width);
        add(of + "up", config.feedForwardWidth, config.width);
        add(of + "down", config.width, config.feedForwardWidth);
    }
    add("final_norm", 1, config.width);
    if (!config.tied)
        add("classifier", config.vocabulary, config.width);
    const auto file = memoryFile(bytes);
    for (auto& [name, tensor] : checkpoint.tensors)
        tensor.file = file;
    return checkpoint;
}

inline std::shared_ptr<const engine::Model> syntheticModel(const engine::ModelConfig& config, unsigned seed = 1)
{
    engine::Job job;
    return std::make_shared<const engine::Model>(syntheticCheckpoint(config, seed), job);
}
