// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/session/attend.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace app::cli {

// One case of a method's golden.json, which is built into the program.
struct GoldenCase
{
    std::string name;
    engine::LayerShape shape;
    engine::Positions positions;
    engine::Part part;
    std::map<std::string, std::vector<float>, std::less<>> parameters; // of the plan
    engine::Matrix query, key, value; // [N, heads·d], [N, keyHeads·d], [N, keyHeads·d_v]
    engine::Matrix mixed;             // [N, heads·d_v], from an independent implementation
    double tolerance = 0;             // of the float64 reference

    engine::LayerInput input() const;
    engine::HeadTensors tensors() const; // rounded to float
};

// A case of a method that works on named tensors (Method::apply).
struct GoldenTensors
{
    std::string name;
    engine::KnobValues knobs;
    engine::PlainTensors in, expected; // whole numbers stand as numbers
    double tolerance = 0;
};

std::vector<GoldenTensors> goldenTensors(std::string_view method);

// Throws Error{Internal} for a file that does not say what it should.
std::vector<GoldenCase> goldenCases(std::string_view method);

} // namespace app::cli
