// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"

#include <map>
#include <string>
#include <vector>

namespace app::cli {

// The input of `apply`: query [H, N, d], key [Hkv, N, d], value [Hkv, N, d_v], and every other tensor as a parameter.
struct ApplyInput
{
    engine::HeadTensors tensors;
    engine::LayerShape shape; // causal as it comes; set by the caller
    std::map<std::string, std::vector<float>, std::less<>> parameters;
};

// Reads and checks a safetensors file. Throws Error{File|Format|Shape|Memory} that names file and tensor.
ApplyInput readApplyInput(const std::string& path);

// Every float tensor of a file by its name, for a method that works on named tensors. Throws like readApplyInput().
engine::PlainTensors readPlainTensors(const std::string& path);

} // namespace app::cli
