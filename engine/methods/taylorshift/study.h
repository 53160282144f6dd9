// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/method.h"

namespace engine::taylorshift {

// The Kernel tab: exp against its polynomial on the scores that a head really has, the terms of the series as maps, the
// forms against each other, and what τ does.
std::vector<TabSpec> tabs();
Study study(std::string_view tab, const StudyInput& input, Job& job);

// How one weight comes about.
Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context);

} // namespace engine::taylorshift
