// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/grammar.h"

#include "engine/methods/method.h"

#include <algorithm>
#include <charconv>
#include <optional>

using namespace engine;

namespace app::cli {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view given, std::string_view expected)
{
    throw Error(Fault::Request,
                std::string(what) + " '" + std::string(given) + "': " + std::string(expected) + " was expected");
}

template <typename T>
std::optional<T> numberFrom(std::string_view text)
{
    T number{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || code != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

// Longer sequences do not fit the engine's counters.
constexpr int longest = 1 << 30;

int lengthFrom(std::string_view text, std::string_view whole)
{
    const auto length = numberFrom<int>(text);
    if (!length || *length < 1 || *length > longest)
        refuse("lengths", whole, "n, n,n,…, a:b:xk or a:b:+k with n from 1 to " + std::to_string(longest));
    return *length;
}

void appendRange(std::vector<int>& lengths, const std::vector<std::string_view>& parts, std::string_view whole)
{
    constexpr std::size_t most = 10000;
    const int first = lengthFrom(parts[0], whole), last = lengthFrom(parts[1], whole);
    const char how = parts[2].empty() ? ' ' : parts[2][0];
    const auto by = numberFrom<int>(parts[2].substr(parts[2].empty() ? 0 : 1));
    if ((how != 'x' && how != '+') || !by || *by < (how == 'x' ? 2 : 1) || first > last)
        refuse("lengths", whole, "a:b:xk with k of at least 2, or a:b:+k with k of at least 1, and a up to b,");
    for (std::int64_t length = first; length <= last; length = how == 'x' ? length * *by : length + *by) {
        if (lengths.size() == most)
            refuse("lengths", whole, "at most " + std::to_string(most) + " lengths");
        lengths.push_back(int(length));
    }
}

} // namespace

std::vector<std::string_view> splitAt(std::string_view text, char separator)
{
    std::vector<std::string_view> pieces;
    while (true) {
        const std::size_t end = text.find(separator);
        pieces.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return pieces;
        text.remove_prefix(end + 1);
    }
}

Part parseSpec(std::string_view text)
{
    const std::size_t colon = text.find(':');
    Part part;
    part.method = std::string(text.substr(0, colon));
    const std::vector<Knob>& knobs = findMethod(part.method).info.knobs;
    if (colon == std::string_view::npos)
        return part;
    for (const std::string_view item : splitAt(text.substr(colon + 1), ',')) {
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos || equals == 0)
            refuse("method", text, "id or id:knob=value,knob=value");
        const std::string_view id = item.substr(0, equals);
        const auto knob = std::ranges::find(knobs, id, &Knob::id);
        if (knob == knobs.end()) {
            std::string known;
            for (const Knob& each : knobs)
                known += (known.empty() ? "" : ", ") + std::string(each.id);
            throw Error(Fault::Request, "method " + part.method + ": it has no knob '" + std::string(id) +
                                            "'; one of " + (known.empty() ? "none" : known) + " was expected");
        }
        if (!part.knobs.emplace(id, parseKnob(*knob, item.substr(equals + 1))).second)
            throw Error(Fault::Request, "method " + part.method + ": knob '" + std::string(id) + "' was given twice");
    }
    return part;
}

std::string printSpec(const Part& part)
{
    std::string text = part.method;
    char before = ':';
    for (const Knob& knob : findMethod(part.method).info.knobs) {
        const auto given = part.knobs.find(knob.id);
        if (given == part.knobs.end())
            continue;
        text += before + std::string(knob.id) + '=' + printKnob(knob, given->second);
        before = ',';
    }
    return text;
}

std::vector<Part> parseList(std::string_view text)
{
    std::vector<std::string> specs;
    for (const std::string_view item : splitAt(text, ',')) {
        const bool continues = item.find('=') != std::string_view::npos && item.find(':') == std::string_view::npos;
        if (!continues)
            specs.emplace_back(item);
        else if (specs.empty())
            refuse("methods", text, "a method before its knobs");
        else
            specs.back() += (specs.back().find(':') == std::string::npos ? ":" : ",") + std::string(item);
    }
    std::vector<Part> parts;
    parts.reserve(specs.size());
    for (const std::string& spec : specs)
        parts.push_back(parseSpec(spec));
    return parts;
}

std::vector<int> parseLengths(std::string_view text)
{
    std::vector<int> lengths;
    for (const std::string_view item : splitAt(text, ',')) {
        const auto parts = splitAt(item, ':');
        if (parts.size() == 3)
            appendRange(lengths, parts, text);
        else
            lengths.push_back(lengthFrom(item, text));
    }
    return lengths;
}

std::pair<LayerIndex, Part> parseLayer(std::string_view text)
{
    const std::size_t equals = text.find('=');
    const auto layer = numberFrom<int>(text.substr(0, equals == std::string_view::npos ? 0 : equals));
    if (!layer || *layer < 0)
        refuse("layer", text, "L=SPEC with a layer from 0");
    return {LayerIndex{*layer}, parseSpec(text.substr(equals + 1))};
}

std::set<LayerIndex> parseLayers(std::string_view text, int count)
{
    std::set<LayerIndex> layers;
    if (text.empty() || text == "all") {
        for (int layer = 0; layer < count; ++layer)
            layers.insert({layer});
        return layers;
    }
    for (const std::string_view item : splitAt(text, ',')) {
        const auto layer = numberFrom<int>(item);
        if (!layer || *layer < 0 || *layer >= count)
            refuse("layer", item, "a layer from 0 to " + std::to_string(count - 1));
        layers.insert({*layer});
    }
    return layers;
}

std::vector<TokenId> parseTokens(std::string_view text, int vocabulary)
{
    std::vector<TokenId> ids;
    for (const std::string_view item : splitAt(text, ',')) {
        const auto id = numberFrom<int>(item);
        if (!id || *id < 0 || *id >= vocabulary)
            refuse("token", item, "an id from 0 to " + std::to_string(vocabulary - 1));
        ids.push_back(TokenId{*id});
    }
    return ids;
}

double parsePercent(std::string_view text)
{
    const auto number = numberFrom<double>(text.ends_with('%') ? text.substr(0, text.size() - 1) : text);
    if (!number || !(*number >= 0 && *number <= 1e6))
        refuse("share", text, "a percentage such as 5%");
    return *number / 100;
}

std::vector<double> parseDepths(std::string_view text)
{
    std::vector<double> depths;
    for (const std::string_view part : splitAt(text, ','))
        depths.push_back(parsePercent(part));
    for (const double depth : depths) {
        if (depth > 1)
            refuse("depths", text, "percentages from 0 to 100");
    }
    return depths;
}

} // namespace app::cli
