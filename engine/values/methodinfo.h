// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/knob.h"
#include "engine/values/probe.h"
#include "engine/values/study.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace engine {

enum class Dash
{
    Solid,
    Dashed,
    Dotted,
    DashDot,
    LongDash
};
enum class Marker
{
    Circle,
    Triangle,
    Square,
    Diamond,
    Star
};

// What a method is to a reader: names, knobs, probes, text, and its identity on screen (mock/NOTES.md). Colours are
// 0xRRGGBB.
struct MethodInfo
{
    std::string_view id, title, idea, paper;
    std::vector<Knob> knobs;
    std::vector<ProbeSpec> probes;
    std::string_view about; // markdown, embedded from about.md
    std::uint32_t color = 0, colorText = 0, colorDark = 0;
    Dash dash = Dash::Solid;
    Marker marker = Marker::Circle;
    bool nonNegative = true;        // its weights are never below 0
    bool rowsSumToOne = true;       // its map's rows are probabilities
    std::vector<TabSpec> tabs = {}; // of its own, each shown by Method::study
    int place = 100;                // in menus: the exact method first, then what is taught first
};

} // namespace engine
