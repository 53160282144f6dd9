// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/session.h"

namespace engine {

// What a fresh session writes by itself after `prefix`: always its likeliest token, `count` of them, or fewer where it
// ends the text (the end is part of it).
std::vector<TokenId> writeFreely(Session& session, const Model& model, std::span<const TokenId> prefix, int count,
                                 Job& job);

// Teacher-forced: what a fresh session holds likeliest at every place of `text`, having read `prefix` and the text up
// to there, whatever it would have written itself.
std::vector<TokenId> followText(Session& session, const Model& model, std::span<const TokenId> prefix,
                                std::span<const TokenId> text, Job& job);

} // namespace engine
