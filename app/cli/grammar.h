// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/plan.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app::cli {

// The small languages of the command line (explorer.md §5.5). Each throws engine::Error{Request} that says what was
// given and what was expected.

// SPEC: `id` or `id:knob=value,knob=value`. The method and its knobs must be known.
engine::Part parseSpec(std::string_view text);

// A SPEC again, with the knobs that were given.
std::string printSpec(const engine::Part& part);

// LIST: SPECs separated by commas; an item with `=` and no `:` continues the SPEC before it.
std::vector<engine::Part> parseList(std::string_view text);

// LENGTHS: `n`, `n,n,…`, `a:b:xk` (times k) or `a:b:+k` (plus k), each at least 1.
std::vector<int> parseLengths(std::string_view text);

// `L=SPEC`, a layer counted from 0.
std::pair<engine::LayerIndex, engine::Part> parseLayer(std::string_view text);

// `0,2`, layers counted from 0 of `count`; an empty text and `all` are every one.
std::set<engine::LayerIndex> parseLayers(std::string_view text, int count);

// `1,2,3`: token ids below `vocabulary`.
std::vector<engine::TokenId> parseTokens(std::string_view text, int vocabulary);

// `5%` or `5`, as a share: 0.05.
double parsePercent(std::string_view text);

// `0,25,100`: percentages from 0 to 100, as shares.
std::vector<double> parseDepths(std::string_view text);

// The pieces between separators; an empty text has one empty piece.
std::vector<std::string_view> splitAt(std::string_view text, char separator);

} // namespace app::cli
