// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/timing.h"

#include "app/cli/grammar.h"

#include <algorithm>
#include <cctype>

namespace app {

namespace {

// As a shell reads it back.
std::string inShell(const std::string& text)
{
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_-./:=,+").find(c) < 10;
    });
    if (plain)
        return text;
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

} // namespace

Timeable timeable(const std::vector<engine::Part>& asked, const engine::LayerShape& shape)
{
    Timeable found;
    for (const engine::Part& part : asked) {
        const engine::Method& method = engine::findMethod(part.method);
        const std::string title(method.info.title);
        if (!engine::replacesAttention(method)) {
            found.leftOut.push_back(title + " replaces linear layers and no attention");
            continue;
        }
        engine::LayerContext context;
        context.shape = shape;
        context.plan.attention = part;
        try {
            engine::checkPlan(context);
            found.methods.push_back(part);
        } catch (const engine::Error& error) {
            found.leftOut.push_back(title + ": " + error.what());
        }
    }
    return found;
}

std::vector<engine::Part> everyMethod()
{
    std::vector<engine::Part> parts;
    parts.reserve(engine::methods().size());
    for (const engine::Method& method : engine::methods())
        parts.push_back({std::string(method.info.id), {}});
    return parts;
}

const engine::SweepRow* rowOf(const engine::Sweep& sweep, int place, int tokens)
{
    const auto found = std::find_if(sweep.rows.begin(), sweep.rows.end(), [&](const engine::SweepRow& row) {
        return row.place == place && row.tokens == tokens;
    });
    return found == sweep.rows.end() ? nullptr : &*found;
}

std::vector<int> lengthsOf(const engine::Sweep& sweep)
{
    std::vector<int> lengths;
    lengths.reserve(sweep.rows.size());
    for (const engine::SweepRow& row : sweep.rows)
        lengths.push_back(row.tokens);
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    return lengths;
}

bool disturbed(const engine::Sweep& sweep)
{
    return std::any_of(sweep.rows.begin(), sweep.rows.end(),
                       [](const engine::SweepRow& row) { return row.timing.disturbed; });
}

std::string lengthsText(const std::vector<int>& lengths)
{
    const std::size_t count = lengths.size();
    if (count >= 3 && lengths[0] > 0 && lengths[1] % lengths[0] == 0 && lengths[1] > lengths[0]) {
        const int factor = lengths[1] / lengths[0];
        bool geometric = true;
        for (std::size_t i = 1; i < count; ++i)
            geometric = geometric && std::int64_t(lengths[i - 1]) * factor == lengths[i];
        if (geometric)
            return std::to_string(lengths.front()) + ":" + std::to_string(lengths.back()) + ":x" +
                   std::to_string(factor);
    }
    std::string text;
    for (const int length : lengths) {
        if (!text.empty())
            text += ',';
        text += std::to_string(length);
    }
    return text;
}

std::string commandOf(const engine::SweepRequest& request, engine::Backend backend, const std::string& device)
{
    std::string methods;
    for (const engine::Part& part : request.methods) {
        if (!methods.empty())
            methods += ',';
        methods += cli::printSpec(part);
    }
    std::string line = "subquad bench";
    const auto option = [&line](const char* name, const std::string& value) {
        line += name;
        line += inShell(value);
    };
    option(" --methods ", methods);
    option(" --heads ", std::to_string(request.shape.heads));
    option(" --head-dim ", std::to_string(request.shape.keyWidth));
    if (request.shape.keyHeads != request.shape.heads)
        option(" --key-heads ", std::to_string(request.shape.keyHeads));
    line += request.shape.causal ? " --causal" : " --full";
    option(" --lengths ", lengthsText(request.lengths));
    option(" --reps ", std::to_string(request.repeats));
    option(" --seed ", std::to_string(request.seed));
    if (backend == engine::Backend::Reference)
        line += " --backend reference";
    else if (!device.empty())
        option(" --device ", device);
    return line;
}

} // namespace app
