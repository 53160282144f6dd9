// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/json.h"
#include "engine/values/modelconfig.h"

#include <string>
#include <vector>

namespace engine {

// A Hugging Face config.json of LlamaForCausalLM as a ModelConfig. What the file leaves out gets the library's default
// and a sentence in `assumed`; what Subquad does not compute (rope scaling, biases, other activations, quantisation) is
// refused by name.
ModelConfig readLlamaConfig(const Json& json, std::vector<std::string>& assumed);

} // namespace engine
