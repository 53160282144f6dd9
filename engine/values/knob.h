// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engine {

// What can be turned on a method. The GUI makes a form of it, the command line parses knob=value with it.
struct Flag
{
    bool preset = false;
};

struct IntRange
{
    int low = 0, high = 0, preset = 0;
    std::string_view zero = {}; // what is shown for 0 where it is no number: "auto"
};

struct RealRange
{
    double low = 0, high = 0, preset = 0;
};

struct Choice
{
    std::vector<std::string_view> options;
    int preset = 0;
    bool sameResult = false; // the options differ in speed only; a law of the method tests holds them to it
};

struct Knob
{
    std::string_view id, title, help;
    std::variant<Flag, IntRange, RealRange, Choice> domain;
    bool perHead = false; // LayerPlan::parameters may hold one number per query head under this name, which wins
};

// The value of a knob: bool for a Flag, int for an IntRange and (as the option's place) for a Choice, double for
// a RealRange.
using KnobValue = std::variant<bool, int, double>;
using KnobValues = std::map<std::string, KnobValue, std::less<>>;

// The preset of one knob.
KnobValue presetOf(const Knob& knob);

// The value given for a knob, or its preset where none is given.
KnobValue valueOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id);
bool flagOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id);
double realOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id);
int intOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id);
std::string_view choiceOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id);

// Text to value and back. parseKnob throws Error{Request} that names the knob, what was given and what is allowed.
KnobValue parseKnob(const Knob& knob, std::string_view text);
std::string printKnob(const Knob& knob, const KnobValue& value);

} // namespace engine
