// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/values/knob.h"

#include "engine/values/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace engine {
namespace {

template <typename... Fs>
struct Overloaded : Fs...
{
    using Fs::operator()...;
};

template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

[[noreturn]] void refuse(const Knob& knob, std::string_view text, const std::string& expected)
{
    throw Error(Fault::Request, "knob " + std::string(knob.id) + ": '" + std::string(text) + "' was given; " +
                                    expected + " was expected");
}

template <typename T>
std::string shortest(T value)
{
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return {buffer, end};
}

template <typename T>
T number(const Knob& knob, std::string_view text, T low, T high)
{
    T value{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || !(value >= low && value <= high))
        refuse(knob, text, "a number from " + shortest(low) + " to " + shortest(high));
    return value;
}

const Knob& knobOf(const std::vector<Knob>& knobs, std::string_view id)
{
    const auto found = std::ranges::find(knobs, id, &Knob::id);
    if (found == knobs.end())
        throw Error(Fault::Internal, "there is no knob '" + std::string(id) + "'");
    return *found;
}

} // namespace

KnobValue presetOf(const Knob& knob)
{
    return std::visit([](const auto& domain) { return KnobValue(domain.preset); }, knob.domain);
}

KnobValue valueOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id)
{
    const auto found = given.find(id);
    return found != given.end() ? found->second : presetOf(knobOf(knobs, id));
}

bool flagOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id)
{
    return std::get<bool>(valueOf(knobs, given, id));
}

double realOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id)
{
    return std::get<double>(valueOf(knobs, given, id));
}

int intOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id)
{
    return std::get<int>(valueOf(knobs, given, id));
}

std::string_view choiceOf(const std::vector<Knob>& knobs, const KnobValues& given, std::string_view id)
{
    const Choice& choice = std::get<Choice>(knobOf(knobs, id).domain);
    return choice.options[std::size_t(intOf(knobs, given, id))];
}

KnobValue parseKnob(const Knob& knob, std::string_view text)
{
    return std::visit(
        Overloaded{
            [&](const Flag&) -> KnobValue {
                if (text == "true" || text == "1" || text == "on")
                    return true;
                if (text == "false" || text == "0" || text == "off")
                    return false;
                refuse(knob, text, "true or false");
            },
            [&](const IntRange& range) -> KnobValue { return number<int>(knob, text, range.low, range.high); },
            [&](const RealRange& range) -> KnobValue { return number<double>(knob, text, range.low, range.high); },
            [&](const Choice& choice) -> KnobValue {
                const auto found = std::ranges::find(choice.options, text);
                if (found != choice.options.end())
                    return int(found - choice.options.begin());
                std::string list;
                for (const std::string_view option : choice.options)
                    list += (list.empty() ? "" : ", ") + std::string(option);
                refuse(knob, text, "one of " + list);
            },
        },
        knob.domain);
}

std::string printKnob(const Knob& knob, const KnobValue& value)
{
    if (const auto* choice = std::get_if<Choice>(&knob.domain))
        return std::string(choice->options[std::size_t(std::get<int>(value))]);
    return std::visit(Overloaded{[](bool flag) { return std::string(flag ? "true" : "false"); },
                                 [](auto plain) { return shortest(plain); }},
                      value);
}

} // namespace engine
