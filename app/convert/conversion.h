// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/loss.h"
#include "engine/model/devicemodel.h"
#include "engine/model/model.h"
#include "engine/session/session.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace app {

// Fitting a method to layers of a plain checkpoint on a text, and saving both as a native checkpoint.
struct ConversionRequest
{
    engine::Part part;
    std::set<engine::LayerIndex> layers;
    std::filesystem::path text;   // to calibrate on
    std::filesystem::path folder; // new, or empty
};

// Memory that fitting takes, known before any is taken.
struct ConversionPrice
{
    std::size_t tokens = 0; // of the text
    double recorded = 0;    // bytes of the exact model's records over them
    double fitted = 0;      // bytes of what is fitted; 0: the method does not say
};

// What came of it.
struct Conversion
{
    engine::Part part;
    std::string textHash; // SHA-256 of the text's file
    std::size_t tokens = 0;
    std::map<engine::LayerIndex, engine::FittedParts> parts;
    cli::Loss before, after; // over the tokens held out
};

// Whether the method declares that what it fits to a checkpoint can be saved with it.
bool canConvert(const engine::Method& method);

// Throws Error{Request} for a method that fits nothing, and for a checkpoint that is not a plain one in a folder.
void checkConversion(const engine::Model& model, const engine::Part& part);

// Throws Error{File} where the folder is there already and has something in it.
void checkFolder(const std::filesystem::path& folder);

// Throws Error{Request} where the method refuses its knobs, Error{Memory} where all of it would not fit.
ConversionPrice priceOf(const engine::Model& model, const ConversionRequest& request, std::size_t tokens);

// The whole of it: fits, measures the perplexity of the held-out end of the text before and after, writes the folder
// whole or not at all. `device` and `weights` null: the reference. Throws Error, among them Error{Request} for a text
// that is too short.
Conversion convertModel(const std::shared_ptr<const engine::Model>& model, const ConversionRequest& request,
                        const std::vector<engine::Token>& text, engine::DeviceContext* device,
                        const std::shared_ptr<const engine::DeviceModel>& weights, engine::Job& job);

} // namespace app
